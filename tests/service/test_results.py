"""Results in memory over a disk that other services share."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from counting import counted
from imgmiddleware import ImageRequest, ImageService, Work
from imgmiddleware.cache.folder.claims import Claims
from imgmiddleware.messages import FileBody, ImageResponse
from imgmiddleware.service.making import stills
from pictures import quadrants, saved

ID = ImageRequest("GET", "/image/a", "w=30&fm=png")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a").write_bytes(saved(quadrants(), "BMP"))
    return folder


@pytest.fixture
def renders(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    return counted(monkeypatch, "render")


def service(photos: Path, **options: Any) -> ImageService:
    return ImageService(photos, cache_dir=photos.parent / "cache", **options)


def test_services_share_a_folder(photos: Path, renders: list[Any]) -> None:
    made = service(photos).handle(ID)
    other = service(photos)
    assert other.ready(ID) is None
    assert other.handle(ID) == made
    assert other.ready(ID) == made  # in memory by now
    assert len(renders) == 1
    assert service(photos, namespace="other").handle(ID).body == made.body
    assert len(renders) == 2
    assert other.holding()["disk"].entries == 2


def test_who_comes_second_takes_what_the_first_has_made(photos: Path, renders: list[Any]) -> None:
    works = [service(photos).answer(ID) for _ in "ab"]
    answers = [work.run() for work in works if isinstance(work, Work)]
    assert (answers[0], len(renders)) == (answers[1], 1)


def test_what_another_makes_is_waited_for(photos: Path, renders: list[Any]) -> None:
    images = service(photos, max_wait=0.05)
    work = images.answer(ID)
    assert isinstance(work, Work)
    claim = Claims(photos.parent / "cache").take(work._job.key)
    assert claim is not None
    if not claim.excludes:
        pytest.skip("no locks on this system")
    with claim:
        assert (work.run().status, len(renders)) == (503, 0)
    assert (images.handle(ID).status, len(renders)) == (200, 1)


def test_a_purge_reaches_the_memory_of_the_others(photos: Path, renders: list[Any]) -> None:
    one, other = service(photos, recheck=0), service(photos, recheck=0)
    for each in (one, other):
        each.handle(ID)
    assert other.holding()["memory"].entries == 1
    assert one.purge("a") == 1
    other.handle(ID)
    assert len(renders) == 2


@pytest.mark.parametrize("step", ["decode_original", "render"])
@pytest.mark.parametrize(("shared", "by_other"), [(True, True), (True, False), (False, False)])
def test_what_is_made_while_its_original_is_purged_is_not_kept(
    photos: Path, monkeypatch: pytest.MonkeyPatch, shared: bool, by_other: bool, step: str
) -> None:
    images = service(photos) if shared else ImageService(photos)
    purging = service(photos) if by_other else images
    real = getattr(stills, step)
    monkeypatch.setattr(stills, step, lambda *all: (purging.purge("a"), real(*all))[1])
    assert images.handle(ID).status == 200
    held = {place: holding.entries for place, holding in images.holding().items()}
    if by_other and step == "render":  # it says nothing of pixels that are held by then
        del held["decoded"]
    assert set(held.values()) == {0}


@pytest.mark.parametrize(
    ("height", "kind"), [(500, bytes), (700, FileBody)]
)  # of BMP, from 2**20 on
def test_a_large_file_stays_one_where_the_server_sends_none(
    photos: Path, height: int, kind: type
) -> None:
    images = service(photos, cache_bytes=0)
    query = f"w=600&h={height}&fit=scale&enlarge=1&fm=bmp"
    asked = ImageRequest("GET", "/image/a", query, sends_files=False)
    made, hit = images.handle(asked), images.handle(asked)
    assert made is not None
    assert hit is not None
    assert isinstance(hit.body, kind)
    assert hit.read() == made.read()


def test_what_is_read_while_its_original_is_purged_is_not_kept(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, reading, purging = service(photos).handle(ID), service(photos), service(photos)
    real = FileBody.read
    monkeypatch.setattr(FileBody, "read", lambda body: (purging.purge("a"), real(body))[1])
    assert reading.handle(ID).body == made.body
    assert reading.holding()["memory"].entries == 0


def test_what_memory_does_not_hold_is_a_file(photos: Path, renders: list[Any]) -> None:
    images = service(photos, cache_bytes=0)
    made = images.handle(ID)
    assert isinstance(made.body, bytes)
    hit = images.handle(ID)
    assert isinstance(hit.body, FileBody)
    assert hit.headers == made.headers
    assert (len(hit.body), hit.body.whole) == (len(made.body), True)
    path = hit.body.path()
    assert path is not None
    assert Path(path).read_bytes() == made.body
    images.purge("a")
    assert hit.read() == made.body  # although it is evicted
    assert Path(path).read_bytes() == made.body
    head = service(photos, cache_bytes=0).handle(ImageRequest("HEAD", ID.path, ID.query))
    assert (head.headers, head.body) == (made.headers, b"")
    assert len(renders) == 2


@pytest.mark.parametrize("sends_files", [True, False])
@pytest.mark.parametrize(
    ("option", "header"),
    [({"x_accel_redirect": "/files/"}, "X-Accel-Redirect"), ({"x_sendfile": True}, "X-Sendfile")],
)
def test_a_server_in_front_is_told_the_file(
    photos: Path, option: dict[str, Any], header: str, sends_files: bool
) -> None:
    """Also where the server that the application runs in cannot send one."""
    images = service(photos, **option)
    announced = replace(ID, headers={"x-sendfile-type": header})
    made = images.handle(announced)
    hit = images.handle(replace(announced, sends_files=sends_files))
    assert (hit.body, hit.header("content-length")) == (b"", None)
    named = hit.header(header)
    assert named is not None
    folder = os.fspath(photos.parent / "cache")
    path = folder + named.removeprefix("/files") if header == "X-Accel-Redirect" else named
    assert Path(path).read_bytes() == made.body
    assert hit.header("etag") == made.header("etag")
    assert images.handle(ImageRequest("HEAD", ID.path, ID.query)).headers == made.headers
    assert images.ready(announced) == images.handle(announced)  # its path was sent a moment ago
    assert images.ready(replace(ID, sends_files=False)) is None  # the bytes are not in memory


@pytest.mark.parametrize("said", ["", "X-Sendfile", "x-accel-redirect", "X-Accel-Redirect, x"])
def test_who_does_not_come_by_the_server_in_front_gets_the_bytes(
    photos: Path, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """nginx sets the header for each request, so a client's own does not come this far."""
    with caplog.at_level(logging.INFO, "imgmiddleware"):
        images = service(photos, x_accel_redirect="/files/")
        asked = replace(ID, headers={"x-sendfile-type": said} if said else {})
        made, *hits = [images.handle(replace(asked, sends_files=False)) for _ in range(4)]
        hits.append(images.handle(asked))
    assert len({made.read(), *(hit.read() for hit in hits)}) == 1
    assert {hit.headers for hit in hits} == {made.headers}
    levels = [record.levelname for record in caplog.records]
    assert levels == ["INFO", "WARNING"]  # at the start, and once
    for record in caplog.records:
        assert "'X-Sendfile-Type: X-Accel-Redirect'" in record.getMessage()


def test_a_server_in_front_is_told_the_bytes_of_a_name(photos: Path) -> None:
    """A header field has bytes beyond ASCII as they are, in latin-1's clothes for Python."""
    folder = photos.parent / "кеш"
    images = ImageService(photos, x_sendfile=True, cache_dir=folder)
    announced = replace(ID, headers={"x-sendfile-type": "X-Sendfile"})
    made, hit = images.handle(announced), images.handle(announced)
    named = hit.header("x-sendfile")
    assert named is not None
    assert Path(os.fsdecode(named.encode("latin-1"))).read_bytes() == made.body


@pytest.mark.parametrize(
    "options",
    [
        {"x_accel_redirect": "/files/"},
        {"x_sendfile": True},
        {"x_accel_redirect": "/f/", "x_sendfile": True, "cache_dir": "c"},
        {"cache_dir": ""},
        {"cache_dir": 3},
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"x_accel_redirect|cache_dir"):
        ImageService("/", **options)


def test_a_folder_that_cannot_be_is_no_cache(
    photos: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (photos.parent / "cache").write_bytes(b"a file stands in its place")
    images = service(photos, cache_bytes=0)
    assert [images.handle(ID).status for _ in range(3)] == [200] * 3
    assert len(caplog.records) == 1


def test_a_body_cut_short_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"bod")
    with (tmp_path / "body").open("rb") as file:
        body = FileBody(file, 4, 0, 4, lambda: None)
        with pytest.raises(OSError, match="cut short"):
            list(body.pieces())
        assert list(FileBody(file, 3, 1, 3, lambda: None).pieces()) == [b"od"]
    ImageResponse(200, (), body).close()


def test_a_disk_that_fails_while_a_picture_is_read_is_no_cache(
    photos: Path, renders: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    images = service(photos, cache_bytes=0)
    work = images.answer(ID)
    assert isinstance(work, Work)
    images.handle(ID)  # another makes it meanwhile

    def failing(body: FileBody) -> bytes:
        body.close()
        raise OSError("input/output error")

    monkeypatch.setattr(FileBody, "read", failing)
    answer = work.run()
    assert (answer.status, type(answer.body), len(renders)) == (200, bytes, 2)


def test_names_go_though_none_is_handed_out_any_more(photos: Path) -> None:
    """Each may hold the bytes of an evicted picture, and evicted is where pictures are put."""
    images = service(photos, cache_bytes=0)
    now = 600.0
    images._pictures.results._shared._links._clock = lambda: now
    images.handle(ID)
    hit = images.handle(ID)
    assert isinstance(hit.body, FileBody)
    path = hit.body.path()
    hit.close()
    assert path is not None
    now = 660.0
    images.handle(replace(ID, query="w=10"))
    assert Path(path).exists()
    now = 720.0
    images.handle(replace(ID, query="w=11"))
    assert not Path(path).exists()


@pytest.mark.parametrize("below", ["photos", "photos/cache", "photos/a/b", "link"])
def test_results_are_no_originals(below: str, photos: Path) -> None:
    """Each of them would be served to any client, and warmed again."""
    (photos.parent / "link").symlink_to(photos / "cache")
    with pytest.raises(ValueError, match=r"^cache_dir: .* is below the source"):
        ImageService(photos, cache_dir=photos.parent / below)


@pytest.mark.parametrize("place", [".", "cache", "photos2", "photos/.cache", "photos/.a/b"])
def test_results_are_hidden_or_elsewhere(place: str, photos: Path) -> None:
    images = ImageService(photos, cache_dir=photos.parent / place)
    answer = images.handle(ID)
    assert answer is not None
    assert answer.status == 200
    assert images.holding()["disk"].entries == 1
