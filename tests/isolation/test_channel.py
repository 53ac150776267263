"""The wire: messages that are whole, and nothing else."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from imgmiddleware.isolation.channel import Channel, ClosedError, memory_file, pair

pytestmark = pytest.mark.skipif(not hasattr(socket, "send_fds"), reason="Unix alone")


@pytest.fixture
def ends() -> Iterator[tuple[Channel, Channel]]:
    ours, theirs = pair()
    there = Channel(theirs)
    yield ours, there
    ours.close()
    there.close()


def test_a_message_is_its_kind_and_its_bytes(ends: tuple[Channel, Channel]) -> None:
    here, there = ends
    here.send(b"M", b"one", b"", b"two")
    here.send(b"F")
    assert there.receive(10) == (b"M", b"onetwo")
    assert there.receive(10, 1) == (b"F", b"")


def test_descriptors_go_along(ends: tuple[Channel, Channel]) -> None:
    here, there = ends
    file = memory_file(5)
    os.pwrite(file, b"hello", 0)
    here.send(b"M", b"x", descriptors=[file])
    os.close(file)
    kind, said, (got,) = there.receive_with_descriptors()
    assert (kind, said, os.pread(got, 9, 0)) == (b"M", b"x", b"hello")
    os.close(got)


def test_one_that_is_too_large_is_none(ends: tuple[Channel, Channel]) -> None:
    here, there = ends
    there.send(b"r", bytes(11))
    with pytest.raises(ClosedError, match="11 bytes"):
        here.receive(10)


def test_nothing_comes_in_time(ends: tuple[Channel, Channel]) -> None:
    here, there = ends
    with pytest.raises(TimeoutError):
        here.receive(10, 0.01)
    there.send(b"r", b"12")
    assert here.receive(10, 10.0**9) == (b"r", b"12")  # as max_wait may be


def test_nobody_takes_it() -> None:
    one, other = socket.socketpair()
    with one, other, pytest.raises(TimeoutError):
        Channel(one, 0.01).send(b"M", bytes(2**24))


def test_half_a_message_is_none() -> None:
    ours, theirs = pair()
    theirs.sendall(b"r" + (5).to_bytes(8) + b"12")
    theirs.close()
    with pytest.raises(ClosedError):
        ours.receive(10, 1)
    with pytest.raises(ClosedError):
        ours.send(b"M", bytes(2**20))
    ours.close()
