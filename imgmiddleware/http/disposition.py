"""Content-Disposition (RFC 6266): the name under which a picture is saved, and whether at once."""

import functools
import unicodedata
from urllib.parse import quote

#: Separators of folders, and characters that Windows forbids in a name.
_FORBIDDEN = frozenset('/\\:*?"<>|')
#: Controls, marks that turn the direction of text (which show `gpj.exe` as `exe.jpg`), surrogates,
#: separators of lines.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

#: File systems take 255 bytes, and a browser adds " (1)" and ".part".
_LONGEST = 200

#: attr-char of RFC 8187, section 3.2.1, beside letters and digits.
_ATTR = "!#$&+-.^_`|~"


@functools.lru_cache(1024)
def content_disposition(
    name: str, suffixes: tuple[str, ...], known: frozenset[str], *, attachment: bool
) -> str:
    """The header. `name` is any text, such as an ID or a value of a query.

    The file's name is its last segment, with one of the picture's `suffixes` in place of another
    that is `known`. `filename` is for clients that know ASCII alone. Where that loses characters,
    `filename*` (RFC 8187) has all of them.
    """
    kind = "attachment" if attachment else "inline"
    name = file_name(name, suffixes, known)
    # RFC 6266, appendix D: some clients read a percent sign as an escape.
    plain = "".join(c if " " <= c <= "~" and c != "%" else "_" for c in name)
    header = f'{kind}; filename="{plain}"'
    return header if plain == name else f"{header}; filename*=UTF-8''{quote(name, safe=_ATTR)}"


def file_name(name: str, suffixes: tuple[str, ...], known: frozenset[str]) -> str:
    """The file's name: with the first of its `suffixes`, if it has none of them.

    A suffix that is `known` is another format's, and goes; any other is a part of the name.
    """
    safe = "".join(_safe(c) for c in name.rstrip("/").rpartition("/")[2])
    stem, dot, suffix = safe.rpartition(".")
    if not dot or suffix.lower() not in known:
        stem, suffix = safe, suffixes[0]
    elif suffix.lower() not in suffixes:
        suffix = suffixes[0]
    # A name that begins with a dot is hidden, and Windows drops dots and spaces at an end.
    stem = stem.encode()[:_LONGEST].decode("utf-8", "ignore").strip(". ") or "picture"
    return f"{stem}.{suffix}"


def _safe(character: str) -> str:
    unsafe = character in _FORBIDDEN or unicodedata.category(character) in _UNSEEN
    return "_" if unsafe else character
