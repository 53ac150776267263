"""A moving AVIF as Chromium takes it: how often it plays, and its colours.

The page posts its findings to its own server.
"""

import base64
import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

import parts
from browser.devtools import FLAGS
from imgmiddleware.formats.encode import encode_animation

pytestmark = pytest.mark.needs("Chromium")

#: Seconds for Chromium to start on a busy machine.
PATIENCE = 90
PLAYS = (0, 1, 2, 7)
PAGE = """<script>
(async () => {
  const found = []
  for (const text of FILES) {
    const data = Uint8Array.from(atob(text), letter => letter.charCodeAt(0))
    const decoder = new ImageDecoder({data, type: "image/avif"})
    await decoder.tracks.ready
    await decoder.completed
    const {image} = await decoder.decode({frameIndex: 0})
    const pen = new OffscreenCanvas(64, 64).getContext("2d")
    pen.drawImage(image, 0, 0)
    const again = decoder.tracks.selectedTrack.repetitionCount
    found.push([again === Infinity ? 0 : again + 1, ...pen.getImageData(5, 5, 1, 1).data])
  }
  await fetch("/", {method: "POST", body: JSON.stringify(found)})
})()
</script>"""


def chromium_finds(page, directory):
    found, told = [], threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def do_POST(self):
            found.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()
            told.set()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = subprocess.Popen(
            [parts.need("Chromium"), *FLAGS,
             f"--user-data-dir={directory}", f"http://127.0.0.1:{server.server_port}/"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            assert told.wait(PATIENCE)
        finally:
            browser.kill()
            browser.wait(PATIENCE)
            server.shutdown()
    return found


def test_plays_and_colours(tmp_path):
    frames = [(np.full((64, 64, 3), gray, np.uint8), 50) for gray in (60, 200)]
    files = [encode_animation(frames, "avif", 90, plays) for plays in PLAYS]
    texts = json.dumps([base64.b64encode(file).decode() for file in files])
    found = chromium_finds(PAGE.replace("FILES", texts), tmp_path)
    assert [plays for plays, *_ in found] == [*PLAYS]
    assert np.abs(np.array(found)[:, 1:] - (60, 60, 60, 255)).max() <= 2
