"""Workers make the same as this process: status, headers and bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from asking import get
from imgmiddleware import ArrayOriginal, ImageService
from imgmiddleware.formats.results import NAMED, RESULTS
from pictures import moving, noise, photo_like, saved, swapped_profile

PHOTO = photo_like(600, 400)
FRAMES = [Image.fromarray(PHOTO), Image.fromarray(PHOTO[::-1])]
ORIGINALS: dict[str, Any] = {
    **{
        kind: saved(Image.fromarray(PHOTO), kind) for kind in ("jpeg", "png", "webp", "avif", "bmp")
    },
    "gif": saved(Image.fromarray(PHOTO), "gif"),
    "lzw": saved(Image.fromarray(PHOTO), "tiff", compression="tiff_lzw"),
    "jpeg-in-tiff": saved(Image.fromarray(PHOTO), "tiff", compression="jpeg"),
    "cmyk": saved(Image.fromarray(PHOTO), "jpeg", "CMYK"),
    "profile": saved(Image.fromarray(PHOTO), "png", icc_profile=swapped_profile()),
    **{f"moving-{kind}": moving(FRAMES, kind) for kind in ("gif", "webp", "png", "avif")},
    "array": PHOTO,
    "steps": PHOTO[::2, ::-1],
    "masked": np.ma.masked_greater(PHOTO[..., 0], 200),
    "pillow": noise(90, 60, "RGBA"),
    "made": ArrayOriginal(lambda: PHOTO.astype(np.float32), version=1, range="minmax"),
    "declared": ArrayOriginal(
        lambda: PHOTO[..., 0].astype(np.uint16),
        version=1,
        range=("2%", "98%"),
        colormap="turbo",
        shape=PHOTO.shape[:2],
        dtype="u2",
    ),
    "damaged": saved(Image.fromarray(PHOTO), "png")[:5000],
    "nothing": b"no image at all",
}
QUERIES = (
    *(f"w=100&fm={name}" for name in NAMED if not RESULTS[name].missing),
    "w=120&h=60&fit=crop&crop=faces,edges",
    "w=100&trim=auto&blur=5",
    "w=150&mark=logo&mark-w=40",
    "w=150&mark=/png&mark-w=40",
    "fm=json",
    "palette=css&colors=4",
    "w=200&redact=10,10,50,50&fm=png",
    "w=100&page=2",
    "rect=50,50,200,100&w=200",
)


class _Read:
    """An original of an application's own kind, which is read by this process."""

    version, last_modified = "1", 1_000_000_000

    def __init__(self, data: bytes) -> None:
        self.data, self.size = data, len(data)

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        part = self.data[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        return len(part)

    def __enter__(self) -> _Read:
        return self

    def __exit__(self, *error: object) -> None:
        pass


class _Source:
    """All of them: in files, in memory, and of a kind of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self, id: str) -> Any:
        from imgmiddleware.sources import BytesOriginal
        from imgmiddleware.sources.file import open_path

        kind, _, name = id.partition("-of-")
        data = ORIGINALS.get(name, ORIGINALS.get(id))
        if not isinstance(data, bytes):
            if data is None:
                return None
            return data if isinstance(data, ArrayOriginal) else ArrayOriginal(data)
        if kind == "file":
            (self.folder / name).write_bytes(data)
            return open_path(self.folder / name, version="mtime")
        return _Read(data) if kind == "own" else BytesOriginal(data)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> tuple[ImageService, ...]:
    source = _Source(tmp_path_factory.mktemp("originals"))
    options = {"cache_bytes": 0, "overlays": {"logo": ORIGINALS["png"]}, "recheck": 0}
    return tuple(ImageService(source, isolate=isolate, **options) for isolate in (False, True))


@pytest.mark.parametrize("id", ORIGINALS)
def test_all_is_the_same(services: tuple[ImageService, ...], id: str) -> None:
    for query in QUERIES:
        here, apart = (get(service, query, id) for service in services)
        assert (apart.status, apart.headers) == (here.status, here.headers), query
        assert apart.read() == here.read(), query


@pytest.mark.parametrize("kind", ["file", "own"])
@pytest.mark.parametrize("name", ["jpeg", "lzw", "png", "moving-gif", "damaged"])
def test_it_does_not_matter_where_an_original_is(
    services: tuple[ImageService, ...], kind: str, name: str
) -> None:
    here, apart = (get(service, "w=100&fm=png", f"{kind}-of-{name}") for service in services)
    assert (apart.status, apart.read()) == (here.status, here.read())
