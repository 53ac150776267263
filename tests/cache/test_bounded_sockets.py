"""The bound in time for all that a call does on its sockets."""

import socket
import time
from collections.abc import Iterator

import pytest

from imgmiddleware.cache.remote.sockets import Allowance, BoundedSocket, TooMuchError

Ends = tuple[BoundedSocket, Allowance, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(30.0)
        allowance = Allowance()
        yield BoundedSocket(ours, allowance), allowance, theirs


def test_what_drips_ends_with_the_call(ends: Ends) -> None:
    ours, allowance, theirs = ends

    def read_on() -> None:
        while True:
            theirs.send(b"x")
            ours.recv(1)

    with allowance.within(0.1, 2**20), pytest.raises(TimeoutError):
        read_on()


def test_to_ask_whether_there_is_anything_takes_no_time(ends: Ends) -> None:
    """Python's own parser of the library does so before each call: it would take all of it."""
    ours, allowance, theirs = ends
    ours.settimeout(0)
    began = time.monotonic()
    with allowance.within(20.0, 2**20), pytest.raises(BlockingIOError):
        ours.recv(1)
    assert time.monotonic() - began < 10
    ours.settimeout(None)
    theirs.send(b"x")
    with allowance.within(20.0, 2**20):
        assert ours.recv(1) == b"x"


def test_what_a_call_has_left_is_nothing_to_the_next(ends: Ends) -> None:
    ours, allowance, theirs = ends
    with allowance.within(1.0, 2**20):
        theirs.send(b"x")
        ours.recv(1)
    theirs.send(b"y")
    ours.recv(1)
    assert ours._socket.gettimeout() == ours.gettimeout() == 30.0


def test_a_call_receives_so_many_bytes_and_the_next_as_many(ends: Ends) -> None:
    ours, allowance, theirs = ends
    for _ in range(2):
        with allowance.within(20.0, 10):
            theirs.send(bytes(11))
            assert len(ours.recv(4)) + ours.recv_into(bytearray(6)) == 10
            with pytest.raises(TooMuchError):
                ours.recv(1)
    theirs.send(bytes(20))
    assert len(ours.recv(20)) == 20
