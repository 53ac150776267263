import io

import pytest

from imgmiddleware.cache.folder.sent_paths import SentPaths
from imgmiddleware.messages import FileBody, Result


def found(path: str | None) -> Result:
    return Result(FileBody(io.BytesIO(b"abc"), 3, 0, 3, lambda: path), "image/png", ("a note",))


def asked_for(paths: SentPaths, result: Result, *, fresh: bool = True) -> str | None:
    body = paths.noting("key", result, lambda: fresh).body
    assert isinstance(body, FileBody)
    return body.path()


def test_a_path_is_remembered_when_it_is_asked_for() -> None:
    paths = SentPaths(60)
    paths.noting("key", found("/a"), lambda: True)
    assert paths.get("key") is None
    assert asked_for(paths, found("/a")) == "/a"
    known = paths.get("key")
    assert known is not None
    assert (known.media_type, known.notes, len(known.body)) == ("image/png", ("a note",), 3)
    assert isinstance(known.body, FileBody)
    assert known.body.path() == "/a"
    paths.clear()
    assert paths.get("key") is None


def test_nothing_can_be_read_of_a_path() -> None:
    paths = SentPaths(60)
    asked_for(paths, found("/a"))
    known = paths.get("key")
    assert known is not None
    with pytest.raises(OSError, match="cut short"):
        known.read()


@pytest.mark.parametrize(
    ("path", "fresh", "seconds"),
    [("/a", False, 60), (None, True, 60), ("/ä", True, 60), ("/a", True, 0)],
)
def test_what_may_be_of_a_purge_or_of_no_use_is_not_remembered(
    path: str | None, fresh: bool, seconds: float
) -> None:
    paths = SentPaths(seconds)
    assert asked_for(paths, found(path), fresh=fresh) == path
    assert paths.get("key") is None


def test_a_result_in_bytes_stays_what_it_is() -> None:
    result = Result(b"abc", "image/png")
    assert SentPaths(60).noting("key", result, lambda: True) is result
