"""The protocol of an original."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest

from imgmiddleware import BytesOriginal, Original


def test_attributes_that_others_give_to_pythons_classes_are_none_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As zope.interface does, and with it daphne."""
    monkeypatch.setattr(AbstractContextManager, "__provides__", object(), raising=False)
    assert isinstance(BytesOriginal(b""), Original)
