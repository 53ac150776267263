"""Options: what is wrong is named when the service is built, not when somebody asks for a picture."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import os
from typing import Any, get_type_hints

import pytest

import imgmiddleware.settings as settings_module
from imgmiddleware import ImageService, Options, Settings


@pytest.mark.parametrize(
    "options",
    [
        {"prefix": "/a//b/"}, {"prefix": "/a?b"}, {"missing": "500"}, {"array_order": "gbr"},
        {"id_type": float}, {"max_source_bytes": 0}, {"max_source_pixels": -1},
        {"max_source_memory": 1.5}, {"max_result_width": True}, {"max_result_height": "9"},
        {"max_result_pixels": None}, {"max_age": -1}, {"render_slots": 0}, {"widths": ()},
        {"default": None}, {"presets": ["w=3"]}, {"presets": {"a": 3}}, {"authorize": True},
        {"stale_while_revalidate": -1}, {"client_hints": "width"}, {"client_hints": ["viewport"]},
        {"allow_origin": []}, {"allow_origin": "a.example"}, {"allow_origin": ["*", "https://a.example"]},
        {"allow_origin": "https://a.example/"}, {"allow_origin": [3]}, {"allow_origin": "null"},
        {"surrogate_keys": 2}, {"private": "yes"}, {"server_timing": "yes"},
        {"debug_images": "yes"}, {"fallback": 3},
        {"formats": "webp"}, {"formats": ["jpg"]}, {"widths": (0,)}, {"heights": (9,)}, {"snap": True}, {"original_formats": {"jxl"}}, {"original_formats": "jpeg"}, {"unsafe_original_formats": {"jpeg"}},
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_option_is_named(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        Settings(**options)


def test_an_unknown_option_is_named(tmp_path: Any) -> None:
    with pytest.raises(TypeError, match="widht"):
        ImageService(tmp_path, widht=3)


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
    """By a string under it, which is what an editor and the reference show."""
    tree = ast.parse(inspect.getsource(settings_module))
    body = next(n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Settings")
    described = {
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
    "decoded_bytes": 0, "cache_dir_bytes": 0, "render_slots": 1,
}  # fmt: skip


@pytest.mark.parametrize(("name", "least"), WHOLE.items())
def test_whole_numbers_begin_somewhere(name: str, least: int) -> None:
    room = {"max_source_memory": 1} if name == "max_memory" else {}
    assert getattr(Settings(**{name: least}, **room), name) == least
    for wrong in (least - 1, 1.5, True, "9"):
        with pytest.raises(ValueError, match=rf"{name}: .* is not a whole number from {least} on"):
            Settings(**{name: wrong}, **room)


@pytest.mark.parametrize("name", ["max_wait", "recheck", "serve_stale", "remember_errors"])
def test_seconds_are_finite_and_not_negative(name: str) -> None:
    assert getattr(Settings(**{name: 0}), name) == 0
    for wrong in (-0.1, float("inf"), float("nan"), True, "9"):
        with pytest.raises(ValueError, match=f"{name}: .* is not a number of seconds from 0 on"):
            Settings(**{name: wrong})
