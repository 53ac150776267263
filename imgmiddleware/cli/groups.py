"""The groups of options that several commands share, for argparse."""

import argparse
from dataclasses import fields
from typing import Any

from imgmiddleware import Settings
from imgmiddleware.cli import values
from imgmiddleware.cli.numbers import in_bytes
from imgmiddleware.settings import UNSAFE_FORMATS

_LARGEST = in_bytes(Settings.max_source_bytes)


def links(command: argparse.ArgumentParser) -> Any:
    group = command.add_argument_group("parameters of links")
    add_options(group, default='QUERY: the query of a link without one: "w=0.5&fm=webp"')
    group.add_argument(
        "--preset",
        metavar="NAME=QUERY",
        dest="presets",
        action="append",
        type=values.preset,
        help='a name for a query, thumb="w=200&h=200&fit=crop"; may be given again',
    )
    return group


def folder(command: argparse.ArgumentParser) -> Any:
    group = command.add_argument_group("the folder of results")
    group.add_argument(
        "--tier",
        metavar="PLACE",
        dest="tiers",
        action="append",
        help="instead of a folder: redis://HOST:6379/0, s3://BUCKET/PREFIX, or a folder; given "
        "again, the next place to look",
    )
    return add_options(
        group,
        cache_dir="DIR: the folder for results (the user's cache folder)",
        cache_dir_bytes=f"N: the most bytes of results ({in_bytes(Settings.cache_dir_bytes)})",
    )


def namespace(group: Any) -> Any:
    return add_options(
        group,
        namespace="NAME: the name of these results there, as namespace= of an application (none, "
        "as in an application; in the user's cache folder the path of the directory)",
    )


def version(group: Any) -> Any:
    return add_options(
        group,
        file_version="KIND: what makes a new version of an original, as file_version= of an "
        f"application: stat, mtime or content ({Settings.file_version})",
    )


def address(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--host",
        metavar="ADDRESS",
        default="127.0.0.1",
        help="address to listen on; 0.0.0.0 is all of them, as in a container (127.0.0.1)",
    )
    command.add_argument(
        "--port",
        metavar="N",
        type=values.port,
        default=8000,
        help="port; 0 takes a free one (8000)",
    )


def log_level(command: argparse.ArgumentParser, default: str) -> None:
    command.add_argument(
        "--log-level",
        metavar="LEVEL",
        choices=("critical", "error", "warning", "info", "debug"),
        default=default,
        help=f"critical, error, warning, info or debug ({default})",
    )


def limits(command: argparse.ArgumentParser) -> Any:
    unsafe = ", ".join(sorted(UNSAFE_FORMATS))
    return add_options(
        command.add_argument_group("limits"),
        max_source_pixels=f"N: refuse originals of more pixels ({Settings.max_source_pixels:,})",
        max_source_bytes=f"N: refuse originals of more bytes ({_LARGEST})",
        unsafe_original_formats="FORMAT,FORMAT: open these too, whose decoders are "
        f"unbounded: {unsafe}",
    )


def add_options(group: Any, **helps: str) -> Any:
    """Add options of `Settings`, which has the type of each. The metavar stands before a colon."""
    types = {field.name: field.type for field in fields(Settings)}
    for name, text in helps.items():
        option = f"--{name.replace('_', '-')}"
        if types[name] is bool:
            group.add_argument(option, action="store_true", help=text)
        else:
            metavar, _, help = text.partition(": ")
            group.add_argument(
                option, metavar=metavar, help=help, **values.READ.get(types[name], {})
            )
    return group
