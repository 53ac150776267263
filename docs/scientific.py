"""The pictures of docs/scientific.md: three originals by formula, each shown in two ways.

python docs/scientific.py [docs/scientific.jpg]
"""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image

from imgmiddleware import ImageRequest, ImageService

Array = np.ndarray[Any, Any]
WIDTH, HEIGHT = 400, 240
Y, X = np.mgrid[:HEIGHT, :WIDTH] / HEIGHT
NO_DATA = (42113, 2, 6, "-9999", True)


def terrain(rough: int) -> Array:
    """Waves of ever smaller size and height: from -1 to 1 or so."""
    dice = np.random.default_rng(rough)
    waves = np.zeros((HEIGHT, WIDTH))
    for octave in range(6):
        for _ in range(4):
            angle, phase = dice.uniform(0, 2 * np.pi, 2)
            far = (X * np.cos(angle) + Y * np.sin(angle)) * 2**octave * 5
            waves += np.sin(far + phase) / 2**octave / 4
    return waves


def elevations() -> bytes:
    """int16 metres of an island in a sea of which there is no data."""
    far = np.hypot(X - 0.85, (Y - 0.5) * 1.3)
    metres = (0.75 - far) * 2400 + terrain(5) * 700
    return written(np.where(metres > 0, metres, -9999).astype(np.int16), extratags=[NO_DATA])


def cells() -> bytes:
    """12 bits in uint16, which nothing in the file says: some hundred photons, and their noise."""
    dice = np.random.default_rng(3)
    light = np.full((HEIGHT, WIDTH), 60.0)
    for x, y, size in dice.uniform((0, 0, 0.01), (1.7, 1, 0.05), (60, 3)):
        away = np.hypot(X - x, Y - y) / size
        light += 2200 * np.exp(-(away**4)) + 500 * np.exp(-((away - 1.1) ** 2) * 20)
    return written(np.clip(dice.poisson(light), 0, 4095).astype(np.uint16))


def bands() -> bytes:
    """Six bands of reflectance times 10,000: blue, green, red, near and two short-wave infrared."""
    land, wet = terrain(8), terrain(12)
    kinds = {
        "water": ([600, 500, 300, 120, 60, 40], wet < -0.25),
        "forest": ([250, 450, 280, 3200, 1500, 700], (wet >= -0.25) & (land > 0.1)),
        "soil": ([900, 1300, 1800, 2500, 3100, 2800], (wet >= -0.25) & (land <= 0.1)),
    }
    layers = np.zeros((6, HEIGHT, WIDTH))
    for spectrum, where in kinds.values():
        layers[:, where] = np.array(spectrum)[:, None] * (1 + 0.25 * land[where])
    return written(layers.astype(np.uint16), planarconfig="separate")


def written(pixels: Array, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, photometric="minisblack", **options)
    return file.getvalue()


#: Each with the two queries that are shown side by side.
SHOWN = (
    (elevations, "bg=8ab", "range=0,2200&colormap=turbo&bg=8ab"),
    (cells, "", "range=auto&colormap=magma"),
    (bands, "band=3,2,1&range=0,2500", "band=4,3,2&range=2%,98%"),
)


def main(target: str) -> None:
    sheet = Image.new("RGB", (2 * WIDTH + 8, len(SHOWN) * (HEIGHT + 8) - 8), "white")
    for row, (original, *queries) in enumerate(SHOWN):
        data = original()
        service = ImageService(lambda id, data=data: data)
        for column, query in enumerate(queries):
            answer = service.handle(ImageRequest("GET", "/image/a", f"fm=png&{query}".rstrip("&")))
            if answer is None or answer.status != 200:
                raise SystemExit(f"{query} is refused")
            picture = Image.open(io.BytesIO(answer.read())).convert("RGB")
            sheet.paste(picture, (column * (WIDTH + 8), row * (HEIGHT + 8)))
    sheet.save(target, quality=85)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).with_suffix(".jpg")))
