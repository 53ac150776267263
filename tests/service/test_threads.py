"""Threads for calls that may never return."""

import gc
import threading
import time
import weakref

from imgmiddleware.service.admission.threads import Threads


def test_a_thread_that_waits_holds_nothing_of_its_first_work() -> None:
    """It would hold an original and its service for as long as there is always more to do."""

    class Held:
        pass

    held = Held()
    gone, done = weakref.ref(held), threading.Event()

    def work(held: object = held) -> None:
        done.set()

    Threads().start(work)
    del held, work
    assert done.wait(20)
    until = time.monotonic() + 5
    while gone() is not None and time.monotonic() < until:
        gc.collect()
        time.sleep(0.01)
    assert gone() is None
