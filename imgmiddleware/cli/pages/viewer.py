"""The page of one original: a zoom viewer (OpenSeadragon), and a form that builds a query."""

from collections.abc import Iterator
from hashlib import sha256
from html import escape
from importlib.resources import files
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from imgmiddleware import ImageService
from imgmiddleware.cli.pages.listing import Listed, Rooted, read_listed
from imgmiddleware.cli.pages.missing import missing
from imgmiddleware.cli.pages.mount import mount_of
from imgmiddleware.cli.pages.navigation import Place
from imgmiddleware.cli.pages.page import ICON, described
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.subjects.kinds import KINDS

#: The width that the form starts with.
_WIDTH = 800

_FITS = ("clip", "crop", "scale", "fill", "fillmax", "clamp", "min", "max")

_FORMATS = tuple(
    name
    for name, result in RESULTS.items()
    if not result.missing and result.media_type.startswith("image/")
)

Field = tuple[str, tuple[str, ...] | tuple[int, int], str]
#: The fields of the form: the label, the words of a choice or the range of a number, and the
#: meaning of an empty field.
_FIELDS: dict[str, Field] = {
    "w": ("Width", (1, 8192), "as it is"),
    "h": ("Height", (1, 8192), "as it is"),
    "fit": ("Fit", _FITS[1:], _FITS[0]),
    "crop": ("Crop to", (*KINDS, "top", "bottom", "left", "right"), "the middle"),
    "fm": ("Format", _FORMATS, "what fits best"),
    "q": ("Quality", (0, 100), "automatic"),
    "rot": ("Rotate, degrees", (-360, 360), "0"),
    "flip": ("Flip", ("h", "v", "hv"), "no"),
    "blur": ("Blur", (0, 2000), "0"),
    "sharp": ("Sharpen", (0, 100), "0"),
    "mono": ("Monochrome", ("gray", "bitonal"), "no"),
    "bg": ("Background", (), "white"),
}
_FIELDS_IF_IT_MOVES: dict[str, Field] = {"anim": ("All frames", ("1",), "no")}
#: The form's words for single letters.
_WORDS = {"h": "left to right", "v": "upside down", "hv": "both ways", "1": "yes"}

_TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
_ASSETS = ("gallery.css", "assets/viewer.css", "assets/viewer.js", "assets/openseadragon.min.js")

#: The stylesheet that OpenSeadragon 6.1.1 makes: one rule, for touch screens.
_ITS_STYLE = "'sha256-9xTiqzfwFaL2SGb1rmr8gysEwVVjIvqWAgmZgqFqpEE='"
#: Scripts and styles of this server alone. Pictures are shown from memory once they are measured.
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; script-src 'self'; style-src 'self' {_ITS_STYLE}; "
        "img-src 'self' blob: data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

_FOR_GOOD = {
    "Cache-Control": "max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
}


class Viewer:
    """The pages of a service that speaks IIIF, and their assets."""

    def __init__(self, source: Rooted, service: ImageService) -> None:
        self._source = source
        self._service = service
        self._files = {name.rpartition("/")[2]: _content(name) for name in _ASSETS}

    @property
    def routes(self) -> list[Route]:
        return [Route("/view", self.page), Route("/assets/{digest}/{name}", self.asset)]

    def page(self, request: Request) -> Response:
        """The page of the original with this `id`; in a thread, as it reads a header."""
        id, mount = request.query_params.get("id", ""), mount_of(request.scope)
        one = read_listed(self._source, self._service.settings, id) if id else None
        if one is None:
            return missing("original", mount)
        html = "".join(self._html(one, mount))
        return HTMLResponse(html, headers=_HEADERS)

    async def asset(self, request: Request) -> Response:
        """A script or a stylesheet, under a path with the digest of its content."""
        name = request.path_params["name"]
        if name not in self._files:
            return PlainTextResponse("There is no such file.\n", 404)
        kind = _TYPES[name.rpartition(".")[2]]
        return Response(self._files[name], headers=_FOR_GOOD, media_type=kind)

    def _html(self, one: Listed, mount: str) -> Iterator[str]:
        yield from self._head(one, mount)
        yield _ZOOM
        yield from _form(moves=one.facts is not None and one.facts.animated)
        yield _RESULT
        yield self._markup(one, mount)
        for script in ("openseadragon.min.js", "viewer.js"):
            yield f'<script src="{self._asset_url(script, mount)}"></script>\n'
        yield "</body>\n</html>\n"

    def _markup(self, one: Listed, mount: str) -> str:
        """The HTML for the original in a page, to copy."""
        html = str(self._service.picture(one.id, alt="What it shows", mount=mount))
        return (
            '<section aria-labelledby="page">\n<h2 id="page">In a page</h2>\n'
            f'<div class="copy"><label>HTML<input id="markup" readonly value="{escape(html)}">'
            '</label>\n<button type="button" data-copy="markup">'
            'Copy<span class="unseen"> the HTML for a page</span></button></div>\n'
            "<p>Each size for each screen, as <code>service.picture</code> writes it.</p>\n"
            "</section>\n</main>\n"
        )

    def _head(self, one: Listed, mount: str) -> Iterator[str]:
        name = escape(one.id)
        folder = Place(one.id.rpartition("/")[0])
        image = escape(f"{mount}{self._service.prefix}{quote(one.id)}")
        yield (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f'<title>{name} - imgmiddleware</title>\n<link rel="icon" href="{ICON}">\n'
        )
        for style in ("gallery.css", "viewer.css"):
            yield f'<link rel="stylesheet" href="{self._asset_url(style, mount)}">\n'
        yield (
            f'</head>\n<body>\n<header>\n<a href="{folder.url(mount)}">← All originals</a>\n'
            f"<h1><bdi>{name}</bdi></h1>\n<p>{described(one)} · "
            f'<a href="{image}/info.json">info.json for other viewers</a></p>\n</header>\n'
            f'<main data-info="{image}/info.json" data-image="{image}" data-name="{name}" '
            f'data-bytes="{one.size}">\n'
        )

    def _asset_url(self, name: str, mount: str) -> str:
        digest = sha256(self._files[name]).hexdigest()[:16]
        return escape(f"{mount}/assets/{digest}/{name}")


def _content(name: str) -> bytes:
    return files(__package__).joinpath(*name.split("/")).read_bytes()


def _form(*, moves: bool) -> Iterator[str]:
    yield '<section aria-labelledby="make">\n<h2 id="make">Make a picture</h2>\n<form id="form">\n'
    fields = _FIELDS | _FIELDS_IF_IT_MOVES if moves else _FIELDS
    for field, (label, values, unsaid) in fields.items():
        yield f"<label>{label}{_control(field, values, unsaid)}</label>\n"


def _control(name: str, values: tuple[str, ...] | tuple[int, int], unsaid: str) -> str:
    """A number, a choice or a text. Its empty value stands for the default."""
    if not values:
        return f'<input name="{name}" placeholder="{unsaid}">'
    first, last = values[0], values[-1]
    if isinstance(first, int):
        default = f' value="{_WIDTH}"' if name == "w" else ""
        limits = f'min="{first}" max="{last}" placeholder="{unsaid}"'
        return f'<input type="number" name="{name}" {limits}{default}>'
    options = "".join(
        f'<option value="{word}">{_WORDS.get(str(word), word)}</option>' for word in values
    )
    return f'<select name="{name}"><option value="">{unsaid}</option>{options}</select>'


_ZOOM = """<section aria-labelledby="look">
<h2 id="look">Look closer</h2>
<div id="zoom" role="group" aria-label="The original"></div>
<div class="tools">
<button type="button" data-step="in">Zoom in</button>
<button type="button" data-step="out">Zoom out</button>
<button type="button" data-step="home">All of it</button>
<button type="button" data-step="full">Full screen</button>
</div>
</section>
"""

_RESULT = """</form>
<figure>
<div class="pair" id="pair" hidden>
<img id="after" alt="After"><img id="before" alt="Before: without loss">
<span class="tag" aria-hidden="true">Before</span><span class="tag" aria-hidden="true">After</span>
<div class="bar" aria-hidden="true"></div>
<input type="range" id="cut" min="0" max="100" value="50"
aria-label="How much is shown of the picture before, in percent">
</div>
<figcaption id="facts" role="status"></figcaption>
</figure>
<div class="copy"><label>Link<input id="link" readonly></label>
<button type="button" data-copy="link">Copy<span class="unseen"> the link</span></button></div>
<div class="copy"><label>HTML<input id="tag" readonly></label>
<button type="button" data-copy="tag">Copy<span class="unseen"> the HTML</span></button></div>
</section>
"""
