"""A folder of each machine over a Valkey of all, as services have them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from counting import counted
from imgmiddleware import ImageRequest, ImageService
from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.cache.remote.redis_store import RedisStore
from imgmiddleware.cache.store import ResultStore
from imgmiddleware.cache.tiers import Tiers
from imgmiddleware.cli import main
from imgmiddleware.messages import Result
from shared.servers import Redis
from shared.test_redis import seconds, wait_for

MB = 1 << 20


def picture(id: str) -> np.ndarray | None:
    return np.full((300, 400, 3), 90, np.uint8) if id == "gray" else None


@pytest.fixture
def machine(valkey: Redis, tmp_path: Path) -> Iterator[Callable[..., ImageService]]:
    """Makes services, each with a folder of its own under a name, over one Valkey."""
    valkey.client().flushall()
    made: list[ImageService] = []

    def make(name: str, **options: object) -> ImageService:
        tiers = [tmp_path / name, valkey.url]
        made.append(ImageService(picture, **{"tiers": tiers, "recheck": 0.1, **options}))
        return made[-1]

    yield make
    for service in made:
        service._pictures.results._shared.close()


def has(store: ResultStore, key: str) -> bool:
    found = store.get(key)
    if found is not None:
        found.close()
    return found is not None


def body(service: ImageService, query: str = "w=100") -> bytes:
    response = service.handle(ImageRequest("GET", "/image/gray", query))
    assert response is not None
    assert response.status == 200, response
    return response.read()


def test_what_one_machine_has_made_the_others_have(
    machine: Callable[..., ImageService], monkeypatch: pytest.MonkeyPatch
) -> None:
    renders = counted(monkeypatch, "render")
    one, other = machine("one"), machine("other")
    assert body(one) == body(other)
    assert len(renders) == 1
    assert other.holding()["disk"].entries == 1, "what was found below goes up"


def test_a_hit_in_memory_asks_nobody(
    machine: Callable[..., ImageService], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = machine("one", recheck=30)
    body(service)

    def touched(*arguments: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("redis.connection.Connection.send_packed_command", touched)
    for _ in range(20):
        body(service)
        service.handle(ImageRequest("GET", "/image/gray", f"w=100&dl={_}.jpg"))


def test_a_purge_reaches_memory_and_folder_of_another_machine(
    machine: Callable[..., ImageService], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = machine("one"), machine("other")
    body(one)
    body(other)
    assert one.purge("gray") == 1
    renders = counted(monkeypatch, "render")
    wait_for(lambda: body(other) and renders)
    assert len(renders) == 1, "it is made again, once"


def test_a_machine_that_was_away_follows_when_it_is_back(
    machine: Callable[..., ImageService], monkeypatch: pytest.MonkeyPatch, valkey: Redis
) -> None:
    one, away = machine("one"), machine("away")
    body(one)
    body(away)
    away._pictures.results._shared.close()
    one.purge("gray")
    valkey.client().delete(*valkey.client().keys("imgmiddleware:1:result:*") or ["none"])
    renders = counted(monkeypatch, "render")
    body(machine("away"))
    assert len(renders) == 1, "its folder had what was purged meanwhile"


def test_a_folder_is_emptied_where_nobody_lists_what_was_purged(
    valkey: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    valkey.client().flushall()
    monkeypatch.setattr("imgmiddleware.cache.remote.redis_store._LISTED", 3)
    stores = [RedisStore(valkey.url, 0) for _ in range(2)]
    folder = DiskStore(tmp_path, 8 * MB)
    tiers = Tiers([folder, stores[0]], [folder])
    tiers.put("a", Result(b"body", "image/png"), ("tag",), tiers.era())
    for number in range(2):
        stores[1].purge(f"other{number}")
    assert has(tiers, "a"), "those two are listed"
    for number in range(4):
        stores[1].purge(f"other{number}")
    tiers.era()
    assert not has(folder, "a")
    for store in stores:
        store.close()


def test_what_is_purged_while_it_goes_up_does_not_stay(valkey: Redis, tmp_path: Path) -> None:
    """Found in the Valkey, purged there and above, and only then put into the folder."""
    valkey.client().flushall()
    store, folder = RedisStore(valkey.url, 0), DiskStore(tmp_path, 8 * MB)
    tiers = Tiers([folder, store], [folder])
    era = tiers.era()
    store.put("a", Result(b"body", "image/png"), ("tag",), store.era())
    real = store.get

    def get(key: str) -> Result | None:
        found = real(key)
        tiers.purge("tag")
        return found

    store.get = get  # type: ignore[method-assign]
    assert tiers.found("a", ("tag",), era)
    assert not has(folder, "a")
    store.close()


def test_equal_requests_of_two_machines_are_one_render(
    machine: Callable[..., ImageService], monkeypatch: pytest.MonkeyPatch
) -> None:
    renders = counted(monkeypatch, "render")
    services = [machine("one"), machine("other")]
    bodies: list[bytes] = []
    threads = [
        threading.Thread(target=lambda service=service: bodies.append(body(service, "w=333")))
        for service in services * 8
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bodies) == 16
    assert len({*bodies}) == 1
    assert len(renders) == 1


def test_without_its_valkey_a_machine_goes_on(own_valkey: Redis, tmp_path: Path) -> None:
    service = ImageService(picture, tiers=[tmp_path, own_valkey.url])
    body(service)
    with own_valkey.frozen():
        assert seconds(lambda: [body(service, f"w={width}") for width in range(20, 60)]) < 15
        one, two = (service._pictures.results.claim("key") for _ in range(2))
        assert one is not None, "the claims of the folder count now"
        assert two is None
    service._pictures.results._shared.close()


def test_the_command_line_knows_all_tiers(
    machine: Callable[..., ImageService],
    valkey: Redis,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    service = machine("one")
    body(service)
    body(service, "w=50")
    tiers = ["--tier", str(tmp_path / "one"), "--tier", valkey.url]
    assert main(["cache", "stats", *tiers]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.partition(", ")[0] for line in told] == [
        f"{tmp_path / 'one'}: 2 pictures",
        f"{valkey.url}: 2 pictures",
    ]
    (tmp_path / "photos").mkdir()
    assert main(["cache", "purge", str(tmp_path / "photos"), "gray", *tiers[2:]]) == 0
    assert capsys.readouterr().out == f"{valkey.url}: 2 pictures deleted\n"
    wait_for(lambda: main(["cache", "stats", *tiers]) or "0 pictures" in capsys.readouterr().out)
    assert main(["cache", "clear", *tiers]) == 0


def test_what_is_warmed_is_there_for_all(
    valkey: Redis,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    valkey.client().flushall()
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (300, 200), "navy").save(tmp_path / "photos" / "a.bmp")
    photos = str(tmp_path / "photos")
    assert main(["warm", photos, "-q", "w=40&fm=png", "--tier", valkey.url]) == 0
    renders = counted(monkeypatch, "render")
    service = ImageService(photos, tiers=[valkey.url])
    response = service.handle(ImageRequest("GET", "/image/a.bmp", "w=40&fm=png"))
    assert response is not None
    assert response.status == 200
    assert not renders
    service._pictures.results._shared.close()
    for wrong in (["--tier", valkey.url, "--cache-dir", photos], ["--tier", "s9://x"]):
        assert main(["warm", photos, *wrong]) == 2


def test_copies_of_files_are_shared_by_their_times(
    valkey: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    valkey.client().flushall()
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (300, 200), "navy").save(tmp_path / name / "a.bmp")
        os.utime(tmp_path / name / "a.bmp", ns=(1, 10**18))
    renders = counted(monkeypatch, "render")
    for name in ("one", "other"):
        source = str(tmp_path / name)
        service = ImageService(source, file_version="mtime", tiers=[valkey.url])
        response = service.handle(ImageRequest("GET", "/image/a.bmp", "w=40&fm=png"))
        assert response is not None
        assert response.status == 200
        service._pictures.results._shared.close()
    assert len(renders) == 1


def test_the_command_line_says_that_a_server_does_not_answer(
    own_valkey: Redis, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = own_valkey.url.replace("redis://", "redis://:secret@")
    own_valkey.kill()
    for action in (["stats"], ["clear"], ["purge", str(tmp_path), "a.jpg"]):
        assert main(["cache", *action, "--tier", url]) == 2
        error = capsys.readouterr().err
        assert f"{own_valkey.url} cannot be used now" in error
        assert "secret" not in error


def test_a_server_in_front_sends_the_files_of_the_folder_tier(
    machine: Callable[..., ImageService], tmp_path: Path
) -> None:
    service = machine("one", x_accel_redirect="/files/")
    asked = ImageRequest("GET", "/image/gray", "w=100", {"x-sendfile-type": "X-Accel-Redirect"})
    made = service.handle(asked)
    assert made is not None
    assert made.read()
    response = service.handle(asked)
    assert response is not None
    assert (response.header("X-Accel-Redirect") or "").startswith("/files/")
    response.close()
