"""Links to pictures: the version of their original, and a signature, are added to what they ask."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from time import time
from urllib.parse import quote, urlencode

from imgmiddleware.cache.key import version_token
from imgmiddleware.grammar.links import spelled, written
from imgmiddleware.grammar.query import QueryGrammar
from imgmiddleware.service.originals import Originals
from imgmiddleware.service.signatures import Signatures
from imgmiddleware.settings import Settings


@dataclass(frozen=True)
class Where:
    """Where links are written, as `ImageService.url` says: `mount`, and whether they are signed."""

    mount: str
    sign: bool | None
    expires: float | None


class Links:
    """What writes the links of one service."""

    def __init__(
        self,
        settings: Settings,
        grammar: QueryGrammar,
        originals: Originals,
        signatures: Signatures,
    ) -> None:
        self._settings = settings
        self._grammar = grammar
        self._originals = originals
        self._signatures = signatures

    def url(self, id: str, parameters: Mapping[str, object], where: Where) -> str:
        """As `ImageService.url` says."""
        pairs = _ending(spelled(parameters), where)
        self._grammar.parse(urlencode(pairs))
        return self._written(id, pairs, self._originals.version(id), where)

    def link(self, id: str, pairs: dict[str, str], version: str | None, where: Where) -> str:
        """The same for a version that is known, and parameters that were parsed already."""
        return self._written(id, _ending(pairs, where), version, where)

    def _written(self, id: str, pairs: dict[str, str], version: str | None, where: Where) -> str:
        if version is not None:
            token = version_token(self._settings.namespace, [(id, version)])
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
    """The end of a link that is to hold for so many seconds, and may for twice as many: links of
    one picture are equal for that long, so that caches know it.
    """
    window = max(1, math.ceil(seconds))
    return math.ceil((time() + window) / window) * window
