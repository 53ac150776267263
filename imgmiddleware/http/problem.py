"""Problem documents (RFC 9457)."""

import json
from collections.abc import Mapping
from http import HTTPStatus

MEDIA_TYPE = "application/problem+json"

#: Phrases of RFC 9110 that Python has only since 3.13.
_PHRASES = {
    413: "Content Too Large",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}


def phrase(status: int) -> str:
    """The reason phrase of a status, as RFC 9110 has it.

    >>> phrase(422)
    'Unprocessable Content'
    """
    return _PHRASES.get(status) or HTTPStatus(status).phrase


def problem(status: int, code: str, detail: str, members: Mapping[str, object]) -> bytes:
    """The body of an error. `code` and `members` are extension members (section 3.2).

    There is no `type`, which means "about:blank"; then the title should be the phrase of the status
    (section 4.2.1).
    """
    document = {
        "title": phrase(status),
        "status": status,
        "code": code,
        "detail": detail,
        **members,
    }
    return json.dumps(document, ensure_ascii=True).encode() + b"\n"
