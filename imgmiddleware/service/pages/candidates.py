"""The sizes of a picture that a page may ask for, from the header of its original alone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.grammar.links import spelled
from imgmiddleware.grammar.query import Asked, QueryGrammar
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.imaging.planner import make_plan
from imgmiddleware.operations.output import Output
from imgmiddleware.operations.resize import Resize
from imgmiddleware.operations.shape import Border, Mask
from imgmiddleware.operations.surround import Backdrop, Fill
from imgmiddleware.operations.trim import Trim
from imgmiddleware.pixels.arrays import Size
from imgmiddleware.service.meaning import read_as
from imgmiddleware.service.originals.originals import Originals
from imgmiddleware.service.originals.probed import Probed
from imgmiddleware.service.pages.links import Links, Where
from imgmiddleware.service.pages.markup import FormatSource, Picture
from imgmiddleware.service.pages.placeholders import KINDS, Told, attributes, with_style
from imgmiddleware.settings import Settings

#: Widths in device pixels at which screens show a picture that fills them. Each is about a fourth
#: wider than the one before it, so that a browser fetches at most half more pixels than it shows.
_WIDTHS = (320, 480, 640, 800, 1024, 1280, 1600, 1920, 2560, 3200, 3840)

#: Densities on offer for a picture of fixed size; eyes see no difference above them.
_DENSITIES = ("1", "2", "3")

#: The widest link for browsers without `srcset`.
_PLAIN = 1280

#: The alpha of a colour that hides all behind it.
_OPAQUE = 255

#: Refusals that leave a size out, as another may do: it is over a limit, or no URL may ask for it.
_OVER = ("result-too-large", "source-pixels", "source-memory", "source-bytes")
_CLOSED = "parameter-not-allowed"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The page's wishes for a picture beside its parameters."""

    alt: str
    sizes: str
    widths: Sequence[int] | None
    formats: Sequence[str]
    priority: bool
    placeholder: str | None
    attributes: Mapping[str, str]

    def __post_init__(self) -> None:
        if self.placeholder is not None and self.placeholder not in KINDS:
            raise ValueError(f"placeholder: {self.placeholder!r} is none of {', '.join(KINDS)}")
        for width in self.widths or ():
            if isinstance(width, bool) or not isinstance(width, int) or width < 1:
                raise ValueError(f"widths: {width!r} is no whole number of pixels")
        if self.widths is not None and not self.widths:
            raise ValueError("widths: the list is empty")


@dataclass(frozen=True)
class _Offer:
    """One size of a picture: the parameters of its link, and its pixels in the end and before it is
    turned and padded.
    """

    pairs: dict[str, str]
    size: Size
    canvas: Size


@dataclass(frozen=True)
class _Known:
    """An original with the facts of its present header."""

    probed: Probed
    grammar: QueryGrammar
    settings: Settings

    def offers(self, links: Iterable[dict[str, str]], *, strict: bool = False) -> list[_Offer]:
        """The sizes that would be answered, the smallest first, no two of one width.

        With `strict` a URL must be allowed to ask for each: otherwise it raises `ImageError`.
        """
        found: dict[int, _Offer] = {}
        for pairs in links:
            try:
                plan = self._plan(pairs)
            except ImageError as error:
                if error.code in _OVER or (error.code == _CLOSED and not strict):
                    continue
                raise
            found.setdefault(plan.result[0], _Offer(pairs, plan.result, plan.canvas))
        return [found[width] for width in sorted(found)]

    def offers_in(self, fm: str, offers: Iterable[_Offer]) -> list[_Offer]:
        """The same sizes in this format, as far as it can be so large."""
        return self.offers({**offer.pairs, "fm": fm} for offer in offers)

    def whole_width(self, pairs: dict[str, str]) -> int:
        """The width of the picture without a size, before it is turned, whatever the limits."""
        transform = self.grammar.parse(urlencode(pairs)).transform
        return make_plan(self.probed.facts, transform).canvas[0]

    def covers(self, asked: Asked) -> bool:
        """Whether the picture hides all behind it. It does not with a partly transparent
        background, nor where a mask or a border's corners cut it off.
        """
        get = asked.transform.get
        grounds = get(Backdrop).bg, get(Fill).fill_color
        if any(ground is not None and ground[3] < _OPAQUE for ground in grounds):
            return False
        border = get(Border)
        cut = get(Mask).mask is not None or (border.border and any(border.border_radius))
        return grounds[0] is not None or not (self.probed.facts.alpha or cut)

    def _plan(self, pairs: dict[str, str]) -> Plan:
        asked = self.grammar.parse(urlencode(pairs))
        return read_as(asked, self.probed, self.settings)[1]


class Candidates:
    """Makes the pictures of pages, for one service."""

    def __init__(
        self, settings: Settings, grammar: QueryGrammar, originals: Originals, links: Links
    ) -> None:
        self._settings = settings
        self._grammar = grammar
        self._originals = originals
        self._links = links
        # A browser's hint would make a picture wider than its link says.
        hinted = "dpr" in settings.client_hints and not settings.presets_only
        self._closed = {"dpr": "1"} if hinted else {}

    def picture(
        self, id: str, parameters: Mapping[str, object], wanted: Wanted, where: Where, told: Told
    ) -> Picture:
        """As `ImageService.picture` says; `told` makes the text of a placeholder."""
        pairs = spelled(parameters)
        asked = self._grammar.parse(urlencode(pairs))
        formats = {self._format(pairs, name): name for name in wanted.formats}
        fixed = bool(pairs) and _has_size(asked)
        token, offers, others = None, list[_Offer](), dict[str, list[_Offer]]()
        with ExitStack() as stack:
            known = self._known(id, asked, stack)
            if known is not None:
                token = self._links.token(*known.probed.page[:2], asked.transform)
            if known is not None and asked.transform.get(Trim).trim is None:
                offers = self._fixed(known, pairs) if fixed else self._fluid(known, pairs, wanted)
                others = {kind: known.offers_in(name, offers) for kind, name in formats.items()}
        link = partial(self._links.link, id, token=token, where=where)
        stand_in = {}
        if wanted.placeholder and known is not None and known.covers(asked):
            sizes = _measured(offers, fixed=fixed)
            stand_in = attributes(wanted.placeholder, id, pairs, sizes, told)
        sources = (FormatSource(k, _srcset(some, link)) for k, some in others.items() if some)
        return Picture(
            src=link(_plain(offers, fixed=fixed) or pairs),
            srcset=_srcset(offers, link) if len(offers) > 1 else "",
            sources=tuple(sources),
            sizes=_sizes(wanted, offers, fixed=fixed),
            **_sides(offers, fixed=fixed),
            alt=wanted.alt,
            priority=wanted.priority,
            attributes=with_style(stand_in, wanted.attributes),
        )

    def _known(self, id: str, asked: Asked, stack: ExitStack) -> _Known | None:
        """None where the answer to a link will say why there is no picture, or show another."""
        try:
            original = self._originals.open(id, stack, lambda: True)
            if original is None:
                return None
            page = (id, original.version, asked.page, asked.moves)
            facts = self._originals.facts(original, page, stack)
        except ImageError:
            return None
        return _Known(Probed(page, original, facts), self._grammar, self._settings)

    def _fixed(self, known: _Known, pairs: dict[str, str]) -> list[_Offer]:
        """The offers of a size in CSS pixels, for screens of each density."""
        dense = ({**pairs, "dpr": density} for density in _DENSITIES)
        return known.offers([{**self._closed, **pairs}, *dense])

    def _fluid(self, known: _Known, pairs: dict[str, str], wanted: Wanted) -> list[_Offer]:
        """The offers as wide as the picture's room on a page, up to the width of the original."""
        whole = known.whole_width(pairs)
        widths: Iterable[int] = wanted.widths or self._settings.widths or _WIDTHS
        if self._settings.widths is None:
            widths = sorted({min(width, whole) for width in widths})
        asked = ({**self._closed, **pairs, "w": str(width)} for width in sorted(widths))
        return known.offers(asked, strict=wanted.widths is not None) or known.offers([pairs])

    def _format(self, pairs: dict[str, str], name: str) -> str:
        """The media type of `fm`. Raises `ImageError` (400) for an unknown format, and `ValueError`
        for one that no browser shows.
        """
        output = self._grammar.parse(urlencode({**pairs, "fm": name})).transform.get(Output)
        kind = RESULTS[str(output.asked)].media_type
        if not kind.startswith("image/"):
            raise ValueError(f"formats: {name!r} is no picture")
        return kind


def _has_size(asked: Asked) -> bool:
    resize = asked.transform.get(Resize)
    return resize.w is not None or resize.h is not None


def _srcset(offers: Iterable[_Offer], link: Callable[[dict[str, str]], str]) -> str:
    return ", ".join(f"{link(offer.pairs)} {offer.size[0]}w" for offer in offers)


def _plain(offers: Sequence[_Offer], *, fixed: bool) -> dict[str, str] | None:
    """The link for browsers without `srcset`; None where no size is on offer."""
    fitting = [offer for offer in offers if offer.size[0] <= _PLAIN]
    chosen = offers[:1] if fixed else (fitting[-1:] or offers[:1])
    return chosen[0].pairs if chosen else None


def _sizes(wanted: Wanted, offers: Sequence[_Offer], *, fixed: bool) -> str:
    if wanted.sizes or not offers:
        return wanted.sizes
    width = offers[0 if fixed else -1].size[0]
    return f"{width}px" if fixed else f"(min-width: {width}px) {width}px, 100vw"


def _sides(offers: Sequence[_Offer], *, fixed: bool) -> dict[str, int]:
    """The sides of the picture on the page: one of fixed size has them at the lowest density."""
    if not offers:
        return {}
    width, height = offers[0 if fixed else -1].size
    return {"width": width, "height": height}


def _measured(offers: Sequence[_Offer], *, fixed: bool) -> tuple[Size, Size] | None:
    """The same sides, before the picture is turned and padded, and in the end."""
    shown = offers[0 if fixed else -1] if offers else None
    return (shown.canvas, shown.size) if shown else None
