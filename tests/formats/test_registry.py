"""The entrances: which format a file is, which are allowed, and what nobody opens."""

from __future__ import annotations

import pytest

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.format import Format
from imgmiddleware.formats.probe import read_facts
from imgmiddleware.formats.reading import check_size
from imgmiddleware.formats.registry import FORMATS, identify
from imgmiddleware.formats.window import Window
from imgmiddleware.settings import ORIGINAL_FORMATS, UNSAFE_FORMATS, Settings
from originals import Stored
from pictures import noise, saved

NAMES = ["jpeg", "png", "webp", "avif", "gif", "bmp", "tiff"]


@pytest.mark.parametrize("name", NAMES)
def test_each_format_is_told_by_its_own_bytes_alone(name: str) -> None:
    data = saved(noise(), name.upper())
    assert [format.name for format in FORMATS.values() if format.sniff(data[:512])] == [name]
    assert isinstance(FORMATS[name], Format)
    assert read_facts(Stored(data), {name}).format == name


@pytest.mark.parametrize("name", NAMES)
def test_not_allowed(name: str) -> None:
    with pytest.raises(ImageError) as caught:
        read_facts(Stored(saved(noise(), name.upper())), set(NAMES) - {name})
    assert (caught.value.code, caught.value.status) == ("format-not-allowed", 415)
    assert name in caught.value.detail


@pytest.mark.parametrize(
    ("head", "named"),
    [
        (b"", "an empty file"),
        (b"<svg xmlns='x'>", "SVG"),
        (b"\xef\xbb\xbf <?xml version='1.0'?><!-- a --><SVG>", "SVG"),
        (b"<!DOCTYPE svg PUBLIC>", "SVG"),
        (b"<!DOCTYPE html><svg>", "HTML"),
        (b"%PDF-1.7", "PDF"),
        (b"8BPS\0\1", "PSD"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1miaf", "HEIF"),
        (b"\0\0\0\x18ftyphevc\0\0\0\0hevcheic", "HEVC"),
        (b"P7\nWIDTH 1", "PAM"),
        (b"P6\n1 1", "PNM"),
        (b"P4#", "PNM"),
        (b"P6", "no known format"),
        (b"Pf\n1 1", "PFM"),
        (b"#?RADIANCE\n", "HDR"),
        (b"\x59\xa6\x6a\x95", "Sun raster"),
        (b"\0\0\0\x18ftypmp42", "MP4"),
        (b"\0\0\1\0\1\0", "ICO"),
        (saved(noise(), "ICO")[:64], "ICO"),
        (b"\0\0\2\0\1\0" + bytes((32, 32, 0, 0, 3, 0, 3, 0)) + bytes(40), "CUR"),
        *((saved(noise(), "TGA", mode), "TGA") for mode in ("L", "P", "RGB", "RGBA")),
        (saved(noise(), "TGA", compression="tga_rle"), "TGA"),
        (b"II*\0\x10\0\0\0CR\2\0", "CR2"),
        (b"hello", "no known format"),
        (b"\xff\xd8", "no known format"),
    ],
)
def test_unknown_formats_are_named(head: bytes, named: str) -> None:
    with pytest.raises(ImageError, match=named) as caught:
        read_facts(Stored(head), NAMES)
    assert (caught.value.code, caught.value.status) == ("unknown-format", 415)


@pytest.mark.parametrize(
    ("head", "named", "extra"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC", "heif"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC", "heif"),
        (b"\xff\x0a\0", "JPEG XL", "jxl"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL", "jxl"),
    ],
)
@pytest.mark.parametrize("allowed", [True, False])
def test_without_its_extra_a_format_names_it(
    head: bytes, named: str, extra: str, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgmiddleware.formats.probe.find_spec", lambda name: None)
    with pytest.raises(ImageError, match=named) as caught:
        read_facts(Stored(head), FORMATS if allowed else NAMES)
    assert (caught.value.code, caught.value.status) == ("format-not-allowed", 415)
    assert f"imgmiddleware[{extra}]" in caught.value.detail


@pytest.mark.parametrize(
    ("head", "named"),
    [
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x4f\xff\x51", "JPEG 2000"),
    ],
)
def test_off_unless_turned_on(head: bytes, named: str) -> None:
    """What the default opens, and what `unsafe_original_formats` adds."""
    with pytest.raises(ImageError, match=named) as caught:
        read_facts(Stored(head), Settings().opened_formats)
    assert (caught.value.code, caught.value.status) == ("format-not-allowed", 415)
    with pytest.raises(ImageError) as caught:
        read_facts(Stored(head), Settings(unsafe_original_formats=UNSAFE_FORMATS).opened_formats)
    assert caught.value.code == "damaged-original"


@pytest.mark.parametrize("size", [(0, 1), (1, 0), (2**31, 1), (1, 2**31), (-1, 1)])
def test_sides_that_no_decoder_can_index(size: tuple[int, int]) -> None:
    check_size(1, 2**31 - 1)
    with pytest.raises(ImageError) as caught:
        check_size(*size)
    assert caught.value.code == "damaged-original"


def test_the_settings_know_every_format() -> None:
    assert set(FORMATS) == ORIGINAL_FORMATS | UNSAFE_FORMATS
    assert not ORIGINAL_FORMATS & UNSAFE_FORMATS


@pytest.mark.parametrize(
    "magic", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0", b"MM\0+"]
)
def test_a_signature_alone_is_damage(magic: bytes) -> None:
    assert identify(magic)
    with pytest.raises(ImageError) as caught:
        read_facts(Stored(magic), NAMES)
    assert caught.value.code == "damaged-original"


class Shrinking(Stored):
    """An original whose file lost its end after it was opened."""

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        return super().read_into(buffer[: len(buffer) // 2], offset)


def test_a_short_read_is_damage() -> None:
    with pytest.raises(ImageError, match="it ends at byte"):
        read_facts(Shrinking(saved(noise(), "PNG")), NAMES)


def test_a_window_does_not_believe_lengths() -> None:
    window = Window(Stored(bytes(100)))
    for offset, length in ((-1, 2), (0, -1), (99, 2), (0, 101)):
        with pytest.raises(ImageError, match="it ends"):
            window.read(offset, length)
    with pytest.raises(ImageError, match="structure of"):
        Window.over(bytes(9 * 1024 * 1024)).read(0, 9 * 1024 * 1024)
    assert window.head(1000) == bytes(100)
