"""Colours that files state, from an original to a result: shown in sRGB, or kept as they are."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from asking import ask, get, made, serving, shown
from colors import (
    cicp,
    clli,
    colored_avif,
    colored_png,
    flat,
    from_srgb,
    nits_of_hlg,
    nits_of_pq,
    pq,
    to_srgb,
    tone_mapped,
)
from files import png_chunks
from imgmiddleware import OwnOperation
from originals import probe
from pictures import by_opencv, close, opened, photo_like, psnr, read_by_opencv

RED, GREEN = (200, 50, 50), (50, 200, 50)
CHART = np.random.default_rng(6).integers(0, 65536, (4, 6, 3)).astype(np.uint16)
PQ = colored_png(CHART, cicp(9, 16), clli(2000))
#: The first two tables of a browser's screen (Chromium 156), and arithmetic for the third.
TABLE = [
    (12, 13, RED, (218, 24, 39)),
    (12, 13, GREEN, (0, 204, 0)),
    (9, 13, RED, (248, 0, 41)),
    (9, 1, RED, (248, 0, 41)),
    (1, 8, (128, 128, 128), (188, 188, 188)),
    (1, 4, (128, 60, 200), tuple(to_srgb(np.array([128, 60, 200]) ** 2.2 / 255**2.2))),
]


@pytest.mark.parametrize(("primaries", "transfer", "color", "seen"), TABLE)
def test_avif_and_png(
    primaries: int, transfer: int, color: tuple[int, ...], seen: tuple[int, ...]
) -> None:
    deep = flat(color) * 257
    for data in (
        colored_png(flat(color, np.uint8), cicp(primaries, transfer)),
        colored_png(deep, cicp(primaries, transfer)),
        colored_avif(flat(color, np.uint8), primaries, transfer, 8),
        colored_avif(np.uint16(deep / 65535 * 1023 + 0.5), primaries, transfer),
    ):
        assert close(shown(data), seen, 2)


@pytest.mark.parametrize("nits", [1, 50, 203, 300, 500, 800, 1000, 2000, 4000, 10_000])
def test_gray_of_pq(nits: int) -> None:
    for peak, chunks in ((1000, ()), (4000, (clli(4000),)), (10_000, (clli(10_000),))):
        expected = tone_mapped(np.full(3, float(nits)), 9, peak)
        data = colored_png(flat([round(pq(nits) * 65535)] * 3), cicp(9, 16), *chunks)
        assert close(shown(data), expected, 1)
        gray = colored_png(flat(round(pq(nits) * 65535)), cicp(9, 16), *chunks)
        assert opened(made(gray)).mode == "L"
        assert close(shown(gray), expected, 1)


@pytest.mark.parametrize("transfer", [16, 18])
def test_a_chart_of_hdr(transfer: int) -> None:
    found = shown(colored_png(CHART, cicp(9, transfer)))
    for code, seen in zip(CHART.reshape(-1, 3) / 65535, found.reshape(-1, 3), strict=True):
        nits = nits_of_pq(code) if transfer == 16 else nits_of_hlg(code, 9)
        assert close(seen, tone_mapped(nits, 9, 1000), 1)


def test_ten_bits_are_decoded_as_such() -> None:
    """In 8 bits of PQ a sky has 60 levels: a ramp of 10 bits keeps more than 8 can hold."""
    ramp = np.repeat(np.arange(300, 900, dtype=np.uint16), 3).reshape(1, -1, 3)
    levels = np.unique(shown(colored_avif(np.repeat(ramp, 8, 0), 9, 16))[0, :, 1])
    assert len(levels) > 200


def test_resampled_it_is_near_to_what_was_tone_mapped_before() -> None:
    """docs/pixels.md: in code values 44 dB and more of photos, in light 35."""
    photo = photo_like(240, 160).astype(np.uint16) * 160
    data = colored_png(photo, cicp(9, 16))
    whole = by_opencv(".png", shown(data))
    assert psnr(shown(data, "w=80&fm=png"), shown(whole, "w=80&fm=png")) > 36
    linear = ask(data, "w=80&fm=png&linear=1"), ask(data, "w=80&fm=png")
    assert linear[0].header("ETag") == linear[1].header("ETag")  # of HDR there is no other


# --- Kept -----------------------------------------------------------------------------------------


def chunks_of(data: bytes) -> dict[bytes, bytes]:
    return dict(png_chunks(data))


@pytest.mark.parametrize(
    "query", ["keep=hdr", "depth=16", "keep=hdr&fm=png", "keep=hdr,icc&fm=png", "keep=icc&fm=png"]
)
def test_a_png_keeps_the_samples_and_says_what_they_are(query: str) -> None:
    body = made(PQ, query)
    assert np.array_equal(read_by_opencv(body)[..., ::-1], CHART)
    found = chunks_of(body)
    assert found[b"cICP"] == bytes((9, 16, 0, 1))
    assert found[b"cLLI"] == (20_000_000).to_bytes(4, "big") + bytes(4)
    assert b"iCCP" not in found
    assert shown(body).tolist() == shown(PQ).tolist()


@pytest.mark.parametrize("query", ["keep=hdr", "keep=icc", "keep=hdr,exif", "keep=hdr&pad=2"])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("peak", [0, 2000])
def test_an_avif_has_ten_bits_and_says_what_they_are(query: str, channels: int, peak: int) -> None:
    """It is read back as the original is, and its colours are the same but for AVIF's loss."""
    pixels = np.dstack((flat((30_000, 20_000, 25_000), size=48), np.full((48, 48), 40_000)))
    pixels = pixels.astype(np.uint16)[..., :channels].squeeze()
    data = colored_png(pixels, cicp(9, 18), *([clli(peak)] if peak else []))
    body = made(data, f"{query}&fm=avif")
    facts, points = probe(body), probe(data).points
    assert (facts.bits, facts.points) == (10, points)
    with Image.open(io.BytesIO(body)) as image:
        image.load()
    if channels < 4:
        assert close(shown(body)[24, 24], shown(data)[24, 24], 3)
    else:
        assert read_by_opencv(body)[24, 24, 3] == pytest.approx(40_000 / 65535 * 1023, abs=3)


def test_without_a_format_it_is_one_that_can_hold_it() -> None:
    def type_of(query: str, accept: str = "*/*", data: bytes = PQ) -> Any:
        return ask_with(data, query, accept).header("Content-Type")

    assert type_of("keep=hdr", "image/avif,image/webp,*/*") == "image/avif"
    assert type_of("keep=hdr", "image/webp,*/*") == "image/png"
    assert type_of("keep=hdr") == "image/png"
    assert type_of("", "image/webp,*/*") == "image/webp"
    plain = colored_png(CHART, cicp(12, 13))
    assert type_of("keep=hdr", data=plain) == type_of("", data=plain) == "image/jpeg"


def ask_with(data: bytes, query: str, accept: str) -> Any:
    return get(serving(data), query, accept=accept)


@pytest.mark.parametrize(
    "query",
    ["fm=jpg&keep=hdr", "fm=webp&keep=hdr,icc", "fm=jpg&keep=icc", "fm=avif", "fm=tif&depth=16",
     "fm=png&depth=16&mono=gray"],
)  # fmt: skip
def test_what_cannot_hold_it_or_is_not_asked_to_is_srgb(query: str) -> None:
    code = flat([round(pq(203) * 65535)] * 3, size=16)
    body = made(colored_png(code, cicp(9, 16)), query)
    with Image.open(io.BytesIO(body)) as image:
        assert "icc_profile" not in image.info
    assert body.startswith(b"\x89PNG") <= (b"cICP" not in body)
    pixels = read_by_opencv(body)
    assert pixels.flat[0] / np.iinfo(pixels.dtype).max * 255 == pytest.approx(187.5, abs=1.6)


def test_ones_own_operation_gets_srgb() -> None:
    seen: list[Any] = []

    def function(pixels: Any) -> Any:
        seen.append((pixels.dtype, int(pixels.max())))
        return pixels

    code = flat([round(pq(203) * 65535)] * 3)
    operations = {"own": OwnOperation(function, version="1")}
    made(colored_png(code, cicp(9, 16)), "own=1&keep=hdr&fm=png", operations=operations)
    assert seen == [(np.uint8, 188)]


def test_what_stands_around_it_is_a_pages_white() -> None:
    """203 cd/m², not the 10,000 of PQ's largest code; and red is as bright as a page's red."""
    for query, color in (("pad=4", (255, 255, 255)), ("pad=4&bg=c82020", (200, 32, 32))):
        body = made(PQ, f"keep=hdr&fm=png&{query}")
        code = read_by_opencv(body)[0, 0, ::-1] / 65535
        expected = tone_mapped(nits_of_pq(code), 9, 1000)
        page = to_srgb(from_srgb(np.array(color) / 255) * 0.5)  # w is a half there
        assert close(expected, page, 4)


@pytest.mark.parametrize("query", ["depth=16&fm=png", "keep=icc&fm=png"])
def test_colours_of_code_points_go_along_in_png(query: str) -> None:
    """As code points, and as a profile for who reads none."""
    data = colored_png(CHART, cicp(12, 13))
    body = made(data, query)
    found = chunks_of(body)
    assert found[b"cICP"] == bytes((12, 13, 0, 1))
    assert b"iCCP" in found
    expected = CHART if "16" in query else (CHART.astype(int) + 128) // 257
    assert np.array_equal(read_by_opencv(body)[..., ::-1], expected)


@pytest.mark.parametrize(("format", "query"), [
    ("jpg", "&q=100"), ("webp", "&q=100"), ("avif", "&q=100"), ("tif", "&depth=16"), ("tif", ""),
])  # fmt: skip
def test_and_as_a_profile_in_others(format: str, query: str) -> None:
    data = colored_avif(flat((200, 50, 50), np.uint8, 32), 12, 13, 8)
    body = made(data, f"fm={format}&keep=icc{query}")
    assert close(read_by_opencv(body)[16, 16, ::-1], (200, 50, 50), 5)
    assert close(shown(body)[16, 16], (218, 24, 39), 6)


def test_a_profile_of_rgb_does_not_go_along_with_gray() -> None:
    """PNG allows none there (clause 11.3.2.3): the grays are converted."""
    data = colored_png(flat(120, np.uint8), cicp(1, 8))
    for query in ("fm=png&keep=icc", "fm=png"):
        body = made(data, query)
        assert b"iCCP" not in chunks_of(body)
        assert shown(body)[0, 0, 0] == pytest.approx(183, abs=1)


def test_sixteen_bits_are_converted_before_they_are_cut() -> None:
    """A ramp of 256 has 256 levels, as by libvips; a cut before leaves 183."""
    ramp = np.repeat(np.linspace(0, 65535, 2048).astype(np.uint16), 3).reshape(1, -1, 3)
    found = shown(colored_png(ramp, cicp(1, 4)))[0, :, 0]
    assert len(np.unique(found)) == 256
    expected = to_srgb(np.tile((ramp[0, :, 0] / 65535) ** 2.2, (3, 1)))[0]
    assert np.abs(found - expected).max() <= 0.51


def test_srgb_that_is_stated_is_as_it_is() -> None:
    plain = colored_png(CHART)
    for chunks in ((cicp(1, 13),), (cicp(1, 1),), (cicp(2, 2),)):
        assert made(colored_png(CHART, *chunks)) == made(plain)
