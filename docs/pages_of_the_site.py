"""The pages that only the site has: the contact sheet, and the names of the API reference.

The reference itself is pdoc's, which the search of the site does not read. So a page has each
public name as a heading, with the first sentence of its description and a link to the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from html import escape
from pathlib import Path
from typing import Any

import pdoc.doc
import reference

from benchmarks import contact_sheet
from imgmiddleware import Settings

SHEET = """\
---
hide: [toc]
---
# The contact sheet

Every operation on one photo, or on the original that shows it best, with its [query](query.md).

<style>
.sheet {display: flex; flex-wrap: wrap; gap: 1rem}
.sheet figure {width: 260px; margin: 0; text-align: left}
.sheet img {background: #d2d2d2; margin: 0}
.sheet figcaption {max-width: none; margin: .25rem 0; font-style: normal; overflow-wrap: anywhere}
</style>
"""
API = """\
---
hide: [toc]
---
# The API reference

Every public module and name, with the first sentence of its docstring.

| module | has |
|---|---|
"""


def write(folder: Path) -> None:
    """Write `sheet.md`, its pictures, and `api.md` into the folder of the pages."""
    shown = folder / "sheet"
    shown.mkdir()
    (folder / "sheet.md").write_text(f"{SHEET}{''.join(figures(shown))}</div>\n", encoding="utf-8")
    (folder / "api.md").write_text(API + "\n".join(api()) + "\n", encoding="utf-8")


def figures(folder: Path) -> Iterator[str]:
    """A heading for each original, and its pictures, which are written beside the page."""
    before = ""
    for number, (name, query, picture) in enumerate(contact_sheet.pictures()):
        file = folder / f"{number}.webp"
        picture.save(file, quality=85)
        if name != before:
            yield "</div>\n" * bool(before)
            yield f'\n## Of the original "{name}"\n\n<div class="sheet">\n'
            before = name
        text = escape(query)
        size = f'width="{picture.width}" height="{picture.height}"'
        yield (
            f'<figure><img src="{file.name}" {size} alt="{text}" loading="lazy">'
            f"<figcaption><code>{text}</code></figcaption></figure>\n"
        )


def api() -> Iterator[str]:
    """A table of the modules, and below it the names of each."""
    modules = reference.modules()
    for name, module in modules.items():
        yield f"| [`{name}`]({link(name)}) | {first_sentence(module)} |"
    seen: set[str] = set()
    for name, module in modules.items():
        new = {key: doc for key, doc in reference.public(module).items() if key not in seen}
        seen |= new.keys()
        if new:
            yield f"\n## In {name}"
        for doc in new.values():
            yield from described(doc)
    yield "\n## Options"
    options = reference.public(modules["imgmiddleware.settings"])["Settings"]
    assert isinstance(options, pdoc.doc.Class)
    for field in fields(Settings):
        doc = options.members[field.name]
        yield f"\n### {field.name}\n\n{line(doc)} [All options](options.md)."


def described(doc: pdoc.doc.Doc[Any]) -> Iterator[str]:
    """A name, and a line for each of its members; options have headings of their own."""
    yield f"\n### {doc.name}\n\n{line(doc)}\n"
    if isinstance(doc, pdoc.doc.Class) and doc.name != "Settings":
        for member in reference.public(doc).values():
            yield f"- [`{member.name}`]({place(member)}): {first_sentence(member)}"


def line(doc: pdoc.doc.Doc[Any]) -> str:
    return f"{first_sentence(doc)} [More]({place(doc)})."


def place(doc: pdoc.doc.Doc[Any]) -> str:
    return f"{link(doc.modulename)}#{doc.qualname}"


def link(module: str) -> str:
    return f"../reference/{reference.page_of(module)}"


def first_sentence(doc: pdoc.doc.Doc[Any]) -> str:
    """Of a docstring, with the links of pdoc's as code, and without those of Markdown."""
    paragraph = " ".join(doc.docstring.strip().partition("\n\n")[0].split())
    sentence = re.split(r"(?<=[^.][.:]) (?=[A-Z`])", paragraph)[0].rstrip(":.") + "."
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", sentence)


def lead_back(folder: Path) -> None:
    """Give each page of the reference a link to the pages of the site."""
    for file in folder.rglob("*.html"):
        up = "../" * len(file.relative_to(folder).parts)
        home = f'<a class="pdoc-button" href="{up}docs/api/">&laquo; All pages</a>'
        text = file.read_text(encoding="utf-8")
        file.write_text(re.sub(_MENU, rf"\g<0>{home}", text, count=1), encoding="utf-8")


#: The first of what stands in pdoc's column of names.
_MENU = r'<input id="togglestate"[^>]*>\s*<div>'
