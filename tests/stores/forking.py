"""A store that is built before a fork, asked after it, and again by a child of the asker."""

import os
import signal
import sys

from imgmiddleware.objects.errors import DownError
from imgmiddleware.objects.stores import store_of


def in_child(who: str) -> None:
    if not (child := os.fork()):
        signal.alarm(10)
        tell(who)
        os._exit(0)
    os.waitpid(child, 0)


def tell(who: str) -> None:
    try:
        part = objects.read("cat.jpg")
        print(f"{who}:{len(part.data) if part else None}", flush=True)
    except DownError:
        print(f"{who}:down", flush=True)


objects = store_of(sys.argv[1])
in_child("child")
tell("parent")
in_child("late")
