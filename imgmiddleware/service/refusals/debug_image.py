"""A refusal as a picture, for development: an `<img>` shows no problem document.

It is an SVG, which is sharp at every size and needs no decoder. Its text may come from the writer
of the URL. So each character that is not visible is replaced, and the rest is escaped.
"""

import unicodedata
from html import escape
from textwrap import wrap

from imgmiddleware.errors import ImageError
from imgmiddleware.http.problem import phrase
from imgmiddleware.messages import ImageRequest

MEDIA_TYPE = "image/svg+xml"

#: In pixels; a character of a monospaced font is about 0.6 of its size wide, a wide one twice that.
_WIDTH, _MARGIN, _SIZE, _LINE = 480, 16, 14, 20
_COLUMNS = int((_WIDTH - 2 * _MARGIN) / (0.6 * _SIZE))
_MOST_LINES = 12


def drawn(error: ImageError, request: ImageRequest) -> bytes:
    """The bytes of an SVG with the status, the code, the detail, and the path and query."""
    asked = f"{request.path}?{request.query}" if request.query else request.path
    lines = [
        (f"{error.status} {phrase(error.status)}", 'font-weight="bold" fill="#a00"'),
        (error.code, 'font-weight="bold"'),
        *((line, "") for line in _wrapped(error.detail)),
        *((line, 'fill="#666"') for line in _wrapped(asked)[:2]),
    ]
    texts = "".join(
        f'<text x="{_MARGIN}" y="{_MARGIN + _LINE * (at + 0.7):g}" {style}>{escape(line)}</text>'
        for at, (line, style) in enumerate(lines)
    )
    height = 2 * _MARGIN + _LINE * len(lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}"'
        f' viewBox="0 0 {_WIDTH} {height}" font-family="monospace" font-size="{_SIZE}"'
        ' fill="#222"><rect width="100%" height="100%" fill="#fff3f0"/>'
        f'<rect width="6" height="100%" fill="#a00"/>{texts}</svg>\n'
    ).encode()


def _wrapped(text: str) -> list[str]:
    visible = "".join(each if each.isprintable() else "\ufffd" for each in text)
    wide = any(unicodedata.east_asian_width(each) in "WF" for each in visible)
    lines = wrap(visible, _COLUMNS // 2 if wide else _COLUMNS)
    return lines[:_MOST_LINES]
