"""Links to pictures: the parameters, with the version of their original and a signature."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from time import time
from urllib.parse import quote, urlencode

from imgmiddleware.cache.key import version_token
from imgmiddleware.grammar.links import spelled, written
from imgmiddleware.grammar.query import QueryGrammar
from imgmiddleware.operations.transform import Transform
from imgmiddleware.service.originals.originals import Originals
from imgmiddleware.service.originals.overlays import Overlays
from imgmiddleware.service.signatures import Signatures
from imgmiddleware.settings import Settings


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
        if self._signs(where):
            pairs = self._signatures.signed(id, pairs)
        return written(f"{self._below(where.mount)}{id}", pairs)

    def base(self, id: str, where: Where) -> str:
        """As `ImageService.base` says."""
        end = None if where.expires is None else _end(where.expires)
        token = self._signatures.token(id, end) if self._signs(where) else ""
        return quote(f"{self._below(where.mount)}{token}{id}", safe="/:")

    def _signs(self, where: Where) -> bool:
        return self._settings.require_signature if where.sign is None else where.sign

    def _below(self, mount: str) -> str:
        return f"{mount.rstrip('/')}{self._settings.prefix}"


def _ending(pairs: dict[str, str], where: Where) -> dict[str, str]:
    return pairs if where.expires is None else {**pairs, "expires": str(_end(where.expires))}


def _end(seconds: float) -> int:
    """The end of a link that holds for so many seconds at least, and twice as many at most. Links
    of one picture stay equal for that long, so that caches know them.
    """
    window = max(1, math.ceil(seconds))
    return math.ceil((time() + window) / window) * window
