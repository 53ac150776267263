// Prints the links that npm's packages build to one picture, as JSON: by whom, the link, and what was
// asked of it (width, height or null, density). Called with the folder of `node_modules`, the origin
// and the path of the picture, and imgix's secret or "".
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [root, origin, path, secret] = process.argv.slice(2);
const require = createRequire(`${root}/`);
const load = (file) => import(pathToFileURL(`${root}/node_modules/${file}`).href);

const found = [];
const add = (by, url, w, h = null, dpr = 1) => found.push({ by, url, w, h, dpr });
const candidates = (srcset) => srcset.split(/,\s+/).map((one) => one.trim().split(" "));
const WIDTHS = [16, 100, 333, 640, 750, 828, 1080, 1600];
const BOXES = [[300, 200], [64, 64], [640, 853], [1600, 900]];

// imgix's own, which signs.
const ImgixClient = require("@imgix/js-core");
const client = new ImgixClient({
  domain: new URL(origin).host, useHTTPS: true, ...(secret && { secureURLToken: secret }),
});
for (const w of WIDTHS) {
  add("js-core", client.buildURL(path, { w, auto: "format,compress" }), w);
  add("js-core", client.buildURL(path, { w64: String(w), fm: "pjpg" }), w);
}
for (const [w, h] of BOXES) {
  add("js-core", client.buildURL(path, { w, h, fit: "crop", crop: "top,left", q: 60 }), w, h);
  add("js-core", client.buildURL(path, { w, h, fit: "fill", bg: "#ffffff", fm: "png32" }), w, h);
}
for (const [url, width] of candidates(client.buildSrcSet(path, {}, { maxWidth: 1600 })))
  add("js-core", url, parseInt(width));
for (const [url, density] of candidates(client.buildSrcSet(path, { w: 300, h: 200, fit: "crop" })))
  add("js-core", url, 300, 200, parseInt(density));
for (const [url, density] of candidates(client.buildSrcSet(path, { w: 200 })))
  add("js-core", url, 200, null, parseInt(density));

// unpic: one link, and those of a component.
const { transformUrl } = await load("unpic/esm/mod.js");
const plain = `${origin}${path}`;
for (const width of WIDTHS)
  for (const more of [{}, { quality: 60 }, { format: "webp" }])
    add("unpic", transformUrl({ url: plain, width, ...more, provider: "imgix" }).toString(), width);
for (const [width, height] of BOXES)
  add("unpic", transformUrl({ url: plain, width, height, provider: "imgix" }).toString(), width, height);

// nuxt/image's provider.
const nuxt = (await load("@nuxt/image/dist/runtime/providers/imgix.js")).default();
const nuxtURL = (modifiers) => nuxt.getImage(path, { modifiers, baseURL: origin }, {}).url;
for (const width of WIDTHS)
  for (const more of [{}, { quality: 80, auto: "format" }, { format: "png8" }, { format: "jpeg" }])
    add("nuxt", nuxtURL({ width, ...more }), width);
for (const [width, height] of BOXES)
  for (const fit of ["cover", "contain", "outside", "clamp", "fill"])
    add("nuxt", nuxtURL({ width, height, fit, backgroundColor: "fff" }), width, height);

// next/image: the component of today with the loader that its documentation has for imgix, and the
// older one, which has it built in.
const deviceSizes = [640, 750, 828, 1080, 1200, 1920], imageSizes = [16, 32, 48, 64, 96, 128, 256, 384];
// Its bundler writes these settings in the place of the name.
const __NEXT_IMAGE_OPTS = {
  deviceSizes, imageSizes, path: `${origin}/`, loader: "imgix", qualities: [75], domains: [],
};
process.env = { ...process.env, __NEXT_IMAGE_OPTS };
const { getImageProps } = require("next/image");
const loader = ({ src, width, quality }) =>
  `${src}?auto=format&fit=max&w=${width}&q=${quality ?? 75}`;
for (const more of [{ sizes: "100vw" }, { sizes: "33vw", quality: 75 }, {}]) {
  const { props } = getImageProps({ src: plain, alt: "", width: 400, height: 300, loader, ...more });
  for (const [url] of candidates(props.srcSet)) add("next", url, Number(/w=(\d+)/.exec(url)[1]));
}
const { createElement } = require("react");
const { renderToStaticMarkup } = require("react-dom/server");
const Legacy = require("next/legacy/image").default;
for (const layout of ["fixed", "intrinsic", "responsive"]) {
  const markup = renderToStaticMarkup(
    createElement(Legacy, { src: path, width: 400, height: 300, layout, priority: true }),
  );
  const srcset = /srcset="([^"]*)"/i.exec(markup)[1].replaceAll("&amp;", "&");
  for (const [url] of candidates(srcset)) add("next-legacy", url, Number(/w=(\d+)/.exec(url)[1]));
}
console.log(JSON.stringify(found));
