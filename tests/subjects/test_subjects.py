"""Where a part begins that keeps what is found, against sums and histograms by hand."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from typing import Any

import cv2
import numpy as np
import pytest

from imgmiddleware.subjects.edges import Edges
from imgmiddleware.subjects.entropy import Entropy
from imgmiddleware.subjects.faces import Faces
from imgmiddleware.subjects.kinds import KINDS
from imgmiddleware.subjects.subject import best_start
from imgmiddleware.subjects.yunet import network
from pictures import photo_like

FOLDER = files("imgmiddleware.subjects.yunet")
MODEL = FOLDER.joinpath("face_detection_yunet_2023mar.onnx")


def patched(left: int, top: int, gray: bool = False) -> Any:
    """320 x 200 of one gray, with 40 x 40 of noise."""
    pixels = np.full((200, 320, 3), 120, np.uint8)
    noise = np.random.default_rng(3).integers(0, 256, (40, 40, 3), np.uint8)
    pixels[top : top + 40, left : left + 40] = noise
    return pixels[..., 1].copy() if gray else pixels


@pytest.mark.parametrize("kind", [Edges, Entropy])
@pytest.mark.parametrize("gray", [False, True])
@pytest.mark.parametrize(("left", "top"), [(0, 0), (30, 90), (137, 55), (280, 160)])
def test_of_the_places_that_show_what_is_busy_the_middle_is_taken(
    kind: Any, gray: bool, left: int, top: int
) -> None:
    subject = kind.find(patched(left, top, gray))
    assert subject.found
    for axis, side, first in ((0, 320, left), (1, 200, top)):
        for share in (0.25, 0.5, 0.9):
            start = subject.start(axis, share) * side
            earliest = max(0, first + 40 - share * side)
            latest = min(first, side * (1 - share))
            assert abs(start - (earliest + latest) / 2) <= 3


@pytest.mark.parametrize("kind", [Edges, Entropy])
def test_within_bounds_it_stays_there(kind: Any) -> None:
    subject = kind.find(patched(30, 90))
    assert 0.5 <= subject.start(0, 0.2, 0.5, 0.9) <= 0.7
    assert subject.start(0, 0.4, 0.5, 0.9) == 0.5
    assert subject.start(0, 0.5, 0.5, 0.9) == 0.5  # no room at all


def test_edges_are_sobels() -> None:
    """The best place by the sums of a filter that is written out, at every column."""
    pixels = photo_like(320, 213)
    gray = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY).astype(int)
    wide = np.pad(gray, 1, "edge")
    columns = wide[:-2] + 2 * wide[1:-1] + wide[2:]
    rows = wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]
    steps = abs(columns[:, 2:] - columns[:, :-2]) + abs(rows[2:] - rows[:-2])
    steps[steps < 32] = 0
    found = Edges.find(pixels)
    for axis, sums in ((0, steps.sum(0)), (1, steps.sum(1))):
        for part in (40, 100, 150):
            all_sums = [sums[at : at + part].sum() for at in range(len(sums) - part + 1)]
            at = found.start(axis, part / len(sums)) * len(sums)
            assert all_sums[round(at)] >= 0.985 * max(all_sums)


def test_entropy_is_shannons() -> None:
    """The best place by the histogram of each part; SciPy's and libvips' logarithm is this."""
    pixels = photo_like(160, 107)[..., 0].copy()
    grays = pixels // 8

    def bits(part: Any) -> float:
        counts = np.unique(part, return_counts=True)[1]
        shares = counts / counts.sum()
        return float(-(shares * np.log2(shares)).sum())

    found = Entropy.find(pixels)
    for axis, turned in ((0, grays.T), (1, grays)):
        for part in (20, 50, 75):
            all_bits = [bits(turned[at : at + part]) for at in range(len(turned) - part + 1)]
            at = found.start(axis, part / len(turned)) * len(turned)
            assert bits(turned[round(at) : round(at) + part]) >= 0.985 * max(all_bits)


@pytest.mark.parametrize("shape", [(1, 1), (1, 640), (640, 1, 3), (3, 500), (33, 31, 3)])
def test_there_may_be_nothing(shape: tuple[int, ...]) -> None:
    """Of a flat picture, and of one with a JPEG's noise, no edge is found; of any size."""
    flat = np.full(shape, 77, np.uint8)
    flat[..., ::2] += 1
    for find in KINDS.values():
        assert not find(flat).found or find is KINDS["entropy"]
    assert not Entropy.find(np.full(shape, 77, np.uint8)).found


@pytest.mark.parametrize("shape", [(1, 640), (640, 1), (32, 32), (20, 320), (320, 31), (1, 1)])
def test_narrow_pictures_give_one_answer(shape: tuple[int, int]) -> None:
    """Of 32 pixels OpenCV 4.14 makes another one each time, of what is left in memory."""
    pixels = np.random.default_rng(9).integers(0, 256, (*shape, 3), np.uint8)
    answers = []
    for value in (1e30, 0.0, -1e30):
        left = [np.full(size, value, np.float32) for size in (1000, 20_000, 300_000)]
        del left
        answers.append(network.Network().faces(pixels))
    assert answers == [[]] * 3


def test_of_alike_places_the_middle_is_taken() -> None:
    assert best_start(np.ones_like, 0.5) == pytest.approx(0.25)
    peaks = [lambda at: np.exp(-abs(at - 0.2)), lambda at: np.where(at < 0.1, 1.0, at)]
    assert best_start(peaks[0], 0.1) == pytest.approx(0.2, abs=0.01)
    assert best_start(peaks[1], 0.5) == pytest.approx(0.05, abs=0.01)  # and not one far away


BOXES = Faces(((0.6, 0.1, 0.8, 0.4), (0.1, 0.2, 0.2, 0.3)))  # the largest first


@pytest.mark.parametrize(
    ("axis", "share", "start"),
    [
        (0, 0.9, 0.0),  # all of both is .1 to .8, whose middle is .45
        (0, 0.8, 0.05),
        (0, 0.71, 0.095),
        (0, 0.6, 0.4),  # no room for both: .6 to .8 alone, whose middle is .7, within the picture
        (0, 0.1, 0.65),  # nor for one
        (1, 0.3, 0.1),
        (1, 0.5, 0.0),
    ],
)
def test_all_faces_are_kept_or_the_largest(axis: int, share: float, start: float) -> None:
    assert BOXES.start(axis, share) == pytest.approx(start)


def test_faces_are_kept_within_bounds() -> None:
    assert BOXES.start(0, 0.2, 0.0, 0.5) == pytest.approx(0.3)
    assert BOXES.start(0, 0.2, 0.7, 1.0) == pytest.approx(0.7)


def test_the_network_is_the_one_that_its_notice_tells_of() -> None:
    data, notice = MODEL.read_bytes(), FOLDER.joinpath("NOTICE.txt").read_text()
    assert f"{len(data):,} bytes" in notice
    assert sha256(data).hexdigest() in notice
    assert "MIT License" in notice
    assert network.fingerprint() == f"yunet/{sha256(data).hexdigest()[:16]}"


@pytest.mark.parametrize("size", [(320, 213), (96, 320), (70, 90), (640, 427)])
def test_the_networks_answer_is_read_as_opencv_reads_it(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In clouds of noise it is sure of nothing, but guesses; the guesses are the same."""
    sure = 0.05
    monkeypatch.setattr(network, "_SURE", sure)
    monkeypatch.setattr(network, "_COMMON", 1)  # OpenCV cuts to whole pixels what it compares
    pixels = photo_like(*size)
    detector = cv2.FaceDetectorYN.create(
        "onnx", np.frombuffer(MODEL.read_bytes(), np.uint8), np.empty(0, np.uint8), size, sure, 1
    )
    _, rows = detector.detect(pixels)
    expected = [] if rows is None else rows[:, :4].tolist()
    found = network.Network().faces(pixels)
    assert len(found) == len(expected)
    assert np.allclose(sorted(found), sorted(map(tuple, expected)), atol=0.05)
    if size[0] == 640:
        assert found  # or nothing was compared
