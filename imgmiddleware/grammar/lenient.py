"""A query that a page wrote for another service, as far as we know it, in our words.

Unknown names and refused values are left out or clamped, and noted. The rest is a query that the
strict grammar takes, and it has one text: queries that differ only in the parts left out are one.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from imgmiddleware.errors import ImageError
from imgmiddleware.grammar import variants
from imgmiddleware.grammar.pairs import listed

#: Characters that are not written into a header as they came: anybody chooses a name's bytes.
_UNTOLD = re.compile(r"[^A-Za-z0-9_.\-\[\]]", re.ASCII)
#: How many notes an answer has, and how long a name in one may be.
_MOST, _LONGEST = 8, 24

Mend = Callable[[str], str | None]
"""The text that is taken for a parameter's text; None where there is none."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The parameters of a query that are taken, and the notes about the others.

    `query` is the one text of the parameters that are taken.
    """

    texts: Mapping[str, str]
    notes: tuple[str, ...]
    query: str


class Leniency:
    """The parameters that one service takes: for each name, the function that reads its text.

    >>> takes = Leniency({"w": lambda text: text if text.isdigit() else "9"}, {})
    >>> takes.settled("ixid=M3w&w=x")
    Settled(texts={'w': '9'}, notes=('ignored=ixid', 'adjusted=w'), query='w=9')
    """

    def __init__(
        self,
        known: Mapping[str, Mend],
        aliases: Mapping[str, str],
        *,
        signing: tuple[str, ...] = (),
        binding: tuple[str, ...] = (),
    ) -> None:
        """`aliases` are other names for parameters. A second parameter of `signing` or `binding` is
        refused: a signature must have one meaning, and so must a parameter that hides something.
        """
        self._aliases = aliases
        self._known = known
        self._encoded = known.keys() - {"auto", *signing}
        self._once = (*signing, *binding)
        self.settled = lru_cache(maxsize=1024)(self._settled)

    def _settled(self, query: str) -> Settled:
        """Raises `ImageError` (400) for a query that is too long."""
        texts: dict[str, str] = {}
        notes: dict[str, None] = {}
        had: set[str] = set()
        for written, text in listed(query, lenient=True):
            name, given = self._plain(written, text)
            meant = self._aliases.get(name, name)
            if name in had and name in self._once:
                raise ImageError("repeated-parameter", f"{name!r} is given twice", parameter=name)
            if name in texts and name == "auto":
                given = f"{texts.pop(name)},{given}"
            # The first of a kind counts, so that a flood of wrong values is read once.
            reads = self._known.get(name) if meant not in had or name == "auto" else None
            taken = reads(given) if reads and given is not None else None
            had.add(meant)
            if taken is None:
                notes[f"ignored={_told(name)}"] = None
                continue
            texts[name] = taken
            if taken != given:
                notes[f"adjusted={_told(name)}"] = None
        texts.pop("ixlib", None)
        return Settled(texts, _few(list(notes)), urlencode(texts))

    def _plain(self, name: str, text: str) -> tuple[str, str | None]:
        """A base64 variant as the parameter that it stands for; None for a text that cannot be
        decoded.

        Raises `ImageError` (400) for such a text in a parameter that hides something: nothing would
        be hidden.
        """
        meant = name.removesuffix("64")
        if meant == name or name in self._known or meant not in self._encoded:
            return name, text
        try:
            return meant, variants.decoded(name, text)
        except ImageError:
            if meant in self._once:
                raise
            return name, None


def _told(name: str) -> str:
    return _UNTOLD.sub("?", name[:_LONGEST])


def _few(notes: list[str]) -> tuple[str, ...]:
    more = len(notes) - _MOST
    return (*notes[:_MOST], *([f"ignored-more={more}"] if more > 0 else []))
