"""All formats of results by name."""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from imgmiddleware.formats import (
    avif,
    bmp,
    description,
    gif,
    jpeg,
    jxl,
    palette,
    placeholder,
    png,
    tiff,
    webp,
)
from imgmiddleware.formats.result_format import ResultFormat

_ROOMS = (jpeg, png, webp, avif, gif, bmp, tiff, jxl)  # in the order in which messages list them
_TEXTS = (placeholder.THUMBHASH, placeholder.BLURHASH, placeholder.LQIP)
_TOLD = (description.RESULT, palette.JSON, palette.CSS)
_PICTURES = (*(room.RESULT for room in _ROOMS), jpeg.PROGRESSIVE)
_results = {each.name: each for each in (*_PICTURES, *_TEXTS, *_TOLD)}

#: The records by name. Code that needs one looks here at that moment and copies nothing, so that a
#: format which is registered later is known everywhere.
RESULTS: Mapping[str, ResultFormat] = MappingProxyType(_results)


class _Named(Collection[str]):
    """The names that `fm` may say, at the moment of the question."""

    def __contains__(self, name: object) -> bool:
        return name in _results and _results[str(name)].by_fm

    def __iter__(self) -> Iterator[str]:
        return (name for name, result in _results.items() if result.by_fm)

    def __len__(self) -> int:
        return sum(1 for _ in self)


NAMED: Collection[str] = _Named()

#: The formats that are text, and stand for a picture until it comes.
PLACEHOLDERS = tuple(each.name for each in _TEXTS)


def register(result: ResultFormat) -> None:
    """Add a format of results, for all of this process.

    Its name stands in links, and one of its suffixes in the names of files. Raises `ValueError`
    where they could not, or where there is a format of that name: the results that caches hold
    under it are that format's.
    """
    if not (result.name.isascii() and result.name.isalnum()) or not result.suffixes:
        raise ValueError(f"a name of letters and digits, and a suffix, are needed: {result.name!r}")
    if result.name in _results:
        raise ValueError(f"there is a format {result.name!r} already")
    _results[result.name] = result


def suffixes_of(media_type: str) -> tuple[str, ...]:
    """The suffixes of files of this type. A cache may hold results that nothing here makes."""
    known = (r.suffixes for r in RESULTS.values() if r.media_type == media_type)
    return next(known, ("bin",))


def known_suffixes() -> frozenset[str]:
    return frozenset(suffix for result in RESULTS.values() for suffix in result.suffixes)
