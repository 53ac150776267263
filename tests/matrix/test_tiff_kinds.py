"""Kinds of TIFF that are read by pieces: what is stored without a loss is what is found."""

from __future__ import annotations

import io
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from asking import refused, shown
from imgmiddleware.formats.bands import decode_bands
from imgmiddleware.formats.probe import read_raster
from originals import Stored, probe
from pictures import photo_like, saved
from rasters import packed, tif
from tiffs import Array, coded_tiff

WIDTH, HEIGHT = 203, 149
PHOTO = photo_like(WIDTH, HEIGHT, channels=4)
DEEP = PHOTO.astype(np.uint16) * 257 ^ 0x5A
FLOATS = (PHOTO.astype(np.float32) / 255 - 0.1) * 1.3
BITS = PHOTO[..., 0] > 128
TILE = (48, 64)


def by_pillow(compression: str) -> Callable[[Array], bytes]:
    """The bytes of a piece, as they are, through Pillow's libtiff."""

    def coded(part: Array) -> bytes:
        rows = packed(part, order="<")
        file = saved(rows, "TIFF", compression=compression, tiffinfo={278: len(rows)})
        with Image.open(io.BytesIO(file)) as image:
            (place,), (count,) = image.tag_v2[273], image.tag_v2[279]  # type: ignore[attr-defined]
        return file[place : place + count]

    return coded


def plain(part: Array) -> bytes:
    return packed(part, order="<").tobytes()


def deflate(part: Array) -> bytes:
    return zlib.compress(plain(part))


def differences(part: Array) -> Array:
    """TIFF 6.0, section 14: of whole numbers, whatever they mean."""
    whole = part.view(f"u{part.itemsize}")
    return np.diff(whole, axis=1, prepend=np.zeros_like(whole[:, :1]))


def of_floats(part: Array) -> bytes:
    """TIFF Technical Note 3: the bytes of a row by their weight, then the differences of bytes."""
    channels = part.shape[2] if part.ndim == 3 else 1
    rows = part.reshape(len(part), -1).astype(">f4").view(np.uint8).reshape(len(part), -1, 4)
    shuffled = rows.transpose(0, 2, 1).reshape(len(part), -1, channels)
    return zlib.compress(
        np.diff(shuffled, axis=1, prepend=np.zeros_like(shuffled[:, :1])).tobytes()
    )


CODERS: dict[str, tuple[int, Callable[[Array], bytes]]] = {
    "lzw": (5, by_pillow("tiff_lzw")),
    "packbits": (32773, by_pillow("packbits")),
    "deflate": (8, deflate),
    "zstd": (50000, by_pillow("zstd")),
    "lzma": (34925, lambda part: lzma.compress(plain(part))),
}
SAMPLES: dict[str, tuple[Array, int]] = {
    "gray": (PHOTO[..., 1], 1),
    "rgb": (PHOTO[..., :3], 2),
    "gray 16": (DEEP[..., 1], 1),
    "white is zero 16": (DEEP[..., 1], 0),
    "rgb 16": (DEEP[..., :3], 2),
    "rgba 16": (DEEP, 2),
    "gray float": (FLOATS[..., 1], 1),
    "rgb float": (FLOATS[..., :3], 2),
}


def meant(samples: Array, photometric: int) -> Array:
    """In our order of channels."""
    if photometric == 0:
        return np.invert(samples)
    return samples if samples.ndim == 2 else samples[..., [2, 1, 0, 3][: samples.shape[2]]]


BOXES = [(0, 0, WIDTH, HEIGHT), (70, 40, 60, 90), (202, 148, 1, 1)]


def found(data: bytes, box: tuple[int, int, int, int]) -> Array:
    return decode_bands(Stored(data), probe(data), box, 0)


def held_against(data: bytes, expected: Array) -> None:
    facts = probe(data)
    assert facts.band_bytes
    for left, top, width, height in BOXES:
        part = expected[top : top + height, left : left + width]
        seen = found(data, (left, top, width, height))
        assert seen.dtype == part.dtype
        assert np.array_equal(seen, part)


@pytest.fixture(autouse=True)
def _always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pictures would be decoded whole, which takes less memory."""
    monkeypatch.setattr("imgmiddleware.formats.tiff.facts.decode_bytes", lambda *_: 2**30)


@pytest.mark.parametrize("tile", [TILE, None], ids=["tiles", "strips"])
@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("name", CODERS)
def test_samples_are_what_was_stored(name: str, kind: str, tile: Any) -> None:
    (number, coder), (samples, photometric) = CODERS[name], SAMPLES[kind]
    data = coded_tiff([samples], coder, number, photometric, tile=tile)
    held_against(data, meant(samples, photometric))


PREDICTED = ["gray 16", "rgb 16", "rgba 16", "gray float", "rgb float"]


@pytest.mark.parametrize("kind", PREDICTED)
@pytest.mark.parametrize("name", ["lzw", "deflate", "zstd"])
def test_differences_are_added_up(name: str, kind: str) -> None:
    (number, coder), (samples, photometric) = CODERS[name], SAMPLES[kind]
    data = coded_tiff(
        [samples], lambda part: coder(differences(part)), number, photometric,
        predictor=2,
    )  # fmt: skip
    held_against(data, meant(samples, photometric))


@pytest.mark.parametrize("kind", ["gray float", "rgb float"])
def test_the_bytes_of_floats_are_put_together(kind: str) -> None:
    samples, photometric = SAMPLES[kind]
    data = coded_tiff([samples], of_floats, 8, photometric, predictor=3)
    held_against(data, meant(samples, photometric))


@pytest.mark.parametrize("compression", [8, 5])
@pytest.mark.parametrize("order", ["<", ">"])
def test_what_opencv_writes_of_16_bits(order: str, compression: int) -> None:
    data = cv2.imencode(".tiff", DEEP[..., :3], [cv2.IMWRITE_TIFF_COMPRESSION, compression])[1]
    held_against(data.tobytes(), DEEP[..., :3])


@pytest.mark.parametrize("name", ["lzw", "deflate", "plain"])
@pytest.mark.parametrize("tile", [TILE, None], ids=["tiles", "strips"])
@pytest.mark.parametrize("kind", ["rgb", "cmyk"])
def test_separate_planes(name: str, kind: str, tile: Any) -> None:
    samples, photometric = (PHOTO[..., :3], 2) if kind == "rgb" else (PHOTO, 5)
    number, coder = {**CODERS, "plain": (1, plain)}[name]
    data = coded_tiff([samples], coder, number, photometric, tile=tile, planar=True)
    held_against(data, samples[..., ::-1] if kind == "rgb" else samples)


@dataclass(frozen=True)
class Fax:
    compression: str
    tags: dict[int, int]


FAXES = {
    "group 3": Fax("group3", {}),
    "group 3, two dimensions": Fax("group3", {292: 1}),
    "group 4": Fax("group4", {}),
    "group 4, white is zero": Fax("group4", {262: 0}),
    "group 4, the other way round": Fax("group4", {266: 2}),
    "lzw": Fax("tiff_lzw", {}),
    "packbits": Fax("packbits", {}),
    "plain": Fax("raw", {}),
}


@pytest.mark.parametrize("name", FAXES)
def test_one_bit(name: str) -> None:
    fax = FAXES[name]
    data = saved(
        Image.fromarray(BITS), "TIFF", compression=fax.compression, tiffinfo={278: 16, **fax.tags}
    )
    held_against(data, np.where(BITS, 255, 0).astype(np.uint8))


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("alpha", [True, False])
def test_webp(alpha: bool, lossless: bool) -> None:
    """Which Pillow does not decode in TIFF; by itself it does."""
    samples = PHOTO if alpha else PHOTO[..., :3]

    def coder(part: Array) -> bytes:
        return saved(np.ascontiguousarray(part), "WEBP", lossless=lossless, quality=90, exact=True)

    data = coded_tiff([samples], coder, 50001, 2)
    if lossless:
        held_against(data, meant(samples, 2))
    else:
        near = np.abs(found(data, BOXES[0]).astype(int) - meant(samples, 2)).mean()
        assert near < 12


def test_a_webp_of_another_size() -> None:
    def coder(part: Array) -> bytes:
        return saved(np.ascontiguousarray(part[:-16]), "WEBP", lossless=True)

    assert refused(coded_tiff([PHOTO[..., :3]], coder, 50001, 2)) == (422, "damaged-original")
    assert refused(coded_tiff([PHOTO[..., :3]], lambda part: b"RIFF", 50001, 2))[0] == 422


def test_webp_of_samples_that_it_has_not() -> None:
    assert refused(coded_tiff([PHOTO[..., 0]], deflate, 50001, 1)) == (415, "unsupported-feature")


@pytest.mark.parametrize("name", CODERS)
def test_damage_is_told(name: str) -> None:
    number, coder = CODERS[name]
    for change in (lambda data: data[: len(data) // 2], lambda data: b"\xff" * len(data)):
        data = coded_tiff(
            [DEEP[..., :3]], lambda part, change=change: change(coder(part)), number, 2
        )
        assert refused(data)[0] in (200, 422)
    assert refused(data)[0] == 422 or name == "packbits"


@pytest.mark.parametrize("rows", [HEIGHT, 100])
@pytest.mark.parametrize("kind", ["gray", "rgb", "rgb 16", "gray float"])
@pytest.mark.parametrize("predictor", [1, 2])
def test_large_strips_are_read_in_rows(
    kind: str, predictor: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of all rows, or two of which the second is shorter."""
    for room in ("raster", "tiff.decode_stream"):
        monkeypatch.setattr(f"imgmiddleware.formats.{room}.PIECES", 2**13)
    monkeypatch.setattr("imgmiddleware.formats.tiff.decode_stream._READ", 100)
    samples, photometric = SAMPLES[kind]

    def coder(part: Array) -> bytes:
        return deflate(differences(part) if predictor == 2 else part)

    monkeypatch.setattr("tiffs._STRIP_ROWS", rows)
    options: dict[str, Any] = {"tile": None, "rows": rows, "predictor": predictor}
    data = coded_tiff([samples], coder, 8, photometric, **options)
    assert read_raster(Stored(data), probe(data)).is_streamed
    held_against(data, meant(samples, photometric))
    filled = coded_tiff([samples], lambda part: coder(np.resize(part, (rows, *part.shape[1:]))),
                        8, photometric, **options)  # fmt: skip
    held_against(filled, meant(samples, photometric))
    wrong = (
        lambda part: coder(part)[:-1],  # its checksum
        lambda part: coder(part[:-1]),
        lambda part: coder(np.concatenate((part, part))),
        lambda part: coder(part)[: len(coder(part)) * 3 // 4],
        lambda part: b"x" + coder(part),
    )
    for number, change in enumerate(wrong):
        broken = coded_tiff([samples], change, 8, photometric, **options)
        assert refused(broken) == (422, "damaged-original") or number == 0
        # Rows above the damage are served.
        expected = 422 if number == 4 else 200
        if kind == "gray float" and number:  # all of them are looked at, for their range
            expected = 422
        assert refused(broken, "rect=10,0,50,8&w=20")[0] == expected
    assert np.array_equal(found(coded_tiff([samples], lambda part: b"", 8, photometric, **options), BOXES[0]),
                          np.zeros_like(meant(samples, photometric)))  # fmt: skip


#: Written by others, and decoded by them as a whole.
WHOLE: dict[str, Callable[[], bytes]] = {
    "lzw 16": lambda: coded_tiff([DEEP[..., :3]], CODERS["lzw"][1], 5, 2),
    "deflate float": lambda: coded_tiff([np.clip(FLOATS[..., 1], 0, 1)], deflate, 8, 1),
    "planes": lambda: coded_tiff([PHOTO[..., :3]], deflate, 8, 2, planar=True),
    "fax": lambda: saved(Image.fromarray(BITS), "TIFF", compression="group4", tiffinfo={278: 16}),
    "zstd": lambda: coded_tiff([PHOTO[..., :3]], CODERS["zstd"][1], 50000, 2),
}
QUERIES = [
    "w=60",
    "w=20",
    "",
    "rect=33,41,120,90&w=25",
    "w=31&orient=6",
    "w=40&linear=1",
    "trim=auto&w=50",
]


@pytest.mark.parametrize("kept", [0, 2**24], ids=["passing", "kept"])
@pytest.mark.parametrize("name", WHOLE)
def test_the_result_is_that_of_all_at_once(
    name: str, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgmiddleware.imaging.plan._KEPT", kept)
    monkeypatch.setattr("imgmiddleware.imaging.plan._SHARED", kept)
    data = WHOLE[name]()
    assert probe(data).band_bytes
    by_pieces = [shown(data, f"{query}&fm=png".lstrip("&")) for query in QUERIES]
    monkeypatch.setattr("imgmiddleware.formats.tiff.facts.band_bytes", lambda *_: 0)
    assert not probe(data).band_bytes
    for query, seen in zip(QUERIES, by_pieces, strict=True):
        expected = shown(data, f"{query}&fm=png".lstrip("&"))
        off = 1 if name == "deflate float" else 0  # of 16 bits where all at once are floats
        assert np.abs(seen.astype(int) - expected).max() <= off, query


def test_a_turned_result_of_floats() -> None:
    data = coded_tiff([FLOATS[..., :3]], deflate, 8, 2)
    expected = np.clip(np.rint(FLOATS[..., :3] * 255), 0, 255)
    assert np.abs(shown(data).astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    "samples",
    [
        np.float16([[0], [1]]), np.float64([[0], [1]]), np.uint64([[0], [2**64 - 1]]),
        np.uint16([[[0] * 3], [[65535] * 3]]),
    ],
    ids=["halves", "doubles", "64 bits", "16 bits in planes"],
)  # fmt: skip
def test_compressed_bytes_may_be_more_than_the_samples(samples: Array) -> None:
    """As those of a picture of two pixels are."""
    colored = samples.ndim == 3
    data = tif(samples, 2 if colored else 1, compression=8, planar=colored)
    assert shown(data)[:, 0].tolist() == [[0] * 3, [255] * 3]
