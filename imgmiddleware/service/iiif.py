"""What IIIF adds to a service: pictures by the segments of a path, and `info.json`.

The rules of HTTP are those of pictures. `info.json` depends on more than its original: its `id` is
the URL by which the client asked, and its version is what the client's Accept names.
"""

import json
import re
from dataclasses import replace
from hashlib import blake2b
from urllib.parse import quote, unquote

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.facts import Facts
from imgmiddleware.grammar.iiif.description import Description, context, level
from imgmiddleware.grammar.iiif.grid import Limits, grid_of
from imgmiddleware.grammar.iiif.segments import INFO, Named, Segments, named
from imgmiddleware.grammar.query import Asked
from imgmiddleware.http.accept import weights
from imgmiddleware.http.conditionals import evaluate
from imgmiddleware.http.host import is_host
from imgmiddleware.messages import ImageRequest, ImageResponse
from imgmiddleware.operations.transform import Transform
from imgmiddleware.service import answers
from imgmiddleware.settings import Settings

_JSON, _LD = "application/json", "application/ld+json"

#: The version of a link, which is the one query that goes along with segments.
_VERSION = re.compile("v=([A-Za-z0-9_-]{1,64})", re.ASCII)


#: A path of a URI (RFC 3986, section 3.3). Some servers take others, and tell them as they came.
_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")


class Iiif:
    """IIIF's part of one service."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._limits = Limits(
            settings.max_result_width, settings.max_result_height, settings.max_result_pixels
        )

    def named(self, request: ImageRequest) -> Named | None:
        """What the path names besides an ID. None: its query says what is asked for.

        With any other query than a link's version all of the path is an ID, whatever it looks like.
        So it is where a route of the application has said the ID: that is the one it has checked.
        Raises `ImageError` (400).
        """
        query, prefix = request.query, self._settings.prefix
        if not self._settings.iiif or request.id is not None or not request.path.startswith(prefix):
            return None
        if query and not _VERSION.fullmatch(query):
            return None
        path = request.path.removeprefix(prefix)
        found = named(path, self._settings.iiif_version)
        if found is None and not query and _asks_for_json(request.headers.get("accept")):
            return Named(path, base=True)
        return found

    def asked(
        self, request: ImageRequest, id: str, asked: Asked, segments: Segments, facts: Facts
    ) -> tuple[Asked, tuple[str, str]]:
        """What they ask of an original with these facts, and a header beside the picture.

        That tells the level of the API, and the canonical path, in which the ID has one spelling.
        It begins at the root: from a path whose slashes came as `%2F`, a relative one would lead
        elsewhere. Raises `ImageError` (400).
        """
        placed = segments.placed(facts.upright, self._limits, grid_of(facts, self._limits))
        version = _VERSION.fullmatch(request.query)
        token = version[1] if version else None
        path = quote(self._path(request, id)) + f"/{placed.canonical}"
        link = "Link", f'{_profile(self._settings.iiif_version)}, <{path}>;rel="canonical"'
        return replace(asked, transform=placed.transform, version=token), link

    def described(
        self, request: ImageRequest, found: Named, facts: Facts, surrogate: str
    ) -> ImageResponse:
        """`info.json`, or the 303 that leads there (Image API 3.0, section 2).

        It has no Last-Modified: options change this text, too, without a change of the original.
        Raises `ImageError` (412), and 400 where there is no name of the host to tell.
        """
        base = self._base(request, found.id)
        if found.base:
            headers = ("Location", f"{base}/{INFO}"), ("Cache-Control", "no-store")
            return ImageResponse(303, (*headers, *answers.content("text/plain", 0)))
        version, media_type = self._negotiated(request.headers.get("accept"))
        body = json.dumps(self._description(base, facts).said(version), ensure_ascii=False).encode()
        key = blake2b(media_type.encode() + body, digest_size=16).hexdigest()
        shared = answers.validators(key, None, self._settings, immutable=False, surrogate=surrogate)
        shared += (("Link", _profile(version)),)
        status = evaluate(request.headers, f'"{key}"', None)
        if status == 304:
            return answers.not_modified(shared)
        if status == 412:
            raise ImageError("precondition-failed", "the description is not the one you named")
        return ImageResponse(200, (*answers.content(media_type, len(body)), *shared), body)

    def _description(self, base: str, facts: Facts) -> Description:
        return Description(
            base=base,
            size=facts.upright,
            grid=grid_of(facts, self._limits),
            limits=self._limits,
            preferred=[*(name for name in self._settings.formats if name == "webp"), "jpg"],
            rights=self._settings.iiif_rights,
        )

    def _negotiated(self, accept: str | None) -> tuple[int, str]:
        """The version and the media type (Image API 3.0, section 5.1; 2.1, section 5)."""
        names = [version for version in (2, 3) if context(version) in (accept or "")]
        version = names[0] if len(names) == 1 else self._settings.iiif_version
        accepted = weights(accept)
        if version == 2:
            return version, _LD if accepted.get(_LD) else _JSON
        plain = accepted.get(_JSON, 0) > accepted.get(_LD, 0)
        return version, _JSON if plain else f'{_LD};profile="{context(3)}"'

    def _base(self, request: ImageRequest, id: str) -> str:
        """The URL by which the client names the picture: with its own encoding of the ID, where the
        server tells it.
        """
        path = self._path(request, id)
        sent = request.raw_path.partition("?")[0].removesuffix(f"/{INFO}")
        host = self._settings.base_url or _origin(request)
        as_sent = _PATH.fullmatch(sent) and unquote(sent) == path
        return host + (sent if as_sent else quote(path))

    def _path(self, request: ImageRequest, id: str) -> str:
        return f"{request.mount.rstrip('/')}{self._settings.prefix}{id}"


def not_yet_read(named: Named) -> Asked:
    """What is asked for, before an original tells which Transform that is."""
    return Asked(Transform(), varies=() if named.segments else ("Accept",), named=named)


def _profile(version: int) -> str:
    return f'<{level(version)}>;rel="profile"'


def _origin(request: ImageRequest) -> str:
    """As the client has it. Raises `ImageError` (400) for a Host that would not stay one."""
    if not is_host(request.host):
        raise ImageError("malformed-host", "the request's Host is neither a name nor an address")
    return f"{request.scheme}://{request.host}"


def _asks_for_json(accept: str | None) -> bool:
    """Whether a client of a path that is an ID alone wants to know of it, and not to see it: who
    shows pictures says so, and a program that takes anything says that.
    """
    accepted = weights(accept)
    described = max(accepted.get(_JSON, 0), accepted.get(_LD, 0))
    return accept is None or described > max(
        (weight for name, weight in accepted.items() if name.startswith("image/")), default=0
    )
