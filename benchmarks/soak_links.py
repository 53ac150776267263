"""Links of the soak, and what each has to be answered with by plain arithmetic.

Nothing of the package is used here: its own rounding and its own geometry are what is asked.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from benchmarks.soak_originals import REFUSED, Original, Size

MEDIA = {
    "jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif",
    "bmp": "image/bmp", "tif": "image/tiff", "avif": "image/avif",
}  # fmt: skip

#: What the application says by itself.
OWN = b"this is the application's own"


@dataclass(frozen=True)
class Place:
    """Which part of an original is shown: its box in pixels, and the size that it gets.

    It is mirrored left to right, then turned clockwise by quarters. `canvas` is the whole picture,
    where that is larger than what is shown, in its upper left.
    """

    box: tuple[float, float, float, float]
    size: Size
    mirrored: bool = False
    quarters: int = 0
    canvas: Size | None = None

    @property
    def whole(self) -> Size:
        """The size of the answer."""
        if self.canvas:
            return self.canvas
        return self.size[::-1] if self.quarters % 2 else self.size  # type: ignore[return-value]

    def seen(self, u: float, v: float) -> tuple[float, float]:
        """Where in the original lies what is at these fractions of what is shown."""
        for _ in range(self.quarters):
            u, v = v, 1 - u
        if self.mirrored:
            u = 1 - u
        left, top, width, height = self.box
        return left + u * width, top + v * height


#: Where it is for an original of this size; None: there is no such tile.
Placed = Callable[[Size], Place | None]


@dataclass(frozen=True)
class Link:
    """What is asked, of which original, and what is right."""

    kind: str
    target: str
    name: str = ""
    placed: Placed | None = None
    media: str = ""
    accept: str = "*/*"
    method: str = "GET"
    #: Where it is no picture.
    status: int = 200


def links(known: Iterable[Original], many: int, chance: random.Random) -> list[Link]:
    """So many, all of them different, in the order in which they are asked for."""
    named = list(known)
    found: dict[tuple[str, str, str], Link] = {}
    kinds, weights = zip(*_KINDS, strict=True)
    while len(found) < many:
        original = chance.choice(named)
        if original.is_large and chance.random() < 0.5:
            continue
        make = chance.choices(kinds, weights)[0]
        for link in make(original, chance):
            found[link.method, link.target, link.accept] = link
    ordered = list(found.values())[:many]
    chance.shuffle(ordered)
    return ordered


def _width(original: Original, chance: random.Random) -> Iterator[Link]:
    wanted, text = chance.randint(30, 900), f"/image/{original.name}?w="
    link = _of(original, "width", lambda size: _whole(size, width=wanted))
    yield _format(replace(link, target=f"{text}{wanted}"), chance)


def _height(original: Original, chance: random.Random) -> Iterator[Link]:
    wanted = chance.randint(30, 600)
    link = _of(original, "height", lambda size: _whole(size, height=wanted))
    yield _format(replace(link, target=f"/image/{original.name}?h={wanted}"), chance)


def _crop(original: Original, chance: random.Random) -> Iterator[Link]:
    width, height = chance.randint(30, 330), chance.randint(30, 300)

    def placed(size: Size) -> Place:
        scale = max(width / size[0], height / size[1])
        across, down = width / scale, height / scale
        box = (size[0] - across) // 2, (size[1] - down) // 2, across, down
        return Place(box, (width, height))

    text = f"/image/{original.name}?w={width}&h={height}&fit=crop"
    yield _format(replace(_of(original, "crop", placed), target=text), chance)


def _part(original: Original, chance: random.Random) -> Iterator[Link]:
    across, down = (chance.randint(side // 8, side // 2) for side in original.base)
    left, top = (
        chance.randint(0, side - part)
        for side, part in zip(original.base, (across, down), strict=True)
    )
    wanted = chance.randint(30, 500)

    def placed(_: Size) -> Place:
        return replace(_whole((across, down), width=wanted), box=(left, top, across, down))

    text = f"/image/{original.name}?rect={left},{top},{across},{down}&w={wanted}"
    yield _format(replace(_of(original, "part", placed), target=text), chance)


def _turned(original: Original, chance: random.Random) -> Iterator[Link]:
    wanted, quarters, mirrored = chance.randint(30, 500), chance.randrange(4), chance.random() < 0.5

    def placed(size: Size) -> Place:
        return replace(_whole(size, width=wanted), mirrored=mirrored, quarters=quarters)

    flip = "&flip=h" if mirrored else ""
    text = f"/image/{original.name}?w={wanted}&rot={90 * quarters}{flip}"
    yield _format(replace(_of(original, "turned", placed), target=text), chance)


def _iiif(original: Original, chance: random.Random) -> Iterator[Link]:
    side = chance.choice((64, 128, 200))
    left, top = (chance.randint(0, length - side) for length in original.base)
    quarters, suffix = chance.randrange(4), chance.choice(("jpg", "png", "webp"))
    wanted = chance.randint(20, side)
    place = Place((left, top, side, side), (wanted, wanted), quarters=quarters)
    text = f"{left},{top},{side},{side}/{wanted},{wanted}/{90 * quarters}/default.{suffix}"
    link = _of(original, "iiif", lambda _: place)
    yield replace(link, target=f"/image/{original.name}/{text}", media=MEDIA[suffix])


def _deep_zoom(original: Original, chance: random.Random) -> Iterator[Link]:
    """Tiles of 512 pixels; the last level has the original's own size."""
    level = (max(original.base) - 1).bit_length() - chance.randrange(4)
    across, down = chance.randrange(3), chance.randrange(3)
    suffix = chance.choice(("jpg", "png"))

    def placed(size: Size) -> Place | None:
        return _tile(size, 512, (max(size) - 1).bit_length() - level, (across, down))

    text = f"/image/{original.name}_files/{level}/{across}_{down}.{suffix}"
    yield replace(_of(original, "deepzoom", placed), target=text, media=MEDIA[suffix])


def _xyz(original: Original, chance: random.Random) -> Iterator[Link]:
    """Tiles of 256 pixels, whatever of them is beyond the picture."""
    zoom, suffix = chance.randrange(4), chance.choice(("jpg", "png"))
    across, down = (chance.randrange(min(4, 1 << zoom)) for _ in range(2))

    def placed(size: Size) -> Place | None:
        last = (-(-max(size) // 256) - 1).bit_length()
        found = _tile(size, 256, last - zoom, (across, down))
        return found and replace(found, canvas=(256, 256))

    text = f"/image/{original.name}/{zoom}/{across}/{down}.{suffix}"
    yield replace(_of(original, "xyz", placed), target=text, media=MEDIA[suffix])


def _told(original: Original, chance: random.Random) -> Iterator[Link]:
    """What viewers are told of an original: its size."""
    for kind, text in (("info", "/info.json"), ("dzi", ".dzi")):
        link = _of(original, kind, lambda size: Place((0, 0, *size), size))
        yield replace(link, target=f"/image/{original.name}{text}")


def _wrong(original: Original, chance: random.Random) -> Iterator[Link]:
    number, name = chance.randrange(10**6), original.name
    refused = chance.choice(list(REFUSED))
    yield from chance.sample(
        [
            Link("missing", f"/image/none-{number}.jpg?w=100", status=404),
            Link("missing", f"/image/../{number}/photos/{name}", status=404),
            Link("missing", f"/image/%2e%2e%2f{number}%00{name}", status=404),
            Link("bad", f"/image/{name}?w={number + 9000}", status=400),
            Link("bad", f"/image/{name}?wide{number}=1", status=400),
            Link("bad", f"/image/{name}?w=100&fm=x{number}", status=400),
            Link("refused", f"/image/{refused}?w={number % 900 + 1}", status=REFUSED[refused]),
            Link("method", f"/image/{name}?w={number % 900 + 1}", method="POST", status=405),
            Link("own", f"/own/{number}"),
        ],
        2,
    )


_KINDS: list[tuple[Callable[[Original, random.Random], Iterator[Link]], int]] = [
    (_width, 30), (_height, 8), (_crop, 14), (_part, 14), (_turned, 8), (_iiif, 8),
    (_deep_zoom, 5), (_xyz, 5), (_told, 1), (_wrong, 6),
]  # fmt: skip


def _of(original: Original, kind: str, placed: Placed) -> Link:
    return Link(kind, "", original.name, placed)


def _format(link: Link, chance: random.Random) -> Link:
    """With a format and a quality, or with what a browser accepts."""
    if chance.random() < 0.25:
        accepted = chance.choice(("image/webp", "image/jpeg"))
        return replace(link, accept=f"{accepted},*/*;q=0.1", media=accepted)
    suffix = chance.choices(list(MEDIA), (8, 4, 6, 1, 1, 1, 1))[0]
    quality = f"&q={chance.randint(60, 95)}" if suffix in ("jpg", "webp", "avif") else ""
    return replace(link, target=f"{link.target}&fm={suffix}{quality}", media=MEDIA[suffix])


def _whole(size: Size, width: int | None = None, height: int | None = None) -> Place:
    asked = Fraction(width, size[0]) if width else Fraction(height or 0, size[1])
    across, down = (max(1, int(side * min(asked, 1) + Fraction(1, 2))) for side in size)
    return Place((0, 0, *size), (across, down))


def _tile(size: Size, side: int, halvings: int, at: tuple[int, int]) -> Place | None:
    if halvings < 0:
        return None
    by = 1 << halvings
    left, top = (number * side * by for number in at)
    across, down = min(side * by, size[0] - left), min(side * by, size[1] - top)
    if across <= 0 or down <= 0:
        return None
    return Place((left, top, across, down), (-(-across // by), -(-down // by)))
