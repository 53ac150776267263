"""Crops that keep their subject: in every kind of original, searched once, and known before."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from asking import ask, get, made, refused, serving, shown
from counting import count_decoders, counted
from imgmiddleware import ImageService
from imgmiddleware.service.making import sketches, stills
from imgmiddleware.subjects import kinds
from imgmiddleware.subjects.faces import Faces
from imgmiddleware.subjects.yunet import network
from pictures import by_opencv, close, exif, moving, pixels_of, saved

WIDE, HIGH = 600, 400
#: Where the picture is busy: left, top, in red and blue, which nothing else of it is.
PLACES = [(0, 0), (110, 300), (500, 40), (520, 330)]
SIDE = 60


def patched(left: int, top: int) -> Any:
    """RGB: gray, with a chessboard of red and blue."""
    pixels = np.full((HIGH, WIDE, 3), 150, np.uint8)
    y, x = np.mgrid[:SIDE, :SIDE] // 10 % 2
    board = np.where((y == x)[..., None], (220, 0, 0), (0, 0, 220)).astype(np.uint8)
    pixels[top : top + SIDE, left : left + SIDE] = board
    return pixels


def kept(pixels: Any, whole: float) -> float:
    """The share of the chessboard that is seen; `whole` is how many pixels all of it would take."""
    bright = np.asarray(pixels, int)
    return float((np.ptp(bright, axis=2) > 100).sum() / whole)


QUERIES = {
    "w=300&h=100&fit=crop": 0.25,  # of as many pixels
    "w=100&h=200&fit=crop": 0.25,
    "w=150&h=150&fit=min": (150 / 400) ** 2,
    "ar=5:1&w=300&fit=crop": 0.25,
}


@pytest.mark.parametrize("kind", ["edges", "entropy", "faces,edges", "faces,entropy,left"])
@pytest.mark.parametrize(("left", "top"), PLACES)
def test_what_is_busy_is_kept(kind: str, left: int, top: int) -> None:
    service = serving(saved(patched(left, top), "PNG"))
    for query, scale in QUERIES.items():
        pixels = pixels_of(get(service, f"{query}&crop={kind}&fm=png").read())
        assert kept(pixels, SIDE**2 * scale) > 0.9


BUSY = patched(500, 40)


def tiled() -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, BUSY, tile=(128, 128), photometric="rgb", compression="deflate")
    return file.getvalue()


ORIGINALS: dict[str, Any] = {
    "jpeg": lambda: saved(BUSY, "JPEG", quality=95),
    "large jpeg": lambda: saved(Image.fromarray(BUSY).resize((3000, 2000)), "JPEG"),
    "webp": lambda: saved(BUSY, "WEBP"),
    "avif": lambda: saved(BUSY, "AVIF"),
    "bmp": lambda: saved(BUSY, "BMP"),
    "tiff": lambda: saved(BUSY, "TIFF", compression="tiff_deflate"),
    "tiles": tiled,
    "palette": lambda: saved(Image.fromarray(BUSY).quantize(16), "PNG"),
    "inks": lambda: saved(BUSY, "JPEG", "CMYK"),
    "deep": lambda: by_opencv(".png", BUSY.astype(np.uint16) * 257),
    "clear": lambda: saved(np.dstack((BUSY, BUSY[..., 1] + 100)), "PNG"),
    "array": BUSY[..., ::-1].copy,
    "frames": lambda: moving([Image.fromarray(p) for p in (BUSY, BUSY[::-1], BUSY)], "GIF"),
}


@pytest.mark.parametrize("name", ORIGINALS)
def test_of_every_kind_of_original(name: str) -> None:
    original = ORIGINALS[name]()
    for query in ("w=300&h=100&crop=edges", "w=100&h=200&crop=entropy&rect=0.1,0,0.9,full"):
        pixels = shown(original, f"{query}&fit=crop&fm=png", "RGBA")[..., :3]
        assert kept(pixels, SIDE**2 / 4) > 0.9


#: The turn that undoes an orientation of EXIF.
BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}  # fmt: skip


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_by_every_orientation(orientation: int) -> None:
    """The crop is of the picture that Pillow turns upright."""
    upright = Image.fromarray(BUSY)
    stored = upright.transpose(BACK[orientation]) if orientation > 1 else upright
    data = saved(stored, "PNG", exif=exif(orientation))
    query = "w=300&h=100&fit=crop&crop=edges&fm=png"
    assert close(shown(data, query), shown(saved(upright, "PNG"), query), 2)


def test_a_border_is_trimmed_off_first() -> None:
    """The kept part lies inside of the rest, wherever the border was."""
    framed = cv2.copyMakeBorder(BUSY, 300, 0, 0, 200, cv2.BORDER_CONSTANT, value=(255,) * 3)
    query = "w=300&h=100&fit=crop&crop=edges&fm=png"
    pixels = shown(saved(framed, "PNG"), f"{query}&trim=fff")
    assert kept(pixels, SIDE**2 / 4) > 0.9
    assert pixels.min(axis=2).max() < 200  # nothing of the border


def test_the_first_frame_decides() -> None:
    frames = [Image.fromarray(p) for p in (BUSY, BUSY[::-1], BUSY[:, ::-1])]
    data = moving(frames, "GIF", duration=50)
    answer = made(data, "w=300&h=100&fit=crop&crop=edges&fm=gif&anim=1")
    still = shown(data, "w=300&h=100&fit=crop&crop=edges&fm=png")
    moves = Image.open(io.BytesIO(answer))
    assert moves.n_frames == 3
    assert kept(pixels_of(answer), SIDE**2 / 4) > 0.9
    assert kept(still, SIDE**2 / 4) > 0.9
    moves.seek(1)
    assert kept(np.asarray(moves.convert("RGB")), SIDE**2 / 4) == 0  # it is at the bottom there
    second = shown(data, "w=300&h=100&fit=crop&crop=edges&fm=png&page=2")
    assert kept(second, SIDE**2 / 4) > 0.9


def test_what_is_redacted_is_not_looked_at() -> None:
    two = patched(500, 40)
    two[300 : 300 + SIDE, :SIDE] = two[40 : 40 + SIDE, 500 : 500 + SIDE]
    data = saved(two, "PNG")
    pixels = shown(data, "w=200&h=400&fit=crop&crop=edges&fm=png&redact=500,40,60,60&bg=969696")
    assert kept(pixels, SIDE**2) > 0.9
    assert kept(pixels[:100], SIDE**2) == 0


def test_where_nothing_is_found_the_next_counts_and_then_the_sides() -> None:
    flat = saved(np.full((HIGH, WIDE, 3), 99, np.uint8), "PNG")
    query = "w=100&h=200&fit=crop&fm=png"
    busy = saved(BUSY, "PNG")
    assert made(busy, f"{query}&crop=faces,edges") == made(busy, f"{query}&crop=edges")
    ramp = saved(np.linspace(0, 60, WIDE, dtype=np.uint8)[None].repeat(HIGH, 0), "PNG")
    for words, same in (
        ("faces", "center"),
        ("faces,left", "left"),
        ("right,edges,faces", "right"),
        ("faces,focalpoint&fp-x=0.2&fp-z=3", "focalpoint&fp-x=0.2"),
        ("focalpoint,edges&fp-x=0.2", "focalpoint&fp-x=0.2"),
    ):
        assert made(ramp, f"{query}&crop={words}") == made(ramp, f"{query}&crop={same}")
    assert made(flat, f"{query}&crop=entropy,bottom") == made(flat, query)


def looks(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    return counted(monkeypatch, "sketched", sketches)


def test_all_sizes_are_found_by_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    done = looks(monkeypatch)
    service = serving(saved(BUSY, "JPEG"))
    for side in (50, 100, 150):
        for fm in ("jpg", "png"):
            get(service, f"w={side}&h=200&fit=crop&crop=faces,edges,top&fm={fm}")
    assert len(done) == 1  # for faces, of which there are none, and for edges
    get(service, "w=50&h=200&fit=crop&crop=edges,faces&fm=png")
    get(service, "w=50&h=200&fit=crop&crop=faces,edges,entropy&fm=png&q=3")
    assert len(done) == 1
    get(service, "w=50&h=200&fit=crop&crop=edges&rect=0,0,400,400")
    assert len(done) == 2  # another picture
    service.purge("a")
    get(service, "w=50&h=200&fit=crop&crop=edges")
    assert len(done) == 3


def test_no_look_without_need(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no key of its own: it is the picture that is shown without these words."""
    done = looks(monkeypatch)
    service = serving(saved(BUSY, "JPEG"))
    for query in ("w=50", "w=300&h=200&fit=crop", "w=90&h=80&fit=fill", "fit=crop", "w=90&h=80"):
        plain, asked = get(service, query), get(service, f"{query}&crop=faces,entropy,edges")
        assert plain.header("ETag") == asked.header("ETag")
    point = get(service, "w=50&h=50&fit=crop&crop=focalpoint,faces")
    assert point.header("ETag") == get(service, "w=50&h=50&fit=crop").header("ETag")
    assert not done


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "tiff"])
def test_one_decode_serves_the_sketch_and_the_result(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a thumbnail, which would be decoded at an eighth by itself, or of a part."""
    large = Image.fromarray(BUSY).resize((3000, 2000))
    service = serving(saved(large, name.upper()))
    decodes = counted(monkeypatch, "decode_original", stills)
    for kind in ("edges", "faces"):
        for query in ("w=40&h=30", "w=30&h=40", "w=200&h=300"):
            get(service, f"{query}&fit=crop&crop={kind}")
    assert len(decodes) == 1


def test_many_at_once_wait_for_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    done = looks(monkeypatch)
    service = serving(saved(BUSY, "JPEG"))
    queries = [f"w={side}&h=200&fit=crop&crop=faces,edges" for side in range(40, 80, 5)]
    threads = [threading.Thread(target=get, args=(service, query)) for query in queries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(done) == 1


def test_a_result_that_is_kept_is_known_before_any_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "w=50&h=200&fit=crop&crop=faces,entropy"
    data = saved(BUSY, "JPEG")
    first = get(ImageService(lambda id: data, cache_dir=tmp_path), query)
    etag, body = first.header("ETag"), first.read()
    done, decodes = looks(monkeypatch), count_decoders(monkeypatch)
    anew = ImageService(lambda id: data, cache_dir=tmp_path)
    assert get(anew, query, if_none_match=etag).status == 304
    again = get(anew, query)
    assert (again.status, again.header("ETag"), again.read()) == (200, etag, body)
    assert not done
    assert not any(decodes.values())


def test_the_bytes_are_a_function_of_the_key() -> None:
    """Whatever was decoded or found before, and by whom."""
    data = saved(Image.fromarray(BUSY).resize((3000, 2000)), "JPEG")
    query = "w=250&h=400&fit=crop&crop=faces,edges,top&fm=png"
    alone = ask(data, query)
    service = serving(data)
    for other in ("w=1400", "w=100&h=300&fit=crop&crop=entropy", "w=90&h=10&fit=crop&crop=edges"):
        get(service, other)
    warm, nothing = get(service, query), ask(data, query, decoded_bytes=0, cache_bytes=0)
    assert alone.header("ETag") == warm.header("ETag") == nothing.header("ETag")
    assert alone.read() == warm.read() == nothing.read()


def test_another_network_makes_other_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(BUSY, "PNG")
    queries = [f"w=50&h=200&fit=crop&crop={kind}" for kind in ("faces", "edges", "top")]
    before = [ask(data, query).header("ETag") for query in queries]
    monkeypatch.setattr("imgmiddleware.imaging.engine.fingerprint", lambda: "yunet/other")
    after = [ask(data, query).header("ETag") for query in queries]
    assert [a == b for a, b in zip(before, after, strict=True)] == [False, True, True]
    assert len({*before}) == 3


def test_keys_tell_apart_what_is_looked_for_and_in_what() -> None:
    """Where nothing is found they are one picture, but that is unknown before."""
    data = saved(np.full((HIGH, WIDE, 3), 99, np.uint8), "PNG")
    base = "w=50&h=200&fit=crop&crop="
    asked = ("edges", "entropy", "edges,entropy", "entropy,edges", "edges,left", "center")
    queries = [f"{base}{words}" for words in asked]
    queries += [f"{base}edges&rect=100,0,400,400"]  # whose middle is that of the whole
    assert len({ask(data, query).header("ETag") for query in queries}) == len(queries)
    trimmed = [f"{base}{words}&trim=fff" for words in ("edges", "entropy", "left")]
    assert len({ask(data, query).header("ETag") for query in trimmed}) == 3


def test_pages_are_written_without_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """The size of a crop follows from the header, wherever it lies."""
    decodes = count_decoders(monkeypatch)
    service = serving(saved(BUSY, "PNG"))
    picture = service.picture("a", alt="", w=100, h=150, fit="crop", crop="faces,edges")
    assert (picture.width, picture.height) == (100, 150)
    assert [link.split()[1] for link in picture.srcset.split(", ")] == ["100w", "200w", "267w"]
    assert service.info("a").width == WIDE
    assert not any(decodes.values())


def test_a_face_that_is_found_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """With true faces in tests/photos; here with a network that sees one in the chessboard."""

    def faces(self: Any, pixels: Any) -> list[network.Box]:
        return [network.Box(*(at * pixels.shape[1] / WIDE for at in (500, 40, SIDE, SIDE)))]

    monkeypatch.setattr(network.Network, "faces", faces)
    service = serving(saved(BUSY, "JPEG"))
    for query, scale in QUERIES.items():
        pixels = pixels_of(get(service, f"{query}&crop=faces&fm=png").read())
        assert kept(pixels, SIDE**2 * scale) > 0.9


def boards(*places: tuple[int, int, int]) -> Any:
    """A network that sees faces, at these places and so large, in a picture of `WIDE` pixels."""

    def faces(self: Any, pixels: Any) -> list[network.Box]:
        by = max(pixels.shape[:2]) / WIDE
        return [network.Box(x * by, y * by, side * by, side * by) for x, y, side in places]

    return faces


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_face_is_shown_close(orientation: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every orientation, as Pillow turns it: `facepad` times the face, and nothing else."""
    monkeypatch.setattr(network.Network, "faces", boards((500, 40, SIDE)))
    stored = Image.fromarray(BUSY)
    if orientation > 1:
        stored = stored.transpose(BACK[orientation])
    service = serving(saved(stored, "PNG", exif=exif(orientation)))
    close_up = pixels_of(get(service, "w=60&h=60&fit=facearea&fm=png").read())
    assert np.array_equal(close_up, BUSY[40:100, 500:560])
    padded = pixels_of(get(service, "w=40&h=40&dpr=2&facepad=1.5&fit=facearea&fm=png").read())
    assert padded.shape == (80, 80, 3)
    assert kept(padded, SIDE**2 * (80 / 90) ** 2) > 0.9


def test_which_face_is_shown_close(monkeypatch: pytest.MonkeyPatch) -> None:
    two = patched(500, 40)
    two[300:340, 20:60] = 0
    monkeypatch.setattr(network.Network, "faces", boards((20, 300, 40), (500, 40, SIDE)))
    service = serving(saved(two, "PNG"))
    base = "fit=facearea&fm=png"
    first, second = (
        pixels_of(get(service, f"w=60&h=60&faceindex={index}&{base}").read()) for index in (1, 2)
    )
    assert np.array_equal(first, two[40:100, 500:560])
    assert np.array_equal(second, two[290:350, 10:70])
    # All have no room in a square; in the picture's shape they have, and a third one there is not.
    assert np.array_equal(pixels_of(get(service, f"w=60&h=60&{base}").read()), first)
    third = get(service, f"w=540&h=300&faceindex=3&{base}")
    assert np.array_equal(pixels_of(third.read()), two[40:340, 20:560])


def test_without_a_face_it_is_a_crop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network.Network, "faces", boards())
    data = saved(BUSY, "PNG")
    for words in (
        "",
        "&crop=edges",
        "&crop=left",
        "&crop=focalpoint&fp-x=0.8&fp-z=3",
        "&crop=faces,edges",
    ):
        found = shown(data, f"w=100&h=150&fit=facearea&facepad=2&fm=png{words}")
        same = shown(data, f"w=100&h=150&fit=crop&fm=png{words.replace('&fp-z=3', '')}")
        assert np.array_equal(found, same), words


def test_the_size_and_key_of_a_face_are_known_before(monkeypatch: pytest.MonkeyPatch) -> None:
    decodes, done = count_decoders(monkeypatch), looks(monkeypatch)
    data = saved(BUSY, "JPEG")
    base = "w=100&h=150&fit=facearea"
    queries = [
        base,
        *(f"{base}&{more}" for more in ("facepad=2", "faceindex=1", "faceindex=2", "enlarge=1")),
    ]
    queries += ["w=100&h=150&fit=crop&crop=faces", "w=100&h=150&fit=crop", f"{base}&crop=edges"]
    picture = serving(data).picture("a", alt="", w=100, h=150, fit="facearea")
    assert (picture.width, picture.height) == (100, 150)
    assert not any(decodes.values())
    tags = [ask(data, query).header("ETag") for query in queries]
    assert len({*tags}) == len(queries)
    service, before = serving(data), len(done)
    for query in (*queries[:5], "w=50&h=20&fit=facearea&facepad=3"):
        assert get(service, query).status == 200
    assert len(done) == before + 1
    plain = get(service, "fit=facearea")  # nothing is fitted
    assert plain.header("ETag") == get(service, "").header("ETag")


def test_where_faces_are_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """In pixels that `rect` takes, of every orientation; with one look for crops, too."""
    done = looks(monkeypatch)
    monkeypatch.setattr(network.Network, "faces", boards((20, 300, 40), (500, 40, SIDE)))
    upright = [[500, 40, SIDE, SIDE], [20, 300, 40, 40]]  # the largest first
    for orientation in (1, 6, 8, 3):
        stored = Image.fromarray(BUSY)
        stored = stored.transpose(BACK[orientation]) if orientation > 1 else stored
        service = serving(saved(stored, "PNG", exif=exif(orientation)))
        found = json.loads(get(service, "fm=json&faces=1").read())
        assert (found["width"], found["faces"]) == (WIDE, upright)
        part = ",".join(map(str, found["faces"][0]))
        close_up = pixels_of(get(service, f"rect={part}&fm=png").read())
        assert np.array_equal(close_up, BUSY[40:100, 500:560])
    before = len(done)
    assert [list(box) for box in service.info("a", faces=1).faces or ()] == upright
    get(service, "w=60&h=60&fit=facearea")
    get(service, "fm=json&faces=1&colors=2&w=50&h=50&fit=crop&crop=edges,faces")
    assert len(done) == before + 1  # for edges
    plain = json.loads(get(service, "fm=json&colors=1").read())
    assert "faces" not in plain
    assert service.info("a").faces is None
    tags = {get(service, q).header("ETag") for q in ("fm=json", "fm=json&faces=1", "fm=json&faces=1&colors=1",
                                                     "fm=json&colors=1", "fm=json&faces=1&rect=0,0,300,300")}  # fmt: skip
    assert len(tags) == 5
    assert get(service, "w=9&faces=1").header("ETag") == get(service, "w=9").header("ETag")


def test_no_face_is_told_of_where_there_is_none_or_it_is_hidden(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A network that takes red for a face: redacted parts are black before any search."""

    def faces(self: Any, pixels: Any) -> list[network.Box]:
        y, x = np.nonzero((pixels[..., 2] > 200) & (pixels[..., 0] < 50))
        return [network.Box(x.min(), y.min(), *(np.ptp(at) + 1 for at in (x, y)))] if x.size else []

    monkeypatch.setattr(network.Network, "faces", faces)
    data = saved(BUSY, "PNG")
    assert json.loads(made(data, "fm=json&faces=1"))["faces"] == [[500, 40, SIDE, SIDE]]
    assert json.loads(made(data, "fm=json&faces=1&redact=500,40,60,60"))["faces"] == []


def test_a_part_that_is_shown_closer_is_held_to_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy in the file is small enough for all of it; for a part of it there is none."""
    large = np.asarray(Image.fromarray(BUSY).resize((3000, 2000)))
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for by in (1, 2):
            small = large[::by, ::by]
            writer.write(small, tile=(128, 128), photometric="rgb", subfiletype=int(by > 1))
    places = boards((100, 100, SIDE), (500, 330, SIDE))
    monkeypatch.setattr(network.Network, "faces", places)
    query, limit = "w=200&h=100&fit=facearea&enlarge=1", {"max_source_pixels": 2_000_000}
    assert refused(file.getvalue(), query.replace("&enlarge=1", "&facepad=9"), **limit) == (200, "")
    assert (
        refused(file.getvalue(), query.replace("w=200&h=100", "w=1500&h=1000"), **limit)[0] == 413
    )


def test_a_large_face_is_looked_for_where_there_are_no_small_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Any] = []

    def faces(self: Any, pixels: Any) -> list[network.Box]:
        seen.append(pixels.shape[:2])
        return []

    monkeypatch.setattr(network.Network, "faces", faces)
    assert not Faces.find(np.zeros((427, 640, 3), np.uint8)).found
    assert not Faces.find(np.zeros((200, 320), np.uint8)).found
    assert seen == [(427, 640), (214, 320), (200, 320)]


def test_what_a_network_fails_at_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on to the server, as all faults of ours do; nothing wrong is remembered."""
    service = serving(saved(BUSY, "PNG"))
    with monkeypatch.context() as patch:
        patch.setattr(network.Network, "faces", lambda self, pixels: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            get(service, "w=50&h=200&fit=crop&crop=faces")
    assert get(service, "w=50&h=200&fit=crop&crop=faces").status == 200


def test_a_sketch_is_held_to_the_limits_of_reading() -> None:
    """Of tiles without overviews all has to be read to know where one of them may stand."""
    data = tiled()
    query = "rect=0,0,500,300&w=64&h=64&fit=crop&crop=top,left"
    limit = {"max_source_pixels": 128 * 128 * 9}
    assert refused(data, query, **limit) == (200, "")
    assert refused(data, f"{query},edges", **limit) == (413, "source-pixels")


def test_the_words_of_a_query_are_those_that_can_be_found() -> None:
    assert refused(BUSY, "crop=" + ",".join(kinds.KINDS)) == (200, "")
