"""The demo's originals: one of each kind that browsers show badly or not at all, drawn by formulas.

All pixels here are red, green, blue; OpenCV's encoders are given them reversed.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from imgmiddleware.cli.landscape import DAY, NIGHT, Color, draw_landscape, samples

#: Pixels of the outermost ring: a tenth of the size must show it as plain gray.
_FINEST = 12

_EXIF_ORIENTATION = 0x0112


def draw_originals(directory: str) -> None:
    """Write the files. Raises `OSError` where there is no room for them (60 MB)."""
    with ThreadPoolExecutor() as threads:
        drawn = [threads.submit(draw, directory) for draw in (_day, _night, _turned, _others)]
        for each in drawn:
            each.result()


def _day(directory: str) -> None:
    _save(directory, "hills.bmp", ".bmp", draw_landscape(4200, 2600, DAY))


def _night(directory: str) -> None:
    _save(directory, "panorama.jpg", ".jpg", draw_landscape(7200, 1800, NIGHT))


def _turned(directory: str) -> None:
    chart = Image.fromarray(np.rot90(_chart(3200, 2400)))
    exif = Image.Exif()
    exif[_EXIF_ORIENTATION] = 6  # stored turned to the left: to be shown turned to the right
    chart.save(os.path.join(directory, "turned by EXIF.jpg"), quality=92, exif=exif)


def _others(directory: str) -> None:
    _save(directory, "silk 16 bit.tiff", ".tiff", _silk(3000, 2000))
    Image.fromarray(_discs(1600, 1200)).save(
        os.path.join(directory, "translucent.png"), compress_level=1
    )


def _save(directory: str, name: str, suffix: str, rgb: npt.NDArray[Any]) -> None:
    done, data = cv2.imencode(suffix, rgb[..., ::-1])
    if not done:
        raise RuntimeError(f"the {suffix} encoder refused {rgb.shape} {rgb.dtype} pixels")
    with open(os.path.join(directory, name), "wb") as file:
        file.write(data.tobytes())


def _silk(width: int, height: int) -> npt.NDArray[np.uint16]:
    """Folds of colour without any step: 16 bits a sample, which 8 bits would show as bands."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) * np.float32(5 / height)
    for turn in (1.0, 1.7, 2.3):
        x, y = x + np.sin(y * turn + 0.4), y + np.cos(x * turn - 1.1)
    fold = np.sin(x + 0.6 * y)
    phases = (0.0, 1.1, 2.4)
    channels = [0.52 + 0.46 * np.cos(1.6 * x + 2.2 * fold + phase) for phase in phases]
    return np.asarray(np.dstack(channels) * 65_535, np.uint16)


def _chart(width: int, height: int) -> npt.NDArray[np.uint8]:
    """Rings that get finer outwards, an arrow up, and a name in each corner."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    squared = (x - width / 2) ** 2 + (y - height * 0.58) ** 2
    radius = height * 0.34
    rings = 127.5 + 120 * np.cos(squared * np.float32(np.pi / (_FINEST * radius)))
    gray = np.where(squared < radius**2, rings, 244).astype(np.uint8)
    image = Image.fromarray(gray).convert("RGB")
    draw = ImageDraw.Draw(image)
    middle, unit = width // 2, height // 26
    arrow = [(-2, 5), (0, 1), (2, 5), (0.8, 5), (0.8, 6), (-0.8, 6), (-0.8, 5)]
    draw.polygon([(middle + a * unit, b * unit) for a, b in arrow], fill=(200, 62, 44))
    font = ImageFont.load_default(size=unit * 1.5)
    draw.text((middle + 3.5 * unit, unit * 3.5), "UP", (200, 62, 44), font, anchor="mm")
    corners: dict[tuple[int, int], tuple[str, Color]] = {
        (0, 0): ("top left", (210, 70, 60)),
        (1, 0): ("top right", (40, 130, 90)),
        (0, 1): ("bottom left", (45, 95, 180)),
        (1, 1): ("bottom right", (205, 150, 30)),
    }
    for (right, bottom), (name, color) in corners.items():
        left, top = right * (width - 7 * unit), bottom * (height - 3 * unit)
        draw.rectangle((left, top, left + 7 * unit, top + 3 * unit), color)
        center = (left + 3.5 * unit, top + 1.5 * unit)
        draw.text(center, name, "white", ImageFont.load_default(size=unit), anchor="mm")
    return np.asarray(image)


def _discs(width: int, height: int) -> npt.NDArray[np.uint8]:
    """Three soft discs one sees through, on a shadow, on nothing."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / np.float32(height)
    middle = width / height / 2
    color = np.zeros((height, width, 3), np.float32)
    alpha = np.zeros((height, width, 1), np.float32)
    discs = [(middle - 0.2, 0.58, (240, 82, 72)), (middle + 0.2, 0.58, (52, 148, 230))]
    for left, top, tint in [*discs, (middle, 0.32, (250, 190, 50))]:
        shadow = _soft(np.hypot(x - left - 0.02, y - top - 0.04), 0.27, 0.1) * 0.35
        color, alpha = _over(np.zeros(3, np.float32), shadow, color, alpha)
        disc = _soft(np.hypot(x - left, y - top), 0.26, 0.012) * 0.78
        light = np.clip(1 - np.hypot(x - left + 0.09, y - top + 0.1) / 0.26, 0, 1)[..., None]
        shade = samples(tint) + (255 - samples(tint)) * 0.6 * light
        color, alpha = _over(shade, disc, color, alpha)
    return np.dstack((color, alpha * 255)).astype(np.uint8)


def _soft(distance: npt.NDArray[np.float32], radius: float, edge: float) -> Any:
    """1 within the radius, 0 beyond it, and a smooth step as wide as the edge between."""
    step = np.clip((radius - distance) / edge + 0.5, 0, 1)
    return (step * step * (3 - 2 * step))[..., None]


def _over(color: Any, alpha: Any, under: Any, under_alpha: Any) -> tuple[Any, Any]:
    """Porter and Duff's "over", of colours that are not premultiplied."""
    result = alpha + under_alpha * (1 - alpha)
    mixed = color * alpha + under * under_alpha * (1 - alpha)
    return mixed / np.maximum(result, 1e-6), result
