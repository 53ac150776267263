"""Calls that are counted where they are made, and made all the same."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any

import pytest

from imgmiddleware.service.making import stills


def counted(monkeypatch: pytest.MonkeyPatch, name: str, owner: Any = stills) -> list[Any]:
    """The arguments of each call of `owner.<name>` from now on."""
    done: list[Any] = []
    real = getattr(owner, name)

    def counting(*arguments: Any, **options: Any) -> Any:
        done.append(arguments)
        return real(*arguments, **options)

    monkeypatch.setattr(owner, name, counting)
    return done


#: Functions that decode pixels; Pillow only opens a file that it then decodes.
DECODERS = (
    ("cv2", "imdecode"),
    ("simplejpeg", "decode_jpeg"),
    ("PIL.ImageFile.ImageFile", "__init__"),
    ("pyspng", "load"),
    ("pillow_heif", "open_heif"),
    ("pillow_jxl", "Decoder"),
)


def count_decoders(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    """The calls of each decoder outside of this package that is installed."""
    found = {}
    for module, name in DECODERS:
        try:
            owner = resolve_name(module)
        except ImportError:
            continue
        found[f"{module}.{name}"] = counted(monkeypatch, name, owner)
    return found


def returned(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> list[Any]:
    """The values of all calls of `owner.<name>` from now on."""
    values: list[Any] = []
    real = getattr(owner, name)

    def recording(*arguments: Any, **options: Any) -> Any:
        values.append(real(*arguments, **options))
        return values[-1]

    monkeypatch.setattr(owner, name, recording)
    return values
