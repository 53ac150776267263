"""One target under the fuzzer, in a process of its own: python -m fuzz.child TARGET [libFuzzer's words].

The seeds are files that are there already: what makes them is not even imported here.
"""

from __future__ import annotations

import sys

import atheris

#: Of what is read here branches are counted; what only comes along with it would cost time.
_COUNTED = (
    "cache.remote", "objects", "service.exchange",
    "formats", "grammar", "http", "forms", "operations", "pixels",
)  # fmt: skip


def main() -> None:
    name = sys.argv[1]
    with atheris.instrument_imports(include=[f"imgmiddleware.{room}" for room in _COUNTED]):
        from fuzz import targets
    from fuzz import bounds

    bounds.without_decoders()
    atheris.Setup([sys.argv[0], *sys.argv[2:]], bounds.bounded(targets.of(name)))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
