"""Functions and what they may return; originals in memory."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgmiddleware import ArrayOriginal, BytesOriginal, FunctionSource, ImageService
from imgmiddleware.sources import Original, as_source


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
    assert isinstance(
        FunctionSource(lambda id: np.zeros((2, 3), np.uint8)).open("x"), ArrayOriginal
    )


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
    with pytest.raises(TypeError, match="int"):
        FunctionSource(lambda id: 3).open("x")
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


@pytest.mark.parametrize(
    ("array", "error"),
    [
        (np.zeros((2, 2), np.int32), TypeError),
        (np.zeros((2, 2), bool), TypeError),
        (np.zeros((2, 2), complex), TypeError),
        (np.zeros(2, np.uint8), ValueError),
        (np.zeros((0, 2), np.uint8), ValueError),
        (np.zeros((2, 2, 2), np.uint8), ValueError),
        (np.zeros((2, 2, 5), np.uint8), ValueError),
        (np.zeros((1, 2, 2, 3), np.uint8), ValueError),
    ],
)
def test_an_array_that_is_no_picture_is_refused(array: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="an array's"):
        ArrayOriginal(array)


def test_an_arrays_version_is_its_content_shape_type_and_order() -> None:
    array = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    versions = [
        ArrayOriginal(array).version,
        ArrayOriginal(array + 1).version,
        ArrayOriginal(array.reshape(4, 2, 3)).version,
        ArrayOriginal(array.astype(np.uint16)).version,
        ArrayOriginal(array, "rgb").version,
    ]
    assert len(set(versions)) == 5
    assert ArrayOriginal(array.copy()).version == versions[0]
    assert ArrayOriginal(np.asfortranarray(array)).version == versions[0]


def test_an_arrays_pixels_are_in_opencvs_order() -> None:
    array = np.arange(8, dtype=np.uint8).reshape(1, 2, 4)
    assert ArrayOriginal(array).pixels().tolist() == array.tolist()
    assert ArrayOriginal(array, "rgb").pixels()[0, 0].tolist() == [2, 1, 0, 3]
    gray = ArrayOriginal(np.ones((2, 3, 1), np.uint16))
    assert (gray.pixels().shape, gray.depth) == ((2, 3), 16)


def test_a_float_arrays_strange_numbers_have_a_place() -> None:
    array = np.array([[-1.0, 0.25, 7.0, np.nan, np.inf, -np.inf, 1e300]])
    original = ArrayOriginal(array)
    assert original.depth == 32
    assert original.pixels().tolist() == [[0, 0.25, 1, 0, 1, 0, 1]]


def test_bytes_have_their_hash_as_version() -> None:
    assert BytesOriginal(b"a").version == BytesOriginal(bytearray(b"a")).version
    assert BytesOriginal(b"a").version != BytesOriginal(b"b").version
