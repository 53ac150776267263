"""Build the site of README, docs/, the contact sheet and the API reference: `tox -e docs`.

    python docs/website.py FOLDER

Pages lie in the site as they lie in the repository, so that each link works on both. docs/README.md
is the only list of pages: its headings are the groups of the navigation. Exit code 1 where a link
or an anchor leads nowhere, a page is not listed, or something would be loaded from another host.
"""

from __future__ import annotations

import logging
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from posixpath import normpath
from tempfile import TemporaryDirectory
from typing import Any

import pages_of_the_site
import reference
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
#: The place in docs/README.md of the two pages that only the site has.
NOT_MADE = "<!-- made -->\n"
MADE = """\
- [The contact sheet](sheet.md): every operation on one photo.
- [The API reference](api.md): every public class and function.
"""
#: What a browser asks for by itself.
LOADED = re.compile(
    r'<(?:script|img|iframe|source)[^>]* src="?(?:https?:)?//'
    r'|<link[^>]*rel="?(?:stylesheet|preconnect|icon)"?[^>]*href="?(?:https?:)?//'
)


def main(folder: Path) -> int:
    logging.basicConfig(level=logging.WARNING)
    with TemporaryDirectory() as pages:
        laid_out = Path(pages)
        lay_out(laid_out)
        if reference.main(laid_out / "reference"):
            return 1
        pages_of_the_site.lead_back(laid_out / "reference")
        pages_of_the_site.write(laid_out / "docs")
        listed = list_what_is_made(laid_out / "docs" / "README.md")
        config = load_config(
            str(ROOT / "docs" / "mkdocs.yml"),
            docs_dir=pages,
            site_dir=str(folder.resolve()),
            nav=navigation(listed),
        )
        try:
            build(config)
        except Abort as error:
            print(error)
            return 1
    faults = [*loads_from_elsewhere(folder)]
    print("\n".join(faults) or f"{folder / 'index.html'} is the first page")
    return 1 if faults else 0


def lay_out(folder: Path) -> None:
    """Copy the README, and whatever a page leads to."""
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        file = waiting.pop()
        if file in seen or not file.is_file():
            continue
        seen.add(file)
        target = folder / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        if file.suffix == ".md":
            text = file.read_text(encoding="utf-8")
            waiting += [(file.parent / link).resolve() for link in LINK.findall(text)]


def list_what_is_made(page: Path) -> str:
    """The list of pages with those that only the site has, which are written into it."""
    before, mark, after = page.read_text(encoding="utf-8").partition(NOT_MADE)
    assert mark, f"{page.name} says no more where the API reference is"
    page.write_text(listed := before + MADE + after, encoding="utf-8")
    return listed


def navigation(listed: str) -> list[Any]:
    """The groups of the list, each with the pages that it leads to."""
    groups: list[Any] = ["README.md", "docs/README.md"]
    for text in listed.split("\n## ")[1:]:
        title, _, body = text.partition("\n")
        pages = [normpath(f"docs/{link}") for link in LINK.findall(body)]
        groups.append({title: pages})
    return groups


def loads_from_elsewhere(folder: Path) -> Iterator[str]:
    for page in folder.rglob("*.html"):
        for found in LOADED.findall(page.read_text(encoding="utf-8")):
            yield f"{page.relative_to(folder)}: {found}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
