"""Overlays: which may be laid over which, the headers of the answer, and the purge of one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asking import get, request
from counting import counted
from drivers import both
from imgmiddleware import ArrayOriginal, BytesOriginal, ImageError, ImageRequest, ImageService
from imgmiddleware.http.dates import imf_date
from imgmiddleware.service import ImageService as Service
from pictures import noise, opened, pixels_of, saved

BASE = saved(np.full((90, 120, 3), 40, np.uint8), "PNG")
LOGO = saved(np.full((20, 50, 3), 255, np.uint8), "PNG")
OTHER = saved(np.full((20, 50, 3), 9, np.uint8), "PNG")
FLIPPED = bytearray(saved(noise(50, 20), "PNG"))
FLIPPED[900] ^= 1  # which the checksum of its chunk tells, once that is read
FOUND = {
    "a": BASE,
    "b": BASE + b"",
    "brand/logo.png": LOGO,
    "half": LOGO[:-30],
    "flipped": bytes(FLIPPED),
    "text": b"no picture",
}


def service(**options: Any) -> ImageService:
    return ImageService(FOUND.get, **{"overlays": {"logo": LOGO}, **options})


def told(answer: Any) -> tuple[int, str, Any]:
    """Status and code of a refusal, and what parameter it names."""
    body = json.loads(answer.read())
    return answer.status, body["code"], body.get("parameter")


def bears(answer: Any, value: int = 255) -> bool:
    shown = pixels_of(answer.read())
    return bool((shown[65:85, 65:115] == value).all() and (shown[:60] == 40).all())


class Folder:
    """A folder of originals whose files may change; their times are told apart by whole seconds."""

    def __init__(self, path: Path) -> None:
        self.path, self.time = path, 1_700_000_000
        for name, data in (("a.png", BASE), ("b.png", BASE), ("logo.png", LOGO)):
            self.write(name, data)

    def write(self, name: str, data: bytes) -> int:
        self.time += 10
        (self.path / name).write_bytes(data)
        os.utime(self.path / name, (self.time, self.time))
        return self.time


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "photos").mkdir()
    return Folder(tmp_path / "photos")


@pytest.mark.parametrize(
    "given",
    [
        LOGO, bytearray(LOGO), memoryview(LOGO), np.full((20, 50), 255, np.uint8), opened(LOGO),
        BytesOriginal(LOGO, version=1), ArrayOriginal(np.full((20, 50, 3), 255, np.uint8)),
        ArrayOriginal(lambda: np.full((20, 50), 255, np.uint8), version="1"),
        lambda name: LOGO if name == "logo" else None, {"logo": LOGO}.get,
    ],
    ids=lambda given: type(given).__name__,
)  # fmt: skip
def test_what_may_be_registered(given: Any) -> None:
    images = service(overlays={"logo": given})
    assert bears(get(images, "fm=png&mark=logo"))
    assert get(images, "fm=png&mark=logo").header("ETag") == get(images, "fm=png&mark=logo&mark-pad=5").header("ETag")  # fmt: skip


def test_a_path_is_opened_each_time(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.path)
    images = ImageService(FOUND.get, overlays={"logo": "logo.png"}, recheck=0)
    monkeypatch.chdir("/")
    first = get(images, "fm=png&mark=logo")
    assert bears(first)
    folder.write("logo.png", OTHER)
    second = get(images, "fm=png&mark=logo")
    assert bears(second, 9)
    assert first.header("ETag") != second.header("ETag")
    (folder.path / "logo.png").unlink()
    assert told(get(images, "fm=png&mark=logo")) == (404, "not-found", "mark")
    assert get(images, "fm=png").status == 200


async def later(name: str) -> bytes:
    return LOGO


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([("logo", LOGO)], "overlays: .* is not a mapping of names"),
        ({1: LOGO}, "overlays: .* is not a mapping of names"),
        ({"": LOGO}, "overlays: .* is not a mapping of names"),
        ({"logo": 3}, r"overlays\['logo'\]: 3 is not an image file, an array, or a source"),
        ({"logo": None}, r"overlays\['logo'\]: None is not an image file"),
        ({"logo": ""}, r"overlays\['logo'\]: '' is not the path of an image file"),
        ({"logo": later}, r"overlays\['logo'\]: .* that is not async"),
        ({"logo": "/none/logo.png"}, r"overlays\['logo'\]: .*there is no such original"),
        ({"logo": b"no picture"}, r"overlays\['logo'\]: it cannot be shown: .*format"),
        ({"logo": LOGO[:-30]}, r"overlays\['logo'\]: it cannot be shown"),
        ({"logo": lambda: LOGO}, r"overlays\['logo'\]: .*cannot be called"),
    ],
)
@pytest.mark.filterwarnings("ignore:coroutine")
def test_what_may_not_is_told_when_the_service_is_built(given: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        service(overlays=given)


def test_the_limits_are_for_overlays_too() -> None:
    large = saved(np.zeros((300, 400, 3), np.uint8), "PNG")
    with pytest.raises(ValueError, match=r"overlays\['l'\]: .*max_source_pixels is 20000"):
        service(overlays={"l": large}, max_source_pixels=20_000)
    images = service(overlays={}, max_source_pixels=20_000)
    FOUND["large"] = large
    try:
        assert told(get(images, "fm=png&mark=/large")) == (413, "source-pixels", "mark")
        assert get(service(), "fm=png&mark=/large").status == 200
    finally:
        del FOUND["large"]
    answer = get(service(max_result_pixels=40_000), "fm=png&mark=logo&mark-w=8192")
    assert b"mark-w= or mark-h=" in answer.body
    assert told(answer) == (400, "result-too-large", "mark")


def test_a_name_wins_over_an_id() -> None:
    images = service(overlays={"/brand/logo.png": OTHER, "logo": LOGO})
    assert bears(get(images, "fm=png&mark=/brand/logo.png"), 9)
    assert bears(get(service(), "fm=png&mark=/brand/logo.png"))
    encoded = "L2JyYW5kL2xvZ28ucG5n"  # printf /brand/logo.png | basenc --base64url
    assert bears(get(service(), f"fm=png&mark64={encoded}"))


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("mark=lgo", (400, "unknown-overlay", "mark")),
        ("mark=brand/logo.png", (400, "unknown-overlay", "mark")),
        ("mark=https://a.example/logo.png", (400, "unknown-overlay", "mark")),
        ("mark=", (400, "malformed-parameter", "mark")),
        ("mark=logo&mark=logo", (400, "repeated-parameter", "mark")),
        ("mark=/", (404, "not-found", "mark")),
        ("mark=/none", (404, "not-found", "mark")),
        ("mark=%2F..%2Fa", (404, "not-found", "mark")),
        ("mark=//a", (404, "not-found", "mark")),
        ("mark=/text", (415, "unknown-format", "mark")),
        ("mark=/half", (422, "damaged-original", "mark")),
        ("mark=/%ED%B0%80logo", (400, "malformed-query", None)),  # an ID that registered ones have
        (f"mark=/{'x' * 4000}", (404, "not-found", "mark")),
    ],
)
@pytest.mark.parametrize("damaged", ["refuse", "show"])
def test_what_is_wrong_with_it_is_told(query: str, wanted: Any, damaged: str) -> None:
    images = service(damaged=damaged)
    for _ in range(2):  # found, and remembered
        assert told(get(images, f"fm=png&{query}")) == wanted
    assert get(images, "fm=png").status == 200


def test_what_was_wrong_with_it_is_wrong_with_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is remembered of that original, in its own words; the picture below is still shown."""
    images = service()
    decodes = counted(monkeypatch, "decode_original")
    for id, query in (
        ("a", "mark=/flipped"),
        ("b", "mark=/flipped"),
        ("a", "mark=/flipped&mark-w=9"),
    ):
        assert told(get(images, f"fm=png&{query}", id)) == (422, "damaged-original", "mark")
    assert told(get(images, "fm=png", "flipped")) == (422, "damaged-original", None)
    assert get(images, "fm=png").status == 200
    assert [arguments[0].size for arguments in decodes].count(len(FLIPPED)) == 1


def test_what_is_left_of_a_damaged_picture_has_its_overlay() -> None:
    whole = saved(noise(120, 90), "PNG")
    images = ImageService(
        {"d": whole[: len(whole) // 2]}.get, overlays={"logo": LOGO}, damaged="show"
    )
    answer = get(images, "fm=png&mark=logo", "d")
    assert (answer.status, answer.header("Cache-Control")) == (200, "no-store")
    assert (pixels_of(answer.read())[65:85, 65:115] == 255).all()


def test_the_fallback_has_none() -> None:
    images = service(fallback=BASE)
    answer = get(images, "fm=png&mark=/none")
    assert answer.status == 404
    assert (pixels_of(answer.read()) == 40).all()


def test_presets_may_have_it_where_urls_may_not() -> None:
    options = {"presets": {"branded": "fm=png&mark=logo"}}
    for more in ({"presets_only": True}, {"widths": (60, 120)}):
        images = service(**options, **more)
        assert bears(get(images, "preset=branded"))
        assert told(get(images, "mark=logo")) == (400, "parameter-not-allowed", "mark")
    with pytest.raises(
        ValueError, match=r"presets\['x'\]: mark: there is no overlay 'lgo'; did you"
    ):
        service(presets={"x": "mark=lgo"})


def test_of_another_service_s_links_what_is_not_known_is_left_out() -> None:
    images = service(unknown="ignore")
    answer = get(images, "fm=png&mark=https://a.example/x.png&markalign=top&blend-mode=multiply")
    assert answer.header("Image-Notes") == "ignored=mark, ignored=blend-mode"
    assert (pixels_of(answer.read()) == 40).all()
    assert bears(get(images, "fm=png&mark=logo&markpad=5"))


def allows(*ids: str) -> Any:
    return lambda request: request.id in ids


def test_who_may_not_see_it_may_not_have_it_laid_over_another() -> None:
    seen: list[str] = []

    def authorize(request: ImageRequest) -> bool:
        seen.append(request.id)
        return request.id in ("a", "brand/logo.png")

    images = service(authorize=authorize)
    assert bears(get(images, "fm=png&mark=/brand/logo.png"))
    assert seen == ["a", "brand/logo.png"]
    alone = get(images, "fm=png", "b")
    for query in ("mark=/b", "mark=/none", "mark=/half"):
        answer = get(images, f"fm=png&{query}")
        assert (answer.status, answer.headers, answer.body) == (403, alone.headers, alone.body)
    assert bears(get(images, "fm=png&mark=logo"))  # no ID: nobody is asked


def test_it_is_asked_each_time_and_of_what_a_cache_has() -> None:
    allowed = {"a", "brand/logo.png"}
    images = service(authorize=lambda request: request.id in allowed)
    assert get(images, "fm=png&mark=/brand/logo.png").status == 200
    allowed.discard("brand/logo.png")
    for headers in ({}, {"if_none_match": "*"}):
        assert get(images, "fm=png&mark=/brand/logo.png", **headers).status == 403


@pytest.mark.parametrize("missing", ["404", "pass"])
def test_a_source_that_fails_does_not_show_what_is_no_longer_allowed(missing: str) -> None:
    allowed, fails = {"a", "brand/logo.png"}, [False]

    def find(id: str) -> bytes | None:
        if fails[0]:
            raise ImageError("source-unavailable", "down")
        return FOUND.get(id)

    images = ImageService(
        find, authorize=lambda request: request.id in allowed, recheck=0, missing=missing
    )
    query = "fm=png&mark=/brand/logo.png"
    assert bears(get(images, query))
    fails[0] = True
    assert bears(get(images, query))  # what was shown last
    allowed.discard("brand/logo.png")
    assert get(images, query).status in (403, 503)


@pytest.mark.parametrize(
    ("options", "more"),
    [({"private": True}, {}), ({}, {"id": "a"}), ({"private": True}, {"id": "a"})],
)
def test_where_a_route_has_checked_one_id_another_is_not_laid(options: Any, more: Any) -> None:
    images = service(**options)
    asked = ImageRequest("GET", "/image/a", "fm=png&mark=/b", **more)
    assert told(images.handle(asked)) == (400, "parameter-not-allowed", "mark")
    assert bears(images.handle(ImageRequest("GET", "/image/a", "fm=png&mark=logo", **more)))
    checked = service(**options, authorize=allows("a", "b"))
    assert checked.handle(asked).status == 200


def test_an_original_that_is_redacted_is_not_laid_over_itself() -> None:
    images = service()
    query = "fm=png&redact=0,0,60,60&mark=/a"
    assert told(get(images, query)) == (400, "parameter-not-allowed", "mark")
    assert get(images, query.replace("/a", "/brand/logo.png")).status == 200


def test_nor_by_another_of_its_ids(tmp_path: Path) -> None:
    """A prefix of the same folder, a link in it, its content, and an overlay that is that file."""
    Folder(tmp_path)
    (tmp_path / "link.png").hardlink_to(tmp_path / "a.png")
    sources = {"x": tmp_path, "y": tmp_path, "z": {"deep": FOUND.get, "": FOUND.get}}
    images = ImageService(sources, overlays={"same": str(tmp_path / "a.png"), "logo": LOGO})
    hidden = "fm=png&redact=0,0,60,60&mark="
    for mark in ("/y/a.png", "/x/link.png", "same"):
        assert told(get(images, hidden + mark, "x/a.png")) == (400, "parameter-not-allowed", "mark")
        assert get(images, f"fm=png&mark={mark}", "x/a.png").status == 200
    assert told(get(images, f"{hidden}/z/deep/b", "z/a")) == (400, "parameter-not-allowed", "mark")
    for mark in ("/y/b.png", "/z/brand/logo.png", "logo"):
        assert get(images, hidden + mark, "x/a.png").status == 200


@pytest.mark.parametrize("turn", ["", "&mark-rot=30", "&mark-rot=90"])
def test_an_overlay_is_not_far_larger_than_what_is_seen_of_it(turn: str) -> None:
    """16 megapixels, or four times those of the picture: a link for 300 pixels took five seconds."""
    images = service()
    wide = f"mark=logo&mark-w=6500&mark-h=2600{turn}"
    answer = get(images, f"w=120&{wide}")
    assert told(answer) == (400, "result-too-large", "mark")
    assert b"on 120x90 it may have 16000000" in answer.read()
    assert b"mark-w=" in answer.read()
    assert get(images, f"w=120&mark=logo&mark-w=500{turn}").status == 200


def test_a_signature_is_over_it() -> None:
    images = service(keys=["k" * 32], require_signature=True)
    link = images.url("a", fm="png", mark="logo", mark_w=50)
    path, _, query = link.partition("?")
    assert "mark=logo&mark-w=50" in query
    assert bears(images.handle(ImageRequest("GET", path, query)))
    for other in ("mark=/brand/logo.png", "mark=other"):
        changed = images.handle(ImageRequest("GET", path, query.replace("mark=logo", other)))
        assert told(changed)[:2] == (403, "bad-signature")


def test_viewers_have_none() -> None:
    images = service(iiif=True, deepzoom=True, xyz=True, default="mark=logo")
    for path in ("a/full/max/0/default.png", "a_files/0/0_0.jpg", "a/0/0/0.png"):
        answer = images.handle(ImageRequest("GET", f"/image/{path}"))
        assert answer.status == 200
        assert pixels_of(answer.read()).max() <= 42
        assert images.handle(ImageRequest("GET", f"/image/{path}", "mark=logo")).status == 404


def test_one_original_over_itself_is_decoded_once_for_both() -> None:
    images = service()
    answer = get(images, "fm=png&mark=/a&mark-alpha=50")
    assert (pixels_of(answer.read()) == 40).all()
    assert images.holding()["decoded"].entries == 1
    assert images.purge("a") == 1


def test_the_version_of_each_is_in_key_link_and_time(folder: Folder) -> None:
    images = ImageService(folder.path, overlays={"logo": folder.path / "logo.png"}, recheck=0)
    query = "fm=png&mark=logo"
    tags, links = set(), set()
    for name in ("a.png", "logo.png", "a.png", "logo.png"):
        when = folder.write(name, BASE if name == "a.png" else LOGO)
        answer = get(images, query, "a.png")
        assert answer.header("Last-Modified") == imf_date(when)  # the later of the two
        since = get(images, query, "a.png", if_modified_since=imf_date(when))
        assert since.status == 304
        tags.add(answer.header("ETag"))
        links.add(images.url("a.png", fm="png", mark="logo"))
        version = [*links][-1]
    assert (len(tags), len(links)) == (4, 4)
    assert version in links
    for link in links:
        path, _, query = link.partition("?")
        newest = link == images.url("a.png", fm="png", mark="logo")
        caching = images.handle(ImageRequest("GET", path, query)).header("Cache-Control")
        assert ("immutable" in caching) == newest
    plain = images.url("a.png", fm="png").replace("fm=png&", "fm=png&mark=logo&").partition("?")
    answer = images.handle(ImageRequest("GET", plain[0], plain[2]))
    assert "immutable" not in answer.header("Cache-Control"), "the token is of one original alone"


def test_nobody_knows_when_a_picture_changed_of_which_one_has_no_time(folder: Folder) -> None:
    images = ImageService(folder.path, overlays={"logo": LOGO})
    assert get(images, "fm=png", "a.png").header("Last-Modified")
    assert get(images, "fm=png&mark=logo", "a.png").header("Last-Modified") is None


def test_a_link_of_an_overlay_that_is_not_there_has_no_version() -> None:
    assert "v=" not in service().url("a", mark="/none")
    assert "v=" in service().url("a", mark="/b")
    with pytest.raises(ImageError, match="unknown-overlay"):
        service().url("a", mark="none")


def test_what_makes_pages_knows_it(folder: Folder) -> None:
    images = ImageService(folder.path, overlays={"logo": LOGO})
    picture = images.picture("a.png", alt="", w=60, mark="logo")
    path, _, query = picture.src.partition("?")
    answer = images.handle(ImageRequest("GET", path, query))
    assert "immutable" in answer.header("Cache-Control")
    marked = images.placeholder("a.png", mark="logo", mark_w=100)
    assert marked != images.placeholder("a.png")


def test_a_cdn_is_told_the_keys_of_both() -> None:
    images = service(surrogate_keys=True)
    own, logo = images.surrogate_key("a"), images.surrogate_key("logo", overlay=True)
    answer = get(images, "fm=png&mark=logo")
    assert answer.header("Surrogate-Key") == f"{own} {logo}"
    assert answer.header("Cache-Tag") == f"{own},{logo}"
    assert (
        len({own, logo, images.surrogate_key("logo"), images.surrogate_key("brand/logo.png")}) == 4
    )
    itself = get(images, "fm=png&mark=/a")
    assert itself.header("Surrogate-Key") == own


def test_a_hit_in_memory_opens_neither() -> None:
    asked: list[str] = []

    def find(id: str) -> bytes | None:
        asked.append(id)
        return FOUND.get(id)

    images = ImageService(find, overlays={"logo": lambda name: find("brand/logo.png")}, recheck=60)
    first = get(images, "fm=png&mark=logo")
    assert len(asked) == 2
    assert images.ready(request("fm=png&mark=logo")).body == first.body
    assert get(images, "fm=png&mark=logo", if_none_match="*").status == 304
    assert len(asked) == 2


def test_an_overlay_that_many_pictures_bear_is_decoded_once() -> None:
    images = service()
    for query in ("mark-alpha=50", "mark-x=3", "mark-pad=9"):
        assert get(images, f"fm=png&mark=logo&{query}").status == 200
        assert get(images, f"fm=png&mark=logo&{query}", "b").status == 200
    assert images.holding()["decoded"].entries == 3  # a, b and the logo


def test_the_memory_of_both_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    from imgmiddleware.service.admission.flight import Admission

    taken: list[int] = []
    entered = Admission._entered
    monkeypatch.setattr(Admission, "_entered", lambda self, size, mine=None: taken.append(size) or entered(self, size, mine))  # fmt: skip
    for query in ("", "&mark=logo", "&mark=/brand/logo.png&mark-w=400"):
        get(service(), f"fm=png{query}")
    plain, small, large = taken
    # At least the overlay's file and its pixels, as stored and as large as they are laid.
    assert small - plain >= len(LOGO) + 2 * 3 * 50 * 20
    assert large - plain >= len(LOGO) + 3 * 50 * 20 + 4 * 400 * 160


def shared(path: Path, **options: Any) -> Service:
    return ImageService(
        FOUND.get, overlays={"logo": LOGO}, cache_dir=path, namespace="n", **options
    )


MARKED = ("fm=png&mark=logo", "fm=png&mark=logo&mark-w=9", "fm=png&mark=/brand/logo.png", "fm=png")


def purges() -> Iterator[Any]:
    yield {"id": "logo", "overlay": True}, {0, 1}
    yield {"id": "brand/logo.png"}, {2}
    yield {"id": "a"}, {0, 1, 2, 3}
    yield {"id": "logo"}, set()  # an ID of the source, and no name


@pytest.mark.parametrize(("purged", "gone"), [*purges()])
@pytest.mark.parametrize("after", ["same", "other", "restart"])
def test_a_purge_of_an_overlay_forgets_what_bears_it(
    purged: Any, gone: set[int], after: str, tmp_path: Path
) -> None:
    """In the process that is told, in others, and for results from before a restart."""
    first, second = shared(tmp_path), shared(tmp_path)
    for images in (first, second):
        for query in MARKED:
            assert get(images, query).status == 200
    told = {"same": first, "other": second, "restart": None}[after] or shared(tmp_path)
    assert told.purge(**purged) == len(gone)
    for images in (first, second, shared(tmp_path)):
        for number, query in enumerate(MARKED):
            found = images.answer(request(query))
            made = not hasattr(found, "status")
            found.close()
            assert made == (number in gone), query
    assert told.purge(**purged) == 0


def test_what_is_made_while_its_overlay_is_purged_is_not_kept(tmp_path: Path) -> None:
    images, other = shared(tmp_path), shared(tmp_path)
    work = images.answer(request("fm=png&mark=logo"))
    other.purge("logo", overlay=True)
    assert work.run().status == 200
    assert shared(tmp_path).holding()["disk"].entries == 0
    assert images.holding()["memory"].entries == 0


def test_both_adapters_answer_alike() -> None:
    for query in (
        "mark=logo",
        "mark=/brand/logo.png&mark-scale=40",
        "mark=none",
        "mark=/none",
        "mark=/half",
    ):
        status, headers, body = both(service(), f"/image/a?fm=png&{query}")
        own = get(service(), f"fm=png&{query}")
        assert (status, body) == (own.status, own.read())
        assert dict(headers).get("etag") == own.header("ETag")
