"""Write the API reference, as HTML, from the docstrings of the public modules: `tox -e docs`.

    python docs/reference.py FOLDER

Exit code 1 where something public is not described, a link leads nowhere, or a docstring names a
class of ours that is not public. Those are printed.
"""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pdoc.doc
import pdoc.render

import imgmiddleware
from imgmiddleware import sources
from imgmiddleware.errors import CODES

MODULES = [
    "imgmiddleware",
    "imgmiddleware.wsgi",
    "imgmiddleware.asgi",
    "imgmiddleware.settings",
    "imgmiddleware.errors",
    "imgmiddleware.messages",
    "imgmiddleware.sources",
    "imgmiddleware.forms",
    "imgmiddleware.frameworks",
    "imgmiddleware.frameworks.django",
    "imgmiddleware.frameworks.flask",
    "imgmiddleware.frameworks.starlette",
    "imgmiddleware.observing",
    "imgmiddleware.observing.prometheus",
    "imgmiddleware.observing.otel",
    "imgmiddleware.testing",
    "imgmiddleware.cache.store",
]

#: Values whose descriptions stand in another file than the module that shows them.
STAYED_BEHIND = {
    "Opened": "sources.original",
    "Length": "forms.numbers",
    **dict.fromkeys(("OUTCOMES", "STEPS", "TIERS"), "observing.observation"),
}

#: Classes that are made of several, which are not public.
INHERITING = {"Settings", "ImageService"}

STYLE = ".pdoc .signature.multiline .param {white-space: pre-wrap}"

#: A class that a docstring names, by itself or with an attribute, and that has no link yet.
NAMED = re.compile(r"(?<!\">)<code>([A-Z]\w*[a-z]\w*)((?:\.\w+)?(?:\(\))?)</code>")


def main(folder: Path) -> int:
    pdoc.render.configure(
        docformat="markdown",
        show_source=False,
        footer_text=f"imgmiddleware {imgmiddleware.__version__}",
    )
    shown = modules()
    spread()
    complaints = [line for module in shown.values() for line in undescribed(module)]
    for name, module in shown.items():
        page = polished(pdoc.render.html_module(module, shown))
        file = folder / page_of(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(linked(name, page, shown, complaints), encoding="utf-8")
    (folder / "index.html").write_text(pdoc.render.html_index(shown), encoding="utf-8")
    (folder / "search.js").write_text(pdoc.render.search_index(shown), encoding="utf-8")
    complaints += lost_links(folder)
    print("\n".join(complaints) or f"{folder / 'index.html'}: {len(shown)} modules")
    return 1 if complaints else 0


@cache
def modules() -> dict[str, pdoc.doc.Module]:
    """What is shown of each, by its name."""
    found = {name: pdoc.doc.Module.from_name(name) for name in MODULES}
    amend(found)
    return found


def spread() -> None:
    """Name the types that speak of themselves wherever they are used: pdoc looks for them there."""
    aliases = {name: vars(sources)[name] for name in ("SourceLike", "AsyncSourceLike")}
    for name, module in [*sys.modules.items()]:
        if name.startswith("imgmiddleware."):
            vars(module).update(aliases | vars(module))


def page_of(module: str) -> str:
    return module.replace(".", "/") + ".html"


def amend(modules: dict[str, pdoc.doc.Module]) -> None:
    """Show the errors as a table, and not the options a second time."""
    rows = [f"| `{code}` | {status} | {meaning} |" for code, (status, meaning) in CODES.items()]
    table = "\n".join(["| code | status | meaning |", "|---|---|---|", *rows])
    codes = modules["imgmiddleware.errors"].members["CODES"]
    codes.docstring = f"{codes.docstring}\n\n{table}"
    del modules["imgmiddleware.cache.store"].members["NoStore"]
    made = {
        name: pdoc.doc.Module.from_name(f"imgmiddleware.{file}").members[name].docstring
        for name, file in STAYED_BEHIND.items()
    }
    for module in modules.values():
        for name in made.keys() & module.members.keys():
            module.members[name].docstring = made[name]
        for name in INHERITING & module.members.keys():
            show_inherited(module.members[name])
        options = module.members.get("Options")
        if isinstance(options, pdoc.doc.Class):
            options.members.clear()


def show_inherited(owner: pdoc.doc.Doc[Any]) -> None:
    """As its own: the classes that it has them from are no part of the reference."""
    assert isinstance(owner, pdoc.doc.Class)
    for member in owner.members.values():
        if member.taken_from[0].startswith("imgmiddleware."):
            member.taken_from = (member.modulename, member.qualname)


def public(owner: pdoc.doc.Module | pdoc.doc.Class) -> dict[str, pdoc.doc.Doc[Any]]:
    own = {doc.name: doc for doc in owner.own_members if not doc.name.startswith("_")}
    return {
        name: d
        for name, d in own.items()
        if not isinstance(getattr(d, "default_value", None), TypeVar)
    }


def undescribed(owner: pdoc.doc.Module | pdoc.doc.Class) -> Iterator[str]:
    if not owner.docstring:
        yield f"{owner.fullname} has no docstring"
    for member in public(owner).values():
        if isinstance(member, pdoc.doc.Class):
            yield from undescribed(member)
        elif not member.docstring and not member.name.startswith("test_"):  # which says it all
            yield f"{member.fullname} has no docstring"


def polished(page: str) -> str:
    """Keyword options as they are written in the code, and long signatures on several lines."""
    page = re.sub(
        r"\*&lt;class &#x27;(<a [^>]*>)[\w.]*(</a>)&#x27;&gt;", r"Unpack[\1Options\2]", page
    )
    return page.replace("</head>", f"<style>{STYLE}</style></head>", 1)


def linked(name: str, page: str, modules: dict[str, pdoc.doc.Module], lost: list[str]) -> str:
    """The page, with a link at each class of another page that a docstring names."""

    def link(found: re.Match[str]) -> str:
        text, member = found.groups()
        for module in modules.values():
            if text in public(module):
                up = "../" * name.count(".")
                return f'<a href="{up}{page_of(module.fullname)}#{text}">{found[0]}</a>'
        if not hasattr(builtins, text):
            lost.append(f"{name}: {text}{member} is not public")
        return found[0]

    return NAMED.sub(link, page)


def lost_links(folder: Path) -> Iterator[str]:
    texts = {file.resolve(): file.read_text(encoding="utf-8") for file in folder.rglob("*.html")}
    anchors = {file: {*re.findall(r'id="([^"]+)"', text)} for file, text in texts.items()}
    for file, text in texts.items():
        for link in re.findall(r'href="([^"]+)"', text):
            target, _, anchor = link.partition("#")
            other = (file.parent / target).resolve() if target else file
            if not link.startswith(("http", "data:", "$")) and (
                other not in anchors or (anchor and anchor not in anchors[other])
            ):
                yield f"{file.relative_to(folder.resolve())}: {link} leads nowhere"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
