"""The page for a missing thing, with the way back; and the headers of the index page."""

import base64
from hashlib import sha256

from starlette.responses import HTMLResponse

from imgmiddleware.cli.pages.navigation import Place
from imgmiddleware.cli.pages.page import ICON, stylesheet


def missing(what: str, mount: str) -> HTMLResponse:
    """A 404 for people who followed an old link; `what` is missing, in a word of this package."""
    html = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<title>Not found - imgmiddleware</title>\n<link rel="icon" href="{ICON}">\n'
        f"<style>{stylesheet()}</style>\n</head>\n<body>\n<header>\n"
        f"<h1>There is no such {what}</h1>\n</header>\n<main>\n"
        f'<p><a href="{Place().url(mount)}">← All originals</a></p>\n</main>\n</body>\n</html>\n'
    )
    return HTMLResponse(html, 404, headers=page_headers(stylesheet()))


def page_headers(style: str, script: str | None = None) -> dict[str, str]:
    """The headers of a page with this style and script, that loads nothing of other origins."""
    scripts = _digest(script) if script else "'none'"
    policy = (
        f"default-src 'none'; img-src 'self' data:; style-src {_digest(style)}; "
        f"script-src {scripts}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"
