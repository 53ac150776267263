"""The application behind `serve` and `demo`: one page at `/` that lists a directory's originals."""

import base64
import re
from hashlib import sha256

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from imgmiddleware import ImageService
from imgmiddleware.cli.links import Links
from imgmiddleware.cli.listing import Rooted, list_ids, read_listed
from imgmiddleware.cli.page import Excerpt, Page, stylesheet
from imgmiddleware.cli.viewer import Viewer

#: Originals on one page.
PER_PAGE = 60

_PAGE_NUMBER = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


def gallery(source: Rooted, service: ImageService, title: str) -> Starlette:
    """An application with the page at `/`, a zoom viewer for each original where the service speaks
    IIIF, and a 404 for all else. `service` serves `source`.
    """
    routes = [Route("/", _Gallery(source, service, title).index)]
    if service.settings.iiif:
        routes += Viewer(source, service).routes
    return Starlette(routes=routes)


class _Gallery:
    def __init__(self, source: Rooted, service: ImageService, title: str) -> None:
        self._source = source
        self._service = service
        self._links = Links(service.settings)
        self._title = title
        self._headers = {
            "Content-Security-Policy": _policy(stylesheet()),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-cache",
        }

    def index(self, request: Request) -> Response:
        """The page. It is not async, so that Starlette reads directory and headers in a thread."""
        number = request.query_params.get("page", "1")
        settings = self._service.settings
        ids, complete = list_ids(self._source, settings)
        pages = max(1, -(-len(ids) // PER_PAGE))
        if not _PAGE_NUMBER.fullmatch(number) or int(number) > pages:
            return PlainTextResponse("There is no such page.\n", 404)
        first = (int(number) - 1) * PER_PAGE
        read = (read_listed(self._source, settings, id) for id in ids[first : first + PER_PAGE])
        listed = tuple(one for one in read if one is not None)
        excerpt = Excerpt(self._title, listed, len(ids), complete, int(number), pages)
        page = Page(self._service, self._links, request.scope.get("root_path", ""))
        return HTMLResponse("".join(page.html(excerpt)), headers=self._headers)


def _policy(style: str) -> str:
    """A Content-Security-Policy: no script, nothing of other origins, and no style but this one."""
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; img-src 'self' data:; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
