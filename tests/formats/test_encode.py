"""Encoders: their settings, read from the files by hand; the quality that fits into some bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from asking import ask
from imgmiddleware import ImageError
from imgmiddleware.formats import encode as module
from imgmiddleware.formats.encode import encode, encode_within
from imgmiddleware.formats.result_format import QUALITIES
from imgmiddleware.formats.results import NAMED, RESULTS
from pictures import by_opencv, photo_like, pixels_of

PHOTO = photo_like(80, 60)


@pytest.mark.parametrize("format", ["jpg", "webp", "avif"])
def test_the_best_quality_that_fits(format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [len(encode(PHOTO, format, q)) for q in range(101)]
    tries: list[int] = []

    def counting(pixels: Any, format: str, quality: int, *more: Any, **options: Any) -> bytes:
        tries.append(quality)
        return encode(pixels, format, quality, *more, **options)

    monkeypatch.setattr(module, "encode", counting)
    for most in (sizes[0], sizes[0] + 50, sizes[40], sizes[60] + 1, sizes[75], sizes[75] + 99):
        tries.clear()
        size = len(encode_within(PHOTO, format, 75, most))
        assert size <= most
        assert len(tries) <= 9
        # Sizes grow with quality but for a few bytes, so the search may miss the best by one step.
        fitting = [s for s in sizes[:76] if s <= most]
        assert size >= sorted(fitting)[max(0, len(fitting) - 4)]


def test_what_cannot_fit_is_refused_with_what_it_takes() -> None:
    least = len(encode(PHOTO, "jpg", 0))
    with pytest.raises(ImageError, match=f"at least {least} bytes") as refused:
        encode_within(PHOTO, "jpg", 75, least - 1)
    assert refused.value.members == {"parameter": "max_bytes", "limit": least - 1}
    with pytest.raises(ImageError, match="png"):
        encode_within(PHOTO, "png", 75, 100)


@pytest.mark.parametrize("format", ["jpg", "webp", "avif"])
def test_no_quality_fills_the_log(format: str, capfd: pytest.CaptureFixture[str]) -> None:
    """OpenCV writes to the standard error what it does not like: a line for each request."""
    for quality in (0, 1, 100):
        encode(PHOTO, format, quality)
    assert capfd.readouterr() == ("", "")


def test_as_a_parameter() -> None:
    answer = ask(PHOTO, "max_bytes=1500")
    assert (answer.status, len(answer.body) <= 1500) == (200, True)
    assert ask(PHOTO, "max_bytes=100").status == 400


def segments(jpeg: bytes) -> Iterator[tuple[int, bytes]]:
    """The marker segments before the scan, by hand (ITU-T T.81, annex B)."""
    at = 2
    while jpeg[at + 1] != 0xDA:
        length = int.from_bytes(jpeg[at + 2 : at + 4], "big")
        yield jpeg[at + 1], jpeg[at + 4 : at + 2 + length]
        at += 2 + length


#: How many codes of 1 to 16 bits T.81's own table for luminance AC has (annex K, table K.5).
TYPICAL = bytes([0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125])


def test_a_jpeg_is_baseline_420_with_codes_of_its_own() -> None:
    found = list(segments(encode(PHOTO, "jpg", 75)))
    frame = next(body for marker, body in found if marker == 0xC0)  # SOF0
    assert [frame[7 + 3 * i] for i in range(frame[5])] == [0x22, 0x11, 0x11]
    tables = b"".join(body for marker, body in found if marker == 0xC4)  # DHT
    assert TYPICAL not in tables
    plain = cv2.imencode(".jpg", PHOTO, [cv2.IMWRITE_JPEG_QUALITY, 75])[1].tobytes()
    assert TYPICAL in plain
    assert len(encode(PHOTO, "jpg", 75)) < len(plain)
    assert np.array_equal(pixels_of(encode(PHOTO, "jpg", 75)), pixels_of(plain))


def test_an_avif_is_420() -> None:
    # av1C: after the first two bytes come one bit each of tier, high depth, twelve bits,
    # monochrome, and the two of the subsampling (AV1-ISOBMFF, 2.3.3).
    data = encode(PHOTO, "avif", 75)
    flags = data[data.index(b"av1C") + 6]
    assert flags & 0b01111100 == 0b00001100


DOCS = Path(__file__).parents[2] / "docs"
#: The headings of one page are sections, that of the other is all of it.
PAGE = (DOCS / "results.md").read_text() + "\n#" + (DOCS / "animations.md").read_text()


def rows(heading: str) -> list[list[str]]:
    text = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]


def test_the_quality_table_is_the_encoders() -> None:
    """At each `q` the file is that of OpenCV's own encoder at the table's setting, not below it."""
    table = rows("Quality")
    assert len(table) > 4
    for q, jpeg_score, webp, webp_score, _, avif, avif_score, _ in table:
        mine = {format: encode(PHOTO, format, int(q)) for format in ("webp", "avif")}
        for more in (0, -2):  # an AVIF has 64 steps for 101 settings
            webps = by_opencv(".webp", PHOTO[..., ::-1], cv2.IMWRITE_WEBP_QUALITY, int(webp) + more)
            avifs = by_opencv(
                ".avif",
                PHOTO[..., ::-1],
                cv2.IMWRITE_AVIF_QUALITY,
                int(avif) + more,
                cv2.IMWRITE_AVIF_SPEED,
                9,
            )
            assert [mine["webp"] == webps, mine["avif"] == avifs] == [not more] * 2, q
        # One q is one look, up to where the page says that it is none.
        if q != "100":
            scores = [float(score) for score in (jpeg_score, webp_score, avif_score)]
            assert max(scores) - min(scores) < 1, q


def test_a_scale_rises_from_0_to_100() -> None:
    for result in RESULTS.values():
        if result.scale is not None:
            settings = [result.own(q) for q in range(101)]
            assert settings == sorted(settings)
            assert 0 <= settings[0] < settings[-1] <= 100
            assert len(result.scale) == len(QUALITIES)


def test_the_animations_table_is_the_codes() -> None:
    table = {row[0]: [*map(int, row[1:])] for row in rows("Animations")}
    assert table == {
        name: [result.most_plays, result.tick, result.shortest_frame, result.longest_frame]
        for name, result in RESULTS.items()
        if result.animate is not None
    }


def test_the_formats_table_is_the_codes() -> None:
    table = {row[0]: row[1:] for row in rows("Formats")}
    assert [*table] == [*NAMED]
    for name, (
        media_type,
        suffixes,
        alpha,
        quality,
        moves,
        deep,
        icc,
        hdr,
        longest,
    ) in table.items():
        result = RESULTS[name]
        assert (name, media_type) == (result.name, result.media_type)
        assert tuple(suffixes.replace("`", "").split(", ")) == result.suffixes
        assert alpha.startswith("kept") == result.alpha
        assert (quality == "yes") == (result.scale is not None)
        assert (moves == "yes") == (result.animate is not None)
        assert (deep == "yes") == result.deep
        assert ("colours" in icc, "grays" in icc) == (result.profile, result.gray)
        assert ("of a still" not in icc) == result.moving_profile
        assert bool(hdr) == result.hdr
        assert int(longest) == result.longest
