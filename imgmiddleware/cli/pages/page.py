"""The index page as HTML: cards with thumbnails and links, and the files that are no pictures.

A file may have any name: each text is escaped where it enters the page, and the service builds the
links.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from urllib.parse import quote, unquote

from imgmiddleware import ImageService, __version__
from imgmiddleware.cli.numbers import counted, in_bytes, sides
from imgmiddleware.cli.pages.links import THUMBNAIL, Links, Query
from imgmiddleware.cli.pages.listing import MOST_ENTRIES, Listed
from imgmiddleware.cli.pages.navigation import Place, crumbs, folder_links, name_filter, pager
from imgmiddleware.cli.pages.snippets import tabs
from imgmiddleware.formats.facts import Facts

#: A hill and a sun. A page without an icon makes browsers ask for /favicon.ico.
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Crect width='16' height='16' rx='4' fill='%23f6a65b'/%3E%3Ccircle cx='11' cy='5.5' r='2' "
    "fill='%23fff3d6'/%3E%3Cpath d='M0 12 5 7l4 4 2-2 5 4v1l-1 2H1z' fill='%23374a67'/%3E%3C/svg%3E"
)


#: Formats whose names are no abbreviations.
_KINDS = {"array": "NumPy array", "webp": "WebP"}

_MADE = "Each picture here is made from its original when it is asked for."


def stylesheet() -> str:
    return files(__package__).joinpath("gallery.css").read_text(encoding="utf-8")


def script() -> str:
    return files(__package__).joinpath("gallery.js").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The part of a listing on one page, and the number of all its files and folders. `complete`:
    there are no others.
    """

    title: str  # of the outermost folder
    place: Place
    folders: tuple[str, ...]
    listed: tuple[Listed, ...]
    count: int
    folder_count: int
    complete: bool
    pages: int


class Page:
    """Writes excerpts as HTML. Their links lead to the service, which is mounted under `mount`."""

    def __init__(self, service: ImageService, links: Links, mount: str) -> None:
        self._service = service
        self._links = links
        self._mount = mount

    def html(self, excerpt: Excerpt) -> Iterator[str]:
        place, mount = excerpt.place, self._mount
        yield from _head(excerpt, mount)
        others = [one for one in excerpt.listed if _is_other(one)]
        cards = [self._card(one, place) for one in excerpt.listed if not _is_other(one)]
        yield "<main>\n"
        yield from folder_links(place, excerpt.folders, mount)
        if cards:
            yield '<ul class="cards">\n'
            yield from cards
            yield "</ul>\n"
        elif not others and not excerpt.folders:
            nothing = (
                "No name here has this." if place.words else "There is nothing to show here yet."
            )
            yield f'<p class="note">{nothing}</p>\n'
        yield from _other_files(others)
        yield from pager(place, excerpt.pages, mount)
        yield from tabs()
        yield "</main>\n"
        yield f"<footer>imgmiddleware {escape(__version__)}</footer>\n"
        yield f"<script>{script()}</script>\n</body>\n</html>\n"

    def _card(self, one: Listed, place: Place) -> str:
        name = f'<h2 title="{escape(one.id)}">{self._name(one, place.within(one.id))}</h2>\n'
        if one.error is not None:
            return (
                f'<li class="card refused">\n<div class="thumbnail complaint"><p>'
                f"<b>{escape(one.error.code)}</b><br>{escape(one.error.detail)}</p></div>\n"
                f'<div class="text">\n{name}<p class="facts">{_bytes(one.size)}</p>\n</div>\n'
                "</li>\n"
            )
        assert one.facts is not None  # a file has facts, or an error
        groups = self._links.animated if one.facts.animated else self._links.variants
        variants = (self._variants(one, *group) for group in groups.items())
        return (
            f'<li class="card">\n{self._thumbnail(one)}<div class="text">\n{name}'
            f'<p class="facts">{described(one)}'
            f'<span class="saved" data-of="{one.size}"></span></p>\n'
            f"<dl>\n{''.join(variants)}</dl>\n</div>\n</li>\n"
        )

    def _variants(self, one: Listed, heading: str, group: Mapping[str, Query]) -> str:
        links = (
            f'<a href="{self._url(one, query)}"><bdi>{escape(label)}</bdi></a>'
            for label, query in group.items()
        )
        return f"<dt>{escape(heading)}</dt><dd>{' '.join(links)}</dd>\n"

    def _thumbnail(self, one: Listed) -> str:
        width, height = THUMBNAIL
        source, dense = self._url(one, self._links.thumbnail), ""
        if self._links.dense is not None:
            dense = f' srcset="{source} 1x, {self._url(one, self._links.dense)} 2x"'
        closer = " closer" if self._service.settings.iiif else ""
        # With its size in the page, nothing moves when the image arrives. The name leads to the
        # same page: for screen readers and on the keyboard, that is the one link.
        return (
            f'<a class="thumbnail{closer}" href="{self._closer(one)}" tabindex="-1" '
            f'aria-hidden="true"><img src="{source}"{dense} width="{width}" height="{height}" '
            f'loading="lazy" alt=""></a>\n'
        )

    def _name(self, one: Listed, shown: str) -> str:
        name = f"<bdi>{escape(shown)}</bdi>"
        return name if one.error is not None else f'<a href="{self._closer(one)}">{name}</a>'

    def _closer(self, one: Listed) -> str:
        """The target of a click: the zoom viewer, or the large picture."""
        if self._service.settings.iiif:
            return escape(f"{self._mount}/view?id={quote(one.id, safe='')}")
        return self._url(one, self._links.large)

    def _url(self, one: Listed, query: Query) -> str:
        return escape(self._service.url(one.id, mount=unquote(self._mount), **query))


def _head(excerpt: Excerpt, mount: str) -> Iterator[str]:
    place = excerpt.place
    title = escape(excerpt.title)
    name = escape(place.folder.rpartition("/")[2]) or title
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<title>{name} - imgmiddleware</title>\n<link rel="icon" href="{ICON}">\n'
        f"<style>{stylesheet()}</style>\n</head>\n<body>\n<header>\n"
    )
    yield from crumbs(place, excerpt.title, mount)
    yield f"<h1><bdi>{name}</bdi></h1>\n<p>{_counts(excerpt)}</p>\n"
    yield from name_filter(place, mount)
    yield "</header>\n"
    if not excerpt.complete:
        yield (
            '<p class="note">The directory is large: only the files among its first '
            f"{MOST_ENTRIES:,} entries are listed. All of them are served.</p>\n"
        )


def _counts(excerpt: Excerpt) -> str:
    """The numbers of folders and files, in a sentence, as HTML."""
    files = counted(excerpt.count, "file")
    if excerpt.place.words:
        return f"{files} whose name has <b><bdi>{escape(excerpt.place.words)}</bdi></b>."
    folders = counted(excerpt.folder_count, "folder")
    if not excerpt.count:
        return f"{folders if excerpt.folder_count else files}."
    return f"{f'{folders} and {files}' if excerpt.folder_count else files}. {_MADE}"


def described(one: Listed) -> str:
    """The facts of a file, in short, as HTML."""
    facts = "" if one.facts is None else f"{_facts(one.facts)} · "
    return f"{facts}{_bytes(one.size)}"


def _is_other(one: Listed) -> bool:
    return one.error is not None and one.error.code == "unknown-format"


def _facts(facts: Facts) -> str:
    parts = [sides(*facts.upright), _KINDS.get(facts.format, facts.format.upper())]
    if facts.bits > 8:
        parts.append(f"{facts.bits} bit")
    if facts.alpha:
        parts.append("alpha")
    if facts.orientation != 1:
        parts.append(f"orientation {facts.orientation}")
    if facts.overviews and facts.frames == len(facts.overviews) + 1:
        parts.append(f"pyramid of {counted(facts.frames, 'level')}")
    elif facts.frames > 1:
        parts.append(counted(facts.frames, "frame" if facts.animated else "page"))
    return escape(" · ".join(parts))


def _bytes(size: int) -> str:
    """The size in short. The tooltip has the exact number."""
    return f'<span class="bytes" title="{counted(size, "byte")}">{in_bytes(size)}</span>'


def _other_files(others: list[Listed]) -> Iterator[str]:
    if not others:
        return
    yield '<section class="others">\n<h2>Not pictures, not served</h2>\n<ul>\n'
    for one in others:
        assert one.error is not None
        yield (
            f"<li><bdi>{escape(one.id)}</bdi> <span>{_bytes(one.size)} · "
            f"{escape(one.error.detail)}</span></li>\n"
        )
    yield "</ul>\n</section>\n"
