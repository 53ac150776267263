"""Parts of originals that are decoded as a whole: from a pyramid, whose file a worker is lent."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tifffile
from PIL import Image

from asking import get
from imgmiddleware import BytesOriginal, ImageService
from pictures import photo_like, saved

PHOTO = photo_like(575, 415)


def in_one_strip() -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, PHOTO, rowsperstrip=len(PHOTO), compression="deflate")
    return file.getvalue()


KINDS: dict[str, Callable[[], bytes]] = {
    "png": lambda: saved(PHOTO, "PNG", compress_level=1),
    "progressive": lambda: saved(PHOTO, "JPEG", quality=90, progressive=True),
    "webp, alpha": lambda: saved(Image.fromarray(PHOTO), "WEBP", "RGBA", lossless=True, method=0),
    "tiff": in_one_strip,
}
QUERIES = (
    "rect=0,0,256,256&w=64",
    "rect=256,0,256,256&w=64",
    "rect=256,256,256,159&w=64",
    "rect=384,256,128,128",
    "rect=51,103,157,101&w=31",
)


class Read(BytesOriginal):
    """Bytes that are read by the process that serves, which counts them."""

    count = 0

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        Read.count += len(buffer)
        return super().read_into(buffer, offset)


def service_of(data: bytes, folder: Path, **options: Any) -> ImageService:
    given = {"decoded_bytes": 0, "cache_bytes": 0, "cache_dir_bytes": 2**26, **options}
    return ImageService(lambda id: Read(data, version="1"), cache_dir=folder, **given)


def bodies(service: ImageService) -> list[bytes]:
    answers = [get(service, f"{query}&fm=png") for query in QUERIES]
    assert {answer.status for answer in answers} == {200}
    return [answer.read() for answer in answers]


@pytest.mark.parametrize("kind", KINDS)
def test_parts_are_cut_from_a_pyramid(kind: str, tmp_path: Path) -> None:
    data = KINDS[kind]()
    here = bodies(service_of(data, tmp_path / "here"))
    apart = service_of(data, tmp_path / "apart", isolate=True, render_slots=1)
    assert bodies(apart) == here
    assert apart.holding()["pyramids"].entries == 1
    for path in (tmp_path / "apart" / "1.1" / "bodies").iterdir():
        path.unlink()
    # Other workers cut from the written pyramid. They read the original for its header alone, all
    # of which a progressive JPEG has, and do not read it five more times for a decode.
    other, Read.count = service_of(data, tmp_path / "apart", isolate=True), 0
    assert bodies(other) == here
    assert Read.count < 2 * len(data)


def test_one_that_is_damaged_is_made_anew(tmp_path: Path) -> None:
    service = service_of(KINDS["png"](), tmp_path, isolate=True, render_slots=1)
    expected = bodies(service)
    [path] = (tmp_path / "pyramids" / "1.1" / "bodies").iterdir()
    torn = bytearray(path.read_bytes())
    for place in range(5000, len(torn), 4096):
        torn[place] ^= 255
    path.write_bytes(torn)
    for result in (tmp_path / "1.1" / "bodies").iterdir():
        result.unlink()
    assert bodies(service) == expected
    [path] = (tmp_path / "pyramids" / "1.1" / "bodies").iterdir()
    assert path.read_bytes() != bytes(torn)


def test_a_folder_that_is_full_is_no_error(tmp_path: Path) -> None:
    data = KINDS["png"]()
    given = {"isolate": True, "render_slots": 1, "pyramid_bytes": 2**20}
    service = service_of(data, tmp_path, **given)  # which one of 1.9 MB is too large for
    assert bodies(service) == bodies(service_of(data, tmp_path / "here"))
    assert service.holding()["pyramids"].entries == 0
    assert "not-kept" in (get(service, "rect=9,9,99,99&fm=png").header("Image-Notes") or "")
