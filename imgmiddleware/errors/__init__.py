"""The one exception of the package, and the table of all its codes.

A code is stable: clients and dashboards may match on it. Its status stands only here, so that one
code never has two statuses, and the tests can compare the documentation's table with it.

RFC 9110 defines 413, 415 and 422 for the content of a *request*. Here they speak of the original on
the server: they say exactly what is wrong with it, and no other status does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

CODES: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "malformed-query": (400, "the query is not `name=value` pairs in UTF-8"),
        "unknown-parameter": (400, "no parameter has this name"),
        "repeated-parameter": (400, "a parameter stands in the query twice"),
        "malformed-parameter": (400, "a value is not of its parameter's form"),
        "out-of-range": (400, "a value is outside its parameter's range"),
        "parameter-not-allowed": (400, "this service restricts the parameter, or its value"),
        "unknown-preset": (400, "no preset has this name"),
        "unknown-overlay": (400, "the service has registered no overlay of this name"),
        "result-too-large": (400, "the requested picture would be over a limit of this service"),
        "malformed-host": (400, "the header Host, which `info.json` needs, names no host"),
        "forbidden": (403, "the service's `authorize` said no"),
        "signature-required": (403, "the link has no signature, and here it needs one"),
        "bad-signature": (403, "the link is not as it was signed"),
        "link-expired": (403, "the link was signed for a time that is over"),
        "not-found": (404, "the source has no original of this ID, or the original no such tile"),
        "method-not-allowed": (405, "only GET, HEAD and OPTIONS"),
        "precondition-failed": (412, "If-Match or If-Unmodified-Since does not hold"),
        "source-bytes": (413, "the original's file, or the part that is read, is over the limit"),
        "source-pixels": (
            413,
            "its header claims, or the answer needs, more pixels than the limit",
        ),
        "source-memory": (413, "the original's decoder could allocate more than the limit"),
        "unknown-format": (415, "the first bytes are of no format known here"),
        "format-not-allowed": (415, "the original's format is not one that this service opens"),
        "unsupported-feature": (415, "no decoder here takes this kind of the format"),
        "range-not-satisfiable": (416, "the picture has none of the bytes that Range asks for"),
        "damaged-original": (422, "the original is cut short, damaged, or contradicts itself"),
        "decoder-failed": (
            422,
            "`isolate`: decoding it crashed, hung or took too much memory",
        ),
        "original-changed": (503, "the original was replaced while it was read"),
        "source-unavailable": (503, "the source's disk or network does not answer as it should"),
        "busy": (503, "every slot is taken, and every place in the queue; or memory is short"),
    }
)
"""Each code with its HTTP status and its meaning."""


class ImageError(Exception):
    """A request that is answered with a problem document instead of a picture.

    >>> error = ImageError("out-of-range", "w=9000 is too much", parameter="w")
    >>> error.status
    400
    >>> error.members
    {'parameter': 'w'}

    A source may raise it from `open`. Raises `KeyError` for a code that is not in `CODES`.
    """

    def __init__(self, code: str, detail: str, **members: object) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = CODES[code][0]
        """The HTTP status of the answer."""
        self.code = code
        """A key of `CODES`."""
        self.detail = detail
        """A sentence for the person who reads the answer. It never holds a path of the server."""
        self.members = members
        """Further data for programs, such as `parameter` or `limit`: the extension members of RFC
        9457, section 3.2. All are JSON values.
        """

    def again(self) -> ImageError:
        """An equal error, to be raised once more: an exception keeps where it was raised."""
        return ImageError(self.code, self.detail, **self.members)


#: The messages of libraries: OpenCV and libjpeg, Pillow and libavif, libheif; libwebp, Pillow where
#: it picks colours, zlib.
_SHORT_OF_MEMORY = re.compile(
    "insufficient memory|out of memory|memory allocation"
    "|encoding ?error:? [12]$|quantization error|error -4 ",
    re.IGNORECASE,
)
#: The `code` of OpenCV's error.
_NO_MEMORY = -4


def short_of_memory(error: BaseException | None) -> bool:
    """Whether a library that could not get memory raised this error, or its cause.

    The original is not damaged then: the error is not told as damage, and not remembered.
    """
    while error is not None:
        if isinstance(error, MemoryError) or getattr(error, "code", None) == _NO_MEMORY:
            return True
        if not isinstance(error, ImageError) and _SHORT_OF_MEMORY.search(str(error)):
            return True
        error = error.__cause__
    return False


def damaged(detail: str) -> ImageError:
    """The error that every parser and decoder raises: 422 `damaged-original`, with this detail."""
    return ImageError("damaged-original", detail)
