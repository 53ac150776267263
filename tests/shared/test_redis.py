"""A server that is frozen, slow, full, gone or wrong costs a bounded time once, and no answer."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from imgmiddleware import ImageService
from imgmiddleware.cache.remote import redis_claims
from imgmiddleware.cache.remote.redis_link import CALL
from imgmiddleware.cache.remote.redis_store import RedisStore
from imgmiddleware.messages import Result
from relay import Relay
from shared.servers import Redis, valkey_program

RESULT = Result(b"body", "image/png")


@contextmanager
def opened(url: str, recheck: float = 1.0) -> Iterator[RedisStore]:
    store = RedisStore(url, recheck)
    try:
        yield store
    finally:
        store.close()


def put(store: RedisStore, key: str, body: bytes = b"body", tag: str = "tag") -> None:
    store.put(key, Result(body, "image/png"), (tag,), store.era())


def seconds(act: Callable[[], object]) -> float:
    since = time.monotonic()
    act()
    return time.monotonic() - since


def wait_for(look: Callable[[], object], within: float = 20) -> None:
    until = time.monotonic() + within
    while not look():
        assert time.monotonic() < until, "it has not come to this"
        time.sleep(0.02)


def all_calls(store: RedisStore) -> None:
    """The calls that a request may make."""
    store.era()
    store.get("a")
    with store.claim("a") or pytest.fail("who cannot be asked keeps nobody out"):
        put(store, "a")
    store.purge("other")


def test_a_frozen_server_costs_the_stated_time_once_and_comes_back(
    own_valkey: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(own_valkey.url) as store:
        put(store, "a")
        with own_valkey.frozen():
            assert seconds(lambda: store.get("a")) < CALL + 1
            assert store.get("a") is None
            for _ in range(3):  # beyond the first try of the thread
                assert seconds(lambda: [all_calls(store) for _ in range(20)]) < 0.5
                time.sleep(0.5)
        wait_for(lambda: store.get("a"))
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "secret" not in caplog.text


def test_a_server_that_drips_is_as_slow_as_one_that_is_frozen(valkey: Redis) -> None:
    proxy = Relay(valkey.port)
    with opened(f"redis://127.0.0.1:{proxy.port}/0") as store:
        put(store, "drips", bytes(2000))
        assert store.get("drips")
        proxy.pause = 0.02  # far below any timeout of a socket: 40 seconds for the body
        assert seconds(lambda: store.get("drips")) < CALL + 1
        assert seconds(lambda: store.get("drips")) < 0.5
        proxy.pause = 0
        wait_for(lambda: store.get("drips"))
    proxy.close()


def test_a_server_that_is_gone_costs_nothing_and_comes_back_empty(own_valkey: Redis) -> None:
    with opened(own_valkey.url) as store:
        put(store, "a")
        era = store.era()
        own_valkey.kill()
        assert seconds(lambda: [all_calls(store) for _ in range(20)]) < CALL + 1
        own_valkey.start()
        wait_for(lambda: store.era() != era), "the memories of all let go of what they have"
        wait_for(lambda: put(store, "a") or store.get("a"))


def test_a_purge_that_a_gone_server_could_not_be_told_is_told_when_it_is_back(
    own_valkey: Redis,
) -> None:
    with opened(own_valkey.url) as store, opened(own_valkey.url) as other:
        put(store, "a")
        era = other.era()
        with own_valkey.frozen():
            assert store.purge("tag") == 0
        wait_for(lambda: other.era() != era)
        assert other.get("a") is None
        assert other.purged_since(era) == {"tag"}


def test_a_full_server_is_read_and_purged_and_says_so_once(
    own_valkey: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    client = own_valkey.client()
    with opened(own_valkey.url) as store, opened(own_valkey.url) as other:
        put(store, "a")
        client.config_set("maxmemory", 1)
        for _ in range(5):
            put(store, "b")
            assert store.get("a")
            assert store.get("b") is None
            with store.claim("b") or pytest.fail("nobody is kept out"):
                pass
        era = other.era()
        assert store.purge("tag") == 1
        assert store.get("a") is None
        wait_for(lambda: other.era() != era)
        client.config_set("maxmemory", 0)
    assert len([r for r in caplog.records if r.levelno >= logging.WARNING]) == 1


@pytest.mark.parametrize("evicted", ["result", "tag", "era"])
def test_whatever_is_evicted_nothing_that_was_purged_comes_back(
    valkey: Redis, evicted: str
) -> None:
    client = valkey.client()
    client.flushall()
    with opened(valkey.url, recheck=0) as store:
        put(store, "a")
        for name in client.scan_iter(f"imgmiddleware:1:{evicted}*"):
            client.delete(name)
        assert (store.get("a") is None) == (evicted != "era")
        store.purge("tag")
        assert store.get("a") is None
        put(store, "b")
        assert store.get("a") is None
        assert store.get("b")


@pytest.mark.parametrize("field", ["head", "tags", "body"])
@pytest.mark.parametrize(
    "damage", ["flipped", "cut", "emptied", "another's", "gone", "another kind"]
)
def test_what_is_damaged_is_a_miss(valkey: Redis, field: str, damage: str) -> None:
    client = valkey.client()
    client.flushall()
    with opened(valkey.url) as store:
        put(store, "a", b"body of a")
        put(store, "b", b"body of b", tag="other")
        names = [f"imgmiddleware:1:result:{key}" for key in "ab"]
        value = client.hget(names[0], field)
        if damage == "gone":
            client.hdel(names[0], field)
        elif damage == "another kind":
            client.set(names[0], "text")
        else:
            client.hset(
                names[0],
                field,
                {
                    "flipped": bytes([*value[:-1], value[-1] ^ 1]),
                    "cut": value[:-1],
                    "emptied": b"",
                    "another's": client.hget(names[1], field),
                }[damage],
            )
        # Of another's tags it may count as well: its head and body are its own.
        assert store.get("a") is None or (field == "tags" and damage in ("emptied", "another's"))
        wait_for(lambda: store.get("b"))  # it is read at once, or at the next try


def test_what_others_write_into_the_list_of_purges_is_no_error(valkey: Redis) -> None:
    """Each request asks for it whose folder follows: it would be a 500."""
    client = valkey.client()
    client.flushall()
    with opened(valkey.url) as store:
        put(store, "a")
        era = store.era()
        store.purge("tag")
        assert store.purged_since(era) == {"tag"}
        client.lpush("imgmiddleware:1:purges", b"7 \xff\xfe")
        assert store.purged_since(era) is None


def lists(client: Any, name: str) -> None:
    client.rpush(name, "x", "y")


def gathers(client: Any, name: str) -> None:
    client.sadd(name, "x")


def maps(client: Any, name: str) -> None:
    client.hset(name, "head", "x")


def writes(client: Any, name: str) -> None:
    client.set(name, "seventeen")


def writes_nothing(client: Any, name: str) -> None:
    client.set(name, "")


def writes_much(client: Any, name: str) -> None:
    client.set(name, b"7" * 20_000_000)


def lists_much(client: Any, name: str) -> None:
    client.rpush(name, *[b"7" * 5_000_000] * 4)


FOREIGN = (lists, gathers, maps, writes, writes_nothing, writes_much, lists_much)


@pytest.mark.parametrize("put_there", FOREIGN)
@pytest.mark.parametrize("kind", ["era", "purges", "tag", "claim", "result"])
def test_what_others_have_put_under_our_names_is_never_an_answer(
    valkey: Redis, caplog: pytest.LogCaptureFixture, kind: str, put_there: Callable[..., None]
) -> None:
    """And does not stay for good: the next purge, or the next result, takes its place."""
    client = valkey.client()
    client.flushall()
    with opened(valkey.url, recheck=0) as store, opened(valkey.url, recheck=0) as follower:
        put(store, "a")
        before = follower.era()
        store.purge("other")
        with store.claim("a") or pytest.fail("nobody has it"):
            (name,) = client.scan_iter(f"imgmiddleware:1:{kind}*")
            with client.pipeline() as at_once:  # or the store begins an era in between
                at_once.delete(name)
                put_there(at_once, name)
                at_once.execute()
            assert store.get("a") in (None, RESULT)
        # The list is not known any more, so that it may have been anything.
        assert kind != "purges" or follower.purged_since(before) is None
        store.purge("tag")
        assert store.get("a") is None
        assert store.is_up()
        assert follower.era() == store.era() != before
        if kind in ("era", "purges"):
            assert follower.purged_since(before) is None
        wait_for(lambda: put(store, "a", b"new") or store.get("a"))
        with opened(valkey.url) as another:
            wait_for(lambda: another.wait("a", 0.1) or another.claim("a"))
        assert store.get("a") == Result(b"new", "image/png")
    assert len([each for each in caplog.records if each.levelno >= logging.WARNING]) <= 2


def test_a_value_far_over_the_bound_is_a_miss_that_takes_no_memory(
    valkey: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    """Each of its fields: it is let go of, whatever else is known of it."""
    client = valkey.client()
    client.flushall()
    for field in ("body", "head", "tags"):
        with opened(valkey.url) as store:
            put(store, "a")
            client.hset("imgmiddleware:1:result:a", field, bytes(64 << 20))
            tracemalloc.start()
            try:
                assert store.get("a") is None
                assert tracemalloc.get_traced_memory()[1] < 12 << 20
            finally:
                tracemalloc.stop()
            assert store.is_up()
            put(store, "a")
            assert store.get("a") == RESULT
    assert "larger than any" in caplog.text


def test_a_process_that_was_stopped_is_no_failure_of_the_server(valkey: Redis) -> None:
    """Of the thread that listens, which mostly waits: its clock goes on while it is stopped."""
    program = f"""
import time
from imgmiddleware.cache.remote.redis_store import RedisStore
store = RedisStore({valkey.url!r}, 3600)
store.era()
time.sleep(1)
print("waits", flush=True)
time.sleep(1)
print(store.is_up(), flush=True)
"""
    piped: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen([sys.executable, "-c", program], **piped) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"waits\n"
        process.send_signal(signal.SIGSTOP)
        time.sleep(CALL + 1)
        valkey.client().publish("imgmiddleware:1:told", "left somewhere")
        process.send_signal(signal.SIGCONT)
        assert process.stdout.read() == b"True\n"


def test_what_others_tell_all_may_be_of_any_size(valkey: Redis) -> None:
    with opened(valkey.url) as store:
        put(store, "a")
        valkey.client().publish("imgmiddleware:1:told", bytes(20 << 20))
        wait_for(lambda: store.get("a"))


def test_what_others_tell_all_is_no_failure_of_the_server(valkey: Redis) -> None:
    with opened(valkey.url) as store:
        store.era()
        store._hear(b"left \xff\xfe")
        store._hear(b"\xff")
        assert store.is_up()


def test_members_of_results_that_are_gone_do_not_become_more_and_more(valkey: Redis) -> None:
    client = valkey.client()
    client.flushall()
    with opened(valkey.url) as store:
        for number in range(300):
            put(store, f"key{number}")
            client.delete(f"imgmiddleware:1:result:key{number}")
        (name,) = client.scan_iter("imgmiddleware:1:tag:*")
        assert client.scard(name) < 100


def test_a_body_over_the_bound_is_not_taken(valkey: Redis) -> None:
    with opened(valkey.url) as store:
        assert store.takes(2 << 20)
        assert not store.takes((2 << 20) + 1)
        put(store, "large", bytes((2 << 20) + 1))
        assert store.get("large") is None


def test_others_hear_of_a_purge_without_asking(valkey: Redis) -> None:
    with opened(valkey.url, recheck=3600) as store, opened(valkey.url) as other:
        era = store.era()
        other.purge("tag")
        assert seconds(lambda: wait_for(lambda: store.era() != era)) < 10
        assert store.purged_since(era) == {"tag"}
        assert store.purged_since(store.era()) == frozenset()


def test_of_two_purges_the_second_is_told_to_who_heard_of_the_first(valkey: Redis) -> None:
    """Eras have 16 digits: in fewer of them the second is the first."""
    with opened(valkey.url, recheck=3600) as store, opened(valkey.url) as other:
        for number in range(30):
            era = store.era()
            other.purge(f"tag{number}")
            wait_for(lambda era=era: store.era() != era)
            assert store.purged_since(era) == {f"tag{number}"}
            assert store.era() == valkey.client().get("imgmiddleware:1:era")


def test_clearing_is_told_as_everything(valkey: Redis) -> None:
    with opened(valkey.url, recheck=0) as store:
        valkey.client().flushall()
        put(store, "a")
        put(store, "b", tag="other")
        era = store.era()
        assert store.clear() == 2
        assert store.purged_since(era) is None


def test_who_waits_is_woken(valkey: Redis) -> None:
    with opened(valkey.url) as store, opened(valkey.url) as other:
        claim = store.claim("woken")
        assert claim is not None
        other.era()  # its thread listens
        threading.Timer(0.02, claim.__exit__).start()
        wait_for(lambda: other.wait("woken", 60) or other.claim("woken"))


def test_a_claim_is_renewed_for_as_long_as_its_holder_lives(
    valkey: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_claims, "TTL", 0.6)
    with opened(valkey.url, 0.2) as store, opened(valkey.url) as other:
        store.era()
        claim = store.claim("long")
        assert claim is not None
        with claim:
            until = time.monotonic() + 2
            while time.monotonic() < until:
                assert other.claim("long") is None
                time.sleep(0.05)
        assert other.claim("long") is not None


HOLDER = """
import sys, time
from imgmiddleware.cache.remote.redis_store import RedisStore
store = RedisStore(sys.argv[1])
claim = store.claim("held")
print("held", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_claim_outlives_its_holder_by_little(valkey: Redis, number: int) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, valkey.url], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with opened(valkey.url) as store:
            assert store.claim("held") is None
            holder.send_signal(number)
            took = seconds(lambda: wait_for(lambda: store.claim("held"), redis_claims.TTL + 10))
            assert took < redis_claims.TTL + 5
    finally:
        holder.kill()
        holder.communicate()


def test_a_claim_of_another_is_not_left_by_who_had_it_before(valkey: Redis) -> None:
    with opened(valkey.url) as store, opened(valkey.url) as other:
        late = store.claim("late")
        assert late is not None
        valkey.client().delete("imgmiddleware:1:claim:late")  # as it expires
        mine = other.claim("late")
        assert mine is not None
        late.__exit__()
        assert store.claim("late") is None
        with mine:
            pass
        assert store.claim("late") is not None


def test_nothing_is_opened_before_it_is_used(own_valkey: Redis) -> None:
    before = own_valkey.client().info("stats")["total_connections_received"]
    with opened(own_valkey.url):
        after = own_valkey.client().info("stats")["total_connections_received"]
        assert after - before <= 1, "by this question itself"


def test_a_child_has_connections_and_a_thread_of_its_own(valkey: Redis) -> None:
    with opened(valkey.url) as store:
        put(store, "forked")
        claim = store.claim("parents")
        assert claim is not None
        child = os.fork()
        if not child:  # what the child finds is its exit code
            try:
                found = store.get("forked") is not None and store.era() is not None
                claim.__exit__()  # is the parent's
                other = store.claim("parents")
                os._exit(0 if found and other is None else 1)
            finally:
                os._exit(2)
        assert os.waitpid(child, 0)[1] == 0
        assert store.get("forked")
        with claim:
            pass


def test_a_service_that_nobody_has_any_more_ends_its_thread(valkey: Redis) -> None:
    def threads() -> int:
        return sum(each.name == "imgmiddleware-redis" for each in threading.enumerate())

    wait_for(lambda: not threads())
    store = RedisStore(valkey.url)
    store.era()
    assert threads() == 1
    del store
    wait_for(lambda: not threads())


@pytest.mark.parametrize(
    "given",
    [
        "redis://:secret@host:port/0",
        "redis://:secret@host/?socket_timeout=60",
        "redis://:secret@host/?decode_responses=1",
        "redis://:secret@[host/0",
        "redis://:secret@host/shop",
        "redis://:secret@host/0/1",
        "redis://:secret@host/?db=shop",
        "redis://",
        "redis://:secret@host:99999/0",
        "redis://:secret@host/?db",
        "rediss://:secret@host/?ssl_cert_reqs=",
    ],
)
def test_a_wrong_url_is_refused_without_its_password(given: str) -> None:
    try:
        ImageService(lambda id: None, tiers=[given])
    except ValueError as error:
        assert str(error).startswith("tiers: ")
        assert "secret" not in str(error)
    else:
        assert given.startswith("rediss")


def test_by_a_socket_of_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "valkey.sock"
    server = Redis(valkey_program(), tmp_path / "valkey", "--unixsocket", str(path))
    try:
        with opened(f"unix://{path}?db=3") as store:
            put(store, "a")
            assert store.get("a")
            assert server.client().dbsize() == 0
    finally:
        server.kill()


def test_no_message_has_the_password(
    own_valkey: Redis, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    own_valkey.client().config_set("requirepass", "right")
    url = f"redis://:secret@127.0.0.1:{own_valkey.port}/0"
    with opened(url) as store:
        all_calls(store)
    assert "no cache for now" in caplog.text
    assert "secret" not in caplog.text
