"""Functions and their values; originals in memory."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgmiddleware import ArrayOriginal, BytesOriginal, FunctionSource, ImageService
from imgmiddleware.sources import Original, as_source
from imgmiddleware.sources.file import open_path
from pictures import noise


class Convertible:
    """The attributes of other libraries' arrays."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.eye(3)


class Own(BytesOriginal):
    def __init__(self) -> None:
        super().__init__(b"of one's own", version=3)


def test_what_a_function_may_return(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    for found in (tmp_path / "a", str(tmp_path / "a"), b"content", bytearray(b"content")):
        original = FunctionSource(lambda id, found=found: found).open("x")
        assert isinstance(original, Original)
        with original:
            buffer = bytearray(9)
            assert original.read_into(memoryview(buffer), 3) == 4
            assert buffer[:4] == b"tent"
            assert original.size == 7
    assert FunctionSource(lambda id: None).open("x") is None
    for found in (np.zeros((2, 3), np.uint8), np.ma.zeros((2, 3)), noise(), Convertible()):
        assert isinstance(FunctionSource(lambda id, found=found: found).open("x"), ArrayOriginal)
    for found in (ArrayOriginal(np.eye(2)), BytesOriginal(b""), open_path(tmp_path / "a"), Own()):
        with found:
            assert FunctionSource(lambda id, found=found: found).open("x") is found


def test_a_path_that_leads_nowhere_is_a_404_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for path in (tmp_path / "none", tmp_path, f"{tmp_path}/a\0b"):
        caplog.clear()
        with caplog.at_level(logging.WARNING, "imgmiddleware"):
            assert FunctionSource(lambda id, path=path: path).open("x") is None
        assert "id='x'" in caplog.text


def test_wrong_functions_and_results_are_said_to_be_so() -> None:
    async def later(id: str) -> None: ...

    class Later:
        async def __call__(self, id: str) -> None: ...

    for function in (later, Later()):
        with pytest.raises(TypeError, match="ASGI"):
            FunctionSource(function)
        with pytest.raises(TypeError, match="ASGI"):
            ImageService(function)
    with pytest.raises(TypeError, match=r"a path, bytes, an array .* returned int$"):
        FunctionSource(lambda id: 3).open("x")
    with pytest.raises(TypeError, match=r"ArrayOriginal\(function, version=...\)$"):
        FunctionSource(lambda id: lambda: np.eye(2)).open("x")
    with pytest.raises(TypeError, match="source"):
        as_source(3)  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        FunctionSource(lambda id: 1 / 0).open("x")


def test_a_source_that_returns_no_original_is_said_to_be_so() -> None:
    from imgmiddleware import ImageRequest

    class Odd:
        version, last_modified, size = "1", None, 3

        def open(self, id: str) -> Any:
            return self

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *error: object) -> None: ...

    with pytest.raises(TypeError, match="Odd"):
        ImageService(Odd()).handle(ImageRequest("GET", "/image/x"))


def test_bytes_with_a_version_are_not_hashed() -> None:
    assert BytesOriginal(b"a", version=7).version == BytesOriginal(b"b", version="7").version == "7"
    for wrong in (True, b"7", ("a",)):
        with pytest.raises(TypeError, match="version: a text or a number"):
            BytesOriginal(b"a", version=wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="version"):
        BytesOriginal(b"a", version="")


def test_bytes_have_their_hash_as_version() -> None:
    assert BytesOriginal(b"a").version == BytesOriginal(bytearray(b"a")).version
    assert BytesOriginal(b"a").version != BytesOriginal(b"b").version
