"""Small files of all kinds to begin with, by Pillow, OpenCV and the tests' own writers; and texts."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import tifffile
from PIL import Image, TiffImagePlugin

import colors
import gifs
import rasters
import tiffs
from files import AvifItem, av1, avif, box, chunk, coded, ispe
from formats import test_heic, test_jp2, test_jxl
from imgmiddleware.pixels.codepoints import CodePoints
from pictures import SRGB, by_opencv, exif, gray_profile, moving, noise, saved, swapped_profile

WIDE, HIGH = 22, 15
SMALL = noise(WIDE, HIGH)
PIXELS = np.asarray(SMALL)
DEEP = PIXELS.astype(np.uint16) * 257
FRAMES = [SMALL, SMALL.rotate(180), SMALL.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
PALETTE = bytes(range(64)) * 16


def _block() -> bytes:
    block = Image.Exif()
    block[0x0112], block[0x013B], block[0x8298] = 6, "Ann", "(c) Ann"
    block[0x010F], block[0x0110] = "Maker", "Model"
    block.get_ifd(0x8769)[0x9003] = "2024:01:02 03:04:05"
    block.get_ifd(0x8769)[0x829A] = TiffImagePlugin.IFDRational(1, 60)
    block.get_ifd(0x8825)[1] = "N"
    return bytes(block.tobytes())


EXIF = _block()


def _png() -> Iterator[bytes]:
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        yield (
            saved(noise(WIDE, HIGH, "L").convert(mode), "PNG")
            if mode == "I;16"
            else saved(SMALL, "PNG", mode, icc_profile=SRGB, exif=EXIF, dpi=(72, 144))
        )
    yield moving(FRAMES, "PNG", duration=[10, 200, 70], loop=3, disposal=1, blend=1)
    yield rasters.png(PIXELS, 2, interlaced=True, more=chunk(b"tRNS", bytes(6)))
    yield colors.colored_png(DEEP, colors.cicp(9, 16), colors.clli(600), colors.mdcv(900))
    yield colors.colored_png(PIXELS, colors.gama(45455), colors.chrm(9))
    yield rasters.png(PIXELS[..., 0] >> 6, 3, bits=2, more=chunk(b"PLTE", PALETTE[:12]))


def _gif() -> Iterator[bytes]:
    table = [(0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255)]
    yield saved(SMALL, "GIF", "P", transparency=3)
    yield moving(FRAMES, "GIF", duration=[10, 200, 70], loop=3, disposal=2)
    rows = [[1, 2, 3], [3, 2, 1]]
    yield gifs.gif(
        (5, 4), table, gifs.loops(2), gifs.control(5, disposal=3, clear=0), gifs.image(rows, left=1),
        gifs.control(9), gifs.image(rows, top=2, surplus=[1, 1]),
    )  # fmt: skip


def _bmp() -> Iterator[bytes]:
    for mode in ("1", "P", "L", "RGB", "RGBA"):
        yield saved(SMALL, "BMP", mode)
    size = (6, 2)
    for bits, kind, codes in (
        (8, 1, b"\4\1\0\3\5\6\7\0\0\0\0\2\1\0\6\2\0\1"),
        (4, 2, b"\6\x12\0\0\0\5\x12\x34\x50\0\1\2\0\1"),
    ):
        yield rasters.bmp(bits, codes, kind, size=size, palette=bytes(1 << bits + 2))
    yield rasters.bmp(24, b"\6\1\2\3\0\0\6\4\5\6\0\1", 4, size=size, header=64)
    yield rasters.bmp(16, bytes(24), 3, size=size, masks=(0xF800, 0x7E0, 0x1F))
    yield rasters.bmp(32, bytes(48), 3, size=size, header=124, masks=(255, 65280, 2**24 - 2**16, 0),
                      profile=SRGB, top_down=True)  # fmt: skip
    yield rasters.bmp(24, bytes(40), size=size, header=12)


def _jpeg() -> Iterator[bytes]:
    for mode in ("L", "RGB", "CMYK"):
        yield saved(SMALL, "JPEG", mode, icc_profile=SRGB, exif=EXIF, dpi=(72, 144))
    yield saved(SMALL, "JPEG", progressive=True, subsampling="4:4:4")
    yield saved(SMALL, "JPEG", restart_marker_blocks=1)
    yield saved(SMALL, "JPEG")[:-9]


def _webp() -> Iterator[bytes]:
    yield saved(SMALL, "WEBP")
    yield saved(SMALL, "WEBP", "RGBA", lossless=True, icc_profile=SRGB, exif=EXIF)
    yield saved(noise(WIDE, HIGH, "RGBA"), "WEBP")
    yield moving(FRAMES, "WEBP", duration=[10, 200, 70], loop=3)
    yield moving(FRAMES, "WEBP", "RGBA", lossless=True)


def _avif() -> Iterator[bytes]:
    for mode in ("L", "RGB", "RGBA"):
        yield saved(noise(WIDE, HIGH, mode), "AVIF", icc_profile=SRGB, exif=EXIF, speed=10)
    yield moving(FRAMES, "AVIF", speed=10, duration=[10, 200, 70])
    yield moving([frame.convert("RGBA") for frame in FRAMES], "AVIF", speed=10)
    yield colors.colored_avif(DEEP >> 6, 9, 16)
    yield by_opencv(".avif", DEEP >> 4, cv2.IMWRITE_AVIF_DEPTH, 12)
    tiles = [coded(16, 16), coded(16, 16)]
    data = struct.pack(">BBBBHH", 0, 0, 0, 1, 30, 15)
    grid = AvifItem(data, (ispe(30, 15),), b"grid", ((b"dimg", (2, 3)),), in_idat=True)
    yield avif([grid, *tiles])
    yield avif([coded(16, 16, box(b"irot", b"\1"), box(b"imir", b"\0"))])
    yield avif([coded(16, 16, box(b"clap", struct.pack(">8L", 9, 1, 8, 1, 0, 1, 0, 1)))])


def _heic() -> Iterator[bytes]:
    for chroma in range(4):
        yield test_heic.heic(test_heic.coded(WIDE, HIGH, chroma=chroma, layers=chroma))
    yield test_heic.heic(test_heic.coded(WIDE, HIGH, test_heic.clap(9, 8), bits=10))
    tiles = [test_heic.coded(64, 64)] * 2
    yield test_heic.heic(test_heic.grid(1, 2, 90, 64, 2, 3), *tiles)
    colored = AvifItem(
        test_heic.sliced(),
        (ispe(WIDE, HIGH), test_heic.config(test_heic.sequence(WIDE, HIGH, chroma=0)), test_heic.ALPHA),
        b"hvc1",
        references=((b"auxl", (1,)),),
    )  # fmt: skip
    yield test_heic.heic(test_heic.coded(WIDE, HIGH), colored)


def _jxl() -> Iterator[bytes]:
    yield test_jxl.jxl()
    for extra in (
        test_jxl.PREVIEW,
        test_jxl.PREVIEW_IN_EIGHTHS,
        test_jxl.ANIMATION,
        test_jxl.INTRINSIC,
    ):
        yield test_jxl.jxl(orientation=6, extra=extra, channels=("1",), space=1)
    kinds = (test_jxl.channel(2, 3), test_jxl.channel(5), test_jxl.channel(0))
    yield test_jxl.jxl(channels=kinds)
    bare = test_jxl.jxl()
    yield test_jxl.boxed(box(b"Exif", bytes(4), EXIF[6:]), box(b"jxlc", bare))
    parts = box(b"jxlp", bytes(4), bare[:6]), box(b"jxlp", b"\x80\0\0\1", bare[6:])
    yield test_jxl.boxed(*parts)


def _jp2() -> Iterator[bytes]:
    yield test_jp2.siz()
    yield test_jp2.jp2(test_jp2.siz())
    yield test_jp2.jp2(test_jp2.siz(), color=b"\2\0\0" + SRGB)
    for mode in ("L", "RGBA"):
        yield saved(SMALL, "JPEG2000", mode)


def _tiff() -> Iterator[bytes]:
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "LAB", "YCbCr"):
        yield saved(SMALL, "TIFF", mode)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "zstd", "lzma"):
        yield saved(SMALL, "TIFF", compression=compression, icc_profile=SRGB)
    yield saved(SMALL, "TIFF", exif=EXIF)
    yield saved(SMALL, "TIFF", "1", compression="group4")
    yield saved(SMALL, "TIFF", big_tiff=True)
    yield moving(FRAMES, "TIFF")
    yield by_opencv(".tiff", DEEP)
    yield by_opencv(".tiff", (PIXELS / 255).astype(np.float32))
    for order in "<>":
        yield rasters.tif(PIXELS, 2, order=order, high=16, wide=16, compression=8, predictor=2)
        yield rasters.tif(DEEP, 2, order=order, high=4, planar=True)
        yield rasters.tif(PIXELS[..., 0], 3, order=order, t320=[*range(256)] * 3)
    yield rasters.tif(PIXELS, 6, t530=[1, 1], t532=[0, 1, 255, 1, 128, 1, 255, 1, 128, 1, 255, 1])
    yield rasters.tif(DEEP, 2, t339=[2, 2, 2])
    yield rasters.tif(PIXELS[..., 0], 1, t254=[1], t266=[2], t274=[6])
    levels = [np.asarray(SMALL.resize(size)) for size in ((60, 40), (30, 20), (15, 10))]
    for below in (False, True):
        yield tiffs.coded_tiff(
            levels, lambda part: saved(part, "JPEG"), 7, 6, tile=(16, 32), below=below
        )
    yield _masked()


def _masked() -> bytes:
    """With a page that says which pixels there are."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        how: Any = {"tile": (16, 32), "compression": "deflate", "metadata": None}
        writer.write(PIXELS, photometric="rgb", **how)
        writer.write(PIXELS[..., 0] > 99, photometric="mask", subfiletype=4, **how)
    return file.getvalue()


def _av1(mode: str) -> Iterator[bytes]:
    """The data of an item, and what its configuration has behind its own four bytes."""
    data, config = av1(WIDE, HIGH, mode)
    yield from (data, config[12:])
    file = by_opencv(".avif", DEEP >> 6, cv2.IMWRITE_AVIF_DEPTH, 10)
    yield file[file.index(b"mdat") + 4 :]


def _worker() -> Iterator[bytes]:
    """By the letters of its messages: a result, a refusal, a fault, a question."""
    told = {
        "type": "image/png",
        "notes": ["clipped=3"],
        "remarks": [],
        "steps": [["decode", 0, 1]],
        "held": [1, 2],
    }
    head = json.dumps(told).encode()
    yield b"r" + len(head).to_bytes(4) + head + b"body"
    yield b'e["damaged-original", "it is cut short", {"parameter": "w"}]'
    yield b"fTraceback"
    yield b"a[0, 0, 5]"
    yield b"a[Infinity, NaN, 1e99]"


def _hevc() -> Iterator[bytes]:
    for chroma in range(4):
        sets = test_heic.sequence(WIDE, HIGH, chroma, layers=2 * chroma, window=(0, 2, 0, 1))
        yield test_heic.config(test_heic.VIDEO, sets, test_heic.PICTURE)[8:]
        yield struct.pack(">L", len(sets)) + sets + test_heic.sliced()


FILES = {
    "png": _png, "gif": _gif, "bmp": _bmp, "jpeg": _jpeg, "webp": _webp, "avif": _avif, "heic": _heic,
    "jxl": _jxl, "jp2": _jp2, "tiff": _tiff,
}  # fmt: skip

TEXTS: dict[str, tuple[str, ...]] = {
    "stored": ('["key", "image/png", ["a"], 7]', '["a", "image/png", [], 7]', '[["a"], 7, "b", {}]', "bytes 0-99/1234"),
    "query": (
        "w=300&h=0.5&fit=crop&crop=faces,top&fp-x=0.5&fp-y=1&fp-z=2", "rect=1,2,30,full&trim=auto&rot=45.5&flip=hv",
        "bg=fff&pad=9&border=3,red&mask=corners&corner-radius=1,2,3,4", "fm=webp&q=60&lossless=1&chromasub=444",
        "mark=logo&mark-w=0.2&mark-align=top,left&mark-blend=screen&mark-tile=grid", "auto=format,compress&dpr=2&w=9",
        "redact=1,2,3,4;0.1,0.2,0.3,0.4&redact-style=pixelate", "range=2%,98%&colormap=viridis&band=3,2,1",
        "exp=10&gam=-5&bri=3&con=4&vib=1&sat=2&high=-9&shad=8&sharp=7&usm=3&usmrad=2.5&hue=30.25&invert=1",
        "duotone=f00,navy&duotone-alpha=20&monochrome=80FF0000&sepia=10&mono=gray&blur=9&px=4&nr=2",
        "ar=16:9&w=100&fit=fill&fill=blur&fill-color=ccc", "palette=json&colors=6", "fm=blurhash", "fm=json&keep=icc,exif",
        "anim=true&frame=2", "page=3&orient=90", "preset=thumb&v=1&dl=a%20b.png&ixlib=js", "w64=MzAw&bg64=ZmZm",
        "s=AAAAAAAAAAAAAAAAAAAAAA&expires=1999999999&sw=320.640&w=320", "max_bytes=20000&depth=16&colorquant=16&linear=1",
        "w=100\n640", "upscale=1&w=2\n1.5", "prefix=ab&palette=css&txt=%C3%A9+x",
    ),
    "paths": (
        "/image/cat.jpg", "/image/7", "a/b/full/max/0/default.jpg", "a/square/^!300,200/!90/gray.png",
        "a/pct:10,20,30.5,40/pct:50/22.5/bitonal.webp", "a/1,2,300,400/^pct:120.5/360/color.tif", "a/0,0,9,9/,5/0/default.gif",
        "a/full/full/0/default.jpg", "a/info.json", "a.dzi", "a_files/9/1_2.jpg", "a/3/2/1.png", "2024/12/24/31.jpg",
        "s~AAAAAAAAAAAAAAAAAAAAAA.1999999999/a/info.json", "a/512,0,512,512/256,/0/default.jpg", "\u00e9/\u00fc.dzi",
    ),
    "signatures": (
        "w=320&s=AAAAAAAAAAAAAAAAAAAAAA&expires=1999999999&sw=320.640", "1999999999", "a=%20b&a=c+d&%C3%A9=1",
        "0123456789abcdef0123456789abcdef", "AAAAAAAAAAAAAAAAAAAAAA", "w=1&&=2&a",
    ),
    "headers": (
        "bytes=0-9", "bytes=-5", "bytes=9-", "bytes=0-1, 3-4", 'W/"abc-1", "x"', '"abc-1-gzip"', "*",
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Fri, 31 Dec 9999 23:59:60 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Sat, 29 Feb 2020 23:59:60 GMT",
        "image/avif,image/webp;q=0.8,*/*;q=0.1", 'a/b;profile="http://a";q=0.5', "640", "1.5;a=b, 2.0", "on",
        "images.example:8000", "[::1]:80", "https://a.example", "a/b\\c:d*e?.png", "\u00e9.jpeg", ".hidden. ",
    ),
}  # fmt: skip


def of(name: str) -> list[bytes]:
    """The seeds of a target."""
    if name == "exif":
        return [EXIF[6:], exif(6)[6:], exif(3)[6:], *FILES["tiff"]()]
    if name == "icc":
        return [SRGB, swapped_profile(), gray_profile(2.2), colors_profile()]
    if name == "names":
        return [data for make in FILES.values() for data in [*make()][:2]]
    if name == "av1":
        return [part for mode in ("L", "RGB") for part in _av1(mode)]
    if name == "worker":
        return [*_worker()]
    if name == "hevc":
        return [*_hevc()]
    if name in FILES:
        return [*FILES[name]()]
    return [text.encode() for text in TEXTS[name]]


def colors_profile() -> bytes:
    """One of parametric curves and a name in several languages, as the package itself writes them."""
    return CodePoints(12, 13).profile()
