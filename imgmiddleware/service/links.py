"""Links to pictures: the version of their original, and a signature, are added to what they ask."""

import math
from time import time
from urllib.parse import quote, urlencode

from imgmiddleware.cache.key import version_token
from imgmiddleware.grammar.links import spelled, written
from imgmiddleware.grammar.query import QueryGrammar
from imgmiddleware.service.originals import Originals
from imgmiddleware.service.signatures import Signatures
from imgmiddleware.settings import Settings


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

    def url(
        self,
        id: str,
        parameters: dict[str, object],
        *,
        mount: str,
        sign: bool | None,
        expires: float | None,
    ) -> str:
        """As `ImageService.url` says."""
        pairs = spelled(parameters)
        if expires is not None:
            pairs["expires"] = str(_end(expires))
        self._grammar.parse(urlencode(pairs))
        version = self._originals.version(id)
        if version is not None:
            pairs["v"] = version_token(self._settings.namespace, id, version)
        if self._settings.require_signature if sign is None else sign:
            pairs = self._signatures.signed(id, pairs)
        return written(f"{self._below(mount)}{id}", pairs)

    def base(self, id: str, *, mount: str, sign: bool | None, expires: float | None) -> str:
        """As `ImageService.base` says."""
        end = None if expires is None else _end(expires)
        signs = self._settings.require_signature if sign is None else sign
        token = self._signatures.token(id, end) if signs else ""
        return quote(f"{self._below(mount)}{token}{id}", safe="/:")

    def _below(self, mount: str) -> str:
        return f"{mount.rstrip('/')}{self._settings.prefix}"


def _end(seconds: float) -> int:
    """The end of a link that is to hold for so many seconds, and may for twice as many: links of
    one picture are equal for that long, so that caches know it.
    """
    window = max(1, math.ceil(seconds))
    return math.ceil((time() + window) / window) * window
