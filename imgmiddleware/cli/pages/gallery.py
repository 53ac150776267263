"""The application behind `serve` and `demo`: one page at `/` that lists a directory's originals."""

import re

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from imgmiddleware import ImageService
from imgmiddleware.cli.pages.links import Links
from imgmiddleware.cli.pages.listing import Folder, Rooted, find_named, list_folder, read_listed
from imgmiddleware.cli.pages.missing import missing, page_headers
from imgmiddleware.cli.pages.mount import mount_of
from imgmiddleware.cli.pages.navigation import Place
from imgmiddleware.cli.pages.page import Excerpt, Page, script, stylesheet
from imgmiddleware.cli.pages.viewer import Viewer

#: Originals on one page.
PER_PAGE = 60

_PAGE_NUMBER = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


def gallery(source: Rooted, service: ImageService, title: str) -> Starlette:
    """An application with the page at `/`, a zoom viewer for each original where the service speaks
    IIIF, and a 404 for all other paths. `service` serves `source`.
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
        self._headers = page_headers(stylesheet(), script())

    def index(self, request: Request) -> Response:
        """The page. It is not async, so that Starlette reads directory and headers in a thread."""
        asked, mount = request.query_params, mount_of(request.scope)
        folder, words = asked.get("folder", ""), asked.get("q", "").strip()
        found = self._found(folder, words)
        if found is None:
            return missing("folder", mount)
        count = len(found.folders) + len(found.ids)
        pages = max(1, -(-count // PER_PAGE))
        number = asked.get("page", "1")
        if not _PAGE_NUMBER.fullmatch(number) or int(number) > pages:
            return missing("page", mount)
        place = Place(folder, words, int(number))
        page = Page(self._service, self._links, mount)
        html = "".join(page.html(self._excerpt(place, found, pages)))
        return HTMLResponse(html, headers=self._headers)

    def _found(self, folder: str, words: str) -> Folder | None:
        if words:
            return find_named(self._source, self._service.settings, folder, words)
        return list_folder(self._source, self._service.settings, folder)

    def _excerpt(self, place: Place, found: Folder, pages: int) -> Excerpt:
        """Folders come first, and count as originals do: a page is a page of both."""
        first = (place.page - 1) * PER_PAGE
        folders = found.folders[first : first + PER_PAGE]
        begin = max(0, first - len(found.folders))
        ids = found.ids[begin : begin + PER_PAGE - len(folders)]
        read = (read_listed(self._source, self._service.settings, id) for id in ids)
        listed = tuple(one for one in read if one is not None)
        return Excerpt(
            title=self._title,
            place=place,
            folders=tuple(folders),
            listed=listed,
            count=len(found.ids),
            folder_count=len(found.folders),
            complete=found.complete,
            pages=pages,
        )
