"""The part of zoom viewers in a service: pictures by paths of their own, and the descriptions of
those.

The rules of HTTP are those of pictures. `info.json` depends on more than its original: its `id` is
the URL that the client used, and its version is the one in the client's Accept.
"""

import re
from dataclasses import replace
from hashlib import blake2b
from urllib.parse import quote

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.facts import Facts
from imgmiddleware.grammar import deepzoom, xyz
from imgmiddleware.grammar.grid import Limits, grid_of
from imgmiddleware.grammar.iiif import segments
from imgmiddleware.grammar.iiif.description import Description
from imgmiddleware.grammar.placed import Named, Picture, Told
from imgmiddleware.grammar.query import Asked
from imgmiddleware.grammar.signature import token_of
from imgmiddleware.http.conditionals import evaluate
from imgmiddleware.messages import ImageRequest, ImageResponse
from imgmiddleware.operations.transform import Transform
from imgmiddleware.service import answers
from imgmiddleware.service.viewers import iiif
from imgmiddleware.settings import Settings

#: The version of a link, the only query that may follow such a path.
_VERSION = re.compile("v=([A-Za-z0-9_-]{1,64})", re.ASCII)


class Viewers:
    """The viewers' part of one service."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._on = settings.for_viewers
        self._limits = Limits(
            settings.max_result_width, settings.max_result_height, settings.max_result_pixels
        )
        prefixes = settings.iiif_prefixes if settings.iiif else {}
        # Of two prefixes that begin alike the longer comes first.
        self._versions = sorted(prefixes.items(), key=lambda pair: -len(pair[1]))

    def named(self, request: ImageRequest) -> Named | None:
        """The request that the path names besides an ID. None: the query has the request.

        With any other query than a link's version all of the path is an ID, whatever its form. The
        same holds where a route of the application gives the ID, as the route has checked that one.
        Raises `ImageError` (400).
        """
        settings, query = self._settings, request.query
        if not self._on or request.id is not None:
            return None
        if not request.path.startswith(settings.prefix):
            return None
        if query and not _VERSION.fullmatch(query):
            return None
        path = request.path.removeprefix(settings.prefix)
        signed = token_of(path) if settings.keys else None
        path = path.removeprefix(signed[0]) if signed else path
        named = self._of_a_version(path) or self._of_any(path) or self._base(request, path)
        if named is None or signed is None:
            return named
        token, signature, expires = signed
        below = f"{token}{named.below}"
        return replace(named, below=below, signature=signature, expires=expires)

    def _of_a_version(self, path: str) -> Named | None:
        """A path below a prefix of a version, where every path is IIIF's, also an ID alone."""
        for version, below in self._versions:
            rest = path.removeprefix(below)
            if rest and rest != path:
                found = segments.named(rest, version) or Named(rest, Told.BASE)
                return replace(found, below=below, version=version)
        return None

    def _of_any(self, path: str) -> Named | None:
        settings = self._settings
        found = segments.named(path, settings.iiif_version) if settings.iiif else None
        if found is None and settings.deepzoom:
            found = deepzoom.named(path)
        if found is None and settings.xyz:
            found = xyz.named(path)
        return found

    def _base(self, request: ImageRequest, path: str) -> Named | None:
        """An ID alone, for a client that wants its description."""
        if not self._settings.iiif or request.query:
            return None
        wanted = iiif.asks_for_json(request.headers.get("accept"))
        return Named(path, Told.BASE) if wanted else None

    def asked(
        self, request: ImageRequest, named: Named, asked: Asked, picture: Picture, facts: Facts
    ) -> tuple[Asked, answers.Headers]:
        """The request for an original with these facts, and the headers beside the picture.

        IIIF's headers name the level of the API, and the canonical path, in which the ID has one
        spelling. That path begins at the root: a relative one would lead elsewhere from a path
        whose slashes came as `%2F`. Raises `ImageError` (400, 404).
        """
        grid = grid_of(facts, self._limits)
        placed = picture.placed(facts.upright, self._limits, grid)
        version = _VERSION.fullmatch(request.query)
        asked = replace(asked, transform=placed.transform, version=version[1] if version else None)
        if not isinstance(picture, segments.Segments):
            return asked, ()
        spoken = named.version or self._settings.iiif_version
        path = quote(self._path(request, named))
        ends = segments.canonical(placed, grid, spoken)
        link = f'{iiif.profile(spoken)}, <{path}/{ends}>;rel="canonical"'
        return asked, (("Link", link),)

    def told(
        self, request: ImageRequest, named: Named, told: Told, facts: Facts, surrogate: str
    ) -> ImageResponse:
        """The description, or the 303 to it (Image API 3.0, section 2).

        It has no Last-Modified: options change this text too, without a change of the original.
        Raises `ImageError` (412), and 400 where the host has no valid name.
        """
        links: answers.Headers = ()
        if told is Told.DEEP_ZOOM:
            media_type, body = "application/xml", self._descriptor(facts)
        else:
            base = iiif.base_url(request, self._path(request, named), self._settings.base_url)
            if told is Told.BASE:
                return _see_other(f"{base}/{Told.INFO.value}")
            accept = request.headers.get("accept")
            version = named.version or iiif.named_version(accept) or self._settings.iiif_version
            media_type, body = iiif.information(accept, self._description(base, facts), version)
            links = (("Link", iiif.profile(version)),)
        key = blake2b(media_type.encode() + body, digest_size=16).hexdigest()
        shared = answers.validators(
            key,
            None,
            self._settings,
            immutable=False,
            surrogates=(surrogate,),
            expires=named.expires,
        )
        status = evaluate(request.headers, f'"{key}"', None)
        if status == 304:
            return answers.not_modified(shared + links)
        if status == 412:
            raise ImageError("precondition-failed", "the description is not the one you named")
        headers = (*answers.content(media_type, len(body)), *shared, *links)
        return ImageResponse(200, headers, body)

    def _description(self, base: str, facts: Facts) -> Description:
        settings = self._settings
        return Description(
            base=base,
            size=facts.upright,
            grid=grid_of(facts, self._limits),
            limits=self._limits,
            preferred=[*(name for name in settings.formats if name == "webp"), "jpg"],
            rights=settings.iiif_rights,
        )

    def _descriptor(self, facts: Facts) -> bytes:
        format = "png" if facts.alpha else "jpg"
        return deepzoom.descriptor(facts.upright, grid_of(facts, self._limits), format)

    def _path(self, request: ImageRequest, named: Named) -> str:
        return f"{request.mount.rstrip('/')}{self._settings.prefix}{named.below}{named.id}"


def not_yet_read(named: Named) -> Asked:
    """The request, before an original tells which Transform that is."""
    negotiated = named.asks in (Told.INFO, Told.BASE)
    varies = ("Accept",) if negotiated else ()
    return Asked(Transform(), expires=named.expires, varies=varies, named=named)


def _see_other(url: str) -> ImageResponse:
    headers = ("Location", url), ("Cache-Control", "no-store")
    return ImageResponse(303, (*headers, *answers.content("text/plain", 0)))
