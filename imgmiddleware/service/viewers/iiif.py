"""`info.json` of the IIIF Image API, in the version and with the URL of the client."""

import json
import re
from urllib.parse import quote, unquote

from imgmiddleware.errors import ImageError
from imgmiddleware.grammar.iiif.description import Description, context, level
from imgmiddleware.grammar.placed import Told
from imgmiddleware.http.accept import weight_of, weights
from imgmiddleware.http.host import is_host
from imgmiddleware.messages import ImageRequest

_JSON, _LD = "application/json", "application/ld+json"

#: A path of a URI (RFC 3986, section 3.3). Some servers take others, and pass them on as they came.
_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")


def information(accept: str | None, description: Description, version: int) -> tuple[str, bytes]:
    """The media type and the text, for a client that sends this Accept."""
    text = json.dumps(description.said(version), ensure_ascii=False)
    return _media_type(accept, version), text.encode()


def named_version(accept: str | None) -> int | None:
    """The version whose context Accept names (Image API 3.0, section 5.1; 2.1, section 5), by the
    higher weight where it names both. None: Accept prefers neither.
    """
    second, third = (weight_of(accept, context(version)) for version in (2, 3))
    return None if second == third else 2 if second > third else 3


def profile(version: int) -> str:
    """The value of a Link that names the version."""
    return f'<{level(version)}>;rel="profile"'


def base_url(request: ImageRequest, path: str, base: str) -> str:
    """The URL by which the client names the picture, with the client's encoding of the ID where the
    server tells it. `path` is that of the ID, `base` the option's scheme and host, or empty.

    Raises `ImageError` (400) where the host has no valid name.
    """
    sent = request.raw_path.partition("?")[0].removesuffix(f"/{Told.INFO.value}")
    as_sent = _PATH.fullmatch(sent) and unquote(sent) == path
    return (base or _origin(request)) + (sent if as_sent else quote(path))


def asks_for_json(accept: str | None) -> bool:
    """Whether a client of a bare ID wants its description instead of its picture. A client that
    shows pictures names them in Accept; a program that takes anything does so too.
    """
    accepted = weights(accept)
    described = max(accepted.get(_JSON, 0), accepted.get(_LD, 0))
    return accept is None or described > max(
        (weight for name, weight in accepted.items() if name.startswith("image/")), default=0
    )


def _media_type(accept: str | None, version: int) -> str:
    """JSON-LD where the client wants it; version 3 makes it the default."""
    accepted = weights(accept)
    if version == 2:
        return _LD if accepted.get(_LD) else _JSON
    plain = accepted.get(_JSON, 0) > accepted.get(_LD, 0)
    return _JSON if plain else f'{_LD};profile="{context(3)}"'


def _origin(request: ImageRequest) -> str:
    """The origin for the client. Raises `ImageError` (400) for a Host that is no plain host."""
    if not is_host(request.host):
        raise ImageError("malformed-host", "the request's Host is neither a name nor an address")
    return f"{request.scheme}://{request.host}"
