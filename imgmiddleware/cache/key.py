"""The key of a picture: everything that its bytes are a function of, and nothing else."""

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from itertools import chain


def picture_key(
    namespace: str,
    originals: Iterable[tuple[str, str]],
    canonical: str,
    engine: str,
) -> str:
    """128 bits, URL-safe, of all that the picture depends on.

    `originals` are (ID, version); `canonical` is the text of the plan; `engine` names the renderer.
    Two different pictures never share a key by accident.
    """
    parts = namespace, canonical, engine, *chain.from_iterable(originals)
    return _digest(parts, 16)


def version_token(namespace: str, originals: Iterable[tuple[str, str]]) -> str:
    """64 bits, URL-safe, that change with each original, (ID, version): the `v=` of a link."""
    return _digest((namespace, *chain.from_iterable(originals)), 8)


@lru_cache(maxsize=1024)
def original_tag(namespace: str, id: str) -> str:
    """128 bits, URL-safe, that stand for an original whatever its version."""
    return _digest((namespace, id), 16)


def namespace_digest(namespace: str) -> str:
    """128 bits, URL-safe, that stand for a namespace in the name of a file."""
    return _digest((namespace,), 16)


def tag_digest(tag: str) -> bytes:
    """The form of a tag in an index of results. It is short, and hides which original it was."""
    return blake2b(tag.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _digest(parts: Iterable[str], size: int) -> str:
    """Each part behind its length: otherwise ("a", "bc") and ("ab", "c") would be one."""
    digest = blake2b(digest_size=size)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)
    return urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
