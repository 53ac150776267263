"""Several sources: the source of each ID, the headers for its originals, and its cost."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from anyio import to_thread
from hypothesis import given
from hypothesis import strategies as st

from asking import get
from drivers import call_asgi, plain_asgi, plain_wsgi
from imgmiddleware import (
    ArrayOriginal,
    BytesOriginal,
    ChainSource,
    DirectorySource,
    FunctionSource,
    ImageError,
    ImageService,
    PrefixSource,
)
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.service.admission import bulkhead
from imgmiddleware.sources import file
from imgmiddleware.wsgi import WSGIImageMiddleware
from pictures import opened, quadrants, saved

DATA = saved(quadrants(), "BMP")
OTHER = saved(quadrants()[::-1], "BMP")
WHEN = 784_111_777


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    new, old = tmp_path / "new", tmp_path / "old"
    for folder, data in ((new, DATA), (old, OTHER)):
        folder.mkdir()
        write(folder / "a.bmp", data)
    return new, old


def write(path: Path, data: bytes, when: int = WHEN) -> None:
    path.write_bytes(data)
    os.utime(path, (when, when))


def version(source: Any, id: str) -> str:
    with source.open(id) as original:
        return str(original.version)


PREFIX = st.lists(st.sampled_from(["a", "ab", "é"]), min_size=1, max_size=3).map("/".join)
REST = st.lists(st.sampled_from(["a", "b", "ab", "..", "", "é"]), max_size=3).map("/".join)


@given(data=st.data(), prefixes=st.lists(PREFIX, min_size=1, unique=True), default=st.booleans())
def test_the_longest_prefix_counts(data: Any, prefixes: list[str], default: bool) -> None:
    id = data.draw(st.sampled_from([*prefixes, ""])) + data.draw(st.sampled_from(["/", ""]))
    id += data.draw(REST)
    # Half of a prefix is one as well, which begins another.
    prefixes = [*{*prefixes, *(p.partition("/")[0] for p in prefixes), *([""] if default else [])}]
    asked: list[tuple[str, str]] = []
    sources = {p: lambda id, p=p: asked.append((p, id)) for p in prefixes}
    assert PrefixSource(sources).open(id) is None
    begin = [p for p in prefixes if id.startswith(f"{p}/" if p else "")]
    longest = max(begin, key=len, default=None)
    rest = id if not longest else id[len(longest) + 1 :]
    assert asked == ([] if longest is None or not rest else [(longest, rest)])


@given(
    has=st.lists(st.sets(st.sampled_from("abc")), min_size=1, max_size=4),
    split=st.integers(1, 3),
    id=st.sampled_from("abcd"),
)
def test_the_first_that_has_it_answers(has: list[set[str]], split: int, id: str) -> None:
    """Also where some of a chain are a chain of their own."""
    asked: list[int] = []

    def function(number: int) -> Any:
        def find(id: str) -> bytes | None:
            asked.append(number)
            return bytes([number]) if id in has[number] else None

        return find

    functions = [function(number) for number in range(len(has))]
    source = ChainSource(ChainSource(*functions[:split]), *functions[split:])
    original = source.open(id)
    first = next((number for number, ids in enumerate(has) if id in ids), None)
    assert asked == [*range(len(has) if first is None else first + 1)]
    assert (None if original is None else original._data.tobytes()[0]) == first


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ({}, "PrefixSource of no source"),
        ({"a": "photos/", "a/": "photos/"}, "the prefix 'a/' is given more than once"),
        ({"": "photos/", "/": "photos/"}, "the prefix '' is given more than once"),
        ({"a/../b": "photos/"}, "'a/../b' is no prefix"),
        ({"a//b": "photos/"}, "'a//b' is no prefix"),
        ({"./a": "photos/"}, "'./a' is no prefix"),
        ({"a\0": "photos/"}, "is no prefix"),
        ({"a": "none/"}, "'none/' is not a directory"),
    ],
)
def test_prefixes_that_are_none(
    sources: Any, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photos").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message):
        ImageService(sources)


def test_what_is_no_source_is_said_to_be_so() -> None:
    for wrong, message in (
        ({1: lambda id: None}, "prefixes are texts .*; not 1"),
        ({"cat.jpg": DATA}, "source: .* or a mapping of prefixes to these; not b'BM"),
        (["photos/", "more/"], r"not \['photos/', 'more/'\]; ChainSource\(\.\.\.\) asks several"),
        (ChainSource(3), "not 3"),
    ):
        with pytest.raises(TypeError, match=message) as told:
            ImageService(wrong)
        assert len(str(told.value)) < 300
    with pytest.raises(ValueError, match="ChainSource of no source"):
        ChainSource()

    async def later(id: str) -> None: ...

    for source in ({"a": later}, ChainSource(lambda id: None, later)):
        with pytest.raises(TypeError, match="needs ASGIImageMiddleware"):
            WSGIImageMiddleware(plain_wsgi, source)


def test_the_options_are_those_of_each(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    entered: list[int] = []

    @contextmanager
    def around() -> Any:
        entered.append(1)
        yield

    red = np.full((2, 2, 3), (255, 0, 0), np.uint8)
    service = ImageService(
        {"red": lambda id: red, "": ChainSource({}.get, folders[0])},
        array_order="rgb",
        file_version="content",
        around=around,
    )
    assert pixels(get(service, "fm=png", "red/1").body)[0, 0].tolist() == [255, 0, 0]
    assert entered == [1]
    before = get(service, "w=9", "a.bmp").header("ETag")
    write(folders[0] / "a.bmp", DATA, WHEN + 9)
    assert get(ImageService(service.source), "w=9", "a.bmp").header("ETag") == before
    assert len(entered) == 3  # of the function; a directory calls nobody


def pixels(data: Any) -> Any:
    return np.asarray(opened(data).convert("RGB"))


def test_ids_below_a_prefix_are_text_unless_the_source_says_so() -> None:
    def find(id: int) -> bytes | None:
        asked.append(id)
        return DATA

    asked: list[Any] = []
    with pytest.raises(ValueError, match=r"id_type: .* FunctionSource\(function, id_type=int\)"):
        ImageService({"users": find}, id_type=int)
    service = ImageService({"users": FunctionSource(find, id_type=int)})
    assert [get(service, id=f"users/{id}").status for id in ("7", "07", "٧", "x")] == [
        200, 404, 404, 404,
    ]  # fmt: skip
    assert asked == [7]
    chain = ImageService(ChainSource({}.get, find), id_type=int)
    assert [get(chain, id=id).status for id in ("7", "07")] == [200, 404]


@pytest.mark.parametrize("cached", [False, True])
def test_an_id_that_moves_to_another_source_is_another_picture(
    folders: tuple[Path, Path], tmp_path: Path, cached: bool
) -> None:
    """All that the file system says of the two files that is compared is equal."""
    new, old = folders
    options: dict[str, Any] = {"file_version": "mtime", "recheck": 0}
    if cached:
        options["cache_dir"] = tmp_path / "cache"

    def services() -> list[ImageService]:
        return [ImageService(ChainSource(*folders), **options) for _ in range(2)]

    ours, others = services()
    first = get(ours, "fm=png", "a.bmp")
    link = ours.url("a.bmp")
    (new / "a.bmp").unlink()
    for service in (ours, others, *services()):
        second = get(service, "fm=png", "a.bmp", if_none_match=first.header("ETag"))
        assert second.status == 200
        assert (pixels(second.read()) == pixels(OTHER)).all()
        assert service.url("a.bmp") != link
    write(new / "a.bmp", DATA)
    assert get(ours, "fm=png", "a.bmp").header("ETag") == first.header("ETag")
    # Another order, as by a new release: originals of the second are still the second's.
    turned = ImageService(ChainSource(old, new), **options)
    assert get(turned, "fm=png", "a.bmp").header("ETag") == second.header("ETag")


def test_an_id_that_moves_to_another_prefix_is_another_picture(
    folders: tuple[Path, Path],
) -> None:
    new, old = folders
    (old / "maps").mkdir()
    write(old / "maps" / "a.bmp", OTHER)
    plain = DirectorySource(old, file_version="mtime")
    before = PrefixSource({"": plain})
    after = PrefixSource({"": plain, "maps": DirectorySource(new, file_version="mtime")})
    assert version(before, "maps/a.bmp") == version(plain, "maps/a.bmp")  # caches stay good
    assert version(after, "maps/a.bmp") != version(before, "maps/a.bmp")
    assert version(after, "a.bmp") == version(before, "a.bmp")


def test_names_are_those_that_are_given_or_the_same_everywhere(folders: tuple[Path, Path]) -> None:
    def find(id: str) -> BytesOriginal | None:
        return BytesOriginal(DATA, version=1) if id == "a" else None

    def other(id: str) -> BytesOriginal | None:
        return find(id)

    empty = DirectorySource(folders[0])
    named = version(ChainSource(a=find), "a")
    assert version(ChainSource(empty, a=other), "a") == named
    assert version(ChainSource(find), "a") == version(ChainSource(empty, find), "a") != named
    assert version(ChainSource(other), "a") != version(ChainSource(find), "a")
    twice = ChainSource({}.get, find, find)
    assert len({*twice.sources}) == 3
    # A name may be any text, and no two of them and two versions are one.
    texts = [version(ChainSource(**{name: find}), "a") for name in ("", "x", "x.1", "é\ud800")]
    assert len({*texts, named}) == 5


def test_what_was_made_once_is_not_changed() -> None:
    kept = BytesOriginal(DATA, version=1), ArrayOriginal(np.eye(3), version=2)
    source = ImageService(ChainSource({"1": kept[0], "2": kept[1]}.get)).source
    assert version(source, "1") == version(source, "1") != "1"
    assert version(source, "2") == version(source, "2")
    assert kept[0].version == "1"
    assert kept[1].version.startswith("2 ")
    with source.open("2") as original:
        assert isinstance(original, ArrayOriginal)
        assert original.header().width == 3


def test_an_array_that_is_made_when_it_is_needed() -> None:
    made: list[int] = []

    def make() -> Any:
        made.append(1)
        return np.zeros((30, 40), np.uint8)

    source = ChainSource({}.get, {"1": ArrayOriginal(make, version=1)}.get)
    service = ImageService({"arrays": source}, recheck=0)
    answer = get(service, "w=9&fm=png", "arrays/1")
    assert opened(answer.read()).size == (9, 7)
    assert get(service, "w=9&fm=png", "arrays/1", if_none_match=answer.header("ETag")).status == 304
    assert made == [1]


def test_the_time_is_told_of_the_first_alone(folders: tuple[Path, Path]) -> None:
    """A client with the first's time would get a 304 for an older file in the second."""
    new, old = folders
    write(old / "a.bmp", OTHER, WHEN - 9999)
    service = ImageService(ChainSource(new, old), recheck=0)
    date = get(service, "w=9", "a.bmp").header("Last-Modified")
    assert date == "Sun, 06 Nov 1994 08:49:37 GMT"  # of 784,111,777 seconds (RFC 9110, 5.6.7)
    assert get(service, "w=9", "a.bmp", if_modified_since=date).status == 304
    (new / "a.bmp").unlink()
    second = get(service, "w=9", "a.bmp", if_modified_since=date)
    assert (second.status, second.header("Last-Modified")) == (200, None)
    assert get(service, "w=9", "a.bmp", if_none_match=second.header("ETag")).status == 304
    prefixed = get(ImageService({"old": old}), "w=9", "old/a.bmp")
    assert prefixed.header("Last-Modified") is not None


def test_what_fails_is_no_other_source_s_picture() -> None:
    for error in (ImageError("source-unavailable", "slow"), TimeoutError(), PermissionError()):

        def failing(id: str, error: Exception = error) -> None:
            raise error

        asked: list[str] = []
        service = ImageService(ChainSource(failing, asked.append), remember_errors=0)
        if isinstance(error, ImageError):
            assert get(service).status == 503
        else:
            with pytest.raises(type(error)):
                get(service)
        assert asked == []


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EIO])
@pytest.mark.parametrize("kind", ["directory", "path", "around", "nested"])
def test_a_file_that_cannot_be_read_is_no_other_source_s_picture(
    folders: tuple[Path, Path],
    kind: str,
    number: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    new, _ = folders
    source: Any = new if kind == "directory" else lambda id: new / id
    if kind == "nested":
        source = ChainSource({"": ChainSource(source)})
    asked: list[str] = []

    @contextmanager
    def around() -> Any:
        yield

    options: Any = {"around": around} if kind == "around" else {}
    service = ImageService(ChainSource(source, asked.append), **options)
    assert get(service, id="none").status == 404
    assert asked == ["none"]

    def kept(*arguments: Any, **named: Any) -> Any:
        raise OSError(number, os.strerror(number))  # root, in CI, may read everything

    monkeypatch.setattr(file.os, "open", kept)
    with caplog.at_level(logging.WARNING, "imgmiddleware"):
        status = get(service, id="a.bmp").status
    alone = ImageService(new if kind == "directory" else lambda id: new / id)
    assert status == get(alone, id="a.bmp").status  # as it is of one source
    assert asked == ["none"]
    assert "'a.bmp'" in caplog.text


def test_a_class_of_one_s_own_is_called_by_its_own_open(folders: tuple[Path, Path]) -> None:
    class Suffixed(DirectorySource):
        def open(self, id: str) -> Any:
            return super().open(f"{id}.bmp")

    class Redirected(ChainSource):
        def open(self, id: str) -> Any:
            return super().open("a.bmp")

    with ChainSource({}.get, Suffixed(folders[0])).open("a") as original:
        assert original.size == len(DATA)
    service = ImageService(ChainSource({}.get, Redirected(folders[0])))
    assert get(service, id="any").status == 200
    assert get(ImageService(Redirected(folders[0])), id="any").status == 200


def test_what_is_opened_is_closed(folders: tuple[Path, Path]) -> None:
    service = ImageService({"a": ChainSource({}.get, folders[0]), "": folders[1]}, recheck=0)
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for id in ("a/a.bmp", "a/none", "a.bmp", "none"):
        get(service, "w=9", id)
        service.url(id)
    assert before == (len(os.listdir("/proc/self/fd")) if before else 0)


def test_no_results_among_the_originals_of_any(folders: tuple[Path, Path]) -> None:
    for source in (ChainSource({}.get, *folders), {"a": folders[0], "b": {"c": folders[1]}}):
        with pytest.raises(ValueError, match=r"cache_dir: .* is below the source"):
            ImageService(source, cache_dir=folders[1] / "cache")


def test_purged_by_its_whole_id(folders: tuple[Path, Path]) -> None:
    service = ImageService({"a": folders[0], "b": folders[1]})
    for id in ("a/a.bmp", "b/a.bmp"):
        assert get(service, "w=9", id).status == 200
    assert (service.purge("a.bmp"), service.purge("a/a.bmp")) == (0, 1)
    assert service.holding()["memory"].entries == 1


def test_loops_and_threads_mix() -> None:
    """Asked on a loop, in its threads, and in a thread without a loop, for what needs none."""
    threads: list[Any] = []

    async def later(id: str) -> bytes | None:
        await asyncio.sleep(0)
        threads.append(threading.current_thread())
        return DATA if id == "1" else None

    class Rows:
        async def open(self, id: str) -> BytesOriginal | None:
            found = await later(id)
            return None if found is None else BytesOriginal(found)

    plain = {"0": DATA}.get
    app = ASGIImageMiddleware(
        plain_asgi,
        {"chain": ChainSource(plain, later), "rows": Rows(), "": ChainSource(Rows(), plain)},
        recheck=0,
    )
    for id, status in {"chain/0": 200, "chain/1": 200, "chain/2": 404, "rows/1": 200, "rows/0": 404,
                       "0": 200, "1": 200, "2": 404}.items():  # fmt: skip
        assert call_asgi(app, f"/image/{id}?w=9")[0] == status, id
    assert {*threads} == {threading.main_thread()}
    service = app.service
    assert "v=" in service.url("chain/0")
    assert get(service, "w=9", "chain/0").status == 200
    for id in ("chain/1", "rows/1", "0"):
        with pytest.raises(RuntimeError, match=r"^the source is async: .*"):
            service.url(id)

    async def route() -> list[Any]:
        with pytest.raises(RuntimeError, match=r"^the source is async: .*"):
            service.url("chain/1")
        ids = ["chain/0", "chain/1", "rows/1", "0"] * 3
        return await asyncio.gather(*(to_thread.run_sync(service.url, id) for id in ids))

    assert all("v=" in url for url in asyncio.run(route()))


def test_who_asks_on_the_loop_is_told_though_others_need_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where the call is made in another thread, for which the loop would wait for ever."""
    asked: list[str] = []

    async def find(id: str) -> bytes | None:
        return DATA if id != "new" else None

    monkeypatch.setattr(bulkhead, "_QUICK", 0.0)

    async def view(*arguments: Any) -> None:
        for id in ("plain/1", "later/1"):
            try:
                asked.append(app.service.url(id))
            except RuntimeError as error:
                asked.append(str(error))
        await plain_asgi(*arguments)

    app = ASGIImageMiddleware(view, {"plain": lambda id: DATA, "later": find}, missing="pass")
    asking = threading.Thread(target=call_asgi, args=(app, "/image/later/new"), daemon=True)
    asking.start()
    asking.join(30)
    assert not asking.is_alive()
    assert asked[0].startswith("/image/plain/1?v=")
    assert asked[1].startswith("the source is async: ")


def test_a_long_id_costs_no_more_than_its_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    class Counted(dict[str, Any]):
        looks = 0

        def __contains__(self, key: object) -> bool:
            Counted.looks += 1
            return super().__contains__(key)

    source = PrefixSource({"a/b": {}.get, "": {}.get})
    monkeypatch.setattr(source, "sources", Counted(source.sources))
    assert source.prefix_of("/" * 4000) == ""
    assert Counted.looks <= 4
