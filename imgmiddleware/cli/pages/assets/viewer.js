"use strict";

// The page of one original: a zoom viewer, and a form that makes a picture of it.
const {info, image, name, bytes: stored} = document.querySelector("main").dataset;
const part = (id) => document.getElementById(id);

const viewer = OpenSeadragon({
  id: "zoom",
  tileSources: info,
  showNavigationControl: false, // its buttons are pictures of its own; ours are below
  drawer: "canvas",
  maxZoomPixelRatio: 4,
  visibilityRatio: 0.5,
});
// A focused element needs a name for screen readers.
viewer.canvas.setAttribute("role", "application");
viewer.canvas.setAttribute("aria-label", "Arrow keys move the picture, + and - zoom, 0 shows all of it");
const steps = {
  in: () => viewer.viewport.zoomBy(1.5),
  out: () => viewer.viewport.zoomBy(1 / 1.5),
  home: () => viewer.viewport.goHome(),
  full: () => viewer.setFullScreen(!viewer.isFullPage()),
};
// Where there is no full screen (iPhones), the viewer fills the page, ours are gone and there is no key.
const leave = document.createElement("div");
leave.className = "leave";
leave.hidden = true;
leave.append(document.createElement("button"));
leave.firstChild.type = "button";
leave.firstChild.textContent = "Close";
leave.firstChild.addEventListener("click", () => viewer.setFullScreen(false));
viewer.addControl(leave, {anchor: OpenSeadragon.ControlAnchor.TOP_RIGHT, autoFade: false});
viewer.addHandler("full-page", ({fullPage}) => { leave.hidden = !fullPage; });
// Until it is moved, the viewer shows all of the picture, however the window changes.
let moved = false;
for (const move of ["drag", "scroll", "click", "pinch", "key"]) {
  viewer.addHandler(`canvas-${move}`, ({originalEvent}) => {
    moved ||= !["Tab", "Shift"].includes(originalEvent?.key); // these only pass by
  });
}
// The viewer knows these keys by their place on American keyboards alone.
viewer.addHandler("canvas-key", (event) => {
  const step = {"+": steps.in, "-": steps.out}[event.originalEvent.key];
  if (!step || event.originalEvent.ctrlKey || event.originalEvent.metaKey) return;
  event.preventDefaultAction = true;
  step();
  viewer.viewport.applyConstraints();
});
// A frame later: after this event the viewer sets the zoom that it had, for the new size.
viewer.addHandler("resize", () => requestAnimationFrame(() => { if (!moved) viewer.viewport.goHome(true); }));
viewer.addHandler("open-failed", () => {
  const note = document.createElement("p");
  note.textContent = "It cannot be shown in parts.";
  part("zoom").replaceChildren(note);
  for (const button of document.querySelectorAll("[data-step]")) button.disabled = true;
});
for (const button of document.querySelectorAll("[data-step]")) {
  button.addEventListener("click", () => {
    moved = button.dataset.step === "full" ? moved : button.dataset.step !== "home";
    steps[button.dataset.step]();
    viewer.viewport.applyConstraints();
  });
}

// A value that is not given is left out, so that the link is as short as it can be.
function queryOf(form) {
  const query = new URLSearchParams();
  for (const [key, value] of new FormData(form)) if (value !== "") query.set(key, value);
  return query.toString().replaceAll("%2C", ",");
}

// As the value of an attribute: a name may hold what looks like a reference to a character.
function inHtml(text) {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
}

// As an <img> has it, and the message where there is none: else that is drawn, where the browser does
// not say what the answer is for, as to other hosts without HTTPS.
const accept = "image/avif,image/webp,*/*,application/problem+json";

function loaded(picture, source) {
  return new Promise((done, failed) => {
    picture.onload = done;
    picture.onerror = () => failed(new Error("this browser does not show the format"));
    picture.src = source;
  });
}

// A choice that changes nothing is none.
function offer() {
  const {fit, crop} = part("form").elements;
  crop.disabled = !["crop", "min"].includes(fit.value);
}

let asked = 0;
let shown = "";
async function show() {
  const number = ++asked;
  offer();
  const query = queryOf(part("form"));
  const link = query ? `${image}?${query}` : image;
  part("link").defaultValue = new URL(link, location.href).href;
  part("tag").defaultValue = `<img src="${inHtml(link)}" alt="${inHtml(name)}">`;
  part("facts").textContent = "…";
  const begin = performance.now();
  try {
    const answer = await fetch(link, {headers: {Accept: accept}, cache: "no-cache"});
    const body = await answer.blob();
    const took = Math.round(performance.now() - begin);
    if (number !== asked) return;
    part("facts").classList.toggle("bad", !answer.ok);
    part("pair").hidden = !answer.ok;
    if (!answer.ok) {
      part("facts").textContent = (JSON.parse(await body.text())).detail;
      return;
    }
    URL.revokeObjectURL(shown);
    shown = URL.createObjectURL(body);
    await loaded(part("after"), shown);
    const sides = `${part("after").naturalWidth} × ${part("after").naturalHeight}`;
    const kind = body.type.replace("image/", "").toUpperCase();
    part("facts").textContent = `${sides} · ${kind} · ${bytes(body.size)} · ${took} ms${saved(body.size)}`;
    compare(query);
  } catch (error) {
    if (number === asked) part("facts").textContent = `There was no answer: ${error.message}`;
  }
}

// As the index writes them.
function bytes(count) {
  let unit = "bytes";
  for (const larger of ["kB", "MB"]) {
    if (count < 999.5) break;
    [count, unit] = [count / 1000, larger];
  }
  return `${Number(count.toPrecision(3))} ${unit}`;
}

// As the index says it: how much less is sent than is stored.
function saved(count) {
  const left = 100 * count / Number(stored);
  return left < 100 ? ` · ${left < 1 ? Math.min(100 - left, 99.99).toFixed(2) : Math.round(100 - left)} % saved` : "";
}

// Before: the same size and shape, without loss and without what is done to the pixels.
function compare(query) {
  const before = new URLSearchParams(query);
  for (const name of ["q", "blur", "sharp", "mono"]) before.delete(name);
  before.set("fm", "png");
  part("before").src = `${image}?${before}`;
}

function cut() {
  part("pair").style.setProperty("--cut", `${part("cut").value}%`);
}

let waiting = 0;
part("form").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(show, 250); });
part("form").addEventListener("submit", (event) => { event.preventDefault(); show(); });
part("cut").addEventListener("input", cut);
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const field = part(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch { // there is none but for HTTPS and loopback, and it may be refused
      document.execCommand("copy");
    }
    button.focus();
    button.firstChild.textContent = "Copied";
    setTimeout(() => { button.firstChild.textContent = "Copy"; }, 1500);
  });
}
cut();
show();
