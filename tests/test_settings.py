"""Options: errors name the option when the service is built, not at a request."""

from __future__ import annotations

import ast
import copy
import dataclasses
import inspect
import itertools
import os
import pickle
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import numpy as np
import pytest

from asking import get
from drivers import plain_asgi, plain_wsgi
from imgmiddleware import ImageService, Options, Settings
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.wsgi import WSGIImageMiddleware


@pytest.mark.parametrize(
    "options",
    [
        {"prefix": "/a//b/"}, {"prefix": "/a?b"}, {"missing": "500"}, {"array_order": "gbr"},
        {"id_type": float}, {"max_source_bytes": 0}, {"max_source_pixels": -1},
        {"max_source_memory": 1.5}, {"max_result_width": True}, {"max_result_height": "9"},
        {"max_result_pixels": None}, {"max_age": -1}, {"render_slots": 0}, {"widths": ()},
        {"default": None}, {"presets": ["w=3"]}, {"presets": {"a": 3}}, {"authorize": True}, {"authorize": os.getcwd}, {"around": isinstance},
        {"stale_while_revalidate": -1}, {"client_hints": "width"}, {"client_hints": ["viewport"]},
        {"allow_origin": []}, {"allow_origin": "a.example"}, {"allow_origin": ["*", "https://a.example"]},
        {"allow_origin": "https://a.example/"}, {"allow_origin": [3]}, {"allow_origin": "null"},
        {"surrogate_keys": 2}, {"private": "yes"}, {"server_timing": "yes"},
        {"debug_images": "yes"}, {"fallback": 3},
        {"iiif_prefixes": {1: "1/"}}, {"iiif_prefixes": {2: "/"}}, {"iiif_prefixes": {2: "a/", 3: "a"}}, {"iiif_prefixes": {2: "a?"}}, {"iiif_prefixes": ["2/"]},
        {"formats": "webp"}, {"formats": ["jpg"]}, {"widths": (0,)}, {"heights": (9,)}, {"snap": True}, {"original_formats": {"jxl"}}, {"original_formats": "jpeg"}, {"unsafe_original_formats": {"jpeg"}},
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_option_is_named(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        Settings(**options)


def may_be(value: Any, hint: Any) -> bool:
    """Whether a value has a type, as type checkers see it; but that True is no number."""
    kind, parts = get_origin(hint), get_args(hint)
    if kind in (Union, UnionType):
        return any(may_be(value, part) for part in parts)
    if kind is Literal:
        return isinstance(value, str) and value in parts
    if kind is type:
        return value is parts[0]
    if kind is Callable:
        return callable(value)
    if isinstance(value, bool) or hint is bool:
        return isinstance(value, bool) and hint is bool
    if kind is None:
        return isinstance(value, int | float if hint is float else hint)
    if not isinstance(value, kind) or isinstance(value, str | bytes):
        return False
    pairs = value.items() if isinstance(value, Mapping) else [(item,) for item in value]
    return all(map(may_be, pair, parts) for pair in pairs)


WRONG = [
    None, "", "x", "\ud800", "a\0b", b"x", -1, 0, 1.5, 2**70, 10**400, float("nan"), float("inf"), True,
    False, [], ["x"], [None], [[]], [b"x"], {}, {"x": 1}, {1: "w=3"}, {"a": "w=x"}, {"x"}, object(), str,
    int, float, lambda given: True,
]  # fmt: skip


@pytest.mark.parametrize("name", get_type_hints(Settings))
def test_whatever_is_given_is_refused_by_name_when_built_or_does_no_harm(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By name, so that no user meets a traceback of ours; when built, not at a request."""
    monkeypatch.chdir(tmp_path)
    hint = get_type_hints(Settings)[name]
    taken = 0
    for value in WRONG:
        try:
            images = ImageService(lambda id: np.zeros((9, 9), np.uint8), **{name: value})
        except (ValueError, TypeError) as error:
            assert name in str(error), value
        else:
            taken += 1
            assert may_be(value, hint), value
            if not callable(value):
                assert get(images, "w=5", origin="https://a.example").status in (200, 400, 404, 503)
    assert taken < 6


@pytest.mark.parametrize(
    ("misspelt", "nearest"),
    [
        ("cachedir", "cache_dir"),
        ("widht", "widths"),
        ("maxage", "max_age"),
        ("Prefix", "prefix"),
        ("originals_formats", "original_formats"),
        ("zzz", None),
    ],
)
def test_a_misspelt_option_is_told_the_nearest(
    misspelt: str, nearest: str | None, tmp_path: Path
) -> None:
    said = f"{misspelt}: there is no such option"
    said += f"; did you mean {nearest}?" if nearest else ""
    for build in (
        Settings,
        partial(ImageService, tmp_path),
        partial(WSGIImageMiddleware, plain_wsgi, tmp_path),
        partial(ASGIImageMiddleware, plain_asgi, tmp_path),
    ):
        with pytest.raises(TypeError, match=f"^{re.escape(said)}$"):
            build(**{misspelt: 3})


@pytest.mark.parametrize(
    ("options", "nearest"),
    [
        ({"original_formats": ["jpg"]}, "jpeg"),
        ({"original_formats": {"tif"}}, "tiff"),
        ({"unsafe_original_formats": ["jp3"]}, "jp2"),
        ({"formats": ["avfi", "webp"]}, "avif"),
        ({"client_hints": ["save_data"]}, "save-data"),
        ({"missing": "passes"}, "pass"),
        ({"array_order": "RGB"}, "rgb"),
        ({"default": "width=800"}, "w"),
        ({"presets": {"thumb": "w=9&fit=croop"}}, "crop"),
    ],
    ids=str,
)
def test_a_misspelt_value_is_told_the_nearest(options: dict[str, Any], nearest: str) -> None:
    name = next(iter(options))
    with pytest.raises(ValueError, match=rf"^{name}.*; did you mean {nearest}\?$"):
        ImageService(lambda id: None, **options)


@pytest.mark.parametrize(
    "source",
    [None, 3, b"photos", "", "\ud800", "a\0b", "nowhere", [], {}, os.getcwd, isinstance],
    ids=repr,
)
def test_what_is_no_source_is_refused_by_name(source: Any) -> None:
    """An empty path, too: an unset variable would publish the directory we were started in."""
    with pytest.raises((ValueError, TypeError), match=r"^source: "):
        ImageService(source)


def test_a_relative_source_is_seen_from_somewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ValueError, match=r"^source: 'photos/' is not a directory, seen from "
    ) as no:
        ImageService("photos/")
    assert repr(str(tmp_path)) in str(no.value)


@pytest.mark.parametrize("url", ["images.example", "https://a.example/?x", "https://a.example#", 3])
def test_a_base_url_is_no_licence(url: Any) -> None:
    with pytest.raises(ValueError, match=r"^base_url: .*, such as 'https://images\.example'$"):
        ImageService(lambda id: None, base_url=url)


def test_settings_may_be_copied_and_pickled() -> None:
    settings = Settings(max_age=3, id_type=UUID)
    assert pickle.loads(pickle.dumps(settings)) == copy.deepcopy(settings) == settings
    assert dataclasses.replace(settings, max_age=4).max_age == 4
    with pytest.raises(TypeError, match="max_agee"):
        dataclasses.replace(settings, max_agee=4)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("image", "/image/"), ("/image", "/image/"), ("/a/b/", "/a/b/"), ("/", "/"), ("", "/")],
)
def test_a_prefix_has_its_slashes(given: str, kept: str) -> None:
    assert Settings(prefix=given).prefix == kept


def test_slots_are_the_processors_unless_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that this process may use, where the system tells; else those that there are."""
    assert Settings(render_slots=3).slots == 3
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {1, 4, 5, 6, 7}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 11)
    assert Settings().slots == 5
    monkeypatch.delattr(os, "sched_getaffinity")
    assert Settings().slots == 11
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert Settings().slots == 1


def test_the_options_of_type_checkers_are_those_of_settings() -> None:
    """They are written twice, as no type checker makes a TypedDict of a dataclass."""
    fields = {field.name for field in dataclasses.fields(Settings)}
    hints = get_type_hints(Settings)
    assert get_type_hints(Options) == {name: hints[name] for name in fields}


def test_every_option_is_described() -> None:
    """By a string under it, which editors and the reference show."""
    described: set[str] = set()
    for group in Settings.__mro__[1:-1]:
        (body,) = (
            n.body for n in ast.parse(inspect.getsource(group)).body if isinstance(n, ast.ClassDef)
        )
        described |= {
            before.target.id
            for before, after in itertools.pairwise(body)
            if isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name)
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        }
    assert described == {field.name for field in dataclasses.fields(Settings)}


#: The options that are whole numbers, and the smallest that each may be.
WHOLE = {
    "max_source_bytes": 1, "max_source_pixels": 1, "max_source_memory": 1, "max_result_width": 1,
    "max_result_height": 1, "max_result_pixels": 1, "max_frames": 1, "max_animation_pixels": 1,
    "max_memory": 1, "max_age": 0, "stale_while_revalidate": 0, "max_waiting": 0, "cache_bytes": 0,
    "decoded_bytes": 0, "cache_dir_bytes": 0, "pyramid_bytes": 0, "render_slots": 1,
}  # fmt: skip


@pytest.mark.parametrize(("name", "least"), WHOLE.items())
def test_whole_numbers_begin_somewhere(name: str, least: int) -> None:
    room = {"max_source_memory": 1} if name == "max_memory" else {}
    assert getattr(Settings(**{name: least}, **room), name) == least
    for wrong in (least - 1, 1.5, True, "9"):
        with pytest.raises(
            ValueError, match=rf"{name}: .* is not a whole number of {least} or more, "
        ):
            Settings(**{name: wrong}, **room)


@pytest.mark.parametrize("name", ["max_wait", "recheck", "serve_stale", "remember_errors"])
def test_seconds_are_finite_and_not_negative(name: str) -> None:
    assert getattr(Settings(**{name: 0}), name) == 0
    for wrong in (-0.1, float("inf"), float("nan"), True, "9"):
        with pytest.raises(ValueError, match=f"{name}: .* is not a number of seconds from 0 to "):
            Settings(**{name: wrong})
