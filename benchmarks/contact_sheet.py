"""Every operation on one photo, on one sheet: to be looked at.

python -m benchmarks.contact_sheet sheet.png
"""

from __future__ import annotations

import argparse
import io

import cv2
from PIL import Image, ImageDraw, ImageFont

from benchmarks.photos import photo
from imgmiddleware import ImageRequest, ImageService

#: What is shown; each gets `fm=png`. The thumbnail's box is the cell.
QUERIES = (
    "w=260", "w=260&h=180&fit=crop", "w=260&h=180&fit=crop&crop=top,left",
    "w=260&h=180&fit=crop&crop=bottom,right", "w=180&ar=1:1&fit=crop", "w=260&h=180&fit=scale",
    "w=260&h=180&fit=fill&bg=ffa500", "w=260&h=180&fit=clamp", "rect=0.3,0.3,0.3,0.3&w=260",
    "rect=right,bottom,0.4,0.4&w=260", "w=260&flip=h", "w=260&flip=v", "w=110&orient=90",
    "w=260&rot=180", "w=200&rot=15", "w=160&rot=45&bg=204060", "w=200&rot=15&bg=0fff",
    "w=260&blur=20", "w=260&blur=200", "w=260&sharp=50", "w=260&sharp=100",
    "w=230&pad=15&bg=80c0ff",
)  # fmt: skip

_CELL, _LABEL, _COLUMNS = (280, 220), 20, 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    out = parser.parse_args().out

    data = cv2.imencode(".png", photo(1600, 900)[1])[1].tobytes()
    service = ImageService(lambda _: data)
    rows = -(-len(QUERIES) // _COLUMNS)
    sheet = Image.new("RGB", (_CELL[0] * _COLUMNS, _CELL[1] * rows), (210, 210, 210))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default()
    for number, query in enumerate(QUERIES):
        answer = service.handle(ImageRequest("GET", "/image/x", f"{query}&fm=png"))
        assert answer is not None
        assert answer.status == 200, answer.body
        picture = Image.open(io.BytesIO(answer.body)).convert("RGBA")
        left, top = number % _COLUMNS * _CELL[0], number // _COLUMNS * _CELL[1]
        room = _CELL[1] - _LABEL - picture.height
        place = (left + (_CELL[0] - picture.width) // 2, top + max(0, room // 2))
        sheet.paste(picture, place, picture)
        draw.text((left + 6, top + _CELL[1] - _LABEL + 4), query, (0, 0, 0), font)
    sheet.save(out)
    print(f"{out}: {len(QUERIES)} pictures")


if __name__ == "__main__":
    main()
