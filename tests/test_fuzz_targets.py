"""The fuzz targets (tests/fuzz): all that read, and none that lead a file to a decoder."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import fuzz.readers
import fuzz.texts
from fuzz.readers import READERS
from imgmiddleware.formats import format as records
from imgmiddleware.formats.jpeg import facts as jpeg
from imgmiddleware.formats.registry import FORMATS
from test_architecture import CODERS, PACKAGE, imported, library_homes, module_of, stands_in

#: The fields of a record that decode; its other functions read.
DECODES = {"decode", "rows", "stored", "pictures"}
#: A `decode*` that is nothing but our own arithmetic.
OWN = {"formats/bmp/decode_runs"}
#: The stand-in for a reader here: that of the record looks which decoder is there.
STANDS_FOR = {("jpeg", "read"): jpeg.read}
DEFAULTS = {
    "vet": records.unchanged, "profile": records.no_profile, "exif": records.no_exif, "mend": records.not_mended,
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_every_reader_of_every_format_is_among_them(name: str) -> None:
    format, reader = FORMATS[name], READERS[name]
    for field in format.__slots__:
        value = getattr(format, field)
        if not callable(value) or field in DECODES or value is DEFAULTS.get(field):
            continue
        assert getattr(reader, field) is STANDS_FOR.get((name, field), value), field


def test_there_is_no_other() -> None:
    assert {*READERS} == {*FORMATS}


@cache
def imports(path: Path) -> tuple[str, ...]:
    return tuple(imported(path))


def reached(path: Path, seen: set[Path] | None = None) -> set[Path]:
    """The file, and those of the package that its imports lead to, by the files that they name."""
    seen = seen or set()
    seen.add(path)
    for name in imports(path):
        if name.startswith("imgmiddleware.") and (file := module_of(name)) not in seen:
            seen = reached(file, seen)
    return seen


def decoders(path: Path) -> Iterator[str]:
    """The functions of it that could decode: by name, or by a library that they import.

    Pixels are computed by OpenCV and Pillow too, but not decoded: these files have them for that.
    """
    for file in reached(path):
        inside = file.is_relative_to(PACKAGE)
        home = file if inside else PACKAGE / "fuzz.py"
        name = home.relative_to(PACKAGE).with_suffix("").as_posix()
        if stands_in(home, CODERS) and name not in OWN:
            yield name
        if not name.startswith("pixels/"):
            libraries = {each.split(".")[0] for each in imports(file)} & {*library_homes()}
            yield from (f"{name}: {library}" for library in libraries)


def test_what_reads_files_cannot_reach_a_decoder() -> None:
    assert [*decoders(Path(fuzz.readers.__file__))] == []


def test_what_reads_texts_has_no_file_to_decode() -> None:
    """A grammar knows the formats by their records, behind which the writers stand."""
    named = {
        name.split(".")[2] for name in imported(Path(fuzz.texts.__file__)) if ".formats." in name
    }
    assert named == {"facts"}


@pytest.mark.parametrize(
    "line",
    [
        "from imgmiddleware.formats.registry import FORMATS",
        "from imgmiddleware.formats.probe import read_facts",
        "from imgmiddleware.formats.png import decode",
        "from imgmiddleware.formats.png.decode_rows import filtered_rows",
        "from imgmiddleware.formats import native",
        "import cv2",
        "from PIL import Image",
    ],
)
def test_an_import_that_is_planted_is_found(line: str, tmp_path: Path) -> None:
    planted = tmp_path / "readers.py"
    planted.write_text(f"{Path(fuzz.readers.__file__).read_text()}\n{line}\n")
    assert [*decoders(planted)]
