"""A picture for zoom viewers, the viewers themselves out of npm's packages, and a page for each."""

import json
import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from imgmiddleware.asgi import ASGIImageMiddleware

_SEADRAGON = """<script src="/npm/{viewer}/build/openseadragon/openseadragon.js"></script>
<script>
const viewer = OpenSeadragon({{
  id: "viewer", tileSources: {source}, prefixUrl: "/npm/{viewer}/build/openseadragon/images/",
  drawer: "canvas", animationTime: 0.1, gestureSettingsMouse: {{clickToZoom: false}},
}});
viewer.addHandler("open-failed", (event) => console.error("open-failed", event.message));
viewer.addHandler("tile-load-failed", (event) => console.error("tile-load-failed", event.message));
viewer.addHandler("open", () => {{ window.isOpen = true; }});
window.isDrawn = () => window.isOpen && viewer.world.getItemAt(0).getFullyLoaded();
window.zoomed = () => viewer.viewport.getZoom(true) / viewer.viewport.getHomeZoom();
</script>"""

_LEAFLET = """<link rel="stylesheet" href="/npm/leaflet/dist/leaflet.css">
<script src="/npm/leaflet/dist/leaflet.js"></script>
<script src="/npm/leaflet-iiif/leaflet-iiif.js"></script>
<script>
const [width, height] = {size}, z = Math.ceil(Math.log2(Math.max(width, height) / 256));
const map = L.map("viewer", {{
  crs: L.CRS.Simple, center: [0, 0], zoom: 0, zoomAnimation: false, fadeAnimation: false, inertia: false,
}});
let layer;
if ({source}.endsWith("info.json")) {{
  layer = L.tileLayer.iiif({source}, {{fitBounds: true}}).addTo(map);
}} else {{
  const bounds = L.latLngBounds([[-height / 2 ** z, 0], [0, width / 2 ** z]]);
  layer = L.tileLayer({source}, {{bounds, maxNativeZoom: z, noWrap: true}}).addTo(map);
  map.fitBounds(bounds);
}}
layer.on("load", () => {{ window.isOpen = true; }});
layer.on("tileerror", () => console.error("tileerror"));
window.isDrawn = () => window.isOpen && !layer.isLoading();
let home;
window.zoomed = () => {{ home ??= map.getZoom(); return 2 ** (map.getZoom() - home); }};
</script>"""

_OPENLAYERS = """<link rel="stylesheet" href="/npm/ol/ol.css">
<script src="/npm/ol/dist/ol.js"></script>
<script>
(async () => {{
  const [width, height] = {size}, z = Math.ceil(Math.log2(Math.max(width, height) / 256));
  let source;
  if ({source}.endsWith("info.json")) {{
    const info = await (await fetch({source})).json();
    source = new ol.source.IIIF(new ol.format.IIIFInfo(info).getTileSourceOptions());
  }} else {{
    const extent = [0, -height, width, 0], resolutions = Array.from({{length: z + 1}}, (_, n) => 2 ** (z - n));
    source = new ol.source.XYZ({{
      url: {source},
      tileGrid: new ol.tilegrid.TileGrid({{extent, origin: [0, 0], resolutions, tileSize: 256}}),
    }});
  }}
  source.on("tileloaderror", () => console.error("tileloaderror"));
  const extent = source.getTileGrid().getExtent();
  const view = new ol.View({{extent, constrainOnlyCenter: true, center: ol.extent.getCenter(extent), resolution: 8}});
  const map = new ol.Map({{target: "viewer", layers: [new ol.layer.Tile({{source}})], view}});
  view.fit(extent);
  const home = view.getResolution();
  window.rendered = false;
  map.on("movestart", () => {{ window.rendered = false; }});
  map.on("rendercomplete", () => {{ window.rendered = true; }});
  window.isDrawn = () => window.rendered && !view.getAnimating() && !view.getInteracting();
  window.zoomed = () => home / view.getResolution();
}})();
</script>"""

_PAGES = {"leaflet": _LEAFLET, "ol": _OPENLAYERS}


def page(request: Request) -> HTMLResponse:
    viewer, source = (request.query_params[name] for name in ("viewer", "source"))
    script = _PAGES.get(viewer, _SEADRAGON).format(
        viewer=viewer, source=json.dumps(source), size=os.environ["IMGMIDDLEWARE_TEST_SIZE"]
    )
    return HTMLResponse(
        '<!doctype html><meta charset="utf-8"><title>Viewer</title><link rel="icon" href="data:,">'
        "<style>body { margin: 0 } #viewer { width: 900px; height: 700px; background: #fff }</style>"
        f'<div id="viewer"></div>{script}'
    )


app = ASGIImageMiddleware(
    Starlette(
        routes=[
            Route("/", page),
            Mount("/npm", StaticFiles(directory=os.environ["IMGMIDDLEWARE_TEST_NPM"])),
        ]
    ),
    os.environ["IMGMIDDLEWARE_TEST_PHOTOS"],
    iiif=True,
    iiif_prefixes={2: "2/", 3: "3/"},
    deepzoom=True,
    xyz=True,
)
