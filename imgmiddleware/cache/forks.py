"""The state that each child process begins anew, as a fork copies one thread of many.

In the child, the other threads would hold their locks, places, bytes and rights to make a picture
for ever.
"""

import os
import threading
from weakref import WeakKeyDictionary


class Forkable:
    """An object that each child process begins anew. A derived class calls `__init__` last."""

    def __init__(self) -> None:
        self._begin()
        _made[self] = None

    def _begin(self) -> None:
        """Set the state of the threads of one process. Called by `__init__`, and in each child."""
        raise NotImplementedError

    def _pause(self) -> None:
        """Called before a fork, in the process that forks."""

    def _resume(self) -> None:
        """Called after a fork, in the same process."""


#: In the order in which they were made: an object that others build on begins before them.
_made: WeakKeyDictionary[Forkable, None] = WeakKeyDictionary()
_paused: list[Forkable] = []
#: One fork at a time, and one thread of a child that checks whether it is one.
_turn = threading.Lock()
#: The process in which all have begun, and its class of locks.
_begun = [(os.getpid(), threading.Lock)]


def notice() -> None:
    """Begin anew in a child that Python was not told of: uWSGI tells it of none.

    Also where threads have become greenlets since the fork, as in gunicorn's gevent worker. There a
    greenlet that sleeps with a real lock keeps all others waiting, and so itself.

    The call asks the system for a number, which is too dear for a hit in memory.
    """
    if _begun[0] != (os.getpid(), threading.Lock):
        with _turn:
            if _begun[0] != (os.getpid(), threading.Lock):
                _begin_all()


def _all() -> list[Forkable]:
    """The objects that are still in use. Copied in one step, as other threads go on making more."""
    return [made for reference in _made.keyrefs() if (made := reference()) is not None]


def _begin_all() -> None:
    _paused.clear()
    for made in _all():
        made._begin()
    # Only now: other threads of the child wait until all objects have begun.
    _begun[0] = os.getpid(), threading.Lock


def _before() -> None:
    _turn.acquire()
    for made in _all():
        made._pause()
        _paused.append(made)


def _in_parent() -> None:
    while _paused:
        _paused.pop()._resume()
    _turn.release()


def _in_child() -> None:
    _begin_all()
    _turn.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
