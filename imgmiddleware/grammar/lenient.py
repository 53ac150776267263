"""A query of a page that was written for another service: what we know of it, as we would say it.

Unknown names and refused values are set aside or clamped, and told of. What is left is what the
strict grammar takes, and the one text of it: queries that differ in what is set aside are one.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from imgmiddleware.errors import ImageError
from imgmiddleware.grammar import variants
from imgmiddleware.grammar.pairs import listed

#: What is not written into a header as it came: of a name anybody may choose the bytes.
_UNTOLD = re.compile(r"[^A-Za-z0-9_.\-\[\]]", re.ASCII)
#: How many notes an answer has, and how long a name in one may be.
_MOST, _LONGEST = 8, 24

Mend = Callable[[str], str | None]
"""The text that is taken for one of a parameter's; None where there is none."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The parameters of a query that are taken, and the notes of those that are not.

    `query` is the one text of what is taken.
    """

    texts: Mapping[str, str]
    notes: tuple[str, ...]
    query: str


class Leniency:
    """What one service takes: by the name of each parameter, how its text is read.

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
        """`aliases` are names that mean another's. Of those of `signing` and `binding` a second one
        is refused: a signature must have one meaning, and so has what must not be shown.
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
            # The first counts, so that a flood of wrong values is read once.
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
        """A base64 variant as what it stands for; None for one that says nothing.

        Raises `ImageError` (400) for one of what must not be shown: nothing would be hidden.
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
