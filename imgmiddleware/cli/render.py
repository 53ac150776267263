"""`imgmiddleware render`: one result without a server, within the same limits."""

import argparse
import errno
import json
import logging
import os
import secrets
import stat
import sys
from collections.abc import Callable
from urllib.parse import parse_qsl

from imgmiddleware import BytesOriginal, ImageError, ImageRequest, ImageService
from imgmiddleware.cli.arguments import UsageError, settings_of
from imgmiddleware.cli.numbers import in_bytes, sides
from imgmiddleware.formats.probe import read_facts
from imgmiddleware.formats.registry import FORMATS
from imgmiddleware.formats.results import RESULTS

#: The ID of the one original.
_ID = "original"


def render(arguments: argparse.Namespace) -> int:
    query = _with_format(arguments.query.removeprefix("?"), arguments.to)
    _check_target(arguments.to, arguments.original)
    try:
        service = ImageService(_only(arguments.original), **settings_of(arguments))
        _check_original(arguments.original)
    except ValueError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        return _refused("not-found", f"{arguments.original}: {error.strerror}")
    # Errors are printed below. If they were logged too, they would be on the terminal twice.
    logging.getLogger("imgmiddleware").addHandler(logging.NullHandler())
    answer = service.handle(ImageRequest("GET", f"{service.prefix}{_ID}", query))
    assert answer is not None  # only `missing="pass"` makes it None
    if answer.status != 200:
        problem = json.loads(answer.read())
        return _refused(problem["code"], problem["detail"])
    try:
        _write(answer.read(), arguments.to)
    except OSError as error:
        print(f"imgmiddleware: cannot write {arguments.to}: {error.strerror}", file=sys.stderr)
        return 1
    print(_summary(answer.read(), arguments.to), file=sys.stderr)
    return 0


def _only(original: str) -> Callable[[str], str | None]:
    """A source of one original: `mark` may name others, and would get this one for each."""
    return lambda id: original if id == _ID else None


def _check_original(original: str) -> None:
    """Raises `OSError` where it cannot be read, or would be waited for, as a pipe is."""
    mode = os.stat(original).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, "not a regular file")
    with open(original, "rb"):
        pass


def _with_format(query: str, out: str) -> str:
    """The query with an `fm`: its own, or by the suffix of `out`. Raises `UsageError`."""
    named = not {"fm", "palette"}.isdisjoint(dict(parse_qsl(query, keep_blank_values=True)))
    if named or out == "-":
        return query
    # By the format's name or that of its media type: jpg or jpeg, tif or tiff.
    formats = {
        f".{suffix}": result.name
        for result in RESULTS.values()
        if result.media_type.startswith("image/")
        for suffix in (result.name, result.media_type.rpartition("/")[2])
    }
    format = formats.get(os.path.splitext(out)[1].lower())
    if format is None:
        known = " ".join(sorted(formats))
        raise UsageError(f"{out}: the suffix is none of {known}; name a format with -q fm=...")
    return f"{query}&fm={format}" if query else f"fm={format}"


def _check_target(out: str, original: str) -> None:
    """Find out before any work whether `out` can be written. Raises `UsageError`."""
    if out == "-":
        return
    if os.path.isdir(out):
        raise UsageError(f"{out} is a directory")
    if os.path.exists(out) and os.path.exists(original) and os.path.samefile(out, original):
        raise UsageError(f"{out} is the original itself, which is not overwritten")


def _refused(code: str, detail: str) -> int:
    print(f"imgmiddleware: {code}: {detail}", file=sys.stderr)
    return 1


def _write(body: bytes, out: str) -> None:
    """Write the file. Where that raises `OSError`, an existing file stays as it was."""
    if out == "-":
        # Without Python's own buffer, which would write it once more at the end after an error.
        with open(sys.stdout.fileno(), "wb", closefd=False) as standard_output:
            standard_output.write(body)
        return
    target = os.path.realpath(out)  # a link stays one
    if os.path.exists(target) and not os.path.isfile(target):
        with open(target, "wb") as device:  # /dev/null or a pipe, which no file may replace
            device.write(body)
        return
    beside = os.path.join(os.path.dirname(target), f".imgmiddleware-{secrets.token_hex(8)}")
    try:
        with open(beside, "xb") as file:
            file.write(body)
        os.replace(beside, target)
    except BaseException:
        if os.path.exists(beside):
            os.unlink(beside)
        raise


def _summary(body: bytes, out: str) -> str:
    name = "standard output" if out == "-" else out
    try:
        facts = read_facts(BytesOriginal(body), FORMATS)
    except ImageError:  # of a format that is written, and not read
        return f"{name}: {in_bytes(len(body))}"
    return f"{name}: {sides(*facts.upright)}, {facts.format.upper()}, {in_bytes(len(body))}"
