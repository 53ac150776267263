"""Every operation on one photo, on one sheet: to be looked at.

python -m benchmarks.contact_sheet sheet.png
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from textwrap import wrap
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from skimage.data import astronaut

from benchmarks.photos import photo
from imgmiddleware import ImageRequest, ImageService, OwnOperation
from imgmiddleware.forms import whole
from imgmiddleware.subjects.kinds import KINDS

#: What is shown of the photo; each gets `fm=png` unless it names a format. `w=260` fits the cell.
PHOTO = (
    "w=260", "w=260&h=180&fit=crop", "w=260&h=180&fit=crop&crop=top,left",
    "w=260&h=180&fit=crop&crop=bottom,right",
    "w=180&h=180&fit=crop&crop=focalpoint&fp-x=0.8&fp-z=2",
    "w=180&h=180&fit=min", "w=180&ar=1:1&fit=crop",
    "w=260&h=180&fit=scale", "w=260&h=180&fit=fill&bg=ffa500", "w=260&h=180&fit=clamp",
    "rect=0.3,0.3,0.3,0.3&w=260", "rect=right,bottom,0.4,0.4&w=260", "w=0.1", "w=130&dpr=2",
    "w=260&flip=h", "w=260&flip=v", "w=260&flip=hv", "w=110&orient=90", "w=260&orient=2",
    "w=260&rot=180", "w=200&rot=15", "w=160&rot=45&bg=204060", "w=200&rot=15&bg=0fff",
    "w=260&blur=20", "w=260&blur=200", "w=260&sharp=50", "w=260&sharp=100",
    "w=230&pad=15&bg=80c0ff", "w=260&fm=gif", "w=260&fm=jpg&q=5", "w=260&fm=jpg&q=auto",
    "w=260&fm=jpg&max_bytes=4000",
    "w=260&mask=ellipse", "w=260&mask=ellipse&fm=jpg&bg=204060",
    "w=260&mask=ellipse&mask-bg=8020c080",
    "w=260&mask=corners&corner-radius=30", "w=260&mask=corners&corner-radius=60,0,20,0",
    "w=260&border=8,ffa500", "w=260&border=10,80ffffff&border-radius=30",
    "w=260&h=180&fit=fill&fill=blur", "w=100&h=180&fit=fill&fill=blur",
    "w=260&h=180&fit=fill&fill-color=204060", "w=260&exp=40", "w=260&gam=-30", "w=260&bri=25",
    "w=260&con=60", "w=260&high=-100", "w=260&shad=100", "w=260&invert=1", "w=260&vib=100",
    "w=260&sat=60", "w=260&sat=-100", "w=260&hue=90", "w=260&sepia=100",
    "w=260&duotone=000080,fa8072", "w=260&duotone=000080,fa8072&duotone-alpha=40",
    "w=260&monochrome=4a8", "w=260&monochrome=8044aa88", "w=260&nr=60", "w=260&usm=100",
    "w=260&usm=-100", "w=260&px=12", "w=260&edges=40,120", "w=260&redact=0.3,0.3,0.3,0.3",
    "w=260&redact=0.1,0.2,0.6,0.6&redact-style=pixelate",
    "w=260&mark=logo", "w=260&mark=logo&mark-scale=50&mark-align=center&mark-alpha=60",
    "w=260&mark=logo&mark-w=60&mark-align=top,left&mark-rot=30&mark-pad=12",
    "w=260&mark=logo&mark-w=50&mark-tile=grid&mark-pad=14&mark-alpha=40",
    "w=260&mark=/clear&mark-scale=100&mark-align=center&mark-blend=multiply",
    "w=260&mark=/clear&mark-scale=100&mark-align=center&mark-blend=screen",
)  # fmt: skip
#: Of an animation, of pages, and of pictures that show what a photo does not.
OTHERS = (
    ("frames", "frame=1&w=260"), ("frames", "frame=3&w=260"),
    ("frames", "anim=1&w=260&fm=webp"), ("frames", "anim=1&w=260&fm=webp&lossless=1"),
    ("pages", "page=2&w=260"),
    ("bordered", "w=260"), ("bordered", "w=260&trim=auto"), ("bordered", "w=260&trim=ffffff"),
    ("dull", "w=240"), ("dull", "w=240&auto=enhance"),
    ("lines", "w=240"), ("lines", "w=240&linear=1"), ("clear", "w=240"), ("clear", "w=240&bg=ff8"),
    ("clear", "w=240&fm=jpg"), ("clear", "w=240&fm=gif"),
    *(("person", f"w=240&h=80&fit=crop&crop={kind}") for kind in ("center", *KINDS)),
    ("person", "w=80&h=200&fit=crop&crop=faces"), ("person", "w=120&h=120&fit=facearea"),
    ("person", "w=240&h=150&fit=facearea&facepad=2"),
    ("deep", "w=240"), ("deep", "w=240&depth=16"), ("small", "w=240"), ("small", "w=240&enlarge=1"),
)  # fmt: skip

_CELL, _LABEL, _LETTERS, _COLUMNS = (280, 230), 30, 44, 6


def edges(pixels: Any, low: int, high: int) -> Any:
    """An application's own operation."""
    return cv2.Canny(pixels, low, high)


def _file(format: str, images: list[Image.Image], **options: Any) -> bytes:
    file = io.BytesIO()
    images[0].save(file, format, save_all=True, append_images=images[1:], **options)
    return file.getvalue()


def logo() -> Any:
    """A white ring and a bar with soft edges, on nothing; blue first."""
    y, x = np.mgrid[0:80, 0:160]
    ring = np.clip(9 - np.abs(np.hypot(x - 40, y - 40) - 28), 0, 1)
    bar = np.clip(np.minimum(x - 76, 152 - x), 0, 1) * np.clip(14 - np.abs(y - 40), 0, 1)
    alpha = np.maximum(ring, bar)[..., None] * 255
    return np.dstack((np.full((80, 160, 3), 255), alpha)).astype(np.uint8)


def originals() -> dict[str, Any]:
    """What is shown, by name: files, and arrays with blue first."""
    pixels = photo(1600, 900)[1]
    small = cv2.resize(pixels, (520, 292), interpolation=cv2.INTER_AREA)
    frames = [Image.fromarray(np.roll(small[..., ::-1], 130 * i, 1)) for i in range(4)]
    bordered = cv2.copyMakeBorder(small, 60, 30, 90, 40, cv2.BORDER_CONSTANT, value=(255,) * 3)
    # Black and white, a pixel each, above gray of half the samples and of half the light.
    lines = np.full((360, 480), 128, np.uint8)
    lines[:120] = np.arange(480) % 2 * 255
    lines[240:] = 188
    y, x = np.mgrid[0:320, 0:480]
    alpha = np.clip((150 - np.hypot(x - 240, y - 160)) * 255 / 60, 0, 255).astype(np.uint8)
    clear = np.dstack((cv2.resize(pixels, (480, 320)), alpha))
    ramp = np.linspace(20000, 24000, 480)[None].repeat(320, 0).astype(np.uint16)
    return {
        "photo": cv2.imencode(".png", pixels)[1].tobytes(),
        "frames": _file("GIF", frames),
        "pages": _file("TIFF", [frames[0], frames[1].convert("L")]),
        "person": astronaut()[..., ::-1],
        "bordered": bordered,
        "dull": (small * 0.55 + 60).astype(np.uint8),
        "lines": lines,
        "clear": clear,
        "deep": cv2.imencode(".png", ramp)[1].tobytes(),
        "small": cv2.resize(pixels, (60, 34), interpolation=cv2.INTER_AREA),
    }


def shown(body: bytes) -> Image.Image:
    """The first frame, and 16 bits as the darkest and brightest of theirs."""
    image = Image.open(io.BytesIO(body))
    if image.mode.startswith("I"):
        wide = np.asarray(image, np.float32)
        wide = (wide - wide.min()) / max(1, np.ptp(wide)) * 255
        image = Image.fromarray(wide.astype(np.uint8))
    return image.convert("RGBA")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    draw(parser.parse_args().out)


def draw(out: str) -> None:
    """Write the sheet, in the format of the file's suffix."""
    cells = [*pictures()]
    rows = -(-len(cells) // _COLUMNS)
    sheet = Image.new("RGB", (_CELL[0] * _COLUMNS, _CELL[1] * rows), (210, 210, 210))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default()
    for number, (name, query, picture) in enumerate(cells):
        left, top = number % _COLUMNS * _CELL[0], number // _COLUMNS * _CELL[1]
        room = _CELL[1] - _LABEL - picture.height
        place = (left + (_CELL[0] - picture.width) // 2, top + max(0, room // 2))
        sheet.paste(picture, place, picture)
        label = "\n".join(wrap(f"{name}: {query}", _LETTERS))
        pen.text((left + 6, top + _CELL[1] - _LABEL), label, (0, 0, 0), font)
    sheet.save(out)
    print(f"{out}: {len(cells)} pictures")


def pictures() -> Iterator[tuple[str, str, Image.Image]]:
    """Name of the original, query and picture of each cell."""
    operations = {
        "edges": OwnOperation(edges, version="1", arguments=[whole(0, 255), whole(0, 255)])
    }
    service = ImageService(originals().get, operations=operations, overlays={"logo": logo()})
    for name, query in [*(("photo", query) for query in PHOTO), *OTHERS]:
        format = "" if "fm=" in query else "&fm=png"
        answer = service.handle(ImageRequest("GET", f"/image/{name}", query + format))
        assert answer is not None
        assert answer.status == 200, answer.body
        yield name, query, shown(answer.body)


if __name__ == "__main__":
    main()
