"""docs/frameworks.md does what it says: each of its snippets runs."""

from __future__ import annotations

import io
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, InMemoryStorage, Storage, storages
from django.test import override_settings

from asking import get
from drivers import Answer, call_asgi, call_wsgi, plain_asgi
from frameworks import apps
from imgmiddleware import ImageError, ImageService, Source
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.testing import SourceConformance
from pictures import opened, quadrants, saved

PAGE = (Path(__file__).parents[2] / "docs" / "frameworks.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(autouse=True)
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(saved(quadrants(1200, 900), "JPEG"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "photos"


def run(number: int, **names: Any) -> dict[str, Any]:
    names["__name__"] = "__main__"
    exec(compile(SNIPPETS[number], "frameworks.md", "exec"), names)
    return names


def width(answer: Answer) -> int:
    assert answer[0] == 200
    return opened(answer[2]).size[0]


def test_flask() -> None:
    assert len(SNIPPETS) == 5
    app = run(0)["app"]
    assert width(call_wsgi(app, "/image/cat.jpg?w=90")) == 90
    assert call_wsgi(app, "/image/dog.jpg")[0] == 404


def test_django(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apps.django_wsgi()  # with settings of its own
    found = {"1": SimpleNamespace(file=SimpleNamespace(path=str(photos / "cat.jpg")))}

    class Photos:
        def filter(self, pk: str) -> Any:
            return SimpleNamespace(first=lambda: found.get(pk))

    models: Any = ModuleType("photos.models")
    models.Photo = SimpleNamespace(objects=Photos())
    monkeypatch.setitem(sys.modules, "photos", ModuleType("photos"))
    monkeypatch.setitem(sys.modules, "photos.models", models)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "none")
    application = run(1)["application"]
    assert width(call_wsgi(application, "/image/1?w=90")) == 90
    assert call_wsgi(application, "/image/2")[0] == 404


class Bucket(Storage):
    """A distant file: it has no `path`, and each opened file is a copy."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[datetime, bytes]] = {}
        self.fetched: list[str] = []
        self.error: Exception | None = None
        self.seconds = 1_700_000_000

    def write(self, name: str, data: bytes) -> None:
        self.seconds += 1  # as S3's clock, which knows no parts of them
        self.files[name] = datetime.fromtimestamp(self.seconds, UTC), data

    def _open(self, name: str, mode: str = "rb") -> File:
        self.fetched.append(name)
        return File(io.BytesIO(self._found(name)[1]), name)

    def exists(self, name: str) -> bool:
        if self.error is not None:
            raise self.error
        return os.path.normpath(name) in self.files

    def size(self, name: str) -> int:
        return len(self._found(name)[1])

    def get_modified_time(self, name: str) -> datetime:
        return self._found(name)[0]

    def _found(self, name: str) -> tuple[datetime, bytes]:
        if self.error is not None:
            raise self.error
        return self.files[os.path.normpath(name)]


def storage_source(storage: Storage, media: Path | str = ".") -> Any:
    apps.django_wsgi()
    archive = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    media_files = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    names = {"default": media_files, "archive": archive}
    with override_settings(STORAGES=names, MEDIA_ROOT=str(media)):
        return run(3)["StorageSource"](storage)


class TestStorage(SourceConformance):
    def make_source(self) -> Source:
        self.bucket = Bucket()
        made: Source = storage_source(self.bucket)
        return made

    def write(self, source: Source, id: str, data: bytes) -> None:
        self.bucket.write(id, data)

    def test_one_file_has_one_id(self) -> None:
        source = self.make_source()
        self.bucket.write("a/b.jpg", b"")
        for id in ("a/../a/b.jpg", "./a/b.jpg", "a//b.jpg", "/a/b.jpg", "a\\b.jpg", "a"):
            assert source.open(id) is None


def test_a_storage_that_is_far_away() -> None:
    bucket = Bucket()
    service = ImageService(storage_source(bucket), recheck=0)
    bucket.write("cat.jpg", saved(quadrants(1200, 900), "JPEG"))
    answer = get(service, "w=90", "cat.jpg")
    assert opened(answer.read()).size[0] == 90
    assert bucket.fetched == ["cat.jpg"]
    etag = answer.header("ETag")
    assert get(service, "w=90", "cat.jpg", if_none_match=etag).status == 304
    assert get(service, "w=90", "dog.jpg").status == 404
    assert service.url("cat.jpg") != service.url("dog.jpg")
    assert bucket.fetched == ["cat.jpg"]  # what is known is not fetched again
    bucket.write("cat.jpg", saved(quadrants(600, 450), "JPEG"))
    assert opened(get(service, "", "cat.jpg", if_none_match=etag).read()).size[0] == 600
    bucket.error = ConnectionError()
    assert get(service, "w=91", "cat.jpg").status == 503


def test_a_file_that_is_replaced_before_it_is_fetched() -> None:
    bucket = Bucket()
    source = storage_source(bucket)
    bucket.write("a", b"1234")
    with source.open("a") as original:
        bucket.write("a", b"4321")
        with pytest.raises(ImageError, match="replaced"):
            original.read_into(memoryview(bytearray(4)))


def test_storages_of_django_s_own(photos: Path) -> None:
    apps.django_wsgi()
    for storage in (FileSystemStorage(photos), InMemoryStorage()):
        if not storage.exists("cat.jpg"):
            storage.save("folder/cat.jpg", ContentFile((photos / "cat.jpg").read_bytes()))
            storage.save("cat.jpg", ContentFile((photos / "cat.jpg").read_bytes()))
        service = ImageService(storage_source(storage))
        assert opened(get(service, "w=90", "cat.jpg").read()).size[0] == 90
        for id in ("dog.jpg", "folder", "../photos/cat.jpg", "/etc/passwd", "x" * 300):
            assert get(service, "w=90", id).status == 404, id


def test_the_media_folder_and_an_archive(photos: Path) -> None:
    apps.django_wsgi()
    archive = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    media = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    with override_settings(STORAGES={"default": media, "archive": archive}, MEDIA_ROOT=str(photos)):
        assert get(run(2)["service"], "w=90", "cat.jpg").status == 200
        service = run(3)["service"]
        storages["archive"].save("old.png", ContentFile(saved(quadrants(50, 40), "PNG")))
        found = {id: get(service, "", id) for id in ("cat.jpg", "old.png", "none")}
    assert [answer.status for answer in found.values()] == [200, 200, 404]
    assert opened(found["old.png"].read()).size[0] == 50


def test_anything_else() -> None:
    entered: list[str] = []

    class Session:
        def __call__(self) -> None:
            entered.append("begin")

        def remove(self) -> None:
            entered.append("end")

    def find(id: str) -> str:
        assert entered[-1] == "begin"
        return f"photos/{id}"

    names = {"Session": Session(), "find": find, "ASGIImageMiddleware": ASGIImageMiddleware}
    app = run(4, app=plain_asgi, **names)["app"]
    assert width(call_asgi(app, "/image/cat.jpg?w=90")) == 90
    assert entered == ["begin", "end"]
