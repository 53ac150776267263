"""The lines for an application, on the page as in the README: a tab for each framework."""

from collections.abc import Iterator, Mapping
from html import escape

#: The lines for each framework. The README has the same text.
SNIPPETS: Mapping[str, str] = {
    "Flask": """\
from imgmiddleware.wsgi import WSGIImageMiddleware

app.wsgi_app = WSGIImageMiddleware(app.wsgi_app, "photos/")
""",
    "FastAPI": """\
from imgmiddleware.asgi import ASGIImageMiddleware

app.add_middleware(ASGIImageMiddleware, source="photos/")
""",
    "Django": """\
from imgmiddleware.wsgi import WSGIImageMiddleware

application = WSGIImageMiddleware(application, "photos/")
""",
}


def tabs() -> Iterator[str]:
    """A choice that the stylesheet follows: it takes no script, and arrow keys change it."""
    yield '<section class="use" aria-labelledby="use">\n<h2 id="use">In your application</h2>\n'
    yield '<div class="tabs" role="radiogroup" aria-label="Framework">\n'
    for name in SNIPPETS:
        checked = " checked" if name == next(iter(SNIPPETS)) else ""
        yield f'<input type="radio" name="framework" id="use-{name}"{checked}>'
        yield f'<label for="use-{name}">{name}</label>\n'
    for name, code in SNIPPETS.items():
        region = f'role="region" tabindex="0" aria-label="{name}"'  # as it may scroll
        yield f"<pre {region}><code>{escape(code)}</code></pre>\n"
    yield "</div>\n</section>\n"
