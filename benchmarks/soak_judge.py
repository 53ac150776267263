"""The judge of the soak: whether an answer is right, by what was there when it was asked for."""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.soak_client import PATIENCE, Asked
from benchmarks.soak_links import OWN, Link, Place
from benchmarks.soak_originals import Original, Version, level, ramp

#: Seconds for which the version that was seen last may be taken to be the newest, and a little.
RECHECK = 1.0
_SLACK = 0.5
#: How far the mean of some pixels may be off. Versions are 16 apart in red.
_RED, _OTHERS = 7.0, 16.0
#: Pixels that share a sample of colour with their neighbours, in JPEG with its blocks of 8 x 8.
_BLOCK = 16
#: Seconds around a kill in which a connection may break.
_KILLED = 1.0
_MOST_FAULTS = 200


@dataclass(frozen=True)
class Made:
    """What is known of an ETag: its body, and the version that it shows."""

    digest: bytes
    length: int
    media: str
    number: int


@dataclass
class Judge:
    """All answers, and what is wrong with some. For any threads."""

    originals: dict[str, Original]
    kills: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    asked: set[tuple[str, str]] = field(default_factory=set)
    #: By ETag; and the ETag of each link's versions, to be made once more at the end.
    made: dict[str, Made] = field(default_factory=dict)
    seen: dict[tuple[Link, int], str] = field(default_factory=dict)
    stale: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, answer: Asked, whole: Asked | None) -> None:
        try:
            told = self._judged(answer, whole)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is no picture
            told = f"{type(error).__name__}: {error}"
        with self._lock:
            self._count(answer)
            if told and len(self.faults) < _MOST_FAULTS:
                self.faults.append(f"{_of(answer)}: {told}")

    def _count(self, answer: Asked) -> None:
        name = str(answer.status) if answer.status else "broken off by a kill"
        if answer.status == 200 and answer.method == "HEAD":
            name = "200 of HEAD"
        self.statuses[name] += 1
        self.seconds.setdefault(name, []).append(answer.ended - answer.began)
        self.asked.add((answer.link.target, answer.link.accept))

    def _judged(self, answer: Asked, whole: Asked | None) -> str:
        """What is wrong, or nothing."""
        if answer.ended - answer.began > PATIENCE:
            return "it took too long"
        if not answer.status:
            return "" if self._near_kill(answer) else answer.error
        if answer.status == 503:
            return "" if "retry-after" in answer.got else "no Retry-After"
        if answer.link.kind == "own":
            return "" if answer.body == OWN else "not what the application says"
        if answer.link.placed is None:
            return "" if answer.status == answer.link.status else "another status"
        if answer.status == 404:
            return self._missing(answer)
        return self._later(answer, whole) if whole else self._whole(answer)

    def _near_kill(self, answer: Asked) -> bool:
        since, until = answer.began - _KILLED, answer.ended + _KILLED
        return any(since <= kill <= until for kill in self.kills)

    def _versions(self, answer: Asked) -> list[Version]:
        """Those that may be shown. What nobody vouches for (`no-cache`) may be any before."""
        since = answer.began - RECHECK - _SLACK
        if "no-cache" in answer.got.get("cache-control", ""):
            self.stale += 1
            since = 0.0
        return self.originals[answer.link.name].between(since, answer.ended)

    def _missing(self, answer: Asked) -> str:
        assert answer.link.placed
        there = self._versions(answer)
        if any(each.number is None or answer.link.placed(each.size) is None for each in there):
            return ""
        return "404 of what is there"

    def _whole(self, answer: Asked) -> str:
        if answer.status != 200:
            return f"status {answer.status}"
        if answer.link.kind in ("info", "dzi"):
            return self._told(answer)
        return self._picture(answer)

    def _told(self, answer: Asked) -> str:
        """What is said of the size."""
        if answer.link.kind == "info":
            info = json.loads(answer.body)
            size = info["width"], info["height"]
        else:
            found = re.search(rb'Width="(\d+)" Height="(\d+)"', answer.body)
            size = (int(found[1]), int(found[2])) if found else (0, 0)
        there = [each.size for each in self._versions(answer)]
        return "" if size in there else f"the size {size}, not one of {there}"

    def _picture(self, answer: Asked) -> str:
        etag, digest = answer.got.get("etag", ""), hashlib.sha256(answer.body).digest()
        if not etag.startswith('"'):
            return "no strong ETag"
        if answer.link.media and answer.got.get("content-type") != answer.link.media:
            return f"it is {answer.got.get('content-type')}"
        there = [each.number for each in self._versions(answer)]
        known = self.made.get(etag)
        if known is None:
            number, told = self._shown(answer)
            if number is None:
                return told
            known = Made(digest, len(answer.body), answer.got["content-type"], number)
            with self._lock:
                known = self.made.setdefault(etag, known)
                self.seen[answer.link, number] = etag
        if known.digest != digest:
            return "other bytes of the same ETag"
        return "" if known.number in there else f"version {known.number}, not one of {there}"

    def _shown(self, answer: Asked) -> tuple[int | None, str]:
        """Which of the versions a picture is of; or what is wrong with it."""
        with Image.open(io.BytesIO(answer.body)) as opened:
            picture = np.asarray(opened.convert("RGB"), np.float32)
        size, told = (picture.shape[1], picture.shape[0]), []
        for each in self._versions(answer):
            if each.number is None or answer.link.placed is None:
                continue
            place = answer.link.placed(each.size)
            if place is None:
                continue
            wrong = _differs(picture, size, place, each)
            if not wrong:
                return each.number, ""
            told.append(wrong)
        return None, "; or ".join(told) or "a picture of nothing"

    def _later(self, answer: Asked, whole: Asked) -> str:
        """Of whoever has the whole already, and asks for a part of it, or whether it is another."""
        etag = whole.got["etag"]
        if etag not in self.made:
            return ""  # the whole was wrong already
        if answer.got.get("etag", etag) != etag:
            if answer.status != 200:
                return f"status {answer.status} of another version"
            return "" if answer.method == "HEAD" else self._picture(answer)
        there = [each.number for each in self._versions(answer)]
        if self.made[etag].number not in there:
            return f"status {answer.status} of version {self.made[etag].number}, not of {there}"
        return _part(answer, whole)


def _part(answer: Asked, whole: Asked) -> str:
    """What is wrong with an answer about the same version."""
    if "If-None-Match" in answer.headers:
        return "" if answer.status == 304 and not answer.body else f"{answer.status}, not a 304"
    length = len(whole.body)
    if answer.method == "HEAD":
        right = answer.status == 200 and answer.got.get("content-length") == str(length)
        return "" if right else f"{answer.status} of {answer.got.get('content-length')} bytes"
    first, _, last = answer.headers["Range"].removeprefix("bytes=").partition("-")
    start = int(first) if first else length - int(last)
    stop = int(last) + 1 if first and last else length
    if start >= length:
        return "" if answer.status == 416 else f"{answer.status}, not a 416"
    told = f"bytes {start}-{stop - 1}/{length}"
    if answer.status != 206 or answer.got.get("content-range") != told:
        return f"{answer.status} of {answer.got.get('content-range')}, not of {told}"
    return "" if answer.body == whole.body[start:stop] else "not a slice of the whole"


def _differs(picture: Any, size: tuple[int, int], place: Place, version: Version) -> str:
    """What of a picture is not as it is to be; red first."""
    if size != place.whole:
        return f"{size}, not {place.whole}"
    assert version.number is not None
    shown = place.size[::-1] if place.quarters % 2 else place.size
    if place.canvas and min(shown) < _BLOCK:
        return ""  # its colours run into those of what is beyond it
    for u in (0.2, 0.5, 0.8):
        for v in (0.2, 0.5, 0.8):
            x, y = int(u * shown[0]), int(v * shown[1])
            around = max(shown[0] // 20, 1), max(shown[1] // 20, 1)
            part = picture[
                max(0, y - around[1]) : min(y + around[1] + 1, shown[1]),
                max(0, x - around[0]) : min(x + around[0] + 1, shown[0]),
            ]
            red, green, blue = part.mean(axis=(0, 1))
            if abs(red - level(version.number)) > _RED:
                return f"red {red:.0f}, not {level(version.number)} of version {version.number}"
            # What is small shows no place.
            if min(shown) >= 16:
                at = place.seen((x + 0.5) / shown[0], (y + 0.5) / shown[1])
                right = [ramp(at[side] / version.size[side]) for side in (0, 1)]
                if max(abs(blue - right[0]), abs(green - right[1])) > _OTHERS:
                    return f"({blue:.0f}, {green:.0f}), not {right}, at {u}, {v}"
    return ""


def _of(answer: Asked) -> str:
    sent = "".join(f" {name}={value}" for name, value in answer.headers.items())
    return f"{answer.method} {answer.link.target} {answer.link.accept}{sent} {answer.status}"
