"""Every operation, alone and with another one: the same picture however it is read, turned or moved.

There is no reference but the package itself: what is decoded as a whole, stored upright, or a still.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from imgmiddleware import ImageRequest, ImageService, OwnOperation
from imgmiddleware.forms import whole
from imgmiddleware.imaging import render
from imgmiddleware.operations.stages import OWNERS
from pictures import exif, moving, photo_like, pixels_of, saved

#: One or more for each parameter.
ALONE = (
    "fit=crop&w=90&h=60", "fit=crop&w=61&h=97&crop=edges", "fit=crop&w=97&h=31&crop=entropy,top",
    "fit=facearea&w=50&h=70&facepad=2&faceindex=1", "fit=crop&w=80&h=80&crop=focalpoint&fp-x=0.8&fp-y=0.1&fp-z=2.5",
    "fit=min&w=100&h=100", "ar=1:1&fit=crop&w=77", "fit=scale&w=100&h=40", "fit=fill&w=120&h=120&bg=ffa500",
    "fit=clamp&w=120&h=90", "fit=fillmax&w=110&h=150&fill=blur", "fit=fill&w=100&h=130&fill-color=80204060",
    "rect=0.3,0.3,0.3,0.3", "rect=10,10,33,21", "w=0.1", "w=1", "w=3&h=120&fit=scale&enlarge=1", "w=60&dpr=2",
    "w=300&enlarge=1", "flip=h", "flip=hv", "rot=180", "rot=90", "rot=15", "rot=45&bg=204060", "blur=20", "blur=900",
    "sharp=50", "pad=15&bg=80c0ff", "mask=ellipse", "mask=corners&corner-radius=60,0,20,0&mask-bg=80ff8000", "mask=ellipse&bg=204060",
    "border=8,ffa500", "border=10,80ffffff&border-radius=30", "exp=40", "gam=-30", "bri=25", "con=60", "high=-100",
    "shad=100", "invert=1", "vib=100", "sat=60", "hue=90", "sepia=100", "duotone=000080,fa8072&duotone-alpha=40",
    "monochrome=8044aa88", "nr=60", "usm=100", "usm=-100&usmrad=40", "px=12", "mono=gray", "mono=bitonal",
    "redact=0.3,0.3,0.3,0.3", "redact=0.125,0.125,0.5,0.75&redact-style=pixelate", "trim=auto", "trim=fff", "linear=1&w=60",
    "auto=enhance", "mark=logo&mark-scale=50&mark-align=center&mark-alpha=60", "par=1&w=50",
    "mark=logo&mark-w=30&mark-h=30&mark-fit=crop&mark-rot=30&mark-pad=2", "mark=logo&mark-w=20&mark-tile=grid",
    "mark=logo&mark-blend=softlight&mark-x=-5&mark-y=-9", "darker=30",
)  # fmt: skip
#: Which page, how values are read, and how the picture is written: others' tests.
OTHERS = {
    *("page", "anim", "band", "range", "colormap", "orient", "fm", "q", "chromasub", "colorquant"),
    *("max_bytes", "depth", "keep", "palette", "colors", "prefix", "lossless", "faces"),
}


def texts(query: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in query.split("&"))


#: With another one, whose values win.
PAIRS = tuple(
    "&".join(f"{name}={text}" for name, text in {**texts(one), **texts(other)}.items())
    for number, one in enumerate(ALONE)
    for other in (ALONE[(7 * number + 11) % len(ALONE)], ALONE[(13 * number + 5) % len(ALONE)])
)

WIDE, HIGH = 192, 128
PHOTO = np.interp(photo_like(WIDE, HIGH), (60, 200), (20, 235)).astype(np.uint8)
PHOTO[:16], PHOTO[:, -16:] = 255, 255
Y, X = np.mgrid[0:HIGH, 0:WIDE]
ALPHA = np.clip((80 - np.hypot(X - 100, Y - 60)) * 8, 0, 255).astype(np.uint8)
PICTURES = {"colors": PHOTO, "gray": PHOTO[..., 1].copy(), "alpha": np.dstack((PHOTO, ALPHA))}


def darker(pixels: Any, by: int) -> Any:
    return pixels - np.minimum(pixels, by)


def serving(originals: dict[str, Any]) -> ImageService:
    own = {"darker": OwnOperation(darker, version="1", arguments=[whole(0, 255)])}
    mark = np.dstack((PHOTO, ALPHA))[40:90, 60:150]
    return ImageService(originals.get, operations=own, overlays={"logo": mark}, cache_bytes=0)


def png(service: ImageService, name: str, query: str) -> bytes:
    answer = service.handle(ImageRequest("GET", f"/image/{name}", f"{query}&fm=png"))
    assert answer is not None
    body = answer.read()
    assert answer.status == 200, (query, body)
    return body


def test_every_parameter_is_among_them() -> None:
    assert {name for query in ALONE for name in texts(query)} - {"darker"} == {*OWNERS} - OTHERS


def tiff(pixels: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    kind: dict[str, Any] = {} if pixels.ndim == 2 else {"photometric": "rgb"}
    if pixels.shape[2:] == (4,):
        kind["extrasamples"] = [2]
    tifffile.imwrite(file, pixels, compression="deflate", **kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", PICTURES)
def test_in_bands_as_at_once(kind: str) -> None:
    """Rows of a PNG, strips and tiles beside an array, of which all is there."""
    pixels = PICTURES[kind]
    blue_first = pixels if pixels.ndim == 2 else pixels[..., [2, 1, 0, 3][: pixels.shape[2]]].copy()
    service = serving(
        {
            "at once": blue_first,
            "rows": saved(pixels, "PNG"),
            "strips": tiff(pixels, rowsperstrip=13),
            "tiles": tiff(pixels, tile=(48, 64)),
        }
    )
    for query in (*ALONE, *PAIRS[list(PICTURES).index(kind) :: 3]):
        expected = png(service, "at once", query)
        for name in ("rows", "strips", "tiles"):
            assert png(service, name, query) == expected, (name, query)


def close(one: Any, other: Any) -> bool:
    """But for what rounds to one or the other of two levels, and for hardly any pixel."""
    if one.shape != other.shape:
        return False
    seen = [p[..., :3] * (p[..., 3:] / 255) for p in (one.astype(float), other.astype(float))]
    apart = np.abs(seen[0] - seen[1]) > 3
    return bool(apart.mean() < 0.003 and np.abs(one[..., 3] - other[..., 3].astype(int)).max() <= 3)


TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}  # fmt: skip


@pytest.mark.parametrize("orientation", TURNS)
def test_turned_as_upright(orientation: int) -> None:
    upright = Image.fromarray(PICTURES["alpha"])
    turned = saved(upright.transpose(TURNS[orientation]), "PNG", exif=exif(orientation))
    service = serving({"turned": turned, "upright": saved(upright, "PNG")})
    for query in (*ALONE, *PAIRS[orientation::7]):
        found, expected = (
            pixels_of(png(service, name, query), "RGBA") for name in ("turned", "upright")
        )
        assert close(found, expected), query


def test_moving_as_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frame by frame, before a format makes them less; what is looked for is that of the first."""
    frames = [np.roll(PICTURES["alpha"], 30 * shift, 1) for shift in range(2)]
    data = moving([Image.fromarray(frame) for frame in frames], "WEBP", lossless=True, exact=True)
    service, made = serving({"moves": data}), []

    def written(given: Any, *others: Any, **options: Any) -> bytes:
        made[:] = [saved(_red_first(pixels), "PNG") for pixels, _ in given]
        return b"GIF89a"

    monkeypatch.setattr(render, "encode_animation", written)
    for query in (*ALONE, *PAIRS[::3]):
        request = ImageRequest("GET", "/image/moves", f"{query}&anim=1&fm=gif")
        answer = service.handle(request)
        assert answer is not None
        assert answer.status == 200
        sought = any(word in query for word in ("edges", "entropy", "facearea", "trim", "enhance"))
        for number, frame in enumerate(made[: 1 if sought else 2]):
            still = pixels_of(png(service, "moves", f"{query}&page={number + 1}"), "RGBA")
            assert close(pixels_of(frame, "RGBA"), still), (query, number)


def _red_first(pixels: Any) -> Any:
    return pixels if pixels.ndim == 2 else pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]
