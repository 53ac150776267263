"""The key: all that a result depends on, and nothing else."""

from __future__ import annotations

from imgmiddleware.cache.key import picture_key, version_token


def key(**changes: object) -> str:
    parts: dict[str, object] = {
        "namespace": "n",
        "originals": [("id", "version")],
        "canonical": "w=9",
        "engine": "e",
    }
    return picture_key(**(parts | changes))  # type: ignore[arg-type]


def test_everything_a_picture_depends_on_is_in_its_key() -> None:
    keys = {
        key(),
        key(namespace="m"),
        key(originals=[("ie", "version")]),
        key(originals=[("id", "versio")]),
        key(originals=[("id", "version"), ("id", "version")]),
        key(originals=[("idv", "ersion")]),  # the same letters, cut elsewhere
        key(canonical="w=8"),
        key(engine="f"),
        key(namespace="", canonical="nw=9"),
    }
    assert len(keys) == 9
    assert key() == key()


def test_keys_and_tokens_can_stand_in_a_url_and_in_an_etag() -> None:
    for text in (key(), version_token("", [("é\ud800", "1")])):
        assert text.replace("-", "").replace("_", "").isalnum()
        assert text.isascii()
    assert len(key()) == 22
    originals = [("a", "1")]
    tokens = {
        version_token("", originals),
        version_token("", [("a", "2")]),
        version_token("x", originals),
        version_token("", [*originals, ("b", "1")]),
        version_token("", [*originals, ("b", "2")]),
        version_token("", [("b", "1"), *originals]),
    }
    assert len(tokens) == 6
