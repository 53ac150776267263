"""The index page, in process: it lists the originals, names cannot harm it, and its links work."""

import base64
import hashlib
import io
import os
import re
import threading
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from PIL import Image

from imgmiddleware import DirectorySource
from imgmiddleware.cli.pages import gallery, listing, page
from imgmiddleware.sources import directory

RED = (200, 30, 40)

HOSTILE = [
    "<script>alert(1)<",
    "\"quote'.png",
    "a#b?c&d=e.png",
    "100%.png",
    "%2e%2e.png",
    "&lt;.png",
    "n\u00e9 \u65e5\u672c.png",
    "comma, 2x.png",
    "new\nline.png",
    "\u202egnp.png",
    " ",
]


def save(path, size=(400, 300), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, RED).save(path, format="PNG", **options)


def test_what_a_card_tells(photos, served):
    shown = served(photos).page()
    assert shown.names() == ["red.png"]
    assert "400 \u00d7 300 \u00b7 PNG" in shown.text()
    assert f"{(photos / 'red.png').stat().st_size:,} bytes" in [
        span["title"] for span in shown.all("span") if "title" in span
    ]
    (image,) = shown.all("img")
    assert (image["width"], image["height"], image["loading"]) == ("320", "240", "lazy")
    assert image["src"].startswith("/image/red.png?w=320&h=240&fit=crop&v=")
    assert "&dpr=2&v=" in image["srcset"].split(" 1x, ")[1]
    assert ("title", "photos - imgmiddleware") in shown.texts


def test_the_size_of_an_upright_picture(photos, served):
    exif = Image.Exif()
    exif[0x0112] = 6
    save(photos / "turned.png", (1200, 500), exif=exif)
    assert "500 \u00d7 1,200 \u00b7 PNG \u00b7 orientation 6" in served(photos).page().text()


@pytest.mark.parametrize(
    ("name", "mode", "words"),
    [
        ("a.tiff", "I;16", "TIFF \u00b7 16 bit \u00b7 "),
        ("a.png", "RGBA", "PNG \u00b7 alpha \u00b7 "),
        ("a.gif", "L", "GIF \u00b7 2 frames \u00b7 "),
        ("pages.tiff", "L", "TIFF \u00b7 2 pages \u00b7 "),
    ],
)
def test_what_is_unusual(name, mode, words, photos, served):
    frames = [Image.new(mode, (9, 9)), Image.effect_noise((9, 9), 90).convert("L")]
    more = {"save_all": True, "append_images": frames[1:]} if "2 " in words else {}
    frames[0].save(photos / name, **more)
    assert words in served(photos).page().text()


@pytest.mark.parametrize(
    ("size", "words"),
    [(999, "999 bytes"), (1000, "1 kB"), (999_600, "1 MB"), (12_345_678, "12.3 MB")],
)
def test_sizes_in_words(size, words, photos, served):
    with open(photos / "other", "wb") as file:
        file.write(b"x")
        file.truncate(size)
    assert f"other {words} \u00b7 its first" in served(photos).page().text()


def test_numbers_are_written_in_one_way(photos, served):
    for name in range(1000):
        (photos / f"{name}.txt").touch()
    shown = served(photos).page().text()
    assert "1,001 files. " in shown
    assert "Page 1 of 17" in shown


def test_hostile_names(photos, served):
    for name in HOSTILE:
        save(photos / name)
    site = served(photos)
    shown = site.page()
    assert sorted(shown.names()) == sorted([*HOSTILE, "red.png"])
    allowed = {"html", "head", "meta", "title", "link", "style", "body", "header", "h1", "bdi"}
    allowed |= {
        "p",
        "main",
        "ul",
        "li",
        "a",
        "img",
        "div",
        "h2",
        "span",
        "dl",
        "dt",
        "dd",
        "footer",
        "form",
        "label",
        "input",
        "button",
        "section",
        "pre",
        "code",
        "script",
    }
    assert {tag for tag, _ in shown.elements} == allowed
    for link in shown.links():
        answer = site.get(link)
        assert answer.status_code == 200, link
        assert "immutable" in answer.headers["Cache-Control"] or link.startswith("/view?"), link


def test_names_of_options_and_directories_are_escaped(tmp_path, served):
    directory = tmp_path / "<b>&"
    save(directory / "a.png")
    site = served(directory, presets={"<i>&\"'": "w=10"})
    shown = site.page()
    assert not shown.all("b")
    assert not shown.all("i")
    assert "<b>&" in shown.text()
    assert all(site.get(link).status_code == 200 for link in shown.links())


def test_policy(photos, served):
    answer = served(photos).get("/")
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    (script,) = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"; script-src 'sha256-{digest}';" in policy
    assert "unsafe" not in policy
    assert "; form-action 'self';" in policy
    assert "style=" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("options", "thumbnail", "dense", "labels"),
    [
        ({}, "w=320&h=240&fit=crop", True, ["JPEG", "WebP", "AVIF", "PNG", "full size"]),
        ({"default": "w=90"}, "w=320&h=240&fit=crop", True, ["JPEG", "default"]),
        ({"presets": {"s": "w=9"}}, "w=320&h=240&fit=crop", True, ["JPEG", "s", "full size"]),
        (
            {"presets": {"s": "w=9"}, "presets_only": True, "default": "w=8"},
            "preset=s",
            False,
            ["s", "default"],
        ),
        ({"presets_only": True}, "", False, ["full size"]),
        ({"widths": (300, 350, 900)}, "w=350", False, ["JPEG"]),
        ({"widths": (350, 700)}, "w=350", True, ["JPEG"]),
        ({"widths": (100, 200)}, "w=200", False, ["JPEG"]),
        ({"widths": (320, 640), "heights": (240, 480)}, "w=320&h=240&fit=crop", True, ["JPEG"]),
        ({"widths": (100, 300), "snap": True}, "w=320", True, ["JPEG"]),
    ],
)
@pytest.mark.parametrize("prefix", ["/image/", "/", "/p/\u00e9 %/"])
def test_only_allowed_links(options, thumbnail, dense, labels, prefix, photos, served):
    site = served(photos, **options, prefix=prefix)
    shown = site.page()
    (image,) = shown.all("img")
    assert image["src"].partition("?")[2].rpartition("v=")[0].rstrip("&") == thumbnail
    assert ("srcset" in image) == dense
    found = [text for tag, text in shown.texts if tag == "bdi"]
    assert [label for label in labels if label not in found] == []
    for link in shown.links():
        answer = site.get(link)
        assert answer.status_code == 200, (link, answer.text)
        assert "immutable" in answer.headers["Cache-Control"] or link.startswith("/view?"), link


def test_variants_are_what_their_labels_say(photos, served):
    save(photos / "red.png", (1000, 500))
    site = served(photos)
    variants = [a["href"] for a in site.page().all("a") if "w=800" in a["href"]]
    formats = []
    for link in variants:
        with Image.open(io.BytesIO(site.get(link).content)) as image:
            assert image.size == (800, 400)
            formats.append(image.format)
    assert formats == ["JPEG", "WEBP", "AVIF", "PNG"]


def test_what_moves_has_links_that_move(photos, served):
    frames = [Image.new("RGB", (90, 60), color) for color in ("red", "blue", "green")]
    frames[0].save(photos / "a.gif", save_all=True, append_images=frames[1:])
    site = served(photos)
    moving = [a["href"] for a in site.page().all("a") if "anim=1" in a["href"]]
    assert [re.match(r"/image/([^?]+)", link)[1] for link in moving] == ["a.gif", "a.gif"]
    for link, kind in zip(moving, ("WEBP", "AVIF"), strict=True):
        with Image.open(io.BytesIO(site.get(link).content)) as image:
            assert (image.format, image.n_frames) == (kind, 3)
    page = served(photos, presets={"s": "w=9"}, presets_only=True).page()
    assert "Moving" not in page.text()


def test_under_a_mount(photos, served):
    (image,) = served(photos).page("/site/", root_path="/site").all("img")
    assert image["src"].startswith("/site/image/red.png?")


def test_damaged_originals_and_other_files(photos, served):
    (photos / "cut.png").write_bytes((photos / "red.png").read_bytes()[:20])
    (photos / "notes.txt").write_bytes(b"hello")
    shown = served(photos).page()
    assert shown.names() == ["cut.png", "red.png"]
    assert ("b", "damaged-original") in shown.texts
    assert len(shown.all("img")) == 1
    before, _, after = shown.text().partition("Not pictures, not served")
    assert "notes.txt" in after
    assert "notes.txt" not in before
    assert "its first bytes are of no known format" in after


def test_limits_are_told(photos, served):
    for name in ("pixels", "bytes"):
        shown = served(photos, **{f"max_source_{name}": 100}).page()
        assert ("b", f"source-{name}") in shown.texts
        assert not shown.all("img")


def test_a_file_that_cannot_be_read(photos, served, monkeypatch):
    def broken(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(listing, "read_facts", broken)
    assert "the file cannot be read" in served(photos).page().text()


def test_an_original_that_cannot_be_opened(photos, served, monkeypatch):
    site = served(photos)
    save(photos / "other.png")
    os.symlink("other.png", photos / "link.png")
    opened = DirectorySource.open

    def broken(self, id):
        if id != "red.png":
            raise OSError(5, "Input/output error")
        return opened(self, id)

    monkeypatch.setattr(DirectorySource, "open", broken)
    assert site.page().names() == ["red.png"]


def test_a_disk_that_fails_below_the_source(photos, served, monkeypatch):
    """The source's error is no `OSError`, and the page is there all the same."""
    save(photos / "other.png")
    os.symlink("other.png", photos / "link.png")
    opened = directory._open_confined

    def broken(root, parts, *version):
        if parts != [b"red.png"]:
            raise OSError(5, "Input/output error")
        return opened(root, parts, *version)

    monkeypatch.setattr(directory, "_open_confined", broken)
    assert served(photos).page().names() == ["red.png"]


def shown_folders(page):
    found = [
        a["href"] for a in page.all("a") if a["href"].startswith(("/?folder=", "/site/?folder="))
    ]
    return [parse_qs(urlsplit(link).query)["folder"][0] for link in found]


def test_folders_and_what_is_in_them(photos, served):
    for name in ("b/x.png", "B.png", "a.png", "b/c/y.png", "Z.png", "A d/z.png"):
        save(photos / name)
    site = served(photos)
    top = site.page()
    assert top.names() == ["a.png", "B.png", "red.png", "Z.png"]
    assert shown_folders(top) == ["A d", "b"]
    assert "2 folders and 4 files. Each picture" in top.text()
    one = site.page("/?folder=b")
    assert one.names() == ["b/x.png"]
    assert ("bdi", "x.png") in one.texts  # as it reads from here
    assert shown_folders(one) == ["b/c"]
    two = site.page("/?folder=b%2Fc")
    assert two.names() == ["b/c/y.png"]
    assert [a["href"] for a in two.all("a")][:2] == ["/", "/?folder=b"]
    assert ("title", "c - imgmiddleware") in two.texts
    (view,) = {a["href"] for a in two.all("a") if a["href"].startswith("/view")}
    assert 'href="/?folder=b%2Fc">← All' in site.get(view).text
    assert shown_folders(site.page("/site/", root_path="/site")) == ["A d", "b"]
    (photos / "b" / "c" / "none").mkdir()
    nothing = site.page("/?folder=b%2Fc%2Fnone").text()
    assert "0 files." in nothing
    assert "Each picture" not in nothing
    save(photos / "empty" / "full" / "x.png")
    between = site.page("/?folder=empty").text()
    assert "1 folder." in between
    assert "Each picture" not in between  # there is none here


@pytest.mark.parametrize(
    "folder",
    ["none", "red.png", "..", ".", "b/..", "b/", "/b", "b//c", ".hidden", "b\\c", "\0", "a" * 5000,
     "outside", "/etc", "\ud800", "../photos"],
)  # fmt: skip
def test_no_such_folder(folder, photos, tmp_path, served):
    save(photos / "b" / "x.png")
    save(photos / ".hidden" / "x.png")
    save(tmp_path / "secret" / "s.png")
    os.symlink(tmp_path / "secret", photos / "outside")
    site = served(photos)
    asked = quote(folder.encode("utf-8", "surrogatepass"), safe="")
    for more in ("", "&q=png"):
        answer = site.get(f"/?folder={asked}{more}")
        assert answer.status_code == 404
        assert "<h1>There is no such folder</h1>" in answer.text
        assert '<a href="/">' in answer.text


def test_a_filter_finds_names_below(photos, served):
    for name in ("b/Tree.png", "b/c/old tree.png", "tree.png", "b/other.png", "street/a.png"):
        save(photos / name)
    site = served(photos)
    shown = site.page("/?q=TREE")
    assert shown.names() == ["b/c/old tree.png", "b/Tree.png", "street/a.png", "tree.png"]
    assert "4 files whose name has TREE." in shown.text()
    below = site.page("/?folder=b&q=tree")
    assert below.names() == ["b/c/old tree.png", "b/Tree.png"]
    assert ("bdi", "c/old tree.png") in below.texts
    assert {"type": "hidden", "name": "folder", "value": "b"} in below.all("input")
    assert site.page("/?folder=street&q=tree").names() == []
    assert "No name here has this." in site.page("/?q=none").text()


def test_a_filter_is_escaped(photos, served):
    shown = served(photos).page('/?q="><script>alert(1)</script>')
    (field,) = [one for one in shown.all("input") if one.get("type") == "search"]
    assert field["value"] == '"><script>alert(1)</script>'
    assert len(shown.all("script")) == 1


def test_hostile_folders(photos, served):
    for name in HOSTILE:
        save(photos / f"in {name}" / "x.png")
    site = served(photos)
    folders = shown_folders(site.page())
    assert sorted(folders) == sorted(f"in {name}" for name in HOSTILE)
    for folder in folders:
        page = site.page(f"/?folder={quote(folder, safe='')}")
        assert page.names() == [f"{folder}/x.png"]
        assert len(page.all("script")) == 1


def test_every_field_has_a_label_and_every_part_a_name(photos, served):
    save(photos / "b" / "x.png")
    for path in ("/", "/?folder=b", "/?q=x"):
        html, shown = served(photos).get(path).text, served(photos).page(path)
        assert len(shown.all("h1")) == len(shown.all("main")) == 1
        names = [nav["aria-label"] for nav in shown.all("nav")]
        assert len(set(names)) == len(names)
        ids = [attributes["id"] for _, attributes in shown.elements if "id" in attributes]
        assert len(set(ids)) == len(ids)
        labelled = set(re.findall(r'<label for="([^"]+)"', html))
        for field in shown.all("input"):
            inside = re.search(rf'<label>[^<]*<input[^>]*name="{field["name"]}"', html)
            assert field["type"] == "hidden" or field.get("id") in labelled or inside


def test_the_lines_for_frameworks_are_those_of_the_readme(photos, served):
    shown = served(photos).page()
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    one_line = readme.partition("## One line")[2].partition("\n## ")[0]
    told = [text for tag, text in shown.texts if tag == "code"]
    assert told == re.findall(r"```python\n(.*?)```", one_line, re.DOTALL)
    tabs = [text for tag, text in shown.texts if tag == "label" and text != "Part of a name"]
    assert tabs == ["Flask", "FastAPI", "Django"]
    assert [place for name in tabs if (place := one_line.index(name))] == sorted(
        one_line.index(name) for name in tabs
    )
    radios = [one for one in shown.all("input") if one["type"] == "radio"]
    assert ["checked" in one for one in radios] == [True, False, False]


def test_folders_fill_pages_first(photos, served, monkeypatch):
    monkeypatch.setattr(gallery, "PER_PAGE", 2)
    for name in ("a/x.png", "b/x.png", "c/x.png", "1.png", "2.png"):
        save(photos / name)
    site = served(photos)
    pages = [site.page(f"/?page={number}") for number in (1, 2, 3)]
    assert [shown_folders(page) for page in pages] == [["a", "b"], ["c"], []]
    assert [page.names() for page in pages] == [[], ["1.png"], ["2.png", "red.png"]]


def test_what_the_source_refuses_is_not_listed(photos, tmp_path, served):
    save(tmp_path / "secret" / "s.png")
    save(photos / ".hidden.png")
    save(photos / ".git" / "x.png")
    save(photos / "back\\slash.png")
    os.symlink(tmp_path / "secret" / "s.png", photos / "outside.png")
    os.symlink(tmp_path / "secret", photos / "outside")
    os.symlink("nowhere", photos / "dangling.png")
    os.mkfifo(photos / "pipe.png")
    with open(os.fsencode(photos) + b"/not utf-8 \xff.png", "wb") as file:
        file.write((photos / "red.png").read_bytes())
    assert served(photos).page().names() == ["red.png"]


def test_links_within_are_listed_once(photos, served):
    save(photos / "sub" / "x.png")
    os.symlink("sub/x.png", photos / "link.png")
    os.symlink("sub", photos / "again")
    os.symlink(".", photos / "sub" / "loop")
    site = served(photos)
    assert site.page("/?q=png").names() == ["link.png", "red.png", "sub/x.png"]
    assert site.page().names() == ["link.png", "red.png"]
    assert shown_folders(site.page()) == ["again", "sub"]
    assert site.page("/?folder=sub/loop").names() == ["sub/loop/x.png"]


def test_links_to_hidden_folders_are_followed_as_the_source_does(photos, served):
    save(photos / ".store" / "x.png")
    os.symlink(".store", photos / "shown")
    site = served(photos)
    assert shown_folders(site.page()) == ["shown"]
    shown = site.page("/?q=png")
    assert shown.names() == ["red.png", "shown/x.png"]
    assert site.page("/?folder=shown").names() == ["shown/x.png"]
    assert all(site.get(link).status_code == 200 for link in shown.links())


def test_links_that_leave_where_that_is_allowed(photos, tmp_path, served):
    save(tmp_path / "other" / "s.png")
    os.symlink(tmp_path / "other", photos / "out")
    site = served(photos, unsafe_follow_symlinks=True)
    assert shown_folders(site.page()) == ["out"]
    assert site.page("/?folder=out").names() == ["out/s.png"]
    shown = site.page("/?q=png")
    assert shown.names() == ["out/s.png", "red.png"]
    assert all(site.get(link).status_code == 200 for link in shown.links())


def test_pages(photos, served, monkeypatch):
    monkeypatch.setattr(gallery, "PER_PAGE", 2)
    for name in "abcd":
        save(photos / f"{name}.png")
    site = served(photos)
    listed, path, visited = [], "/", []
    while path:
        shown = site.page(path)
        listed.append(shown.names())
        visited.append(path)
        path = next((a["href"] for a in shown.all("a") if a.get("rel") == "next"), None)
    assert listed == [["a.png", "b.png"], ["c.png", "d.png"], ["red.png"]]
    assert visited == ["/", "/?page=2", "/?page=3"]
    assert [a["href"] for a in shown.all("a") if a.get("rel") == "prev"] == ["/?page=2"]
    assert "Page 3 of 3" in shown.text()
    assert "Go to page" not in shown.text()  # each of three is near


def test_many_pages_can_be_gone_to(photos, served, monkeypatch):
    monkeypatch.setattr(gallery, "PER_PAGE", 1)
    for name in ("a&/1.png", "a&/2.png", "a&/3.png", "a&/4.png"):
        save(photos / name)
    site = served(photos)
    shown = site.page("/site/?folder=a%26&q=png", root_path="/site")
    given = [one for one in shown.all("input") if one["name"] != "framework"]
    assert [(one["name"], one.get("value")) for one in given] == [
        *(("folder", "a&"), ("q", "png")),  # the filter
        *(("folder", "a&"), ("q", "png"), ("page", None)),
    ]
    assert given[-1]["max"] == "4"
    assert [one["action"] for one in shown.all("form")] == ["/site/", "/site/"]
    assert site.page("/?folder=a%26&q=png&page=4").names() == ["a&/4.png"]


@pytest.mark.parametrize("query", ["?page=2", "?page=2&q=0"])
def test_a_page_opens_its_own_originals_alone(query, photos, served, monkeypatch):
    """The size of the folder does not matter: this is the cost of a page of one of 5,000."""
    data = (photos / "red.png").read_bytes()
    for number in range(400):
        (photos / f"{number:03}0.png").write_bytes(data)
    site, opened, open_one = served(photos), set(), DirectorySource.open
    monkeypatch.setattr(DirectorySource, "open", lambda s, id: opened.add(id) or open_one(s, id))
    names = site.page(f"/{query}").names()
    assert opened == set(names)
    assert len(opened) == 60


@pytest.mark.parametrize("number", ["0", "2", "-1", "x", "1_0", "\u0661", "", "9" * 5000])
def test_no_such_page(number, photos, served):
    answer = served(photos).get(f"/?page={number}")
    assert answer.status_code == 404
    assert "<h1>There is no such page</h1>" in answer.text


@pytest.mark.parametrize("most", [1, 2])
def test_work_is_bounded(most, photos, served, monkeypatch):
    monkeypatch.setattr(listing, "MOST_ENTRIES", most)
    monkeypatch.setattr(page, "MOST_ENTRIES", most)
    save(photos / "other.png")
    shown = served(photos).page()
    assert len(shown.names()) == most
    note = f"only the files among its first {most} entries are listed"
    assert (note in shown.text()) == (most == 1)


def test_an_empty_directory(photos, served):
    (photos / "red.png").unlink()
    assert "There is nothing to show here yet." in served(photos).page().text()


def test_head_and_other_paths(photos, served):
    site = served(photos)
    head = site.get("/", "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert site.get("/elsewhere").status_code == 404
    assert site.get("/", "POST").status_code == 405


def test_it_runs_in_a_thread(photos, served, monkeypatch):
    seen = []

    def listed(source, settings, path):
        seen.append(threading.current_thread())
        return listing.Folder([], [], complete=True)

    monkeypatch.setattr(gallery, "list_folder", listed)
    served(photos).page()
    assert seen != [threading.main_thread()]


def test_a_folder_whose_name_is_not_utf_8(tmp_path, served):
    folder = tmp_path / os.fsdecode(b"B\xfccher")
    save(folder / "red.png")
    page = served(folder).page()
    assert page.names() == ["red.png"]
    assert any("B\ufffdcher" in text for _, text in page.texts)
