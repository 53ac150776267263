"""Names of cached files that last longer than an answer takes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from imgmiddleware.cache.folder.send_links import SendLinks


def test_links_go_after_a_while(tmp_path: Path) -> None:
    now = 600.0
    links = SendLinks(str(tmp_path), clock=lambda: now)
    stored = tmp_path / "body"
    stored.write_bytes(b"body")
    first = links.path(str(stored))
    assert first is not None
    assert links.path(str(stored)) == first
    now = 660.0
    second = links.path(str(stored))
    assert second not in (None, first)
    assert Path(first).exists()
    now = 720.0
    third = links.path(str(stored))
    assert third is not None
    assert not Path(first).exists()
    assert Path(str(second)).exists()
    stored.unlink()
    assert Path(third).read_bytes() == b"body"
    assert links.path(str(tmp_path / "none")) is None


def test_another_file_of_the_same_name_is_linked_anew(tmp_path: Path) -> None:
    """As after damage: the entry went, and the picture was made and put again."""
    links = SendLinks(os.fspath(tmp_path), clock=lambda: 600.0)
    stored = tmp_path / "body"
    stored.write_bytes(b"damage")
    links.path(os.fspath(stored))
    stored.unlink()
    stored.write_bytes(b"picture")
    named = links.path(os.fspath(stored))
    assert named is not None
    assert Path(named).read_bytes() == b"picture"


def test_a_folder_of_links_that_was_removed_is_made_anew(tmp_path: Path) -> None:
    links = SendLinks(os.fspath(tmp_path), clock=lambda: 600.0)
    stored = tmp_path / "body"
    stored.write_bytes(b"body")
    first = links.path(os.fspath(stored))
    shutil.rmtree(tmp_path / "sending")
    assert links.path(os.fspath(stored)) == first
    assert Path(str(first)).exists()
