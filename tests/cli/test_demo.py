"""`imgmiddleware demo`: the originals it draws, and the folder that goes when it ends."""

import io
import signal
import socket
from itertools import pairwise

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from imgmiddleware.cli import main
from imgmiddleware.cli.demo import DrawnSource
from imgmiddleware.cli.drawn.originals import draw_originals

RED, GREEN, BLUE, YELLOW = (210, 70, 60), (40, 130, 90), (45, 95, 180), (205, 150, 30)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    directory = tmp_path_factory.mktemp("drawn")
    draw_originals(str(directory))
    return directory


def near(pixel, color, within=30):
    return all(abs(int(a) - b) <= within for a, b in zip(pixel, color, strict=True))


def test_a_bitmap_of_more_than_ten_megapixels(drawn):
    with Image.open(drawn / "hills.bmp") as image:
        assert (image.format, image.mode) == ("BMP", "RGB")
        assert image.width * image.height > 10_000_000
        small = np.asarray(image.reduce(50)).astype(int)
    top, bottom = small[:5].mean((0, 1)), small[-5:].mean((0, 1))
    assert top[2] > top[0] > 80  # a blue sky over dark hills
    assert bottom.max() < 80


def test_a_tiff_of_sixteen_bits(drawn):
    with Image.open(drawn / "silk 16 bit.tiff") as image:
        assert image.format == "TIFF"
        assert image.tag_v2[258] == (16, 16, 16)  # BitsPerSample


def test_a_jpeg_that_is_stored_turned(drawn):
    with Image.open(drawn / "turned by EXIF.jpg") as image:
        assert image.getexif()[0x0112] == 6
        assert image.size == (2400, 3200)
        upright = ImageOps.exif_transpose(image)
    assert upright.size == (3200, 2400)
    corners = [(20, 20), (3180, 20), (20, 2380), (3180, 2380)]
    for corner, color in zip(corners, (RED, GREEN, BLUE, YELLOW), strict=True):
        assert near(upright.getpixel(corner), color), corner
    assert near(upright.getpixel((1600, 300)), (200, 62, 44))  # the arrow


def test_a_png_with_alpha(drawn):
    with Image.open(drawn / "translucent.png") as image:
        alpha = np.asarray(image.getchannel("A"))
    assert alpha[0, 0] == 0
    assert 180 < alpha[alpha.shape[0] // 2, alpha.shape[1] // 2] < 255
    assert len(np.unique(alpha)) > 100  # soft edges


def test_a_wide_jpeg(drawn):
    with Image.open(drawn / "panorama.jpg") as image:
        assert (image.format, image.width // image.height) == ("JPEG", 4)


def test_an_animation(drawn):
    with Image.open(drawn / "sunrise.png") as image:
        assert image.n_frames == 20
        night = np.asarray(image.convert("RGB").reduce(30)).mean()
        image.seek(10)
        day = np.asarray(image.convert("RGB").reduce(30)).mean()
    assert day > night + 60


def test_an_array_is_a_heat_map(drawn, served):
    values = np.load(drawn / "temperatures.npy")
    assert (values.shape, values.dtype) == ((1200, 1600), np.float32)
    site = served(DrawnSource(str(drawn)))
    answer = site.get("/image/temperatures.npy?w=400&fm=png")
    with Image.open(io.BytesIO(answer.content)) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    assert pixels.shape == (300, 400, 3)
    hot = np.unravel_index(values.argmax(), values.shape)
    red, _, blue = pixels[hot[0] // 4, hot[1] // 4]
    assert red > blue + 80  # turbo's hot end
    assert "1,600 \u00d7 1,200 \u00b7 NumPy array" in site.page().text()
    assert site.get("/image/none.npy").status_code == 404


def test_the_largest_is_read_by_other_software_too(drawn):
    """Its tiles, by tifffile's structure and Pillow's JPEG decoder, against the level below."""
    path = drawn / "gigapixel.tiff"
    assert path.stat().st_size < 100_000_000
    with tifffile.TiffFile(path) as file:
        pages = list(file.pages)
        sizes = [page.shape for page in pages]
        assert sizes[0][0] * sizes[0][1] > 1_000_000_000
        assert all(a[0] == 2 * b[0] and a[1] == 2 * b[1] for a, b in pairwise(sizes))
        assert max(sizes[-1]) <= 256
        assert [page.is_reduced for page in pages] == [False] + [True] * (len(pages) - 1)
        for large, small in pairwise(pages[:5]):
            wide = -(-large.shape[1] // 256)
            assert len(large.dataoffsets) == wide * -(-large.shape[0] // 256)
            tops = [tile(file, large, (2 + y) * wide + 2 + x) for y in (0, 1) for x in (0, 1)]
            joined = np.vstack([np.hstack(tops[:2]), np.hstack(tops[2:])])
            half = joined.reshape(256, 2, 256, 2, 3).mean((1, 3))
            at = -(-small.shape[1] // 256) + 1
            assert abs(half - tile(file, small, at)).mean() < 5


def tile(file, page, number):
    file.filehandle.seek(page.dataoffsets[number])
    with Image.open(io.BytesIO(file.filehandle.read(page.databytecounts[number]))) as image:
        return np.asarray(image.convert("RGB")).astype(float)


def test_a_tile_of_the_largest(drawn, served):
    site = served(DrawnSource(str(drawn)))
    assert "TIFF \u00b7 pyramid of 9 levels \u00b7 " in site.page().text()
    info = site.get("/image/gigapixel.tiff/info.json").json()
    assert info["width"] * info["height"] > 1_000_000_000
    assert info["tiles"][0]["width"] == 256
    answer = site.get("/image/gigapixel.tiff/20480,10240,256,256/256,256/0/default.jpg")
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.size == (256, 256)


@pytest.fixture
def signals():
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals")
def test_port_in_use(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["demo", "--port", str(port)]) == 2
    out, err = capsys.readouterr()
    assert out == "", "it draws for seconds before it finds out"
    assert err.endswith(f"port {port}: Address already in use; --port N takes another\n")


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize("where", ["drawing", "serving"])
def test_in_this_process(where, capsys, monkeypatch, tmp_path):
    def draw(directory):
        assert directory.startswith(str(tmp_path))
        if where == "drawing":
            raise KeyboardInterrupt

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("imgmiddleware.cli.demo.draw_originals", draw)
    assert main(["demo", "--port", "0"]) == 0
    assert ("Serving the demonstration" in capsys.readouterr().out) == (where == "serving")
    assert list(tmp_path.iterdir()) == []
