"""Entity tags (RFC 9110, section 8.8.3) and the lists of them in conditional headers (13.1)."""

import re

#: entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE; etagc = %x21 / %x23-7E / obs-text
_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*+"'
#: Empty elements are allowed (5.6.1.2). It never backtracks: a hostile field costs linear time.
_ELEMENT = rf"[ \t]*+(?:{_TAG}[ \t]*+)?+"
_LIST = re.compile(rf"{_ELEMENT}(?:,{_ELEMENT})*+")
_ITEM = re.compile(_TAG)
#: The suffixes that Apache adds to the tag of an answer that it has compressed (mod_deflate,
#: mod_brotli). It passes the conditional header on as the client sends it back.
_COMPRESSED = ("-gzip", "-br")


def listed(field: str, etag: str, *, weak: bool) -> bool:
    """Whether `etag` is in the field, which is a list of entity tags, or `*` for any.

    `weak` is the comparison of If-None-Match: it disregards `W/`, and the suffix of a server in
    front that compresses. If-Match compares strongly: a weak tag equals nothing (8.8.3.2), and a
    compressed answer is another representation. A field that is no list of tags matches nothing.

    >>> listed('"a1-gzip"', '"a1"', weak=True)
    True
    """
    if field.strip(" \t") == "*":
        return True
    if not _LIST.fullmatch(field):
        return False
    if weak:
        tags = [tag.removeprefix("W/") for tag in _ITEM.findall(field)]
        bare = etag.removeprefix("W/")
        return bare in tags or any(f'{bare[:-1]}{suffix}"' in tags for suffix in _COMPRESSED)
    return not etag.startswith("W/") and etag in _ITEM.findall(field)
