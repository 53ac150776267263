"""A result as bytes for a foreign store: a head with its checksum, and the body.

The answer of the store may be cut, or written by others. So only bytes that the checksum covers
count. It guards against accidents: a client that may write there may write pictures.
"""

import json
import zlib

from imgmiddleware.messages import Result

#: The beginning of a head, and its length: CRC-32, which takes a sixth of the time of a digest.
_CRC = 8


def head_of(key: str, result: Result) -> bytes:
    """The part that is kept beside the body, which is bytes.

    >>> head_of("key", Result(b"abc", "image/png"))
    b'25a1c6f8["key", "image/png", [], 3]'
    """
    assert isinstance(result.body, bytes)
    said = json.dumps([key, result.media_type, result.notes, len(result.body)]).encode()
    return _checksum(said, result.body) + said


def unpacked(key: str, head: bytes, body: bytes) -> Result | None:
    """The result; None where this is no head of this key, or not of this body.

    >>> unpacked("key", head_of("key", Result(b"abc", "image/png")), b"abc").media_type
    'image/png'
    >>> unpacked("key", head_of("key", Result(b"abc", "image/png")), b"abd")
    """
    said = head[_CRC:]
    if head[:_CRC] != _checksum(said, body):
        return None
    try:
        told = json.loads(said)
    except (ValueError, RecursionError):
        return None
    match told:
        case [str(known), str(media_type), [*notes], int(size)]:
            is_ours = (known, size) == (key, len(body))
            if is_ours and all(isinstance(note, str) for note in notes):
                return Result(body, media_type, tuple(notes))
    return None


def body_size(head: bytes) -> int:
    """How many bytes the body of a head has, as far as it says; the checksum is not looked at.

    >>> body_size(head_of("key", Result(b"abc", "image/png"))), body_size(b"text")
    (3, -1)
    """
    try:
        match json.loads(head[_CRC:]):
            case [str(), str(), [*_], int(size)]:
                return size
    except (ValueError, RecursionError):
        pass
    return -1


def _checksum(said: bytes, body: bytes) -> bytes:
    return b"%08x" % zlib.crc32(body, zlib.crc32(said))
