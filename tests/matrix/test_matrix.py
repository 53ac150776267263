"""Every kind of original, plain and turned, with a profile, alpha and 16 bits, beside another library.

A cell is a name, a file, the reader that is right about it, and how far a sample may be from it:

- 0: lossless, and nothing to convert.
- 1: a value that is scaled, composed or unassociated may be rounded in two ways.
- 2: LittleCMS in 8 bits (Pillow, and here) beside LittleCMS in 16 (libvips), or two releases of
  libjpeg and libwebp, whose inverse transforms and chroma filters are allowed a step.
- 3: AV1 in YCbCr: the two conversions to RGB round on their own.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from asking import ask, made
from imgmiddleware.formats.probe import read_facts
from imgmiddleware.formats.registry import FORMATS
from imgmiddleware.sources.memory import BytesOriginal
from pictures import by_opencv, exif, float_lanczos, psnr, saved, swapped_profile
from rasters import DEFLATE, bmp, bmp_rows, tif
from tests.matrix.writers import (
    CMYK_PROFILE,
    DEEP,
    GRAY,
    NOISE,
    PNG_KINDS,
    RGB,
    RGBA,
    Array,
    bmp_palette,
    cmyk,
    color_map,
    edge,
    gray_profile,
    indices,
    inks,
    noise_png,
    pyvips,
    rle,
    trns,
    turned_avif,
    vips,
    with_app2,
    with_iccp,
    ycck,
)

SIZE = (45, 31)
SWAPPED = swapped_profile()
BYTES = (NOISE >> 8).astype(np.uint8)
Cell = tuple[str, bytes, Callable[[bytes], Array], int]


# --- The readers that are right -------------------------------------------------------------------


def eight(samples: Array) -> Array:
    """16 bits and floats to 8, to the nearest."""
    if samples.dtype == np.uint16:
        return np.rint(samples / 257).astype(np.uint8)
    if samples.dtype.kind == "f":
        return np.rint(np.clip(samples, 0, 1) * 255).astype(np.uint8)
    return samples


def as_rgba(samples: Array) -> Array:
    """Of one to four channels."""
    samples = eight(samples)
    if samples.ndim == 2:
        samples = samples[..., None]
    count = samples.shape[2]
    alpha = samples[..., -1:] if count in (2, 4) else np.full_like(samples[..., :1], 255)
    colors = samples[..., :3] if count >= 3 else samples[..., :1].repeat(3, 2)
    return np.dstack((colors, alpha))


def by_pillow(data: bytes) -> Array:
    """Upright, and without regard to its profile; ink and paper multiplied."""
    with Image.open(io.BytesIO(data)) as image:
        ImageOps.exif_transpose(image, in_place=True)
        if image.mode == "CMYK":
            paper = 255 - np.asarray(image, np.uint32)
            return as_rgba(np.rint(paper[..., :3] * paper[..., 3:] / 255).astype(np.uint8))
        if image.mode in ("1", "F") or image.mode.startswith("I;16"):
            plain = np.asarray(image)
            return as_rgba(plain.astype(np.uint8) * 255 if image.mode == "1" else plain)
        return np.asarray(image.convert("RGBA"))


def by_vips(data: bytes) -> Array:
    return as_rgba(pyvips.Image.new_from_buffer(data, "").autorot().numpy())


def by_pillow_and_vips(data: bytes) -> Array:
    """Colours and alpha: Pillow takes a full-range alpha plane for one of limited range."""
    return np.dstack((by_pillow(data)[..., :3], by_vips(data)[..., 3]))


def by_vips_color(data: bytes) -> Array:
    """By the profile in the file, or by libvips' own rules for CMYK and Lab."""
    image = pyvips.Image.new_from_buffer(data, "").autorot()
    if image.get_typeof("icc-profile-data"):
        image = image.icc_transform(
            "srgb", embedded=True, intent="relative", black_point_compensation=True
        )
    else:
        image = image.colourspace("srgb")
    return as_rgba(image.numpy())


def rounded(values: Array) -> Array:
    """16 bits in 8."""
    return np.rint(values / 257).astype(np.uint8)


def are(pixels: Array) -> Callable[[bytes], Array]:
    """The pixels that the file was written of."""
    return lambda data: as_rgba(pixels)


def swapped_rgb(pixels: Array) -> Callable[[bytes], Array]:
    """What the profile with red and green exchanged makes of them, in LittleCMS' 16-bit path."""

    def reference(data: bytes) -> Array:
        image = pyvips.Image.new_from_array(pixels[..., :3].copy()).copy(
            interpretation="rgb16" if pixels.dtype == np.uint16 else "srgb"
        )
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", SWAPPED)
        image = image.icc_transform(
            "srgb", embedded=True, intent="relative", black_point_compensation=True, depth=8
        )
        alpha = pixels[..., 3:] if pixels.shape[2] == 4 else ()
        return as_rgba(np.dstack((image.numpy(), *([alpha] if len(alpha) else []))))

    return reference


def multiplied(scale: float) -> Array:
    """Colours times alpha, the most of a sample being 255 times `scale`."""
    return np.dstack((RGBA[..., :3] * (RGBA[..., 3:] / 255), RGBA[..., 3])) * scale


def divided(stored: Array) -> Array:
    """The inverse, of what rounding left of it, in 8 bits."""
    most = 1 if stored.dtype.kind == "f" else np.iinfo(stored.dtype).max
    colors = np.minimum(stored[..., :3] / stored[..., 3:].astype(float), 1)
    return np.rint(np.dstack((colors, stored[..., 3] / most)) * 255).astype(np.uint8)


def lab(pixels: Array) -> Image.Image:
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    converted = ImageCms.applyTransform(Image.fromarray(pixels), to_lab)
    assert converted is not None
    return converted


# --- The table ------------------------------------------------------------------------------------

GIF_COLORS = Image.fromarray(RGB).quantize(32)
LAYERS = [Image.fromarray(np.roll(RGB, shift, 1)).quantize(32) for shift in (0, 9, 18)]

PLAIN: list[Cell] = [
    # JPEG: the reference is Pillow's build of the same libjpeg-turbo, at another release.
    *[
        (f"jpeg {name}", saved(RGB, "JPEG", quality=92, **options), by_pillow, 2)
        for name, options in {
            "baseline 4:4:4": {"subsampling": 0},
            "baseline 4:2:2": {"subsampling": 1},
            "baseline 4:2:0": {"subsampling": 2},
            "progressive": {"progressive": True},
            "rgb": {"keep_rgb": True},
            "restart markers": {"restart_marker_blocks": 1},
        }.items()
    ],
    ("jpeg gray", saved(GRAY, "JPEG"), by_pillow, 2),
    ("jpeg gray progressive", saved(GRAY, "JPEG", progressive=True), by_pillow, 2),
    ("jpeg cmyk", cmyk("JPEG", quality=97), by_pillow, 2),
    ("jpeg ycck", ycck(), by_pillow, 2),
    ("jpeg cmyk profile", cmyk("JPEG", quality=97, icc_profile=CMYK_PROFILE), by_vips_color, 3),
    ("jpeg ycck profile", ycck(icc_profile=CMYK_PROFILE), by_vips_color, 3),
    # PNG: libvips reads with libspng and keeps 16 bits, which Pillow cuts.
    *[(f"png {c}/{b}", noise_png(c, b), by_vips, 0) for c, b in PNG_KINDS],
    *[(f"png {c}/{b} interlaced", noise_png(c, b, True), by_vips, 0) for c, b in PNG_KINDS],
    *[(f"png {c}/{b} tRNS", noise_png(c, b, trns=trns(c, b)), by_vips, 0) for c, b in PNG_KINDS if c < 4],
    # WebP: libwebp on both sides.
    ("webp lossy", saved(RGB, "WEBP", quality=90), by_pillow, 2),
    ("webp lossless", saved(RGB, "WEBP", lossless=True), by_pillow, 0),
    ("webp lossy alpha", saved(RGBA, "WEBP", quality=90), by_pillow, 2),
    ("webp lossless alpha", saved(RGBA, "WEBP", lossless=True), by_pillow, 0),
    ("webp animated", saved(RGB, "WEBP", lossless=True, save_all=True,
        append_images=[Image.fromarray(RGB[::-1].copy())]), are(RGB), 0),
    ("webp animated alpha", saved(RGBA, "WEBP", lossless=True, save_all=True,
        append_images=[Image.fromarray(RGBA[::-1].copy())]), are(RGBA), 0),
    # AVIF: libavif on both sides, Pillow's to RGB by libyuv.
    *[(f"avif {s} {r}", saved(RGB, "AVIF", quality=90, subsampling=s, range=r), by_pillow, 3)
        for s in ("4:4:4", "4:2:2", "4:2:0") for r in ("full", "limited")],
    ("avif gray", saved(GRAY, "AVIF", subsampling="4:0:0"), by_pillow, 3),
    ("avif alpha", saved(RGBA, "AVIF", quality=90), by_pillow_and_vips, 3),
    *[(f"avif {bits} bits{name}", by_opencv(".avif", as_deep, cv2.IMWRITE_AVIF_DEPTH, bits,
        cv2.IMWRITE_AVIF_QUALITY, 95), by_pillow_and_vips, 4)
        for bits in (10, 12)
        for name, as_deep in (("", DEEP >> (16 - bits)), (" alpha", (RGBA.astype(np.uint16) * 257) >> (16 - bits)))][:3],
    # Pillow's 12 bits with alpha are two steps off in the mean; the ramps lose some in 4:2:0.
    ("avif 12 bits alpha", by_opencv(".avif", RGBA.astype(np.uint16) * 257 >> 4, cv2.IMWRITE_AVIF_DEPTH, 12,
        cv2.IMWRITE_AVIF_QUALITY, 95), are(RGBA), 9),
    *[(f"avif irot {r} imir {m}", turned_avif(r, m), by_pillow, 3) for r in range(4) for m in range(2)],
    # GIF
    ("gif", saved(GIF_COLORS, "GIF"), by_pillow, 0),
    ("gif interlaced", saved(GIF_COLORS, "GIF", interlace=1), by_pillow, 0),
    ("gif not interlaced", saved(GIF_COLORS, "GIF", interlace=0), by_pillow, 0),
    ("gif transparent", saved(GIF_COLORS, "GIF", transparency=3), by_pillow, 0),
    ("gif gray", saved(GRAY, "GIF"), by_pillow, 0),
    ("gif animated", saved(LAYERS[0], "GIF", save_all=True, append_images=LAYERS[1:]), by_pillow, 0),
    ("gif animated transparent", saved(LAYERS[0], "GIF", save_all=True, append_images=LAYERS[1:],
        transparency=2, disposal=2), by_pillow, 0),
    # BMP
    *[(f"bmp {bits}", bmp(bits, bmp_rows(indices(bits), bits), palette=bmp_palette(bits), size=SIZE), by_pillow, 0)
        for bits in (1, 4, 8)],
    *[(f"bmp {bits} top-down", bmp(bits, bmp_rows(indices(bits), bits, True), palette=bmp_palette(bits),
        top_down=True, size=SIZE), by_pillow, 0) for bits in (1, 4, 8)],
    # Five and six bits to eight: some repeat the high bits, some round.
    ("bmp 16 555", bmp(16, bmp_rows(NOISE[..., :1] & 0x7FFF, 16), size=SIZE), by_pillow, 1),
    ("bmp 16 555 masks", bmp(16, bmp_rows(NOISE[..., :1] & 0x7FFF, 16), 3, masks=(0x7C00, 0x3E0, 0x1F), size=SIZE), by_pillow, 1),
    ("bmp 16 565", bmp(16, bmp_rows(NOISE[..., :1], 16), 3, masks=(0xF800, 0x7E0, 0x1F), size=SIZE), by_pillow, 1),
    ("bmp 16 top-down", bmp(16, bmp_rows(NOISE[..., :1] & 0x7FFF, 16, True), top_down=True, size=SIZE), by_pillow, 1),
    ("bmp 24", bmp(24, bmp_rows(RGB[..., ::-1]), size=SIZE), by_pillow, 0),
    ("bmp 24 top-down", bmp(24, bmp_rows(RGB[..., ::-1], top_down=True), top_down=True, size=SIZE), by_pillow, 0),
    ("bmp 32", bmp(32, bmp_rows(RGBA[..., [2, 1, 0, 3]]), size=SIZE), are(RGB), 0),
    ("bmp 32 masks", bmp(32, bmp_rows(RGBA[..., [2, 1, 0, 3]]), 3, masks=(0xFF0000, 0xFF00, 0xFF), size=SIZE), are(RGB), 0),
    *[(f"bmp 32 alpha V{version}", bmp(32, bmp_rows(RGBA[..., [2, 1, 0, 3]]), 3, header=size,
        masks=(0xFF0000, 0xFF00, 0xFF, 0xFF000000), size=SIZE), by_pillow, 0) for version, size in ((3, 56), (4, 108), (5, 124))],
    *[(f"bmp 32 other masks V{version}", bmp(32, bmp_rows(RGBA), 3, header=size,
        masks=(0xFF, 0xFF00, 0xFF0000, 0xFF000000), size=SIZE), by_pillow, 0) for version, size in ((4, 108), (5, 124))],
    ("bmp 24 V5", bmp(24, bmp_rows(RGB[..., ::-1]), header=124, size=SIZE), by_pillow, 0),
    ("bmp rle8", bmp(8, rle(8), 1, palette=bmp_palette(8), size=SIZE), by_pillow, 0),
    ("bmp rle4", bmp(4, rle(4), 2, palette=bmp_palette(4), size=SIZE), by_pillow, 0),
    # TIFF
    *[(f"tiff {name} {compression}", saved(image, "TIFF", compression=compression), by_pillow, 0)
        for compression in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits")
        for name, image in (("rgb", RGB), ("gray", GRAY), ("rgba", RGBA), ("la", Image.fromarray(RGBA).convert("LA")))],
    *[(f"tiff {name} {c} tiled predictor", vips(image, ".tif", compression=c, predictor="horizontal", tile=True,
        tile_width=16, tile_height=16), by_vips, 0)
        for c in ("lzw", "deflate") for name, image in (("rgb", RGB), ("gray", GRAY), ("rgb16", DEEP), ("rgba", RGBA))],
    *[(f"tiff float predictor {c}", vips((RGB / 255).astype(np.float32), ".tif", compression=c, predictor="float"), by_vips, 0)
        for c in ("lzw", "deflate")],
    *[(f"tiff bigtiff {name}", vips(image, ".tif", bigtiff=True, compression="lzw"), by_vips, 0)
        for name, image in (("rgb", RGB), ("gray", GRAY), ("rgb16", DEEP))],
    *[(f"tiff fax {c}", saved(GRAY, "TIFF", "1", compression=c), by_pillow, 0) for c in ("group3", "group4", "tiff_ccitt")],
    ("tiff zstd", vips(RGB, ".tif", compression="zstd"), by_vips, 0),
    ("tiff jpeg", vips(RGB, ".tif", compression="jpeg", Q=92, tile=True, tile_width=32, tile_height=32), by_vips, 2),
    ("tiff jpeg rgb", saved(RGB, "TIFF", compression="jpeg"), by_pillow, 2),
    ("tiff jpeg gray", saved(GRAY, "TIFF", compression="jpeg"), by_pillow, 2),
    ("tiff pages", saved(RGB, "TIFF", save_all=True, append_images=[Image.fromarray(RGB[::-1].copy())]), are(RGB), 0),
    *[(f"tiff {kind} {bits} {order}{tiles}", tif(NOISE[..., :count] >> (16 - bits), photometric, bits, order=order,
        wide=16 if tiles else 0, high=16 if tiles else 0), are(values), 0)
        for order in "<>" for tiles in ("", " tiled")
        for kind, photometric, count, depths in (("gray", 1, 1, (1, 2, 4, 8, 16)), ("white is zero", 0, 1, (1, 2, 4, 8, 16)), ("rgb", 2, 3, (8, 16)))
        for bits in depths
        for values in [np.rint((NOISE[..., :count] >> (16 - bits)) * (255 / (2**bits - 1))).astype(np.uint8) ^ (255 if photometric == 0 else 0)]],
    *[(f"tiff planar {bits} {kind}{tiles}", tif(NOISE[..., :count] >> (16 - bits), 2, bits, planar=True, wide=16 if tiles else 0, high=16 if tiles else 0,
        compression=DEFLATE if tiles else 1, **({"t338": [2]} if count == 4 else {})),
        are(BYTES[..., :count]), 0)
        for bits in (8,) for count, kind in ((3, "rgb"), (4, "rgba")) for tiles in ("", " tiled")],
    *[(f"tiff palette {bits}", tif(indices(bits), 3, bits, t320=color_map(bits)),
        are(np.array(color_map(bits)).reshape(3, -1).T[indices(bits)[..., 0]] // 257 * np.uint8(1)), 0) for bits in (1, 2, 4, 8)],
    *[(f"tiff unassociated alpha {bits}", tif(NOISE >> (16 - bits), 2, bits, t338=[2]), are(NOISE if bits == 16 else BYTES), 0) for bits in (8, 16)],
    *[(f"tiff unspecified fourth sample {bits}", tif(NOISE >> (16 - bits), 2, bits, t338=[0]),
        are((NOISE if bits == 16 else BYTES)[..., :3]), 0) for bits in (8, 16)],
    ("tiff gray alpha", tif(BYTES[..., :2], 1, t338=[2]), are(BYTES[..., :2]), 0),
    *[(f"tiff associated alpha {depth}", tif(stored, 2, t338=[1]), are(divided(stored)), most)
        for depth, scale, kind, most in (("u1", 1, 1, 1), ("u2", 257, 1, 1), ("f4", 1 / 255, 3, 1))
        for stored in [multiplied(scale).astype(depth) if kind == 3 else np.rint(multiplied(scale)).astype(depth)]],
    *[(f"tiff float {name}", tif((RGBA / 255).astype(np.float32), 2, t338=[2], **options), are(RGBA), 0)
        for name, options in {"rgba": {}, "rgba tiled": {"wide": 16, "high": 16}, "rgba MM": {"order": ">"}}.items()],
    *[(f"tiff reversed bits {bits}", tif(NOISE[..., :count] >> (16 - bits), photometric, bits, t266=[2]), by_vips, 0)
        for count, photometric, depths in ((1, 1, (1, 4, 8, 16)), (3, 2, (8, 16))) for bits in depths],
    ("tiff ycbcr", tif(np.asarray(Image.fromarray(RGB).convert("YCbCr")), 6, t530=[1, 1]), are(RGB), 3),
    ("tiff five samples", tif(np.dstack((BYTES, BYTES[..., 0])), 2, t338=[2, 0]), are(BYTES), 0),
    ("tiff cmyk jpeg", vips(inks(), ".tif", "cmyk", compression="jpeg", Q=95), by_pillow, 2),
    *[(f"tiff float {kind}", tif((pixels / 255).astype(np.float32), p), are(pixels ^ (255 if p == 0 else 0)), 0)
        for kind, p, pixels in (("gray", 1, GRAY[..., None]), ("rgb", 2, RGB), ("white is zero", 0, GRAY[..., None]))],
    ("tiff planar 16 rgb", tif(NOISE[..., :3], 2, planar=True), are(rounded(NOISE[..., :3])), 0),
    ("tiff planar float rgb", tif((RGB / 255).astype(np.float32), 2, planar=True), are(RGB), 0),
    ("tiff gray alpha 16", tif(NOISE[..., :2], 1, t338=[2]), are(rounded(NOISE[..., :2])), 0),
    ("tiff five samples 16", tif(np.dstack((NOISE, NOISE[..., 0])), 2, t338=[2, 0]), are(rounded(NOISE)), 0),
    ("tiff white is zero alpha", tif(BYTES[..., :2], 0, t338=[2]), are(BYTES[..., :2] ^ np.uint8([255, 0])), 0),
    ("tiff cmyk", cmyk("TIFF"), by_pillow, 0),
    ("tiff cmyk lzw", cmyk("TIFF", compression="tiff_lzw"), by_pillow, 0),
    ("tiff cmyk planar", tif(inks(), 5, planar=True), lambda data: by_pillow(cmyk("TIFF")), 0),
    ("tiff cmyk profile", cmyk("TIFF", icc_profile=CMYK_PROFILE), by_vips_color, 3),
    # Of 8 bits a and b are steps that make three of sRGB; pale colours, which are all in its gamut.
    ("tiff lab", saved(lab(RGB // 3 + 100), "TIFF"), are(RGB // 3 + 100), 5),
]  # fmt: skip


def seen(data: bytes, query: str = "fm=png") -> Array:
    with Image.open(io.BytesIO(made(data, query))) as image:
        return np.asarray(image.convert("RGBA"))


def distance(mine: Array, theirs: Array) -> int:
    """Of the farthest sample, where it can be seen."""
    assert mine.shape == theirs.shape
    apart = np.abs(mine.astype(int) - theirs)
    apart[theirs[..., 3] == 0, :3] = 0
    return int(apart.max())


@pytest.mark.parametrize(
    ("data", "reference", "most"), [c[1:] for c in PLAIN], ids=[c[0] for c in PLAIN]
)
def test_pixels(data: bytes, reference: Callable[[bytes], Array], most: int) -> None:
    assert distance(seen(data), reference(data)) <= most


# --- Orientation, profiles, the edge of alpha, refusals -------------------------------------------


def turned(format: str, value: int) -> bytes:
    lossless = {"WEBP": {"lossless": True}, "PNG": {}, "TIFF": {"compression": "tiff_lzw"}}
    options = lossless.get(
        format, {"quality": 95, "subsampling": 0 if format == "JPEG" else "4:4:4"}
    )
    return saved(RGB, format, exif=exif(value), **options)


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize(
    ("kind", "most"), [("JPEG", 2), ("PNG", 0), ("WEBP", 0), ("TIFF", 0), ("AVIF", 3)]
)
def test_orientation(kind: str, most: int, value: int) -> None:
    data = turned(kind, value)
    assert distance(seen(data), by_pillow(data)) <= most


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize(
    ("pixels", "photometric", "options"),
    [(NOISE[..., :3], 2, {}), (NOISE[..., :3], 2, {"wide": 16, "high": 16}), (NOISE, 2, {"t338": [2]}),
     (NOISE[..., :1], 0, {}), (BYTES[..., :3], 2, {"planar": True}), (indices(1), 1, {"bits": 1}),
     (indices(4), 3, {"bits": 4, "t320": color_map(4)}), ((RGB / 255).astype(np.float32), 2, {})],
    ids=["rgb 16", "tiled 16", "rgba 16", "white is zero 16", "planar", "bilevel", "palette", "float"],
)  # fmt: skip
def test_orientation_of_a_tiff(pixels: Array, photometric: int, options: Any, value: int) -> None:
    """Through both decoders and all their ways; libvips turns what they leave as it is stored."""
    plain = tif(pixels, photometric, **options)
    data = tif(pixels, photometric, t274=[value], **options)
    upright = pyvips.Image.new_from_array(seen(plain))
    upright.set_type(pyvips.GValue.gint_type, "orientation", value)
    assert distance(seen(data), upright.autorot().numpy()) == 0


TAGGED: list[tuple[str, bytes, Array, int]] = [
    ("jpeg", saved(RGB, "JPEG", quality=98, subsampling=0, icc_profile=SWAPPED), RGB, 6),
    ("jpeg app2", with_app2(saved(RGB, "JPEG", quality=98, subsampling=0, icc_profile=SWAPPED)), RGB, 6),
    ("png", saved(RGB, "PNG", icc_profile=SWAPPED), RGB, 2),
    ("png alpha", saved(RGBA, "PNG", icc_profile=SWAPPED), RGBA, 2),
    ("png 16", with_iccp(by_opencv(".png", DEEP), SWAPPED), DEEP, 2),
    ("webp", saved(RGB, "WEBP", lossless=True, icc_profile=SWAPPED), RGB, 2),
    ("webp alpha", saved(RGBA, "WEBP", lossless=True, icc_profile=SWAPPED), RGBA, 2),
    ("avif", saved(RGB, "AVIF", quality=98, subsampling="4:4:4", icc_profile=SWAPPED), RGB, 6),
    ("avif alpha", saved(RGBA, "AVIF", quality=98, subsampling="4:4:4", icc_profile=SWAPPED), RGBA, 6),
    ("bmp V5", bmp(24, bmp_rows(RGB[..., ::-1]), header=124, profile=SWAPPED, size=SIZE), RGB, 2),
    ("bmp V5 alpha", bmp(32, bmp_rows(RGBA[..., [2, 1, 0, 3]]), 3, header=124, profile=SWAPPED,
        masks=(0xFF0000, 0xFF00, 0xFF, 0xFF000000), size=SIZE), RGBA, 2),
    ("tiff", saved(RGB, "TIFF", icc_profile=SWAPPED), RGB, 2),
    ("tiff alpha", saved(RGBA, "TIFF", icc_profile=SWAPPED), RGBA, 2),
    ("tiff planar", tif(RGB, 2, planar=True, t34675=list(SWAPPED)), RGB, 2),
    ("tiff 16 MM", tif(DEEP, 2, order=">", t34675=list(SWAPPED)), DEEP, 2),
    ("tiff float", tif((RGB / 255).astype(np.float32), 2, t34675=list(SWAPPED)), RGB, 2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "pixels", "most"), [t[1:] for t in TAGGED], ids=[t[0] for t in TAGGED]
)
def test_profile(data: bytes, pixels: Array, most: int) -> None:
    """Six for what is lossy: the profile's curve, steep in the dark, makes more of each step."""
    assert distance(seen(data), swapped_rgb(pixels)(data)) <= most


@pytest.mark.parametrize("profile", [CMYK_PROFILE, None], ids=["profile", "no profile"])
def test_inks_are_converted_before_they_are_averaged(profile: Any) -> None:
    """Noise of inks at a half, where every pixel is converted: as of the picture in RGB.

    Converted after it, the mean is another colour: 27.7 dB with a profile, 29.1 without.
    """
    inks = np.random.default_rng(4).integers(0, 256, (240, 320, 4), np.uint8)
    image = Image.frombytes("CMYK", (320, 240), inks.tobytes())
    options = {"icc_profile": profile} if profile else {}
    data = saved(image, "TIFF", **options)
    whole = by_vips_color(data)[..., :3] if profile else by_pillow(data)[..., :3]
    assert psnr(seen(data, "fm=png&w=160")[..., :3], float_lanczos(whole, (160, 120))) > 50


LINEAR = gray_profile()
LINEAR_GRAYS = {
    "png": with_iccp(saved(GRAY, "PNG"), LINEAR),
    "png 16": with_iccp(by_opencv(".png", GRAY.astype(np.uint16) * 257), LINEAR),
    "tiff": tif(GRAY[..., None], 1, t34675=list(LINEAR)),
    "tiff white is zero": tif(255 - GRAY[..., None], 0, t34675=list(LINEAR)),
}


@pytest.mark.parametrize("data", LINEAR_GRAYS.values(), ids=LINEAR_GRAYS)
def test_a_gray_profile(data: bytes) -> None:
    """Of linear light: sRGB's curve (IEC 61966-2-1) must come out, as its formula has it."""
    light = GRAY / 255
    curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert distance(seen(data), as_rgba(np.rint(255 * curve).astype(np.uint8))) <= 1


@pytest.mark.parametrize("data", [
    saved(GRAY, "JPEG", icc_profile=SWAPPED), saved(GRAY, "PNG", icc_profile=SWAPPED),
    saved(RGB, "PNG", icc_profile=SWAPPED[:300]), saved(RGB, "PNG", icc_profile=CMYK_PROFILE),
    cmyk("JPEG", icc_profile=SWAPPED),
], ids=["gray jpeg", "gray png", "cut short", "for cmyk", "cmyk with one for rgb"])  # fmt: skip
def test_a_profile_of_another_kind_changes_nothing(data: bytes) -> None:
    assert distance(seen(data), by_pillow(data)) <= 2


EDGE = edge()
EDGE_PALETTE = Image.fromarray(EDGE[..., :3]).quantize(2)
#: The palette's index of the green that is to be hidden.
GREEN = int(np.asarray(EDGE_PALETTE)[0, -1])
EDGES: list[tuple[str, bytes]] = [
    ("png", saved(EDGE, "PNG")),
    ("png 16", by_opencv(".png", edge(np.uint16))),
    ("png tRNS", saved(EDGE[..., :3], "PNG", transparency=(0, 255, 0))),
    ("png palette", saved(EDGE_PALETTE, "PNG", transparency=GREEN)),
    ("webp", saved(EDGE, "WEBP", lossless=True, exact=True)),
    ("webp lossy", saved(EDGE, "WEBP", quality=95, exact=True)),
    ("avif", saved(EDGE, "AVIF", quality=95, subsampling="4:4:4")),
    ("gif", saved(EDGE_PALETTE, "GIF", transparency=GREEN)),
    ("bmp V5", bmp(32, bmp_rows(EDGE[..., [2, 1, 0, 3]]), 3, header=124, size=(64, 64),
        masks=(0xFF0000, 0xFF00, 0xFF, 0xFF000000))),
    *[(f"tiff {name} {depth}", tif(pixels.astype(depth), 2, t338=[kind]))
        for depth in ("u1", "u2") for whole in [edge(np.dtype(depth).type)]
        for name, kind, pixels in (("unassociated", 2, whole), ("associated", 1, whole * (whole[..., 3:] > 0)))],
]  # fmt: skip


@pytest.mark.parametrize("query", ["w=23", "w=9", "w=64", "w=31&h=20&fit=crop"])
@pytest.mark.parametrize("data", [e[1] for e in EDGES], ids=[e[0] for e in EDGES])
def test_no_hidden_colour_shows_at_the_edge_of_alpha(data: bytes, query: str) -> None:
    """Composed over black, neither red nor the black has green, and none of the red is missing.

    One step of 255 for a lossy original; eight for the loss of the WebP that is written. A JPEG is
    beside Pillow's of the PNG laid over white: both are libjpeg-turbo, of two releases.
    """
    for format, most in (("png", 1), ("webp", 8)):
        kept = seen(data, f"{query}&fm={format}").astype(int)
        assert {0, 255} <= set(kept[..., 3].flat)
        assert (kept[..., 1] * kept[..., 3] // 255).max() <= most, format
        assert ((255 - kept[..., 0]) * kept[..., 3] // 255).max() <= most, format
    clear = Image.fromarray(seen(data, f"{query}&fm=png"))
    white = Image.new("RGBA", clear.size, "white")
    white.alpha_composite(clear)
    expected = by_pillow(saved(white, "JPEG", "RGB", quality=75))
    assert distance(seen(data, f"{query}&fm=jpg&q=75"), expected) <= 2


# --- What is refused, because no decoder here has it right ----------------------------------------

REFUSED = {
    "icc lab": tif(BYTES[..., :3], 9),
    "lab with alpha": tif(BYTES, 8, t338=[2]),
    "rgb of 4 bits": tif(NOISE[..., :3] >> 12, 2, 4),
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_a_tiff_that_would_be_wrong_is_refused_by_name(data: bytes) -> None:
    answer = ask(data)
    assert (answer.status, b'"unsupported-feature"' in answer.body) == (415, True), answer.body


# --- Pages and frames -----------------------------------------------------------------------------

SHIFTED = [np.roll(RGB, shift, 1) for shift in (0, 9, 18)]
MOVING = [Image.fromarray(pixels) for pixels in SHIFTED]
MOVING_RGBA = [Image.fromarray(np.dstack((pixels, RGBA[..., 3]))) for pixels in SHIFTED]


def moving(format: str, images: list[Image.Image], **options: Any) -> bytes:
    return saved(
        images[0], format, save_all=True, append_images=images[1:], duration=100, **options
    )


def frame_by_pillow(number: int) -> Callable[[bytes], Array]:
    def reference(data: bytes) -> Array:
        with Image.open(io.BytesIO(data)) as image:
            image.seek(number - 1)
            return np.asarray(image.convert("RGBA"))

    return reference


#: As above; a file, and how far its frames may be from Pillow's: as stills of the format.
FRAMES: list[tuple[str, bytes, int]] = [
    ("gif", moving("GIF", LAYERS), 0),
    ("gif transparent", moving("GIF", LAYERS, transparency=2, disposal=2), 0),
    ("png", moving("PNG", MOVING), 0),
    ("png alpha", moving("PNG", MOVING_RGBA, blend=0), 0),
    ("webp", moving("WEBP", MOVING, lossless=True), 0),
    ("webp lossy", moving("WEBP", MOVING, quality=90), 2),
    ("webp alpha", moving("WEBP", MOVING_RGBA, lossless=True), 0),
    ("avif", moving("AVIF", MOVING, quality=90, subsampling="4:4:4"), 3),
    ("tiff", moving("TIFF", MOVING, compression="tiff_lzw"), 0),
    ("tiff big", moving("TIFF", MOVING, big_tiff=True), 0),
]  # fmt: skip


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize(("data", "most"), [f[1:] for f in FRAMES], ids=[f[0] for f in FRAMES])
def test_frames_and_pages(data: bytes, most: int, number: int) -> None:
    assert distance(seen(data, f"fm=png&page={number}"), frame_by_pillow(number)(data)) <= most


@pytest.mark.parametrize("data", [f[1] for f in FRAMES], ids=[f[0] for f in FRAMES])
def test_there_is_no_fourth(data: bytes) -> None:
    answer = ask(data, "page=4")
    assert answer.status == 400
    assert b'"limit": 3' in answer.body


@pytest.mark.parametrize("compression", ["lzw", "deflate", "jpeg"])
@pytest.mark.parametrize("below", [False, True], ids=["as pages", "in SubIFDs"])
def test_pyramids(compression: str, below: bool) -> None:
    """The full picture is the first; levels are pages of their own, or hidden below it."""
    options = {"Q": 92} if compression == "jpeg" else {"predictor": "horizontal"}
    big = np.tile(RGB, (4, 4, 1))
    data = vips(big, ".tif", compression=compression, pyramid=True, subifd=below, tile=True,
                tile_width=32, tile_height=32, **options)  # fmt: skip
    most = 2 if compression == "jpeg" else 0
    assert distance(seen(data), by_vips(data)) <= most
    # The smallest level that is enough, resampled by floats.
    level = pyvips.Image.new_from_buffer(data, "", **({"subifd": 0} if below else {"page": 1}))
    small = seen(data, f"w={level.width // 2}&fm=png")[..., :3]
    assert len(read_facts(BytesOriginal(data), FORMATS).overviews) >= 2
    assert psnr(small, float_lanczos(level.numpy(), small.shape[1::-1])) > 45
    answer = ask(data, "page=2&fm=png")
    if below:
        assert answer.status == 400
    else:
        level = as_rgba(pyvips.Image.new_from_buffer(data, "", page=1).numpy())
        assert distance(seen(data, "fm=png&page=2"), level) <= most


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"], ids=["bare", "with Exif"])
def test_the_exif_of_webp_begins_in_two_ways(prefix: bytes, value: int) -> None:
    """A chunk written by hand; the pixels turned as Pillow turns those of a PNG."""
    block = prefix + exif(value).removeprefix(b"Exif\0\0")
    block += b"\0" * (len(block) % 2)
    still = saved(RGB, "WEBP", lossless=True)
    image = still[12:]
    head = b"VP8X" + struct.pack("<L", 10) + b"\x08\0\0\0" + b"\x2c\0\0" + b"\x1e\0\0"
    body = b"WEBP" + head + image + b"EXIF" + struct.pack("<L", len(block)) + block
    data = b"RIFF" + struct.pack("<L", len(body)) + body
    assert distance(seen(data), by_pillow(turned("PNG", value))) == 0


# --- Profiles that stay, and gray and clear samples with one --------------------------------------


def to_srgb(data: bytes) -> Array:
    """By libvips, through the profile in the file, in 16 bits."""
    image = pyvips.Image.new_from_buffer(data, "")
    image = image.icc_transform("srgb", embedded=True, intent="relative",
                                black_point_compensation=True, depth=16)  # fmt: skip
    return image.numpy()


@pytest.mark.parametrize("format", ["png", "tif"])
@pytest.mark.parametrize("query", ["depth=16", "depth=16&rot=90&flip=h"])
def test_sixteen_bits_mean_the_same_colours(format: str, query: str) -> None:
    """The samples are the original's, and so is what libvips makes of them by the profile."""
    data = with_iccp(by_opencv(".png", DEEP), SWAPPED)
    result = to_srgb(made(data, f"{query}&fm={format}"))
    expected = to_srgb(data)
    if "rot" in query:
        expected = np.rot90(expected[:, ::-1], -1)
    assert np.array_equal(result, expected)


@pytest.mark.parametrize(
    ("format", "most"), [("png", 0), ("tif", 0), ("jpg", 8), ("webp", 8), ("avif", 8)]
)
def test_a_profile_that_is_kept_means_the_same_colours(format: str, most: int) -> None:
    """In the mean, which is what a lossy format leaves of a ramp at q=100."""
    data = saved(RGB, "PNG", icc_profile=SWAPPED)
    kept = made(data, f"keep=icc&fm={format}&q=100")
    with Image.open(io.BytesIO(kept)) as image:
        assert image.info["icc_profile"] == SWAPPED
        to = ImageCms.profileToProfile(
            image.convert("RGB"), io.BytesIO(SWAPPED), ImageCms.createProfile("sRGB")
        )
    assert to is not None
    apart = np.abs(np.asarray(to, int) - seen(data)[..., :3])
    assert apart.mean() <= most / 4
    if not most:
        assert apart.max() == 0


LINEAR_ALPHAS = {
    "8 bits": with_iccp(
        saved(Image.fromarray(np.dstack((GRAY, RGBA[..., 3])), "LA"), "PNG"), LINEAR
    ),
    "16 bits": with_iccp(noise_png(4, 16), LINEAR),
    "8 bits, tRNS": with_iccp(noise_png(0, 8, trns=trns(0, 8)), LINEAR),
    "16 bits, tRNS": with_iccp(noise_png(0, 16, trns=trns(0, 16)), LINEAR),
    "1 bit, tRNS": with_iccp(noise_png(0, 1, trns=trns(0, 1)), LINEAR),
}


@pytest.mark.parametrize("data", LINEAR_ALPHAS.values(), ids=LINEAR_ALPHAS)
def test_a_gray_profile_beside_alpha(data: bytes) -> None:
    """sRGB's curve of what libvips reads. Two steps in the dark, where between 256 points of the steep
    curve it is a straight line that is followed."""
    image = pyvips.Image.new_from_buffer(data, "").numpy()
    most = np.iinfo(image.dtype).max
    light = image[..., 0] / most
    curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    alpha = np.rint(image[..., -1] / most * 255)
    expected = as_rgba(np.dstack((np.rint(255 * curve), alpha)).astype(np.uint8))
    apart = np.abs(seen(data).astype(int) - expected)
    apart[expected[..., 3] == 0, :3] = 0
    assert (apart <= np.where(light[..., None] * 255 < 5, 2, 1)).all()


@pytest.mark.parametrize("bits", [8, 16])
def test_a_clear_colour_beside_a_profile(bits: int) -> None:
    """tRNS names a colour as it is stored, whatever the profile then makes of it."""
    data = noise_png(2, bits, trns=trns(2, bits))
    plain, profiled = seen(data), seen(with_iccp(data, SWAPPED))
    assert np.array_equal(plain[..., 3], profiled[..., 3])
    assert (plain[..., 3] == 0).sum() == 1
    expected = np.dstack((swapped_rgb(plain[..., :3])(data)[..., :3], plain[..., 3]))
    assert distance(profiled, expected) <= 2


# --- Profiles that are broken ---------------------------------------------------------------------

BROKEN = SWAPPED[:300]
WITH_BROKEN: dict[str, bytes] = {
    "jpeg": saved(RGB, "JPEG", icc_profile=BROKEN),
    "jpeg gray": saved(GRAY, "JPEG", icc_profile=BROKEN),
    "jpeg cmyk": cmyk("JPEG", icc_profile=CMYK_PROFILE[:9000]),
    "png": saved(RGB, "PNG", icc_profile=BROKEN),
    "png 16": with_iccp(by_opencv(".png", DEEP), BROKEN),
    "webp": saved(RGB, "WEBP", icc_profile=BROKEN),
    "avif": saved(RGB, "AVIF", icc_profile=BROKEN),
    "bmp V5": bmp(24, bmp_rows(RGB[..., ::-1]), header=124, profile=BROKEN, size=SIZE),
    "tiff": saved(RGB, "TIFF", icc_profile=BROKEN),
    "tiff cmyk": cmyk("TIFF", icc_profile=CMYK_PROFILE[:9000]),
    "tiff float": tif((RGB / 255).astype(np.float32), 2, t34675=list(BROKEN)),
}


@pytest.mark.parametrize("query", ["fm=png", "fm=png&w=20", "fm=jpg&keep=icc", "fm=png&depth=16"])
@pytest.mark.parametrize("data", WITH_BROKEN.values(), ids=WITH_BROKEN)
def test_a_broken_profile_is_a_note(data: bytes, query: str) -> None:
    answer = ask(data, query)
    assert (answer.status, answer.header("image-notes")) == (200, "profile-ignored")
    with Image.open(io.BytesIO(answer.body)) as image:
        assert "icc_profile" not in image.info


TAGGINGS: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "rgb": (SWAPPED, lambda profile: saved(RGB, "PNG", icc_profile=profile)),
    "cmyk": (CMYK_PROFILE, lambda profile: cmyk("TIFF", icc_profile=profile)),
    "gray": (LINEAR, lambda profile: with_iccp(saved(GRAY, "PNG"), profile)),
}


@pytest.mark.parametrize(("profile", "tagged"), TAGGINGS.values(), ids=TAGGINGS)
def test_a_profile_with_noise_in_it_is_never_an_error(
    profile: bytes, tagged: Callable[[bytes], bytes]
) -> None:
    """What LittleCMS makes of it is its own affair, but it is a picture."""
    dice = np.random.default_rng(9)
    for _ in range(60):
        noisy = bytearray(profile)
        for place in dice.integers(0, min(len(noisy), 2000), 4):
            noisy[place] = dice.integers(256)
        assert len(made(tagged(bytes(noisy)), "fm=png&w=20")) > 0
