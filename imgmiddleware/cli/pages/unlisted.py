"""The page of `serve` for originals that cannot be listed: how to ask for a picture."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from imgmiddleware.cli.pages.missing import page_headers
from imgmiddleware.cli.pages.mount import mount_of
from imgmiddleware.cli.pages.page import ICON, stylesheet


def unlisted(prefix: str) -> Starlette:
    """An application with the page at `/`, and a 404 for all other paths. IDs follow the prefix."""

    def index(request: Request) -> Response:
        return HTMLResponse(_html(f"{mount_of(request.scope)}{prefix}"), headers=headers)

    headers = page_headers(stylesheet())
    return Starlette(routes=[Route("/", index)])


def _html(start: str) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<title>Originals - imgmiddleware</title>\n<link rel="icon" href="{ICON}">\n'
        f"<style>{stylesheet()}</style>\n</head>\n<body>\n<header>\n"
        "<h1>Originals</h1>\n</header>\n<main>\n"
        f"<p>This page cannot list a store. Its pictures are at <code>{start}</code> and their "
        f"name, such as <code>{start}2026/cat.tif?w=800</code>.</p>\n</main>\n</body>\n</html>\n"
    )
