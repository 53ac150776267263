"""One picture is made once, by whichever of a server's processes is asked first."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

from load.conftest import WORKERS, Site, until
from servers.client import Answer, ask
from servers.processes import Command

CLIENTS = 200
TARGET = "/image/a.jpg?w=600&fm=webp"


def asked(port: int) -> Answer | None:
    """None where the connection broke, as it does with the process at its other end."""
    try:
        return ask(port, TARGET)
    except (OSError, AssertionError):
        return None


def test_two_hundred_equal_requests_are_one_encode(site: Site, command: Command) -> None:
    site.hold()
    with site.served(command) as server, ThreadPoolExecutor(CLIENTS) as clients:
        answers = [clients.submit(asked, server.port) for _ in range(CLIENTS)]
        until(site.made_by)
        time.sleep(1)  # let all of them arrive, and find it under way
        site.release()
        got = [answer.result(60) for answer in answers]
        assert all(answer is not None and answer.status == 200 for answer in got)
        assert len({answer.body for answer in got}) == len({a.header("etag") for a in got}) == 1
        assert len(site.made_by()) == 1
        # And those that come later, of any process.
        later = [asked(server.port) for _ in range(4 * WORKERS)]
        assert {answer.body for answer in later} == {got[0].body}
        assert len(site.made_by()) == 1


def test_a_maker_that_is_killed_is_followed_by_another(site: Site, command: Command) -> None:
    site.hold()
    with site.served(command) as server, ThreadPoolExecutor(CLIENTS + 1) as clients:
        answers = []
        for number in range(CLIENTS):
            answers.append(clients.submit(asked, server.port))
            if number % 10 == 9:  # one process may accept all that come at once
                time.sleep(0.02)
        until(site.made_by)
        time.sleep(1)
        os.kill(site.made_by()[0], signal.SIGKILL)
        answers.append(clients.submit(asked, server.port))  # one at least is not of that process
        until(lambda: len(site.made_by()) == 2)
        site.release()
        got = [answer.result(60) for answer in answers]
        # The clients of the process that was killed have no answer; all others have the picture.
        served = [answer for answer in got if answer is not None]
        assert served
        assert {answer.status for answer in served} == {200}
        assert len({answer.body for answer in served}) == 1
        first, second = site.made_by()
        assert first != second
