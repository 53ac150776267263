"""Calls of the pixels' functions, counted where the service makes them."""

from __future__ import annotations

from typing import Any

import pytest

from imgmiddleware.service import pictures


def counted(monkeypatch: pytest.MonkeyPatch, name: str) -> list[Any]:
    """The arguments of each call of `pictures.<name>` from now on, which is made all the same."""
    done: list[Any] = []
    real = getattr(pictures, name)

    def counting(*arguments: Any) -> Any:
        done.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(pictures, name, counting)
    return done
