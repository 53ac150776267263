"""Faults of some of many machines: answers stay right. In this order, as faults add up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from email.utils import parsedate_to_datetime

import pytest

import parts
from fleet.machines import Fleet, machines_of
from servers.client import Answer
from shared.test_redis import wait_for


def at_once(
    fleet: Fleet, target: str, count: int, ask: list[Callable[..., Answer]] | None = None
) -> list[Future[Answer]]:
    """Requests that are under way, by the balancer or by these in turn."""
    pool = ThreadPoolExecutor(count)
    asks = ask or [fleet.ask]
    return [pool.submit(asks[number % len(asks)], target) for number in range(count)]


def same(answers: list[Answer]) -> bytes:
    """The body of all of them."""
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert len({answer.header("etag") for answer in answers}) == 1
    return answers[0].body


def test_a_hundred_equal_requests_are_one_encode(fleet: Fleet) -> None:
    answers = [each.result() for each in at_once(fleet, "/image/a.jpg?w=300&fm=jpg", 100)]
    same(answers)
    assert len(fleet.renders()) == 1
    assert len(machines_of(answers)) == 3, "all machines answer"


def test_one_machine_is_in_another_network(fleet: Fleet) -> None:
    if fleet.network is None:
        pytest.skip(f"{parts.NOT_TESTED}: a network namespace may not be made here")
    away = fleet.machines[2]
    assert away.host != "127.0.0.1"
    assert away.ask("/image/a.jpg?w=300&fm=jpg").status == 200


def test_headers_are_what_a_cdn_needs(fleet: Fleet) -> None:
    answer = fleet.ask("/image/a.jpg?w=300")
    assert answer.header("cache-control") == "public, max-age=3600, stale-while-revalidate=86400"
    assert (answer.header("etag") or "").startswith('"')
    assert answer.header("surrogate-key") == answer.header("cache-tag")
    assert "Accept" in (answer.header("vary") or "")


def test_a_purge_on_one_machine_is_one_on_all(fleet: Fleet) -> None:
    before = len(fleet.renders())
    for machine in fleet.machines:
        machine.ask("/image/a.jpg?w=290&fm=jpg")
    assert len(fleet.renders()) == before + 1
    machine = fleet.machines[0]
    purge = "import shop; print(shop.application.service.purge('a.jpg'))"
    done = subprocess.run(
        [sys.executable, "-c", purge],
        cwd=machine.folder,
        env=machine.environment,
        capture_output=True,
        text=True,
    )
    assert int(done.stdout) >= 2, done.stderr
    time.sleep(2)
    answers = [machine.ask("/image/a.jpg?w=290&fm=jpg") for machine in fleet.machines]
    same(answers)
    assert len(fleet.renders()) == before + 2


def test_the_leader_is_killed(fleet: Fleet) -> None:
    before = len(fleet.renders())
    with fleet.held():
        asked = at_once(fleet, "/image/a.jpg?w=310&fm=jpg", 24)
        wait_for(lambda: len(fleet.renders()) > before)
        time.sleep(0.5)
        os.kill(fleet.renders()[-1], signal.SIGKILL)
    same([each.result() for each in asked])
    assert len(fleet.renders()) == before + 2


def test_the_leader_is_stopped(fleet: Fleet) -> None:
    before = len(fleet.renders())
    with fleet.held():
        # By themselves: the balancer would wait for a machine that takes connections.
        asked = at_once(
            fleet, "/image/a.jpg?w=320&fm=jpg", 12, [each.ask for each in fleet.machines]
        )
        wait_for(lambda: len(fleet.renders()) > before)
        time.sleep(0.5)
        leader = fleet.renders()[-1]
        os.kill(leader, signal.SIGSTOP)
    try:
        wait_for(lambda: len(fleet.renders()) == before + 2)
        wait_for(lambda: sum(each.done() for each in asked) >= 8)
        done = [each.result() for each in asked if each.done()]
    finally:
        os.kill(leader, signal.SIGCONT)
    same([*done, *(each.result() for each in asked)])


def test_a_machine_forks_its_workers_of_a_parent_that_has_the_application(fleet: Fleet) -> None:
    """Nothing is connected before the fork; each worker hears of purges by itself."""
    machine = fleet.machines[0]
    machine.kill()
    of_others = len((machine.folder / "log").read_text())
    machine.begin(GUNICORN_CMD_ARGS="--preload")
    before = len(fleet.renders())
    target = "/image/a.jpg?w=325&fm=jpg"
    same([each.result() for each in at_once(fleet, target, 12, [machine.ask])])
    same([fleet.machines[1].ask(target)])
    assert len(fleet.renders()) == before + 1
    assert "cache for now" not in (machine.folder / "log").read_text()[of_others:]


def test_the_bucket_refuses_the_writes_of_a_machine(fleet: Fleet) -> None:
    machine = fleet.machines[0]
    machine.kill()
    of_others = len((machine.folder / "log").read_text())
    reader = fleet.s3.readers_environment
    machine.begin(**{name: reader[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")})
    fleet.rebalance()
    before = len(fleet.renders())
    same(
        [
            machine.ask("/image/a.jpg?w=330&fm=jpg"),
            *(each.ask("/image/a.jpg?w=330&fm=jpg") for each in fleet.machines),
        ]
    )
    assert len(fleet.renders()) == before + 1
    log = (machine.folder / "log").read_text()[of_others:]
    assert log.count("writing failed") == 1


def test_the_clock_of_a_machine_is_off_by_a_day(fleet: Fleet) -> None:
    library = parts.need("faketime")
    machine = fleet.machines[1]
    machine.kill()
    machine.begin(LD_PRELOAD=str(library), FAKETIME="+1d", NO_FAKE_STAT="1")
    fleet.rebalance()
    alone = machine.ask("/image/a.jpg?w=339&fm=jpg")
    off = parsedate_to_datetime(alone.header("date") or "").timestamp() - time.time()
    assert 80_000 < off < 90_000, "its clock is right"
    # The bucket refuses a signature of tomorrow, and the client hears nothing of it.
    assert alone.status == 503
    assert fleet.place.encode() not in alone.body
    answers = [each.result() for each in at_once(fleet, "/image/a.jpg?w=340&fm=jpg", 30)]
    same(answers)
    machine.kill()
    machine.begin()
    fleet.rebalance()


def test_a_machine_has_another_engine(fleet: Fleet) -> None:
    target = "/image/a.jpg?w=350&fm=jpg"
    machine = fleet.machines[2]
    machine.kill()
    machine.begin(FLEET_ENGINE="-of-tomorrow")
    fleet.rebalance()
    before = len(fleet.renders())
    answers = [fleet.ask(target) for _ in range(30)]
    assert len(fleet.renders()) == before + 2, "one for each engine"
    bodies = {answer.header("etag") or "": answer.body for answer in answers}
    assert len(bodies) == 2
    assert all(answer.body == bodies[answer.header("etag") or ""] for answer in answers)
    for etag, body in bodies.items():
        parts_of_it = [fleet.ask(target, Range="bytes=100-", If_Range=etag) for _ in range(12)]
        assert {part.status for part in parts_of_it} == {200, 206}
        for part in parts_of_it:
            if part.status == 206:
                assert part.header("etag") == etag
                assert part.body == body[100:]
            else:
                assert part.body == bodies[part.header("etag") or ""]
    machine.kill()
    machine.begin()
    fleet.rebalance()


def test_the_valkey_is_killed_in_the_middle(fleet: Fleet) -> None:
    before = len(fleet.renders())
    with fleet.held():
        asked = at_once(fleet, "/image/a.jpg?w=360&fm=jpg", 24)
        wait_for(lambda: len(fleet.renders()) > before)
        fleet.valkey.kill()
        time.sleep(1)
    made = same([each.result() for each in asked])
    for machine in fleet.machines:
        assert machine.ask("/image/a.jpg?w=360&fm=jpg").body == made
        assert machine.ask("/image/a.jpg?w=370&fm=jpg").status == 200
    fleet.valkey.start()
    wait_for(lambda: _is_merged(fleet))


def _is_merged(fleet: Fleet, widths: list[int] = [400]) -> bool:  # noqa: B006 - counts on
    """Whether a new picture is made once for all machines again."""
    widths[0] += 1
    before = len(fleet.renders())
    target = f"/image/a.jpg?w={widths[0]}&fm=jpg"
    with suppress(OSError):
        same([each.result() for each in at_once(fleet, target, 12)])
    return len(fleet.renders()) == before + 1
