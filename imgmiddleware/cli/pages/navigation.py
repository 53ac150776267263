"""The ways from one page of the index to another: folders, a filter by name, pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

#: With up to so many pages, each is a click or two away.
_BESIDE = 3


@dataclass(frozen=True, slots=True)
class Place:
    """The contents of a page: a folder, or all files below it whose names have `words`."""

    folder: str = ""
    words: str = ""
    page: int = 1

    def url(self, mount: str) -> str:
        """The page's address, escaped for an attribute."""
        given = {"folder": self.folder, "q": self.words, "page": self.page if self.page > 1 else ""}
        query = urlencode({name: value for name, value in given.items() if value})
        return escape(f"{mount}/?{query}" if query else f"{mount}/")

    def within(self, id: str) -> str:
        """An ID as it reads from this folder."""
        return id.removeprefix(f"{self.folder}/") if self.folder else id


def crumbs(place: Place, title: str, mount: str) -> Iterator[str]:
    """The folders above this one, each a link; nothing for the outermost."""
    if not place.folder:
        return
    yield '<nav aria-label="Folders above">\n<ol class="crumbs">\n'
    yield f'<li><a href="{Place().url(mount)}"><bdi>{escape(title)}</bdi></a></li>\n'
    above = ""
    for name in place.folder.split("/")[:-1]:
        above = f"{above}/{name}" if above else name
        yield f'<li><a href="{Place(above).url(mount)}"><bdi>{escape(name)}</bdi></a></li>\n'
    yield "</ol>\n</nav>\n"


def name_filter(place: Place, mount: str) -> Iterator[str]:
    """The form that looks for words in the names of this folder and those below."""
    yield f'<form role="search" action="{escape(mount)}/">\n'
    if place.folder:
        yield f'<input type="hidden" name="folder" value="{escape(place.folder)}">\n'
    words = escape(place.words)
    yield '<label for="words">Part of a name</label>\n'
    yield f'<input type="search" id="words" name="q" value="{words}">\n'
    yield "<button>Filter</button>\n"
    if place.words:
        yield f'<a href="{Place(place.folder).url(mount)}">Show all</a>\n'
    yield "</form>\n"


def folder_links(place: Place, folders: tuple[str, ...], mount: str) -> Iterator[str]:
    if not folders:
        return
    yield '<nav aria-label="Folders">\n<ul class="folders">\n'
    for folder in folders:
        name = escape(place.within(folder))
        yield f'<li><a href="{Place(folder).url(mount)}"><bdi>{name}</bdi></a></li>\n'
    yield "</ul>\n</nav>\n"


def pager(place: Place, pages: int, mount: str) -> Iterator[str]:
    if pages == 1:
        return
    yield '<nav class="pager" aria-label="Pages">\n'
    if place.page > 1:
        url = Place(place.folder, place.words, place.page - 1).url(mount)
        yield f'<a rel="prev" href="{url}">← Previous</a>\n'
    yield f"<span>Page {place.page:,} of {pages:,}</span>\n"
    if place.page < pages:
        url = Place(place.folder, place.words, place.page + 1).url(mount)
        yield f'<a rel="next" href="{url}">Next →</a>\n'
    if pages > _BESIDE:
        yield from _page_choice(place, pages, mount)
    yield "</nav>\n"


def _page_choice(place: Place, pages: int, mount: str) -> Iterator[str]:
    """The form that leads to any page."""
    yield f'<form action="{escape(mount)}/">\n'
    for name, value in (("folder", place.folder), ("q", place.words)):
        if value:
            yield f'<input type="hidden" name="{name}" value="{escape(value)}">\n'
    number = f'<input type="number" name="page" min="1" max="{pages}" required>'
    yield f"<label>Go to page {number}</label>\n<button>Go</button>\n</form>\n"
