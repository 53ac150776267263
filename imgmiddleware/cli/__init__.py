"""The command line: `imgmiddleware COMMAND`. No other module of the package imports it."""

import sys
from collections.abc import Sequence

from imgmiddleware.cli import cache, demo, render, serve, warm
from imgmiddleware.cli.arguments import UsageError, parser

_COMMANDS = {
    "serve": serve.serve,
    "demo": demo.demo,
    "render": render.render,
    "warm": warm.warm,
    "cache": cache.cache,
}

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 refused, 2 wrong usage.

    `--help` and `--version` raise `SystemExit(0)`, as argparse does.
    """
    try:
        arguments = parser().parse_args(argv)
        if arguments.command is None:
            parser().print_help(sys.stderr)
            return 2
        return _COMMANDS[arguments.command](arguments)
    except UsageError as error:
        print(f"imgmiddleware: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130  # the code of a program that SIGINT has ended, in a shell
