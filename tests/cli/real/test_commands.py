"""`serve` and `demo` as real processes: their port, their folder, and their end."""

import io
import signal
import socket
import time

import httpx
import pytest
from PIL import Image

#: Of the demo's photo that is stored turned.
GREEN = (40, 130, 90)


def size(answer):
    assert answer.status_code == 200, answer.text
    with Image.open(io.BytesIO(answer.content)) as image:
        return image.size


@pytest.mark.parametrize("workers", [1, 2])
def test_a_real_server(workers, photos, start):
    arguments = ("--port", "0", "--workers", str(workers), "--default", "w=100")
    process = start("serve", photos, *arguments)
    url = process.url()
    assert "red.png" in httpx.get(url).text
    assert size(httpx.get(f"{url}image/red.png?w=200")) == (200, 150)
    assert size(httpx.get(f"{url}image/red.png")) == (100, 75)
    assert httpx.get(f"{url}image/none.png").status_code == 404
    time.sleep(2 if workers > 1 else 0)  # until the second one has imported all that it needs
    assert process.interrupt(signal.SIGINT) == 0
    assert "Traceback" not in process.output()
    assert "refused id='none.png' status=404 code=not-found" in process.output()


def test_the_port_is_free_again(photos, start):
    process = start("serve", photos, "--port", "0")
    port = int(process.url().rpartition(":")[2].strip("/"))
    assert process.interrupt(signal.SIGINT) == 0
    with socket.create_server(("127.0.0.1", port)):
        pass


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]
)
def test_a_real_server_and_its_folder(number, code, start):
    process = start("demo", "--port", "0")
    url = process.url()
    temporary = process.out.parent
    assert [path.name for path in temporary.glob("imgmiddleware-*/*.bmp")] == ["hills.bmp"]
    answer = httpx.get(f"{url}image/turned%20by%20EXIF.jpg?w=320", timeout=60)
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.size == (320, 240)
        assert all(
            abs(had - asked) <= 30
            for had, asked in zip(image.getpixel((318, 2)), GREEN, strict=True)
        )
    assert process.interrupt(number) == code
    assert "Traceback" not in process.output()
    assert list(temporary.glob("imgmiddleware-*")) == []
