"""Query to Transform, in imgix's names.

A query is strict: an unknown, malformed or repeated parameter is refused by name. A typo that is
silently ignored would serve the wrong picture. Two spellings of one picture would be two entries in
every cache on the way.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from types import MappingProxyType

from imgmiddleware.errors import ImageError
from imgmiddleware.errors.nearest import member, nearest, question
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.forms.form import malformed, taken
from imgmiddleware.forms.numbers import Length
from imgmiddleware.grammar import signature
from imgmiddleware.grammar.hints import HintGrammar
from imgmiddleware.grammar.lenient import Leniency, Mend, Settled
from imgmiddleware.grammar.marks import Marks
from imgmiddleware.grammar.pairs import split
from imgmiddleware.grammar.placed import Named
from imgmiddleware.grammar.variants import plain
from imgmiddleware.grammar.within import within
from imgmiddleware.grammar.words import ALIASES, WORDS
from imgmiddleware.http.accept import named
from imgmiddleware.operations.output import Output, asked_format
from imgmiddleware.operations.page import Page
from imgmiddleware.operations.resize import Resize
from imgmiddleware.operations.stages import build, owners_with
from imgmiddleware.operations.transform import Transform
from imgmiddleware.settings import Settings

#: Parameters that belong to no operation.
_OTHER_NAMES = ("preset", "v", "dl", "ixlib")

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Asked:
    """A query and its hints, read. `version` is its `v=`, which is no part of the Transform.

    `download` is its `dl=`: a name to save the picture under, or "1" for our own. `expires` is the
    end of the link, in seconds since 1970. `varies` names the headers of the request that the
    answer depends on: Accept where it chooses the format, and the hints that could have asked for
    another Transform. `accepted` are the formats that Accept then names. `aliases` are the query's
    other names for parameters, each with ours. `named` is the request of a viewer's path, which has
    no query: only the original tells which Transform it means. `notes` tell which parts of the
    query are ignored.
    """

    transform: Transform
    version: str | None = None
    download: str | None = None
    expires: int | None = None
    varies: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    named: Named | None = None
    notes: tuple[str, ...] = ()

    def in_its_words(self, error: ImageError) -> ImageError:
        """The error by the name that the query has for the parameter: `frame` instead of `page`."""
        meant = error.members.get("parameter")
        for alias, name in self.aliases:
            if name == meant:
                detail = error.detail.replace(f"{name}=", f"{alias}=", 1)
                return ImageError(error.code, detail, **error.members | {"parameter": alias})
        return error

    @property
    def page(self) -> int:
        """Which page or frame of the original is meant, from 0."""
        return self.transform.get(Page).page - 1

    @property
    def moves(self) -> bool:
        """Whether all frames are asked for."""
        return self.transform.get(Page).anim


class QueryGrammar:
    """The queries that one service understands: with its default, presets and restrictions."""

    def __init__(self, settings: Settings, *, restricted: bool = True) -> None:
        """`restricted` as URLs are, or not, as the application itself is.

        Raises `ValueError` where the settings' own queries are wrong.
        """
        self._owners = owners_with(settings.operations, (*_OTHER_NAMES, *signature.NAMES, *ALIASES))
        self._marks = Marks(settings.overlays)
        self._lenient = self._leniency(settings) if settings.unknown == "ignore" else None
        self._encoded = {*self._owners, *ALIASES, *_OTHER_NAMES} - {"auto"}
        self._default = self._own("default", settings.default)
        self._presets = {
            name: self._own(f"presets[{name!r}]", query) for name, query in settings.presets.items()
        }
        self._hints = HintGrammar(settings)
        self._offered = {RESULTS[name].media_type: name for name in settings.formats}
        self._presets_only = settings.presets_only and restricted
        self._widths = settings.widths if restricted else None
        self._heights = settings.heights
        self._snap = settings.snap
        self._signs = settings.signs
        # One query is usually asked for many times.
        self._parsed_query = lru_cache(1024)(lambda query: self._parsed(query, _NO_HEADERS))

    def parse(self, query: str, headers: Mapping[str, str] = _NO_HEADERS) -> Asked:
        """`headers` are those of the request, in lower case, which may have hints.

        Raises `ImageError` (400) that names the parameter which is wrong.
        """
        hinted = self._hints.heeded
        asked = self._parsed(query, headers) if hinted else self._parsed_query(query)
        if "Accept" not in asked.varies:
            return asked
        accepted = named(headers.get("accept"), self._offered)
        return replace(asked, accepted=tuple(self._offered[kind] for kind in accepted))

    def _parsed(self, query: str, headers: Mapping[str, str]) -> Asked:
        settled = self.settled(query)
        texts = {**settled.texts} if settled else plain(split(query), self._encoded)
        notes = settled.notes if settled else ()
        version, download = texts.pop("v", None), texts.pop("dl", None)
        if download == "":
            raise malformed("dl", "", "1, or the name of a file")
        texts.pop("ixlib", None)
        expires = self._signed(texts)
        if not texts:
            transform, varies = self._hinted(self._default, headers)
            return Asked(transform, version, download, expires, varies, notes=notes)
        if self._presets_only and (others := texts.keys() - {"preset"}):
            raise _not_allowed(min(others), "only `preset`, `v` and `dl` are allowed here")
        base = self._preset(texts.pop("preset")) if "preset" in texts else {}
        own = self._known(texts)
        restricted = self._widths is not None and bool(own.keys() & {"w", "h", "dpr"})
        # Widths that are restricted are in device pixels already: no density is left open.
        closed = {"dpr": "1"} if restricted else {}
        transform, varies = self._hinted({**closed, **base, **own}, headers)
        if self._widths is not None:
            self._refuse_endless(texts)
        if restricted:
            transform = self._restricted(transform)
        aliases = tuple(pair for pair in ALIASES.items() if pair[0] in texts)
        return Asked(transform, version, download, expires, varies, aliases=aliases, notes=notes)

    def settled(self, query: str) -> Settled | None:
        """The parts of a query that are taken by a lenient service; None for a strict service."""
        return self._lenient.settled(query) if self._lenient else None

    def _leniency(self, settings: Settings) -> Leniency:
        """The parameters that are taken, read as `_parsed` reads them."""

        def of(name: str) -> Mend:
            form = self._owners[ALIASES.get(name, name)].forms()[ALIASES.get(name, name)]
            return lambda text: taken(form, name, text)

        signing = signature.NAMES if settings.signs else ()
        owners = self._owners.items()
        binding = tuple(name for name, kind in owners if kind.forms()[name].binding)
        return Leniency(
            {
                **{name: of(name) for name in (*self._owners, *ALIASES)},
                **dict.fromkeys((*signing, "v", "ixlib"), str),
                "fm": lambda text: _that_is_there(of("fm")(text)),
                "upscale": lambda text: text if text in ("0", "1") else None,
                "mark": self._marks.taken,
                "preset": lambda name: name if name in settings.presets else None,
                "dl": lambda name: name or None,
            },
            ALIASES,
            signing=signing,
            binding=binding,
        )

    def _signed(self, texts: dict[str, str]) -> int | None:
        """Takes out the parameters of the signature, checked by then. Returns the link's end."""
        if not self._signs:
            return None
        if "sw" in texts:
            signature.check_width(texts)
        found = {name: texts.pop(name) for name in signature.NAMES if name in texts}
        return signature.end_of(found["expires"]) if "expires" in found else None

    def _hinted(
        self, texts: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[Transform, tuple[str, ...]]:
        """The Transform, and the headers that could change it or the picture's format."""
        added, varies = self._hints.parse(texts, headers)
        transform = build({**texts, **added, **within(texts)}, self._owners)
        negotiates = self._offered and transform.get(Output).negotiates
        return transform, (("Accept", *varies) if negotiates else varies)

    def _preset(self, name: str) -> Mapping[str, str]:
        if name not in self._presets:
            near = nearest(name, self._presets)
            detail = f"there is no preset {name[:60]!r}{question(near)}"
            raise ImageError("unknown-preset", detail, parameter="preset", **member(near))
        return self._presets[name]

    def _restricted(self, transform: Transform) -> Transform:
        """The parameters with `w` and `h` in device pixels, each one of the allowed."""
        asked = transform.get(Resize)
        assert self._widths is not None
        return transform.replaced(
            replace(
                asked,
                w=self._allowed("w", asked.w, asked.dpr, self._widths),
                h=self._allowed("h", asked.h, asked.dpr, self._heights or ()),
                dpr=Decimal(1),
            )
        )

    def _allowed(
        self, name: str, wanted: Length | None, dpr: Decimal, sides: Sequence[int]
    ) -> int | None:
        if wanted is None:
            return None
        if not sides:
            raise _not_allowed(name, "this service restricts widths and allows no heights in a URL")
        listed = ", ".join(map(str, sides))
        if isinstance(wanted, Decimal):
            raise _not_allowed(name, f"a ratio is not allowed here, only the pixels {listed}")
        pixels = int((wanted * dpr).to_integral_value(ROUND_HALF_UP))
        if pixels in sides:
            return pixels
        if not self._snap:
            raise _not_allowed(name, f"{pixels} device pixels are not among the allowed {listed}")
        return sides[min(bisect_left(sides, pixels), len(sides) - 1)]

    def _known(self, texts: Mapping[str, str]) -> dict[str, str]:
        """The parameters by their names here; raises for a name that belongs to no operation."""
        known: dict[str, str] = {}
        for name, text in texts.items():
            if name in ALIASES:
                self._alias(name, texts, known)
            elif name in self._owners:
                known[name] = text
                if name == "mark":
                    self._marks.check(text)
            else:
                raise self._unknown(name)
        return known

    def _unknown(self, name: str) -> ImageError:
        if name in _OTHER_NAMES:  # the options' own queries have none of these
            return _not_allowed(name, "it stands in a URL alone")
        near = nearest(name, (*self._owners, *_OTHER_NAMES, *ALIASES), WORDS)
        detail = f"there is no parameter {name[:60]!r}{question(near)}"
        return ImageError("unknown-parameter", detail, parameter=name[:60], **member(near))

    def _alias(self, name: str, texts: Mapping[str, str], known: dict[str, str]) -> None:
        """Takes a parameter under its one name, once its form is checked by the name in the
        query.
        """
        meant = ALIASES[name]
        if meant in texts:
            detail = f"{name!r} and {meant!r} are one parameter, given twice"
            raise ImageError("repeated-parameter", detail, parameter=name)
        if name == "upscale" and texts[name] not in ("0", "1"):  # imgix's, which is another
            raise malformed(name, texts[name], "0 or 1")
        self._owners[meant].forms()[meant].parse(name, texts[name])
        known[meant] = texts[name]

    def _refuse_endless(self, texts: Mapping[str, str]) -> None:
        """With `widths`, URLs are to be countable; `w`, `h` and `dpr` have their own lists."""
        for name in texts:
            meant = ALIASES.get(name, name)
            if meant in ("w", "h", "dpr") or meant not in self._owners:
                continue
            if self._owners[meant].forms()[meant].endless:
                raise _not_allowed(name, "with restricted widths only a preset may say this")

    def _own(self, option: str, query: str) -> Mapping[str, str]:
        """A query out of the settings, checked: without `v`, and a preset of its own."""
        try:
            texts = self._known(split(query.removeprefix("?")))
            build(texts, self._owners)
        except ImageError as error:
            raise ValueError(f"{option}: {error.detail}") from error
        return texts


def _that_is_there(format: str | None) -> str | None:
    """The format; None where it takes an extra that is not there."""
    made = RESULTS.get(asked_format({"fm": format}) or "") if format else None
    return None if made and made.missing else format


def _not_allowed(name: str, why: str) -> ImageError:
    return ImageError("parameter-not-allowed", f"{name[:60]!r}: {why}", parameter=name[:60])
