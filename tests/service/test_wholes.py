"""Small parts of originals too large to be held: decoded once, with the same bytes each way."""

from __future__ import annotations

import io
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Timer
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from asking import get, serving
from counting import counted
from imgmiddleware import ArrayOriginal, ImageService
from imgmiddleware.imaging import draft
from imgmiddleware.service.making import stills
from pictures import SRGB, by_opencv, exif, saved

MB = 2**20
SIZE = 575, 415


def picture(mode: str = "RGB") -> Image.Image:
    """Noise and shapes whose every part differs."""
    noise = np.random.default_rng(5).integers(0, 256, (42, 58, 4), np.uint8)
    return Image.fromarray(noise, "RGBA").resize(SIZE, Image.Resampling.BICUBIC).convert(mode)


def dark() -> Any:
    """Of 16 bits, with parts in the dark and others that are not."""
    brighter = np.linspace(0, 6.3, SIZE[0]) ** 3
    return (np.asarray(picture("L")) * brighter).astype(np.uint16)


def one_strip(pixels: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, rowsperstrip=SIZE[1], compression="deflate")
    return file.getvalue()


KINDS: dict[str, Callable[[], Any]] = {
    "jpeg": lambda: saved(picture(), "JPEG", quality=90, icc_profile=SRGB, exif=exif(3)),
    "progressive": lambda: saved(picture(), "JPEG", quality=90, progressive=True),
    "gray": lambda: saved(picture("L"), "JPEG", quality=90),
    "inks": lambda: saved(picture("CMYK"), "JPEG", quality=90),
    "png": lambda: saved(picture(), "PNG", compress_level=1),
    "png, palette": lambda: saved(picture().convert("P"), "PNG"),
    "png, alpha": lambda: saved(picture("RGBA"), "PNG", compress_level=1),
    "png, 16 bits": lambda: by_opencv(".png", np.asarray(picture()).astype(np.uint16) * 257),
    "png, clear": lambda: saved(picture("P"), "PNG", transparency=3),
    "webp": lambda: saved(picture(), "WEBP", quality=80, method=0),
    "webp, alpha": lambda: saved(picture("RGBA"), "WEBP", lossless=True, method=0, exact=True),
    "tiff, deflate": lambda: one_strip(np.asarray(picture())),
    "tiff, dark": lambda: one_strip(dark()),
    "tiff, lzw": lambda: saved(picture(), "TIFF", compression="tiff_lzw", tiffinfo={278: SIZE[1]}),
    "function": lambda: ArrayOriginal(lambda: np.asarray(picture()), version=1),
}


#: Parts as viewers ask for them, from all of it down to its own pixels, and some that lie anyhow.
QUERIES = (
    "rect=0,0,256,256&w=64", "rect=256,0,256,256&w=64", "rect=256,256,256,159&w=64",
    "rect=384,256,128,128", "rect=0,0,256,256&w=32&linear=1", "rect=51,103,157,101&w=31", "rect=33,35,150,100&w=100&linear=1",
    "rect=7,9,300,250&w=33&rot=90", "w=100", "rect=250,250,60,60&w=60&depth=16",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def keeping(original: Any, folder: Path, **options: Any) -> ImageService:
    """A service that holds no decoded original in memory, and no result either."""
    given = {"decoded_bytes": 0, "cache_bytes": 0, "cache_dir_bytes": 64 * MB, **options}
    return serving(original, cache_dir=folder, **given)


def bodies(service: ImageService, queries: tuple[str, ...] = QUERIES) -> list[Any]:
    """And the notes on them."""
    answers = [get(service, f"{query}&fm=png") for query in queries]
    assert {answer.status for answer in answers} == {200}
    return [(answer.header("Image-Notes"), answer.read()) for answer in answers]


@pytest.mark.parametrize("kind", KINDS)
def test_parts_of_a_pyramid_are_those_of_the_original(kind: str, folder: Path) -> None:
    original = KINDS[kind]()
    alone = [bodies(serving(original, decoded_bytes=0), (query,))[0] for query in QUERIES]
    service = keeping(original, folder)
    assert bodies(service) == alone
    assert service.holding()["pyramids"].entries > 0
    clear_results(folder)
    assert bodies(keeping(original, folder)) == alone  # a process that finds it
    assert bodies(serving(original)) == alone  # which holds it in memory


def clear_results(folder: Path) -> None:
    """As if another process asked for a part without a result."""
    for path in (folder / "1.1" / "bodies").iterdir():
        path.unlink()


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff, deflate", "function"])
def test_the_second_part_is_the_last_that_decodes(
    kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = counted(monkeypatch, "decode_original", stills)
    in_rows = counted(monkeypatch, "decode_rows", stills)
    service = keeping(KINDS[kind](), folder)
    for number in range(20):
        left, top = number % 5 * 100, number // 5 * 100
        assert get(service, f"rect={left},{top},99,99&fm=png").status == 200
    assert len(alone) + len(in_rows) == 2
    # Another process decodes nothing.
    assert get(keeping(KINDS[kind](), folder), "rect=3,3,99,99&fm=png").status == 200
    assert len(alone) + len(in_rows) == 2


def test_a_png_that_fits_is_held_whole_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = counted(monkeypatch, "decode_original", stills)
    whole = counted(monkeypatch, "decode_whole", stills)
    service = serving(KINDS["png"](), cache_bytes=0)
    for number in range(20):
        left, top = number % 5 * 100, number // 5 * 100
        assert get(service, f"rect={left},{top},99,99&fm=png").status == 200
    assert (len(alone), len(whole)) == (1, 1)


def test_parts_that_come_at_once_are_one_decode(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decodes = counted(monkeypatch, "decode_original", stills)
    service = keeping(KINDS["jpeg"](), folder, render_slots=4)
    queries = [f"rect={left},{top},64,64&fm=png" for left in range(0, 384, 64) for top in (0, 64)]
    with ThreadPoolExecutor(6) as viewer:
        answers = list(viewer.map(lambda query: get(service, query).status, queries))
    assert set(answers) == {200}
    assert len(decodes) <= 2


@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_other_sizes_of_all_of_it_make_no_pyramid(kind: str, folder: Path) -> None:
    service = keeping(KINDS[kind](), folder)
    for query in ("w=100", "w=200", "w=300&h=300&fit=crop", "w=570", "w=300&rot=90"):
        assert get(service, f"{query}&fm=jpg").status == 200
    get(service, "rect=0,0,99,99&fm=jpg")  # nor does a single part
    assert not (folder / "pyramids" / "1.1").exists()


@pytest.mark.parametrize(
    "original",
    [
        by_opencv(".bmp", np.asarray(picture())),
        saved(picture(), "TIFF"),
        saved(picture(), "JPEG"),
        np.asarray(picture()),
    ],
    ids=["bmp", "tiff", "jpeg that fits", "array"],
)
def test_what_costs_no_decode_of_all_has_none(original: Any, folder: Path) -> None:
    service = serving(original, cache_dir=folder, cache_bytes=0)
    for left in range(0, 500, 100):
        assert get(service, f"rect={left},100,100,100&fm=jpg").status == 200
    assert not (folder / "pyramids").exists()


def test_one_larger_than_the_share_is_not_kept_and_says_so(folder: Path) -> None:
    service = keeping(KINDS["jpeg"](), folder, pyramid_bytes=MB // 4)
    answers = [get(service, f"rect={left},0,99,99&fm=png") for left in (0, 100, 200)]
    assert [answer.header("Image-Notes") for answer in answers] == [None, "not-kept", "not-kept"]
    again = get(service, "rect=200,0,99,99&fm=png")  # which is kept, as the picture that it is
    assert again.header("Image-Notes") is None
    assert again.header("ETag") == answers[2].header("ETag")
    assert again.read() == answers[2].read()
    assert not (folder / "pyramids" / "1.1").exists()


@pytest.mark.parametrize("options", [{"pyramid_bytes": 0}, {"cache_dir": None}])
def test_who_wants_none_has_none(options: dict[str, Any], folder: Path) -> None:
    service = keeping(
        KINDS["jpeg"](), **{"folder": folder, **({} if "cache_dir" in options else options)}
    )
    if "cache_dir" in options:
        service = serving(KINDS["jpeg"](), decoded_bytes=0)
    for left in (0, 100, 200):
        assert get(service, f"rect={left},0,99,99&fm=png").header("Image-Notes") is None
    assert not (folder / "pyramids").exists()


def test_results_have_what_pyramids_do_not_take(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder keeps its bound, and a pyramid takes no more than its share."""
    real, sizes = draft._write_at, [0]
    monkeypatch.setattr(draft, "_write_at", lambda *all: (real(*all), sizes.append(size(folder))))
    service = keeping(KINDS["png"](), folder, cache_dir_bytes=4 * MB, pyramid_bytes=3 * MB)
    for number in range(20):  # of some 300 kB each: more than the bound by themselves
        get(service, f"w={540 + number}&fm=bmp")
    before = service.holding()["disk"].bytes
    assert before > 3 * MB
    for left in (0, 100, 200):
        get(service, f"rect={left},0,99,99&fm=png")
    held = service.holding()
    assert held["pyramids"].entries == 1
    assert held["pyramids"].bytes <= held["pyramids"].most == 3 * MB
    assert held["disk"].bytes + held["pyramids"].bytes <= 4 * MB
    assert held["disk"].bytes > MB
    assert max(*sizes, size(folder)) <= 4 * MB


def size(folder: Path) -> int:
    """Bytes on the disk, as du counts them."""
    return sum(path.lstat().st_blocks * 512 for path in [folder, *folder.rglob("*")])


def test_the_one_that_was_read_longest_ago_makes_room(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        (tmp_path / "photos").mkdir(exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(KINDS["jpeg"]())
    service = ImageService(
        tmp_path / "photos", cache_dir=folder, cache_bytes=0, decoded_bytes=0, pyramid_bytes=3 * MB
    )
    for turn, name in enumerate("ababac"):
        for left in (0, 100):
            get(service, f"rect={left},{turn},99,99&fm=png", name).read()
    held = service.holding()["pyramids"]
    assert held.entries == 2
    assert held.bytes <= 3 * MB
    decodes = counted(monkeypatch, "decode_original", stills)
    get(service, "rect=0,9,99,99&fm=png", "a").read()
    get(service, "rect=0,9,99,99&fm=png", "c").read()
    assert not decodes
    get(service, "rect=0,9,99,99&fm=png", "b").read()
    assert decodes


def test_a_purge_and_a_new_version_let_go_of_it(tmp_path: Path, folder: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a").write_bytes(saved(picture(), "JPEG"))
    service = ImageService(photos, cache_dir=folder, cache_bytes=0, decoded_bytes=0, recheck=0)

    def ask() -> bytes:
        for left in (0, 100):
            get(service, f"rect={left},0,99,99&fm=png")
        return get(service, "rect=200,0,99,99&fm=png").read()

    first = ask()
    assert service.holding()["pyramids"].entries == 1
    assert service.purge("a")
    assert service.holding()["pyramids"].entries == 0
    assert ask() == first
    turned = picture().transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    (photos / "b").write_bytes(saved(turned, "JPEG"))
    os.replace(photos / "b", photos / "a")
    assert ask() == get(ImageService(photos), "rect=200,0,99,99&fm=png").read() != first


def test_what_is_purged_while_it_is_made_is_not_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = keeping(KINDS["jpeg"](), folder)
    get(service, "rect=0,0,99,99&fm=png")
    real = stills.decode_original
    monkeypatch.setattr(stills, "decode_original", lambda *all: (service.purge("a"), real(*all))[1])
    assert get(service, "rect=100,0,99,99&fm=png").status == 200
    assert service.holding()["pyramids"].entries == 0


def test_a_damaged_pyramid_is_never_shown_and_goes(folder: Path) -> None:
    service = keeping(KINDS["png"](), folder)
    expected = bodies(serving(KINDS["png"](), decoded_bytes=0))
    bodies(service)
    [path] = (folder / "pyramids" / "1.1" / "bodies").iterdir()
    data = bytearray(path.read_bytes())
    for place in range(5000, len(data), 4096):
        data[place] ^= 255
    path.write_bytes(data)
    clear_results(folder)
    assert bodies(keeping(KINDS["png"](), folder)) == expected
    [path] = (folder / "pyramids" / "1.1" / "bodies").iterdir()
    assert path.read_bytes() != bytes(data)  # another one was made


@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_a_disk_that_fails_is_no_error(
    kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*all: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(draft, "_write_at", full)
    expected = bodies(serving(KINDS[kind](), decoded_bytes=0))
    service = keeping(KINDS[kind](), folder)
    assert bodies(service) == expected
    assert service.holding()["pyramids"].entries == 0
    assert not list((folder / "pyramids" / "1.1" / "bodies").iterdir())


def test_damage_that_is_found_while_it_is_written_is_the_answer(folder: Path) -> None:
    data = bytearray(KINDS["png"]())
    data[-60] ^= 1  # near the end, which the first parts do not read
    service = keeping(bytes(data), folder)
    assert get(service, "rect=0,0,99,99&fm=png").status == 200
    assert get(service, "rect=100,0,99,99&fm=png").status == 422
    assert service.holding()["pyramids"].entries == 0


@contextmanager
def process(work: Callable[[], None]) -> Iterator[int]:
    """Another one, which does this and then waits to be killed."""
    pid = os.fork()
    if not pid:
        try:
            work()
            signal.pause()
        finally:
            os._exit(1)
    try:
        yield pid
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)


def second_part(folder: Path, begun: int, go_on: Callable[[], None], at: str) -> None:
    """Ask for two parts; when the pyramid is to be made, say so first."""
    service = keeping(KINDS["jpeg"](), folder)
    get(service, "rect=0,0,99,99&fm=png").read()
    owner, real = (stills, stills.decode_original)
    if at == "written":
        owner, real = (draft, draft._write_at)

    def told(*all: Any) -> Any:
        os.write(begun, b".")
        go_on()
        return real(*all)

    setattr(owner, real.__name__, told)
    get(service, "rect=100,0,99,99&fm=png").read()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_processes_share_what_one_of_them_makes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = get(serving(KINDS["jpeg"]()), "rect=200,0,99,99&fm=png").read()
    (reads, writes) = os.pipe()
    work = partial(second_part, folder, writes, lambda: time.sleep(0.3), "decoded")
    with process(work):
        assert os.read(reads, 1)  # it has the right to make it, and is about to decode
        decodes = counted(monkeypatch, "decode_original", stills)
        service = keeping(KINDS["jpeg"](), folder)
        assert get(service, "rect=200,0,99,99&fm=png").read() == expected
        assert not decodes
        assert service.holding()["pyramids"].entries == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.parametrize("at", ["decoded", "written"])
def test_who_waits_for_one_that_is_killed_makes_it(at: str, folder: Path) -> None:
    expected = get(serving(KINDS["jpeg"]()), "rect=200,0,99,99&fm=png").read()
    reads, writes = os.pipe()
    with process(partial(second_part, folder, writes, signal.pause, at)) as pid:
        assert os.read(reads, 1)
        Timer(0.2, os.kill, (pid, signal.SIGKILL)).start()
        service = keeping(KINDS["jpeg"](), folder)
        assert get(service, "rect=200,0,99,99&fm=png").read() == expected
    held = service.holding()["pyramids"]
    assert held.entries == 1
    [body] = (folder / "pyramids" / "1.1" / "bodies").iterdir()
    assert body.stat().st_size <= held.bytes
