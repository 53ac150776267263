"""One target under the fuzzer, in a process of its own: python -m fuzz.child TARGET [libFuzzer's words].

The seeds are files that are there already: what makes them is not even imported here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import atheris

#: Of these rooms branches are counted, by the name of a target; of a format, those of its own and what
#: containers share. To count in all that is imported takes longer than the short run.
_SHARED = ("formats.containers", "formats.bits", "formats.window", "formats.reading")
_GRAMMAR = ("grammar", "forms", "operations", "http")
_COUNTED = {
    "names": ("formats.signatures",), "icc": ("pixels.icc", "pixels.shaper"), "av1": ("formats.avif", "formats.bits"),
    "hevc": ("formats.heic", "formats.bits"), "tiff": ("formats.tiff", "formats.jpeg", *_SHARED),
    "exif": _SHARED, "query": _GRAMMAR, "paths": _GRAMMAR, "signatures": _GRAMMAR, "headers": ("http",),
    "stored": ("cache.remote", "objects"), "worker": ("service.isolated.exchange",),
}  # fmt: skip


def main() -> None:
    name = sys.argv[1]
    counted = _COUNTED.get(name, (f"formats.{name}", "formats.plain_rows", *_SHARED))
    left_out = [*_others({f"imgmiddleware.{room}" for room in counted})]
    with atheris.instrument_imports(include=["imgmiddleware"], exclude=left_out):
        from fuzz import targets
    from fuzz import bounds

    bounds.without_decoders()
    atheris.Setup([sys.argv[0], *sys.argv[2:]], bounds.bounded(targets.of(name)))
    atheris.Fuzz()


def _others(rooms: set[str]) -> Iterator[str]:
    """All modules of the package that are in none of these."""
    spec = find_spec("imgmiddleware")
    assert spec is not None
    assert spec.origin is not None
    root = Path(spec.origin).parent
    for file in root.rglob("*.py"):
        parts = root.name, *file.relative_to(root).with_suffix("").parts
        names = {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
        if not names & rooms:
            yield ".".join(parts).removesuffix(".__init__")


if __name__ == "__main__":
    main()
