"""Whether this service has signed a link, and until when the link holds."""

import re
from time import time
from urllib.parse import quote

from imgmiddleware.errors import ImageError
from imgmiddleware.grammar import signature
from imgmiddleware.grammar.pairs import listed, split
from imgmiddleware.grammar.placed import Named
from imgmiddleware.messages import ImageRequest
from imgmiddleware.settings import Settings

#: The characters of a URL (RFC 3986, section 2). From the MD5 of a secret and a text, anyone can
#: compute that of a longer text. The bytes that would have to stand between are none of these
#: characters.
_URL = re.compile(r"[!-~]*", re.ASCII)


class Signatures:
    """The keys of one service."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys = [key.encode() if isinstance(key, str) else key for key in settings.keys]

    def check(self, request: ImageRequest, id: str, named: Named | None) -> None:
        """Raises `ImageError` (403) where the link has to be signed and its signature is missing or
        wrong; 400 where a signed part is malformed.
        """
        if not self._settings.signs:
            return
        if named and named.signature is not None:
            self._check_paths(id, named.signature, named.expires)
            return
        ignores = self._settings.unknown == "ignore"
        given = [*listed(request.query, lenient=ignores)]
        pairs = dict(reversed(given)) if ignores else split(request.query)
        signed = pairs.get("s")
        if signed is None:
            if self._settings.require_signature:
                raise ImageError("signature-required", "this service answers only signed links")
            if alone := [name for name in signature.NAMES if name in pairs]:
                raise _wrong(f"{alone[0]!r} is allowed only in signed links")
            return
        if named and self._settings.keys and signature.is_ours(signed):
            raise _wrong("in a viewer's path the signature stands in front of the ID")
        self._check_link(request, id, signed, given)
        if "expires" in pairs:
            _check_end(signature.end_of(pairs["expires"]))

    def signed(self, id: str, pairs: dict[str, str]) -> dict[str, str]:
        """The pairs of a link, with its signature. Raises `ValueError` where there is no key."""
        made = signature.of_link(self._first(), self._settings.namespace, id, pairs.items())
        return {**pairs, "s": made}

    def token(self, id: str, expires: int | None) -> str:
        """The segment in front of an ID in paths of viewers. Raises `ValueError` as above."""
        made = signature.of_paths(self._first(), self._settings.namespace, id, expires)
        return signature.token(made, expires)

    def _first(self) -> bytes:
        if not self._keys:
            raise ValueError("keys: there is no key to sign the link with")
        return self._keys[0]

    def _check_link(
        self, request: ImageRequest, id: str, signed: str, pairs: list[tuple[str, str]]
    ) -> None:
        """Check a link by the scheme of its signature's form, and by no other."""
        settings = self._settings
        if signature.is_ours(signed):
            expected = [signature.of_link(k, settings.namespace, id, pairs) for k in self._keys]
        elif settings.imgix_token and signature.is_imgix(signed):
            expected = _by_imgix(settings.imgix_token, request)
        else:
            raise _wrong("'s' is no signature of a kind that this service takes")
        if not signature.equal(signed, expected):
            raise _wrong("its signature does not fit its text")

    def _check_paths(self, id: str, signed: str, expires: int | None) -> None:
        keys, namespace = self._keys, self._settings.namespace
        if not signature.equal(
            signed, [signature.of_paths(key, namespace, id, expires) for key in keys]
        ):
            raise _wrong("its signature does not fit its ID")
        if expires is not None:
            _check_end(expires)


def _by_imgix(token: str, request: ImageRequest) -> list[str]:
    """The signature stands last, and covers all in front of it. Where the server does not keep the
    path as it was sent, this encodes it as imgix's clients do.
    """
    sent = request.raw_path.partition("?")[0]
    path = sent or quote(request.mount + request.path, safe="/~!*'()&$=,;@")
    before, _, last = request.query.rpartition("s=")
    is_last = signature.is_imgix(last) and before[-1:] in ("", "&")
    if not is_last or not _URL.fullmatch(path + before):
        return []
    return [signature.by_imgix(token, path, before.removesuffix("&"))]


def _check_end(expires: int) -> None:
    if time() >= expires:
        raise ImageError("link-expired", "this link has expired")


def _wrong(why: str) -> ImageError:
    return ImageError("bad-signature", f"the link is not as it was signed: {why}")
