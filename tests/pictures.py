"""Small originals of known pixels, made by Pillow: a library other than the one under test."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageCms

#: The colours of the four quadrants of `quadrants`, clockwise from the top left, as RGB.
RED, GREEN, BLUE, YELLOW = (230, 20, 20), (20, 200, 30), (30, 40, 220), (240, 220, 20)


def quadrants(width: int = 64, height: int = 48) -> np.ndarray[Any, Any]:
    """RGB, uint8: red, green / yellow, blue. Tells every orientation and every crop apart."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = RED
    pixels[: height // 2, width // 2 :] = GREEN
    pixels[height // 2 :, width // 2 :] = BLUE
    pixels[height // 2 :, : width // 2] = YELLOW
    return pixels


def noise(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    """The same random pixels every time."""
    samples = np.random.default_rng(7).integers(0, 256, (height, width, 4), np.uint8)
    return Image.fromarray(samples, "RGBA" if mode == "RGBA" else None).convert(mode)


def saved(picture: Any, format: str, mode: str | None = None, **options: Any) -> bytes:
    """The file that Pillow writes of these pixels (RGB, RGBA or gray), or of its own image."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    file = io.BytesIO()
    (image.convert(mode) if mode else image).save(file, format, **options)
    return file.getvalue()


def moving(
    images: list[Image.Image], format: str, mode: str | None = None, **options: Any
) -> bytes:
    """The file of several: an animation, or pages."""
    first, *more = [image.convert(mode) if mode else image for image in images]
    return saved(first, format, save_all=True, append_images=more, **options)


def by_opencv(suffix: str, pixels: Any, *options: int) -> bytes:
    """The file that OpenCV writes of these pixels (RGB, RGBA or gray, of any depth)."""
    blue_first = pixels[..., [2, 1, 0, 3][: pixels.shape[2]]] if pixels.ndim == 3 else pixels
    done, data = cv2.imencode(suffix, blue_first, options)
    assert done
    return bytes(data.tobytes())


def read_by_opencv(data: Any, flag: int = cv2.IMREAD_UNCHANGED) -> Any:
    """The pixels that OpenCV decodes, blue first; None where it refuses."""
    return cv2.imdecode(np.frombuffer(data, np.uint8), flag)


def exif(orientation: int) -> bytes:
    """A block that tells how to turn the picture, as JPEG has it."""
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


def opened(data: bytes) -> Image.Image:
    """The picture in an answer, as Pillow sees it."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def pixels_of(data: bytes, mode: str = "RGB") -> np.ndarray[Any, Any]:
    return np.asarray(opened(data).convert(mode))


def corners(pixels: np.ndarray[Any, Any]) -> list[tuple[int, ...]]:
    """A pixel well inside of each quadrant, clockwise from the top left."""
    height, width = pixels.shape[:2]
    y, x = height // 4, width // 4
    places = [(y, x), (y, width - 1 - x), (height - 1 - y, width - 1 - x), (height - 1 - y, x)]
    return [tuple(int(v) for v in pixels[place]) for place in places]


def close(one: Any, other: Any, most: int = 6) -> bool:
    """Whether no sample differs by more than `most`, the loss that a format may cost."""
    return bool(np.abs(np.asarray(one, int) - np.asarray(other, int)).max() <= most)


def psnr(one: Any, other: Any) -> float:
    """Peak signal to noise in dB, of samples from 0 to 255."""
    error = np.mean((np.asarray(one, np.float64) - np.asarray(other, np.float64)) ** 2)
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def float_lanczos(pixels: Any, size: tuple[int, int]) -> Any:
    """The reference: Pillow's Lanczos in 32-bit float, channel by channel."""
    channels = [
        np.asarray(Image.fromarray(c.astype(np.float32)).resize(size, Image.Resampling.LANCZOS))
        for c in np.moveaxis(np.atleast_3d(pixels), 2, 0)
    ]
    most = 1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
    return np.clip(np.dstack(channels), 0, most).reshape(size[1], size[0], *pixels.shape[2:])


def photo_like(width: int, height: int, channels: int = 3) -> Any:
    """Noise with a photograph's spectrum: its amplitude falls with the frequency."""
    random = np.random.default_rng(5)
    y, x = np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None]
    fall = 1 / np.maximum(np.hypot(x, y), 1 / max(width, height)) ** 1.2
    planes = []
    for _ in range(channels):
        spectrum = fall * np.exp(2j * np.pi * random.random((height, width)))
        plane = np.fft.ifft2(spectrum).real
        planes.append(128 + 40 * plane / plane.std())
    return np.clip(np.dstack(planes), 0, 255).astype(np.uint8)


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile() -> bytes:
    """The sRGB profile with the primaries of red and green exchanged: honoured, red is green."""
    data = bytearray(SRGB)
    count = int.from_bytes(data[128:132], "big")
    entries = {bytes(data[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(count)}
    for red, green in ((b"rXYZ", b"gXYZ"), (b"rTRC", b"gTRC")):
        r, g = entries[red], entries[green]
        data[r : r + 4], data[g : g + 4] = green, red
    return bytes(data)


def gray_profile(gamma: float) -> bytes:
    """A gray ICC profile (version 2) of one gamma, D50 white: header, three tags, by the standard."""
    white = b"XYZ \0\0\0\0" + b"".join(
        round(v * 65536).to_bytes(4, "big") for v in (0.9642, 1.0, 0.8249)
    )
    curve = (
        b"curv\0\0\0\0" + (1).to_bytes(4, "big") + round(gamma * 256).to_bytes(2, "big") + b"\0\0"
    )
    text = b"desc\0\0\0\0" + (2).to_bytes(4, "big") + b"g\0" + b"\0" * 79
    text += b"\0" * (-len(text) % 4)
    tags, body, offset = [], b"", 128 + 4 + 3 * 12
    for name, data in ((b"desc", text), (b"wtpt", white), (b"kTRC", curve)):
        tags.append(name + offset.to_bytes(4, "big") + len(data).to_bytes(4, "big"))
        body += data
        offset += len(data)
    header = bytearray(128)
    header[8:12] = b"\x02\x40\0\0"
    header[12:24] = b"mntrGRAYXYZ "
    header[36:40] = b"acsp"
    header[68:80] = white[8:]
    header[:4] = offset.to_bytes(4, "big")
    return bytes(header) + (3).to_bytes(4, "big") + b"".join(tags) + body
