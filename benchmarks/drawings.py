"""Drawings to measure with, made here: what PNG is for. All are uint8, (height, width, 3)."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont


def chart(width: int = 1600, height: int = 1000) -> Any:
    """Four lines on a grid with labels, made at twice the size: hundreds of colours."""
    image = Image.new("RGB", (2 * width, 2 * height), "white")
    draw, random = ImageDraw.Draw(image), np.random.default_rng(3)
    for number in range(1, 10):
        y = 2 * height * number // 10
        draw.line((160, y, 2 * width - 80, y), fill=(220, 220, 220), width=2)
        draw.text((40, y - 20), str(number * 10), (60, 60, 60), ImageFont.load_default(32))
    x = np.linspace(160, 2 * width - 80, 200)
    for color in ((31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40)):
        y = height + np.cumsum(random.normal(0, 24, 200))
        draw.line(list(zip(x, y, strict=True)), fill=color, width=6)
    return _halved(image)


def screenshot(width: int = 1600, height: int = 1000) -> Any:
    """Lines of text beside a dark column, below a gradient: thousands of colours."""
    image = Image.new("RGB", (width, height), (246, 247, 249))
    draw, random, font = ImageDraw.Draw(image), np.random.default_rng(4), ImageFont.load_default(15)
    for y in range(60):
        draw.line((0, y, width, y), fill=(40 + y, 60 + y, 120 + y))
    draw.rectangle((0, 60, 260, height), fill=(33, 37, 41))
    words = ("the", "quick", "brown", "fox", "jumps", "over", "images", "from", "memory")
    for y in range(80, height - 20, 22):
        draw.text((20, y), " ".join(random.choice(words, 3)), (200, 205, 210), font)
        draw.text((290, y), " ".join(random.choice(words, 14)), (20, 20, 20), font)
    return np.ascontiguousarray(np.asarray(image)[..., ::-1])


def shapes(width: int = 1600, height: int = 1000) -> Any:
    """Boxes and discs with hard edges: some tens of colours."""
    pixels, random = np.full((height, width, 3), 255, np.uint8), np.random.default_rng(5)
    for number in range(60):
        color = tuple(map(int, random.integers(0, 256, 3)))
        x, y, size = (int(random.integers(most)) for most in (width, height, 200))
        if number % 2:
            cv2.rectangle(pixels, (x, y), (x + size, y + size), color, -1)
        else:
            cv2.circle(pixels, (x, y), 20 + size // 2, color, -1)
    return pixels


def _halved(image: Image.Image) -> Any:
    pixels = np.asarray(image)[..., ::-1]
    size = (image.width // 2, image.height // 2)
    return cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_AREA)
