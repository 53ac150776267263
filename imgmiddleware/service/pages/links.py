"""Links to pictures: the parameters, with the version of their original and a signature."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from time import time
from typing import Any
from urllib.parse import quote, urlencode

from imgmiddleware.cache.key import version_token
from imgmiddleware.grammar import signature
from imgmiddleware.grammar.links import spelled, written
from imgmiddleware.grammar.query import QueryGrammar
from imgmiddleware.operations.transform import Transform
from imgmiddleware.service.originals.originals import Originals
from imgmiddleware.service.originals.overlays import Overlays
from imgmiddleware.service.signatures import Signatures
from imgmiddleware.settings import Settings

#: The most seconds for which a link holds: some 30 years.
_LONGEST = 10**9


@dataclass(frozen=True)
class Where:
    """The place and form of links, as `ImageService.url` says: the mount, and the signature."""

    mount: str
    sign: bool | None
    expires: float | None


class Links:
    """Writes the links of one service."""

    def __init__(
        self,
        settings: Settings,
        grammar: QueryGrammar,
        originals: Originals,
        overlays: Overlays,
        signatures: Signatures,
    ) -> None:
        self._settings = settings
        self._grammar = grammar
        self._originals = originals
        self._overlays = overlays
        self._signatures = signatures

    def url(self, id: str, parameters: Mapping[str, object], where: Where) -> str:
        """As `ImageService.url` says."""
        pairs = _ending(spelled(parameters), where)
        transform = self._grammar.parse(urlencode(pairs)).transform
        version = self._originals.version(id)
        token = None if version is None else self.token(id, version, transform)
        return self._written(id, pairs, token, where)

    def token(self, id: str, version: str, transform: Transform) -> str | None:
        """The token for the versions of all originals in the picture; None where one of them is
        unknown now.
        """
        originals = [(id, version)]
        overlay = self._overlays.id(transform)
        if overlay is not None:
            newest = self._overlays.version(overlay)
            if newest is None:
                return None
            originals.append((overlay, newest))
        return version_token(self._settings.namespace, originals)

    def link(self, id: str, pairs: dict[str, str], token: str | None, where: Where) -> str:
        """The same with a known token, and parameters that were parsed already."""
        return self._written(id, _ending(pairs, where), token, where)

    def _written(self, id: str, pairs: dict[str, str], token: str | None, where: Where) -> str:
        if token is not None:
            pairs = {**pairs, "v": token}
        if self._signs(where, pairs):
            pairs = self._signatures.signed(id, pairs)
        return written(f"{self._below(where.mount)}{id}", pairs)

    def base(self, id: str, where: Where) -> str:
        """As `ImageService.base` says."""
        end = None if where.expires is None else _end(where.expires)
        signs = self._signs(where, () if end is None else ("expires",))
        token = self._signatures.token(id, end) if signs else ""
        return quote(f"{self._below(where.mount)}{token}{id}", safe="/:")

    def _signs(self, where: Where, names: Collection[str]) -> bool:
        """Whether a link with these parameters is signed. It has to be where one of them belongs to
        a signature: everybody could write another end.
        """
        alone = [name for name in signature.NAMES if name in names]
        if where.sign is None:
            return self._settings.require_signature or bool(alone)
        if alone and not where.sign:
            raise ValueError(f"sign: {alone[0]!r} is allowed only in signed links")
        return where.sign

    def _below(self, mount: str) -> str:
        return f"{mount.rstrip('/')}{self._settings.prefix}"


def _ending(pairs: dict[str, str], where: Where) -> dict[str, str]:
    return pairs if where.expires is None else {**pairs, "expires": str(_end(where.expires))}


def _end(seconds: Any) -> int:
    """The end of a link that holds for so many seconds at least, and twice as many at most. Links
    of one picture stay equal for that long, so that caches know them.
    """
    if isinstance(seconds, str) or not 0 < seconds <= _LONGEST:
        raise ValueError(f"expires: {seconds!r} is not a number of seconds up to {_LONGEST}")
    window: int = math.ceil(seconds)
    return math.ceil((time() + window) / window) * window
