"""The page of one original, as `serve` answers it: its contents, its assets, and their owners."""

import re
import zlib
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from io import BytesIO
from urllib.parse import quote

import pytest
from PIL import Image

NAME = "a & <b> 'c'.png"


@pytest.fixture
def folder(tmp_path):
    Image.new("RGB", (30, 20), "red").save(tmp_path / NAME)
    (tmp_path / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return tmp_path


def test_a_card_leads_to_the_viewer_and_that_to_tiles(folder, served):
    site = served(folder)
    index = site.page()
    thumbnail, name = (a for a in index.all("a") if a["href"].startswith("/view"))
    link = name["href"]
    assert thumbnail["href"] == link
    # To whom the page is read it is one link: the name.
    assert (thumbnail["aria-hidden"], thumbnail["tabindex"]) == ("true", "-1")
    assert "tabindex" not in name
    assert [image["alt"] for image in index.all("img")] == [""]
    assert link == "/view?id=a%20%26%20%3Cb%3E%20%27c%27.png"
    page = site.get(link).text
    assert "a &amp; &lt;b&gt; &#x27;c&#x27;.png" in page
    assert "<b>" not in page
    (info,) = re.findall('data-info="([^"]+)"', page)
    assert site.get(info).json()["width"] == 30


def test_the_html_for_a_page_can_be_copied(folder, served):
    Image.new("RGB", (900, 600), "red").save(folder / NAME)
    site = served(folder)
    page = site.page(f"/view?id={quote(NAME)}")
    (markup,) = (field["value"] for field in page.all("input") if field.get("id") == "markup")
    assert markup.startswith('<img alt="What it shows" src="/image/a%20%26%20%3Cb%3E')
    for url, width in re.findall(r'([^\s"]+) (\d+)w', markup.replace("&amp;", "&")):
        assert Image.open(BytesIO(site.get(url).content)).width == int(width)
    assert [b["data-copy"] for b in page.all("button") if "data-copy" in b][-1] == "markup"


def test_frames_are_asked_of_what_moves(folder, served):
    first, second = (Image.new("RGB", (30, 20), color) for color in ("red", "blue"))
    first.save(folder / "moves.gif", save_all=True, append_images=[second])
    site = served(folder)
    assert 'name="anim"' in site.get("/view?id=moves.gif").text
    assert 'name="anim"' not in site.get(f"/view?id={quote(NAME)}").text


def test_an_old_link_leads_back(folder, served):
    answer = served(folder).get("/view?id=gone.png", root_path="/site")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "<h1>There is no such original</h1>" in answer.text
    assert '<a href="/site/">' in answer.text
    # Its style is the one that its policy allows, and it has no script.
    (style,) = re.findall("<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["content-security-policy"]
    assert "script-src 'none'" in answer.headers["content-security-policy"]


def test_under_a_mount(folder, served):
    page = served(folder).get(f"/view?id={quote(NAME)}", root_path="/site").text
    assert f'data-image="/site/image/{quote(NAME)}"' in page
    assert '<script src="/site/assets/' in page


def test_what_the_page_loads_is_ours_and_kept_for_good(folder, served):
    site = served(folder)
    answer = site.get(f"/view?id={quote(NAME)}")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert "unsafe" not in policy
    loaded = re.findall('(?:src|href)="(/assets/[^"]+)"', answer.text)
    names = ["gallery.css", "viewer.css", "openseadragon.min.js", "viewer.js"]
    assert [path.rpartition("/")[2] for path in loaded] == names
    for path in loaded:
        asset = site.get(path)
        assert asset.status_code == 200
        assert "immutable" in asset.headers["cache-control"]
        assert asset.headers["x-content-type-options"] == "nosniff"
    assert not re.findall("(?:src|href)=.(?:https?:)?//", answer.text)


@pytest.mark.parametrize("id", ["", "none.png", "../secret.png", "."])
def test_no_such_original(folder, served, id):
    site = served(folder)
    assert site.get(f"/view?id={quote(id)}").status_code == 404
    assert site.get("/assets/0/serve.py").status_code == 404


def test_a_refused_original_has_a_page(folder, served):
    site = served(folder)
    assert site.get("/view?id=damaged.png").status_code == 200
    assert site.get("/image/damaged.png/info.json").status_code == 422


@pytest.mark.parametrize("options", [{"widths": [320, 800]}, {"presets_only": True}])
def test_where_sizes_are_restricted_there_is_no_viewer(folder, served, options):
    site = served(folder, **options)
    assert site.get(f"/view?id={quote(NAME)}").status_code == 404
    assert "/view" not in site.get("/").text


def test_the_form_is_told_what_is_wrong_on_any_host(folder, served):
    """Browsers say to HTTPS and loopback alone that no `<img>` asks: else the words of Accept do."""
    site = served(folder)
    page = site.get(f"/view?id={quote(NAME)}").text
    (script,) = re.findall('src="([^"]+/viewer.js)"', page)
    (accept,) = re.findall('const accept = "([^"]+)"', site.get(script).text)
    (image,) = re.findall('data-image="([^"]+)"', page)
    refused = site.get(f"{image}?w=x", headers={"Accept": accept})
    assert refused.json()["code"] == "malformed-parameter"
    shown = site.get(f"{image}?w=9", headers={"Accept": accept})
    assert shown.headers["content-type"] == "image/avif"


def test_the_wheel_is_little_larger_for_it():
    """By less than 400 kB, as each of its files is deflated."""
    assets = files("imgmiddleware.cli.pages") / "assets"
    assert sum(len(zlib.compress(one.read_bytes())) for one in assets.iterdir()) < 400_000
    assert "Copyright" in (assets / "openseadragon-LICENSE.txt").read_text()
