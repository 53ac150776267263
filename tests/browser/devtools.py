"""Chromium that is driven by its DevTools protocol: real wheels, drags and keys, and what went wrong.

It speaks over two pipes (`--remote-debugging-pipe`): messages are JSON, each ends with a NUL.
"""

from __future__ import annotations

import base64
import fcntl
import io
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import parts

#: Seconds for anything at all on a busy machine.
PATIENCE = 90

#: A browser without a window, which asks the network for nothing of its own.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


def once(profile: Path, url: str, *flags: str) -> str:
    """Chromium's standard output; it ends itself once the page is loaded and its task is done."""
    command = [parts.need("Chromium"), *FLAGS, f"--user-data-dir={profile}", *flags, url]
    done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode()


class Page:
    """One tab. `faults` are the complaints of its console, and its failed requests."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        attached = browser.call("Target.attachToTarget", targetId=target, flatten=True)
        self._target, self._session = target, attached["sessionId"]
        self.faults: list[str] = []
        self.asked: dict[str, str] = {}  # URLs of requests, by their IDs
        browser.listeners[self._session] = self._heard
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **given: Any) -> Any:
        return self._browser.call(method, self._session, **given)

    def open(self, url: str, width: int = 1280, height: int = 900, *, dark: bool = False) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def run(self, script: str) -> Any:
        """The value of an expression; a promise's, once it has one."""
        done = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def until(self, condition: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self.run(condition):
            assert time.monotonic() < deadline, (condition, self.faults)
            time.sleep(0.05)

    def settle(self, seconds: float = 0.3) -> None:
        """Until nothing has been asked for so long."""
        before = -1
        while before != len(self.asked):
            before = len(self.asked)
            time.sleep(seconds)
            self.run("1")  # what has happened meanwhile is heard

    def mouse(self, kind: str, x: int, y: int, **more: Any) -> None:
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def wheel(self, x: int, y: int, by: int) -> None:
        self.mouse("mouseMoved", x, y)
        self.mouse("mouseWheel", x, y, deltaX=0, deltaY=by)

    def drag(self, start: tuple[int, int], end: tuple[int, int], steps: int = 5) -> None:
        self.mouse("mouseMoved", *start)
        self.mouse("mousePressed", *start, button="left", clickCount=1)
        for step in range(1, steps + 1):
            x, y = (a + (b - a) * step // steps for a, b in zip(start, end, strict=True))
            self.mouse("mouseMoved", x, y, button="left", buttons=1)
            time.sleep(0.03)
        time.sleep(0.2)  # it stands still before it is let go: nothing is thrown
        self.mouse("mouseReleased", *end, button="left", clickCount=1)

    def press(self, key: str, code: int, text: str = "") -> None:
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key if len(key) > 1 else "",  # of a letter it is its place on a keyboard
                windowsVirtualKeyCode=code,
                **({"text": text} if text and kind == "keyDown" else {}),
            )

    def screenshot(self, file: Path | None = None, **given: Any) -> Any:
        """Its pixels, as integers of red, green and blue."""
        data = base64.b64decode(self.call("Page.captureScreenshot", **given)["data"])
        if file is not None:
            file.write_bytes(data)
        with Image.open(io.BytesIO(data)) as image:
            return np.asarray(image.convert("RGB")).astype(int)

    def names(self) -> list[tuple[str, str]]:
        """Role and name of all that a screen reader tells, in the page's order."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node["ignored"]
        ]

    def close(self) -> None:
        self._browser.call("Target.closeTarget", targetId=self._target)

    def _heard(self, method: str, told: Any) -> None:
        if method == "Network.requestWillBeSent":
            self.asked[told["requestId"]] = told["request"]["url"]
        elif method == "Network.responseReceived" and told["response"]["status"] >= 400:
            response = told["response"]
            self.faults.append(f"{response['status']} {response['url']}")
        elif method == "Network.loadingFailed" and not told.get("canceled"):
            url = self.asked.get(told["requestId"])
            self.faults.append(f"failed {url}: {told['errorText']}")
        elif method == "Runtime.consoleAPICalled" and told["type"] in (
            "error",
            "warning",
            "assert",
        ):
            self.faults.append(f"console: {[one.get('value') for one in told['args']]}")
        elif method == "Runtime.exceptionThrown":
            self.faults.append(f"exception: {told['exceptionDetails']}")
        elif method == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.faults.append(f"log: {told['entry']['text']} {told['entry'].get('url', '')}")


class Browser:
    """The process, and its two pipes."""

    def __init__(self, profile: Path) -> None:
        (theirs_in, ours_out), (ours_in, theirs_out) = os.pipe(), os.pipe()
        # Those that it is given become 3 and 4; none may be one of these before.
        read, write = (fcntl.fcntl(one, fcntl.F_DUPFD, 10) for one in (theirs_in, theirs_out))

        def hand_over() -> None:
            os.dup2(read, 3)
            os.dup2(write, 4)

        self._process = subprocess.Popen(
            [
                parts.need("Chromium"),
                *(*FLAGS, "--remote-debugging-pipe"),
                f"--user-data-dir={profile}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(3, 4),
            preexec_fn=hand_over,  # noqa: PLW1509 - no other thread runs here
        )
        for descriptor in (theirs_in, theirs_out, read, write):
            os.close(descriptor)
        self._in, self._out, self._rest, self._last = ours_in, ours_out, b"", 0
        self.listeners: dict[str, Any] = {}

    def call(self, method: str, session: str = "", **given: Any) -> Any:
        self._last += 1
        message = {"id": self._last, "method": method, "params": given}
        if session:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        for answer in self._messages():
            if answer.get("id") == self._last:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            heard = self.listeners.get(answer.get("sessionId", ""))
            if heard and "method" in answer:
                heard(answer["method"], answer["params"])
        raise AssertionError("Chromium has ended")

    def _messages(self) -> Iterator[Any]:
        deadline = time.monotonic() + PATIENCE
        while True:
            message, end, rest = self._rest.partition(b"\0")
            if end:
                self._rest = rest
                yield json.loads(message)
                continue
            left = deadline - time.monotonic()
            assert select.select([self._in], [], [], max(0, left))[0], "Chromium does not answer"
            data = os.read(self._in, 2**20)
            if not data:
                return
            self._rest += data

    def end(self) -> None:
        try:
            self.call("Browser.close")
            self._process.wait(PATIENCE)
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait(PATIENCE)
            os.close(self._in)
            os.close(self._out)


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    browser = Browser(profile)
    try:
        yield browser
    finally:
        browser.end()
