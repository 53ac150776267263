"""Output: the format of the result and how much quality it keeps."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from imgmiddleware.formats.result_format import CHROMA, ResultFormat
from imgmiddleware.formats.results import NAMED, RESULTS
from imgmiddleware.forms.numbers import whole
from imgmiddleware.forms.words import choice, flag, identifier, one_of, subset, word_or
from imgmiddleware.operations.transform import Operation, parameter

#: The formats to choose from, best first, for a client that names them. At one `q` AVIF takes 0.59
#: and WebP 0.62 of JPEG's bytes (docs/results.md), and AVIF two thirds of WebP's time.
NEGOTIATED = ("jxl", "avif", "webp")

#: The choice unless the option `formats` says otherwise. JPEG XL needs an extra, and takes as many
#: bytes as AVIF.
NEGOTIATED_BY_DEFAULT = ("avif", "webp")

#: The same where nothing may be lost: an AVIF is larger than a PNG then.
NEGOTIATED_LOSSLESS = ("jxl", "webp")

#: The same for animations, and for animations that may lose nothing; all other clients get GIF.
NEGOTIATED_ANIMATED = ("webp", "avif")
NEGOTIATED_ANIMATED_LOSSLESS = ("webp",)

#: For larger results no client gets AVIF or WebP: they encode some 10 megapixels a second where
#: JPEG does 280 (benchmarks/bench_encode.py), and a second is too long to wait for a format.
MOST_NEGOTIATED_PIXELS = 4_000_000


#: The quality where neither the link nor an option says one.
QUALITY = 75

#: Other names of formats, and imgix's names for kinds of them: the writers here make either kind.
_SAME = {"jpeg": "jpg", "png8": "png", "png32": "png", "tiff": "tif"}

#: The colours of a palette, where the query has no `colors`: imgix's number.
_COLORS = 6


def asked_format(texts: Mapping[str, str]) -> str | None:
    """The format that these parameters ask for: `palette` asks for one, whatever `fm` says."""
    return f"palette-{texts['palette']}" if "palette" in texts else texts.get("fm")


@dataclass(frozen=True)
class Output(Operation):
    fm: str | None = parameter(one_of(NAMED, same=_SAME))
    q: int | str = parameter(word_or("auto", whole(0, 100)), QUALITY)
    chromasub: str | None = parameter(one_of(CHROMA))
    colorquant: int | None = parameter(whole(2, 256))
    lossless: bool = parameter(flag(), False)
    max_bytes: int | None = parameter(whole(100, 100_000_000))
    depth: str = parameter(choice("8", "16"), "8")
    keep: tuple[str, ...] = parameter(subset("icc", "exif", "copyright", "hdr"), ())
    palette: str | None = parameter(choice("json", "css"))
    colors: int | None = parameter(whole(0, 16))
    prefix: str = parameter(identifier(), "image")
    faces: bool = parameter(flag(), False)

    @property
    def asked(self) -> str | None:
        """The format that is asked for, a key of `RESULTS`; None where it is left open."""
        return f"palette-{self.palette}" if self.palette else self.fm

    @property
    def quality(self) -> int:
        """The quality where `auto` does not seek one."""
        return self.q if isinstance(self.q, int) else QUALITY

    @property
    def tells(self) -> bool:
        """Whether the answer is data about the picture, and no picture."""
        return self.asked is not None and RESULTS[self.asked].tell is not None

    @property
    def negotiates(self) -> bool:
        """Whether the client's Accept header chooses the format."""
        return self.asked is None and self.depth == "8"

    @property
    def told_colors(self) -> int:
        """How many colours are told of a picture, where that is asked for."""
        if self.colors is None:
            return _COLORS if self.palette else 0
        return self.colors

    @property
    def tells_faces(self) -> bool:
        """Whether the answer tells of faces, beside the facts of the header."""
        return self.faces and self.asked is not None and RESULTS[self.asked].of_header

    @property
    def decodes(self) -> bool:
        """Whether the answer needs pixels. Of data about an original only colours and faces do."""
        asked = self.asked
        return bool(self.colors or self.faces) or asked is None or not RESULTS[asked].of_header

    def format(
        self,
        alpha: bool,
        pixels: int,
        accepted: Collection[str],
        *,
        animated: bool = False,
        hdr: bool = False,
    ) -> str:
        """The result's format: the one that is asked for, else the best that the client accepts.

        Otherwise it is GIF for an animation, PNG for an original with alpha, with 16 bits or
        without loss, and JPEG for all others. An original that is to stay `hdr` asks for a format
        that can hold it. The format depends on the parts of the key alone.
        """
        if self.asked is not None:
            return self.asked
        if animated:
            moving = NEGOTIATED_ANIMATED_LOSSLESS if self.lossless else NEGOTIATED_ANIMATED
            return next((name for name in moving if name in accepted), "gif")
        if self.depth == "16":
            return "png"
        hdr = hdr and "hdr" in self.keep
        if pixels <= MOST_NEGOTIATED_PIXELS:
            for name in NEGOTIATED_LOSSLESS if self.lossless else NEGOTIATED:
                if name in accepted and self._can_be(RESULTS[name], hdr=hdr):
                    return name
        return "png" if alpha or hdr or self.lossless else "jpg"

    def _can_be(self, result: ResultFormat, *, hdr: bool) -> bool:
        """Whether this format can hold the HDR and the profile that the result is to keep."""
        return (result.hdr or not hdr) and (result.profile or "icc" not in self.keep)
