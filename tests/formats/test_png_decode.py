"""PNG a few rows at a time: what is damaged is refused as libpng refuses it, what is not is read."""

from __future__ import annotations

import io
import zlib
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from asking import ask
from files import chunk
from imgmiddleware.errors import ImageError
from imgmiddleware.formats.bands import decode_bands
from imgmiddleware.formats.png import decode_rows as filtered_rows
from imgmiddleware.formats.probe import read_exif
from imgmiddleware.sources import BytesOriginal
from native import choose
from originals import Stored, probe
from pictures import photo_like, read_by_opencv, saved
from rasters import filtered, png

RGB = photo_like(64, 40)
ROWS = filtered(RGB, [y % 5 for y in range(40)])
STREAM = zlib.compress(ROWS)


def decoded(data: bytes) -> Any:
    facts = probe(data)
    assert facts.band_bytes
    return decode_bands(BytesOriginal(data), facts, (0, 0, facts.width, facts.height), 0)


@pytest.fixture(params=["isal and spng", "zlib and OpenCV"])
def native(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("isal_zlib", "spng"):
        choose(monkeypatch, name, request.param == "isal and spng")


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that three rows are a block, and chunks and their ends lie across what is read at once."""
    monkeypatch.setattr(filtered_rows, "PIECES", 3 * 3 * 64)
    monkeypatch.setattr(filtered_rows, "_READ", 100)


def file(stream: bytes = STREAM, size: int = 500) -> bytes:
    return png(RGB, 2, stream=stream, size=size)


#: A name, the file, whether it is let pass.
STREAMS: list[tuple[str, bytes, bool]] = [
    ("as it should be", file(), True),
    ("a sum that does not fit", file(STREAM[:-1] + bytes([STREAM[-1] ^ 1])), False),
    ("no sum", file(STREAM[:-4]), False),
    ("half a sum", file(STREAM[:-2]), False),
    ("one more row", file(zlib.compress(ROWS + ROWS[:193])), True),
    ("two more bytes", file(zlib.compress(ROWS + b"xx")), True),
    ("something behind the stream", file(STREAM + b"something"), True),
    ("much behind the stream", file(STREAM + bytes(100_000), 8192), True),
    ("a byte too few", file(zlib.compress(ROWS[:-1])), False),
    ("a row too few", file(zlib.compress(ROWS[:-193])), False),
    ("the stream cut", file(STREAM[: len(STREAM) // 2]), False),
    ("a filter that does not exist", file(zlib.compress(b"\5" + ROWS[1:])), False),
    ("no zlib stream", file(b"\0" * 500), False),
    ("noise in the middle", file(STREAM[:900] + bytes(range(200)) + STREAM[1100:]), False),
    ("a window larger than zlib's", file(b"\x88" + STREAM[1:]), False),
    ("a dictionary", file(b"\x78\xbb" + STREAM[2:]), False),
    ("stored, not compressed", file(zlib.compress(ROWS, 0)), True),
    ("chunks of a byte", file(size=1), True),
    ("one chunk", file(size=10**6), True),
]  # fmt: skip


@pytest.mark.usefixtures("native", "small_blocks")
@pytest.mark.parametrize(("data", "passes"), [row[1:] for row in STREAMS], ids=[row[0] for row in STREAMS])  # fmt: skip
def test_a_stream_is_refused_where_libpng_refuses_it(data: bytes, passes: bool) -> None:
    """OpenCV's libpng is asked too, of the whole file."""
    assert (read_by_opencv(data) is not None) == passes
    if passes:
        assert np.array_equal(decoded(data)[..., ::-1], RGB)
    else:
        with pytest.raises(ImageError) as caught:
            decoded(data)
        assert (caught.value.status, caught.value.code) == (422, "damaged-original")


@pytest.mark.usefixtures("native", "small_blocks")
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(("channels", "color"), [(1, 0), (3, 2), (4, 6)])
def test_every_filter_of_every_kind_is_undone(channels: int, color: int, dtype: Any) -> None:
    shape = (40, 64, channels) if channels > 1 else (40, 64)
    samples = np.random.default_rng(1).integers(np.iinfo(dtype).max, size=shape, dtype=dtype)
    found = decoded(png(samples, color))
    assert found.dtype == dtype
    assert np.array_equal(
        found, samples if channels == 1 else samples[..., [2, 1, 0, 3][:channels]]
    )


@pytest.mark.usefixtures("native", "small_blocks")
@pytest.mark.parametrize("number", [0, 3, -1])
def test_the_sum_of_every_chunk_is_compared(number: int) -> None:
    """A sum that is wrong by one bit, of the first chunk, one in the middle and the last."""
    data = bytearray(file())
    places = [at for at in range(len(data)) if data[at : at + 4] == b"IDAT"]
    begin = places[number] - 4
    end = begin + 12 + int.from_bytes(data[begin : begin + 4], "big")
    data[end - 1] ^= 1
    with pytest.raises(ImageError, match="checksum"):
        decoded(bytes(data))


@pytest.mark.usefixtures("small_blocks")
def test_empty_chunks_are_no_end() -> None:
    at = file().index(b"IDAT") - 4
    data = file()[:at] + 3 * chunk(b"IDAT", b"") + file()[at:]
    last = data.index(b"IEND") - 4
    data = data[:last] + chunk(b"IDAT", b"") + data[last:]
    assert np.array_equal(decoded(data)[..., ::-1], RGB)


@pytest.mark.usefixtures("small_blocks")
def test_a_file_that_is_shorter_than_it_was_when_it_was_probed() -> None:
    facts = probe(file())
    for end in (*range(60, len(file()), 97), len(file()) - 6):
        with pytest.raises(ImageError) as caught:
            decode_bands(BytesOriginal(file()[:end]), facts, (0, 0, 64, 40), 0)
        assert caught.value.code == "damaged-original"


@pytest.mark.usefixtures("native")
def test_what_is_behind_the_rows_is_not_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A little more than is let pass: it is refused, and what is behind that stays as it is."""
    monkeypatch.setattr(filtered_rows, "BLOCK", 1000)
    data = file(zlib.compress(ROWS + bytes(5000)), 10**6)
    inflated = []
    stream = filtered_rows._Stream._some

    def counted(self: Any, most: int) -> bytes:
        inflated.append(stream(self, most))
        return inflated[-1]

    monkeypatch.setattr(filtered_rows._Stream, "_some", counted)
    with pytest.raises(ImageError, match="much more"):
        decoded(data)
    assert sum(map(len, inflated)) <= len(ROWS) + 1000


def test_rows_below_the_box_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filtered_rows, "_READ", 1000)
    monkeypatch.setattr(filtered_rows, "PIECES", 1000)
    pixels = photo_like(300, 400)
    original = Stored(png(pixels, 2))
    found = decode_bands(original, probe(png(pixels, 2)), (10, 60, 20, 40), 1)
    whole = cv2.resize(pixels[60:100, 10:30, ::-1], (10, 20), interpolation=cv2.INTER_AREA)
    assert np.array_equal(found, whole)
    assert original.total < original.size / 3


GRAY = RGB[..., 1]
CLEAR = {"more": chunk(b"tRNS", bytes(6))}

#: Whether it is read a few rows at a time.
KINDS: dict[str, tuple[bytes, bool]] = {
    "gray": (png(GRAY, 0), True),
    "rgb": (png(RGB, 2), True),
    "gray with alpha": (png(RGB[..., :2], 4), False),
    "a clear colour": (png(RGB, 2, **CLEAR), False),
    "clear entries": (saved(Image.fromarray(GRAY // 8).convert("P"), "PNG", transparency=b"\0\x80"), False),
    "4 bits": (saved(Image.fromarray(GRAY // 64).convert("P"), "PNG", bits=4), False),
    "1 bit": (saved(Image.fromarray(GRAY).convert("1"), "PNG"), False),
    "animated": (saved(Image.fromarray(RGB), "PNG", save_all=True, append_images=[Image.fromarray(255 - RGB)]), False),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_which_kinds_are_read_a_few_rows_at_a_time(kind: str) -> None:
    data, bands = KINDS[kind]
    assert bool(probe(data).band_bytes) == bands
    answer = ask(data, "fm=png")
    expected = Image.open(io.BytesIO(data)).convert("RGBA")
    assert Image.open(io.BytesIO(answer.body)).convert("RGBA").tobytes() == expected.tobytes()


def test_an_interlaced_one_is_not() -> None:
    ok = bytearray(cv2.imencode(".png", RGB)[1].tobytes())
    assert probe(bytes(ok)).band_bytes
    ok[28] = 1
    ok[29:33] = zlib.crc32(ok[12:29]).to_bytes(4, "big")
    assert not probe(bytes(ok)).band_bytes


def test_exif_is_looked_for_only_where_there_is_some(monkeypatch: pytest.MonkeyPatch) -> None:
    """All chunks would have to be walked: it may stand behind the picture."""
    exif = Image.Exif()
    exif[0x8298] = "Somebody"
    end = file().index(b"IEND") - 4
    data = file()[:end] + chunk(b"eXIf", exif.tobytes()[6:]) + file()[end:]
    assert not probe(data).own.bare
    assert read_exif(data, probe(data)).rights()
    assert probe(file()).own.bare
    original = Stored(file())
    read_exif(original, probe(file()))
    assert original.total == 0
