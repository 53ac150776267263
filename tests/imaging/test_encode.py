"""Encoding within a number of bytes, against encoding at every quality."""

from __future__ import annotations

from typing import Any

import pytest

from imgmiddleware import ImageError, ImageRequest, ImageService
from imgmiddleware.imaging import encode as module
from imgmiddleware.imaging.encode import encode, encode_within
from pictures import photo_like

PHOTO = photo_like(80, 60)


@pytest.mark.parametrize("format", ["jpg", "webp", "avif"])
def test_the_best_quality_that_fits(format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [len(encode(PHOTO, format, q)) for q in range(101)]
    tries: list[int] = []

    def counting(pixels: Any, format: str, quality: int) -> bytes:
        tries.append(quality)
        return encode(pixels, format, quality)

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


def test_as_a_parameter() -> None:
    images = ImageService(lambda id: PHOTO)
    answer = images.handle(ImageRequest("GET", "/image/x", "max_bytes=1500"))
    assert answer is not None
    assert (answer.status, len(answer.body) <= 1500) == (200, True)
    refused = images.handle(ImageRequest("GET", "/image/x", "max_bytes=100"))
    assert refused is not None
    assert refused.status == 400
