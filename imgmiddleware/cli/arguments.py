"""The commands and their options, for argparse."""

import argparse
from dataclasses import fields
from typing import Any, NoReturn

from imgmiddleware import Settings, __version__
from imgmiddleware.cli import examples, groups, values


class UsageError(Exception):
    """Wrong usage, in one line for the person who typed the command."""


class _Parser(argparse.ArgumentParser):
    """Reports an error in one line. argparse's own parser prints the whole usage before it."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")


def settings_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The options of `Settings` that were given. Raises `UsageError` for a preset given twice."""
    options = {f.name: getattr(arguments, f.name) for f in fields(Settings) if f.name in arguments}
    if "presets" in options:
        pairs = options["presets"]
        options["presets"] = dict(pairs)
        if len(options["presets"]) < len(pairs):
            raise UsageError("--preset: two presets have the same name")
    return options


def parser() -> argparse.ArgumentParser:
    tree = _Parser(
        prog="imgmiddleware",
        description="Smaller, web-ready pictures from originals that are too large or too heavy.",
        epilog="imgmiddleware COMMAND --help describes each command, with examples.",
    )
    tree.add_argument("--version", action="version", version=f"imgmiddleware {__version__}")
    tree.set_defaults(command=None)
    commands = tree.add_subparsers(metavar="COMMAND", title="commands")
    _serve(
        _command(commands, "serve", "serve a directory or a bucket of originals", examples.SERVE)
    )
    _demo(_command(commands, "demo", "draw some originals and serve them", examples.DEMO))
    _render(_command(commands, "render", "make one picture, without a server", examples.RENDER))
    _warm(_command(commands, "warm", "make pictures before they are asked for", examples.WARM))
    _cache(
        _command(commands, "cache", "look at the folder of results, or empty it", examples.CACHE)
    )
    return tree


def _command(commands: Any, name: str, purpose: str, examples: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=purpose,
        description=purpose[0].upper() + purpose[1:] + ".",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,  # `Settings` has the defaults
    )
    command.set_defaults(command=name)
    return command


def _serve(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("directory", metavar="DIR", help="the directory of originals, or s3://bucket/prefix")
    groups.address(command)
    add(
        "--root-path",
        metavar="PATH",
        type=values.mount,
        default="",
        help="the path of this server behind a proxy: /pictures; the proxy may leave it in paths, "
        "or cut it away",
    )
    add("--workers", metavar="N", type=values.processes, default=1, help="processes that serve (1)")
    add(
        "--metrics",
        metavar="PATH",
        type=values.metrics,
        help="the path that Prometheus reads: /metrics",
    )
    groups.log_level(command, "info")
    groups.add_options(
        groups.links(command),
        prefix=f"PATH: the path in front of IDs ({Settings.prefix})",
        presets_only="allow presets and the default, nothing else",
        widths="N,N: the only widths in pixels that are allowed",
        heights="N,N: the same for heights; needs --widths",
        snap="take the next larger of those instead of refusing",
    )
    groups.add_options(
        groups.limits(command),
        unsafe_follow_symlinks="follow links that leave DIR: anyone who can write there can "
        "publish any file",
        isolate="make pictures in processes that can open no file and no socket",
        max_age=f"S: seconds for which browsers keep a picture without asking ({Settings.max_age})",
        serve_stale="S: seconds after a change for which the old picture is served while "
        "the new is made",
    )
    folder = groups.version(groups.namespace(groups.folder(command)))
    folder.add_argument("--no-cache-dir", action="store_true", help="keep results in memory alone")
    groups.add_options(
        command.add_argument_group("headers and answers"),
        stale_while_revalidate="S: seconds after --max-age for which caches may answer once more "
        "while they ask again",
        client_hints="HINT,HINT: let a browser's width, dpr and save-data fill in a link's "
        "parameters",
        allow_origin="ORIGIN: let scripts of https://a.example read pictures, or of * ; may be "
        "given again",
        surrogate_keys="one Surrogate-Key for each original, by which CDNs forget its pictures",
        server_timing="tell the time of each step of an answer",
        fallback="FILE: a picture for originals that are missing or cannot be shown",
    ).add_argument(
        "--no-debug-images",
        dest="debug_images",
        action="store_false",
        help="do not draw the message of a refused <img> as a picture",
    )


def _demo(command: argparse.ArgumentParser) -> None:
    groups.address(command)
    groups.log_level(command, "warning")


def _render(command: argparse.ArgumentParser) -> None:
    command.add_argument("original", metavar="ORIGINAL", help="the image file to start from")
    command.add_argument(
        "--to", metavar="OUT", required=True, help="the file to write; - is standard output"
    )
    command.add_argument(
        "-q",
        "--query",
        metavar="QUERY",
        default="",
        help='the query, as in a link: "w=800&h=600&fit=crop"; '
        "without fm, OUT's suffix names the format",
    )
    groups.limits(command)


def _warm(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    _source(command)
    add(
        "-q",
        "--query",
        metavar="QUERY",
        dest="queries",
        action="append",
        default=[],
        help='the query for each: "w=800"; may be given again. Without it: that of --default',
    )
    add(
        "--ids",
        metavar="FILE",
        help="the IDs, one a line, as in a URL but percent-decoded; - is standard input. Without "
        "it: all of a directory",
    )
    add(
        "--accept",
        metavar="TYPES",
        dest="accepts",
        action="append",
        default=[],
        help="the Accept of a client: image/webp; may be given again. Without it: those of all "
        "kinds of clients that get pictures of their own",
    )
    groups.links(command)
    groups.limits(command)
    groups.version(groups.namespace(groups.folder(command)))


def _cache(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(metavar="ACTION", dest="action", required=True)
    for name, purpose in (
        ("stats", "show the number of pictures, and their bytes"),
        ("clear", "delete all pictures"),
        ("purge", "delete the pictures of some originals"),
    ):
        action = actions.add_parser(
            name, help=purpose, description=purpose, argument_default=argparse.SUPPRESS
        )
        folder = groups.folder(action)
        if name == "purge":
            groups.namespace(folder)
            _source(action)
            action.add_argument(
                "ids", metavar="ID", nargs="+", type=values.id, help="an original of SOURCE"
            )
            action.add_argument(
                "--overlay",
                action="store_true",
                default=False,
                help="each ID is the name of a registered overlay of the application; delete the "
                "pictures with it",
            )


def _source(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "source",
        metavar="SOURCE",
        help="a directory, as it is given to serve, or MODULE:ATTRIBUTE: an application's "
        "ImageService or middleware, which has its own options, or its function or Source",
    )
