"""Originals on a plain server: the requests to it, and the outcome of its faults.

`tests/stores` has the same of real object stores.
"""

from __future__ import annotations

import itertools
import json
import zlib
from collections.abc import Iterator
from threading import Barrier, Thread
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from asking import get
from fileserver import FileServer
from imgmiddleware import ChainSource, ImageError, ImageRequest, ImageService, ObjectSource, Source
from imgmiddleware.testing import SourceConformance
from imgmiddleware.testing.acting import content
from pictures import by_opencv, photo_like, pixels_of, saved
from tiffs import cloud_optimized, coded_tiff

SIDE = 256
#: 8 x 6 tiles, 4 x 3 and 2 x 2.
SHAPES = ((1536, 2048), (768, 1024), (384, 512))


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer() as server:
        yield server


def levels(grain: int) -> list[Any]:
    """Those of a pyramid, whose tiles take some 100 kB each for want of anything that repeats."""
    noise = np.random.default_rng(grain).integers(0, 256, (*SHAPES[0], 3), np.uint8)
    noise[..., grain % 3] |= 0xF0
    return [np.ascontiguousarray(noise[:high, :wide]) for high, wide in SHAPES]


COG = cloud_optimized(levels(0))
SCATTERED = coded_tiff(
    levels(1), lambda part: zlib.compress(part.tobytes(), 1), 8, 2, tile=(SIDE, SIDE)
)
#: A whole tile of the first level.
TILE = "rect=512,256,256,256&fm=png"


class TestObjects(SourceConformance):
    secrets = ("127.0.0.1", "photos")
    names = itertools.count()

    @pytest.fixture(autouse=True)
    def _server(self, server: FileServer) -> None:
        self.server = server

    def make_source(self) -> Source:
        self.folder = str(next(self.names))
        return ObjectSource(f"{self.server.url}/{self.folder}", recheck=0)

    def write(self, source: Source, id: str, data: bytes) -> None:
        self.server.files[f"{self.folder}/{id}"] = data

    def test_it_is_closed(self) -> None:
        """There is nothing to close; connections are kept for the next, also by the server here."""


class TestObjectsInAChain(TestObjects):
    def make_source(self) -> Source:
        return ChainSource(super().make_source(), {}.get)


class TestObjectsWithoutETags(TestObjects):
    """Then the size tells two versions apart, as the time is to a second."""

    @pytest.fixture(autouse=True)
    def _server(self, server: FileServer) -> None:
        server.weak = True
        self.server = server


def asked(server: FileServer) -> list[str]:
    """The ranges that were asked for since the last look."""
    found = [headers.get("Range", "all") for _, _, headers in server.asked]
    del server.asked[:]
    return found


def served(server: FileServer, data: bytes, **options: Any) -> ImageService:
    server.files["a"] = data
    options = {"recheck": 60.0, "cache_bytes": 0, "decoded_bytes": 0, **options}
    return ImageService(server.url, **options)


def test_a_small_file_costs_one_request(server: FileServer) -> None:
    photo = saved(photo_like(300, 200), "JPEG", quality=80)
    assert len(photo) < 2**17
    assert get(served(server, photo), "w=100").status == 200
    assert asked(server) == ["bytes=0-131071"]


@pytest.mark.parametrize("by", [1, 2, 4])
@pytest.mark.parametrize("kind", ["cog", "scattered"])
def test_a_tile_costs_few_requests_cold_and_one_warm(
    server: FileServer, kind: str, by: int
) -> None:
    """As a viewer asks for them: of each level of the pyramid."""
    data = {"cog": COG, "scattered": SCATTERED}[kind]
    service, on_disk = served(server, data, iiif=True), ImageService(lambda id: data, iiif=True)
    first, other = tile(0, 0, by), tile(1, 0, by)
    assert service.handle(first).read() == on_disk.handle(first).read()
    assert len(asked(server)) <= (3 if kind == "cog" else 2 + len(SHAPES))
    assert service.handle(other).read() == on_disk.handle(other).read()
    assert len(asked(server)) <= 1
    assert service.handle(first).read() == on_disk.handle(first).read()
    assert asked(server) == []  # what was read a moment ago is kept


def tile(across: int, down: int, by: int) -> ImageRequest:
    side = SIDE * by
    box = f"{across * side},{down * side},{side},{side}"
    return ImageRequest("GET", f"/image/a/{box}/{SIDE},{SIDE}/0/default.jpg", "", {"host": "x"})


def test_the_last_directories_come_along_with_what_is_behind_them(server: FileServer) -> None:
    """The smallest level, which is shown first: its directory and its tiles."""
    assert served(server, SCATTERED, iiif=True).handle(tile(0, 0, 4)).status == 200
    assert len(asked(server)) == len(SHAPES)


def test_tiles_of_a_crop_are_read_at_once(server: FileServer) -> None:
    """Nine of them, in three places of the file."""
    assert get(served(server, COG), "rect=256,256,768,768&fm=png").status == 200
    assert len(asked(server)) == 1 + 3


def test_the_tables_of_many_tiles_are_read_with_few_requests(server: FileServer) -> None:
    """49,152 of them, whose two tables are 384 kB of a file of twice as much."""
    gray = [np.zeros(shape, np.uint8) for shape in ((4096, 3072), (2048, 1536))]
    data = coded_tiff(gray, lambda part: zlib.compress(part.tobytes(), 9), 8, 1, tile=(16, 16))
    data += bytes(2**21)  # so that not all of it comes along with the last
    assert get(served(server, data), "rect=0,0,16,16&fm=png").status == 200
    assert len(asked(server)) <= 2 + 2


def test_of_wide_rows_only_what_is_shown_is_read(server: FileServer) -> None:
    """Each takes 300 kB; the file 12 MB."""
    wide = np.zeros((40, 100_000, 3), np.uint8)
    data = by_opencv(".tif", wide, cv2.IMWRITE_TIFF_COMPRESSION, cv2.IMWRITE_TIFF_COMPRESSION_NONE)
    assert get(served(server, data), "rect=50000,0,100,40&fm=png").status == 200
    assert brought(server) < len(data) // 8


def brought(server: FileServer) -> int:
    """How many bytes were asked for since the last look."""
    parts = [text.removeprefix("bytes=").split("-") for text in asked(server)]
    return sum(int(last) + 1 - int(first) for first, last in parts)


def test_few_bytes_are_read_for_a_tile(server: FileServer) -> None:
    served_bytes = get(served(server, COG), TILE)
    assert served_bytes.status == 200
    assert brought(server) < len(COG) // 10


def test_a_large_file_is_read_in_few_requests(server: FileServer) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (1500, 1500, 3), np.uint8)
    data = saved(noise, "PNG", compress_level=0)
    assert len(data) > 6_000_000
    assert get(served(server, data), "w=100").status == 200
    assert len(asked(server)) <= 8  # each twice as long as the one before


def test_what_has_not_changed_is_asked_for_once_in_a_while(
    server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [100.0]
    clock = SimpleNamespace(monotonic=lambda: seconds[0])
    monkeypatch.setattr("imgmiddleware.sources.objects.time", clock)
    service = served(server, COG, recheck=5.0)

    def asking(quality: int) -> list[bool]:
        """Of each request that a picture takes, whether it is conditional."""
        del server.asked[:]
        assert get(service, f"rect=0,0,256,256&fm=jpg&q={quality}").status == 200
        return ["If-None-Match" in headers for _, _, headers in server.asked]

    assert not any(asking(64))
    seconds[0] = 104.9
    assert asking(65) == []
    seconds[0] = 105.0
    assert asking(66) == [True]
    seconds[0] = 109.9
    assert asking(67) == []
    server.files["a"] = SCATTERED
    assert asking(68) == []
    seconds[0] = 110.0
    assert asking(69)[0]


@pytest.mark.parametrize(("id", "found"), [("a", True), ("none", False)])
def test_who_asks_at_the_same_time_is_told_by_one_request(
    server: FileServer, id: str, found: bool
) -> None:
    server.files["a"] = COG
    server.seconds = 0.3
    source, seen = ObjectSource(server.url, recheck=60.0), []
    threads = [Thread(target=lambda: seen.append(source.open(id) is not None)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [found] * 8
    assert len(asked(server)) == 1


def test_who_asks_at_the_same_time_is_told_of_a_failure_too(server: FileServer) -> None:
    server.before = lambda path: (401, {}, b"")
    server.seconds = 0.5
    source, seen, ready = ObjectSource(server.url), [], Barrier(8)

    def look() -> None:
        ready.wait()
        try:
            source.open("a")
        except ImageError as error:
            seen.append(error.code)

    threads = [Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == ["source-unavailable"] * 8
    assert len(asked(server)) == 1


def test_a_server_is_one_of_several_sources(server: FileServer) -> None:
    server.files["town.tif"] = COG
    service = ImageService({"maps/": server.url, "": {"cat": COG}.get})
    assert get(service, TILE, id="maps/town.tif").status == 200
    assert get(service, TILE, id="cat").status == 200
    assert get(service, TILE, id="maps/cat").status == 404
    service = ImageService(ChainSource({"cat": COG}.get, server.url))
    assert get(service, TILE, id="town.tif").status == 200


def test_what_is_not_there_is_asked_for_once_in_a_while(server: FileServer) -> None:
    service = ImageService(server.url, recheck=60.0)
    assert [get(service, id="none").status for _ in range(3)] == [404] * 3
    assert len(asked(server)) == 1
    server.files["none"] = COG
    service.purge("none")
    assert get(service, TILE, id="none").status == 200


@pytest.mark.parametrize("id", ["a//b", "a/../b", "./a", "../a", "a%0A"[:1] + "\n", "x" * 2000])
def test_a_name_that_no_object_has_is_not_asked_for(server: FileServer, id: str) -> None:
    assert ObjectSource(server.url).open(id) is None
    assert asked(server) == []


def test_a_hit_in_memory_asks_nothing(server: FileServer) -> None:
    service = served(server, COG, cache_bytes=2**24)
    assert get(service, TILE).status == 200
    asked(server)
    assert get(service, TILE).status == 200
    assert asked(server) == []


def one_colour(value: int) -> bytes:
    """1 MB, of the same size whatever the colour."""
    return saved(np.full((600, 600, 3), value, np.uint8), "BMP")


def shown(service: ImageService, query: str) -> set[int]:
    answer = get(service, f"{query}&fm=png")
    assert answer.status == 200
    return set(np.unique(pixels_of(answer.read())).tolist())


@pytest.mark.parametrize("dated", [True, False])
def test_of_a_change_that_its_server_does_not_tell_nothing_is_mixed(
    server: FileServer, dated: bool
) -> None:
    """As many bytes, within the same second, or without any date."""
    server.etags, server.dated = False, dated
    service = served(server, one_colour(200), recheck=0.0)
    assert shown(service, "w=600") == {200}
    server.files["a"] = one_colour(40)
    assert shown(service, "w=599") in ({200}, {40}) or dated
    service.purge("a")
    assert shown(service, "w=600") == {40}


def test_a_weak_etag_is_heeded_with_what_else_is_told(server: FileServer) -> None:
    server.weak = True
    service = served(server, one_colour(200), recheck=0.0)
    assert shown(service, "w=600") == {200}
    del server.asked[:]
    assert shown(service, "w=599") == {200}
    assert [headers.get("If-None-Match", "")[:2] for _, _, headers in server.asked] == ["W/"]
    server.files["a"] = one_colour(40)
    assert shown(service, "w=600") == {40}


def test_what_is_replaced_while_it_is_read_is_noticed_and_then_new(server: FileServer) -> None:
    source = ObjectSource(server.url, recheck=60.0)
    server.files["a"] = content(900_000)
    original = source.open("a")
    assert original is not None
    server.files["a"] = content(900_000, 1)
    with pytest.raises(ImageError) as found:
        original.read_into(memoryview(bytearray(10)), 500_000)
    assert found.value.code == "original-changed"
    again = source.open("a")
    assert again is not None
    assert again.version != original.version


def test_a_server_that_fails_is_a_503_that_tells_nothing(server: FileServer) -> None:
    server.before = lambda path: (500, {}, b"secret")
    answer = get(served(server, COG, source_timeout=0.5))
    assert (answer.status, json.loads(answer.read())["code"]) == (503, "source-unavailable")
    for secret in ("127.0.0.1", "photos", "secret"):
        assert secret not in answer.read().decode()


@pytest.mark.parametrize("status", [304, 412])
def test_an_answer_to_a_condition_that_nobody_made_is_a_503(
    server: FileServer, status: int
) -> None:
    server.before = lambda path: (status, {}, b"")
    assert get(ImageService(ObjectSource(server.url)), "w=9", "a.jpg").status == 503


def test_a_picture_of_before_stands_in_for_a_server_that_fails(server: FileServer) -> None:
    service = served(server, COG, recheck=0.0, cache_bytes=2**24, source_timeout=0.5)
    assert get(service, TILE).status == 200
    server.before = lambda path: (503, {}, b"")
    assert get(service, TILE).status == 200
    assert get(service, "w=99").status == 503


def test_what_is_not_for_us_is_none_and_told_to_the_operator(
    server: FileServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.before = lambda path: (403, {}, b"secret")
    assert get(served(server, COG)).status == 404
    assert "cannot be opened" in caplog.text


def test_what_is_not_for_us_is_asked_for_once_in_a_while(
    server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a missing object: S3 answers it with 403, too, where the client may not list."""
    seconds = [100.0]
    clock = SimpleNamespace(monotonic=lambda: seconds[0])
    monkeypatch.setattr("imgmiddleware.sources.objects.time", clock)
    server.before = lambda path: (403, {}, b"")
    service = served(server, COG, recheck=5.0)
    for seconds[0], requests in ((100.0, 1), (104.9, 0), (105.0, 1)):
        assert [get(service).status for _ in range(3)] == [404] * 3
        assert len(asked(server)) == requests
    server.before = lambda path: None
    service.purge("a")
    assert get(service, TILE).status == 200


def test_blocks_are_kept_within_the_one_budget(server: FileServer) -> None:
    service = served(server, COG)
    budget = service._pictures._budget
    free = budget.free
    assert get(service, TILE).status == 200
    held = service.holding()["blocks"]
    assert 2**17 <= held.bytes <= free - budget.free <= 2**20
    budget.reserve(budget.total)  # as of a picture that needs all of it: blocks give way
    assert budget.free == 0


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("ftp://host/photos", "ftp:// is none of s3://"),
        ("https://me:hush@host/", "no credentials"),
        ("s3://bucket/a//b", "empty part"),
        ("http://", "names no server"),
    ],
)
def test_a_wrong_address_is_told_when_it_is_built(given: str, told: str) -> None:
    with pytest.raises(ValueError, match=f"^source: .*{told}") as found:
        ImageService(given)
    assert "hush" not in str(found.value)


def test_without_its_library_a_bucket_is_told_by_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("imgmiddleware.objects.store.find_spec", lambda name: None)
    with pytest.raises(
        ImportError, match=r'^source: s3:// takes pip install "imgmiddleware\[stores\]"$'
    ):
        ImageService("s3://bucket/photos")


@pytest.mark.parametrize(
    ("address", "start", "endpoint"),
    [("s3://bucket", "AWS_", "AWS_ENDPOINT_URL"), ("az://bucket", "AZURE_", "AZURE_ENDPOINT")],
)
def test_a_server_without_tls_is_told_by_the_setting_that_it_takes(
    address: str, start: str, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgmiddleware.objects.store.find_spec", lambda name: "is there")
    monkeypatch.setenv(endpoint, "http://127.0.0.1:8333")
    monkeypatch.delenv(f"{start}ALLOW_HTTP", raising=False)
    told = f"^source: {endpoint} is http://, which takes {start}ALLOW_HTTP=true$"
    with pytest.raises(ValueError, match=told):
        ImageService(address)
