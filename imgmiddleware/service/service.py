"""ImageService: what answers requests, with all that an application calls by itself."""

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from urllib.parse import urlencode
from uuid import UUID

from imgmiddleware.cache.forks import notice
from imgmiddleware.cache.key import original_tag
from imgmiddleware.cache.store import Holding
from imgmiddleware.errors import ImageError
from imgmiddleware.formats.results import PLACEHOLDERS
from imgmiddleware.grammar.links import spelled
from imgmiddleware.grammar.query import Asked
from imgmiddleware.observing import Gauges
from imgmiddleware.operations.output import Output
from imgmiddleware.service.answering import Answering
from imgmiddleware.service.making.info import Info, info_of
from imgmiddleware.service.meaning import meaning, read_as
from imgmiddleware.service.originals.overlays import overlay_id
from imgmiddleware.service.originals.probed import Probed
from imgmiddleware.service.pages.candidates import Wanted
from imgmiddleware.service.pages.links import Where
from imgmiddleware.service.pages.markup import Picture

ID = str | int | UUID
"""An ID as text, or as a value of the option `id_type`."""


class ImageService(Answering):
    """Answers requests for pictures of a source's originals; both adapters are made of it.

    >>> import numpy as np
    >>> from imgmiddleware import ImageRequest
    >>> service = ImageService(lambda id: np.zeros((300, 400), np.uint8), default="w=200")
    >>> response = service.handle(ImageRequest("GET", "/image/black", "w=100&fm=png"))
    >>> response.status, response.header("Content-Type")
    (200, 'image/png')

    `source` is a directory, a function `id -> path | bytes | numpy array | None`, a `Source`, or a
    mapping of prefixes to these (`PrefixSource`); `options` are described at `Settings`. It may be
    used from any number of threads. Raises `ValueError` or `TypeError` that names an option which
    is wrong.
    """

    def url(
        self,
        id: ID,
        *,
        mount: str = "",
        sign: bool | None = None,
        expires: float | None = None,
        **parameters: object,
    ) -> str:
        """A link to a picture: `url("cat.jpg", w=800)` is `/image/cat.jpg?w=800&v=...`.

        `v` is the token of the original's present version, which lets browsers keep the picture for
        good; it is left out where there is no such original, or the source fails or is slow.
        `mount` is the path under which the application is mounted. `sign`: with the first of
        `keys`; None: if `require_signature` says so. A signed link `expires` after so many seconds,
        at most twice as many. Raises `ImageError` for parameters that would be refused, and
        `ValueError` where there is no key. It opens the original: on an event loop, call it in a
        thread (of anyio's, if the source is async).
        """
        notice()
        return self._links.url(self._id(id), parameters, Where(mount, sign, expires))

    def picture(
        self,
        id: ID,
        *,
        alt: str,
        sizes: str = "",
        widths: Sequence[int] | None = None,
        formats: Sequence[str] = (),
        priority: bool = False,
        placeholder: str | None = None,
        attributes: Mapping[str, str] | None = None,
        mount: str = "",
        sign: bool | None = None,
        expires: float | None = None,
        **parameters: object,
    ) -> Picture:
        """An original in a page, with links to sizes for each screen: HTML, where a template or
        `str` asks for text.

        >>> import numpy as np
        >>> service = ImageService(lambda id: np.zeros((300, 400), np.uint8))
        >>> picture = service.picture("black", alt="All black", w=150, fit="crop", ar="3:2")
        >>> picture.width, picture.height, picture.srcset.count("/image/black?")
        (150, 100, 3)

        With `w` or `h` it has that size in CSS pixels, in up to three densities; without, it is as
        wide as the page lets it be: `widths` are then the device pixels that are offered, and
        `sizes` how wide the page shows it, in CSS. No link is wider than the original, and each is
        as wide as it says. `formats` are offered each by itself, the best first; without them the
        browser's Accept chooses. `priority` is for what a page begins with. `attributes` are more
        of them, such as `class`. `mount`, `sign` and `expires` are those of `url`. `placeholder`
        is what is there until the picture comes: "lqip" and "color" are its `style`, "thumbhash"
        and "blurhash" are `data-` attributes for a script. It is made where no cache has it.

        A picture that is not there now, or whose size only pixels tell (`trim`), has a `src` alone.
        Raises `ImageError` for parameters that would be refused, `ValueError` for widths and
        attributes that are none. It opens the original and reads its header: on an event loop,
        `imgmiddleware.asgi.picture` does so in a thread.
        """
        notice()
        wanted = Wanted(
            alt=alt,
            sizes=sizes,
            widths=widths,
            formats=formats,
            priority=priority,
            placeholder=placeholder,
            attributes=attributes or {},
        )
        where = Where(mount, sign, expires)
        return self._candidates.picture(self._id(id), parameters, wanted, where, self._text)

    def info(self, id: ID, **parameters: object) -> Info:
        """The facts of an original's header: its upright size, format, frames and more.

        >>> import numpy as np
        >>> service = ImageService(lambda id: np.zeros((300, 400), np.uint8))
        >>> info = service.info("black", colors=1)
        >>> info.width, info.height, info.format, info.colors
        (400, 300, 'array', ('#000000',))

        It is what `fm=json` tells, and takes the same parameters: `page`, `keep="exif"` for when it
        was taken and by which camera, `keep="copyright"`, `colors=6` for so many of a picture that
        all other parameters may ask for, and `faces=1`. The last two alone decode. `authorize` is
        not asked. Raises `ImageError` where there is no such original, or none that is opened here,
        and for parameters that would be refused; `ValueError` for another `fm` and for `palette`.
        It opens a file: on an event loop, call it in a thread.
        """
        notice()
        name, asked = self._id(id), self._told({"fm": "json", **parameters})
        if asked.transform.get(Output).asked != "json":
            raise ValueError("fm, palette: what is told is that of fm=json; leave them out")
        seen = {}
        if asked.transform.get(Output).decodes:
            seen = json.loads(self._result(name, asked))
        with ExitStack() as opened:
            probed = self._probed(name, asked, opened)
            read_as(asked, probed, self.settings)  # which refuses what a link is refused for
            kept = asked.transform.get(Output).keep
            colors, faces = seen.get("colors"), seen.get("faces")
            return info_of(probed.original, probed.facts, kept, colors, faces)

    def placeholder(self, id: ID, *, fm: str = "thumbhash", **parameters: object) -> str:
        """A placeholder for a page until its picture comes: "thumbhash", in base64, "blurhash", or
        "lqip", a `data:` URI.

        >>> import numpy as np
        >>> service = ImageService(lambda id: np.zeros((300, 400), np.uint8))
        >>> service.placeholder("black", fm="blurhash")[:6]
        'L00000'

        It is kept as a result is, and `authorize` is not asked. Raises `ImageError` where there is
        no picture, and `ValueError` for an `fm` that is no text. It may render: on an event loop,
        call it in a thread.
        """
        notice()
        asked = self._told({"fm": fm, **parameters})
        if fm not in PLACEHOLDERS:
            raise ValueError(f"fm: {fm!r} is none of {', '.join(PLACEHOLDERS)}")
        if asked.transform.get(Output).asked != fm:
            raise ValueError("palette: it is told instead of a placeholder; leave it out")
        return self._result(self._id(id), asked).decode()

    def base(
        self, id: ID, *, mount: str = "", sign: bool | None = None, expires: float | None = None
    ) -> str:
        """The beginning of viewers' paths: `base("map.tif") + "/info.json"` is for IIIF's,
        `base("map.tif") + ".dzi"` for Deep Zoom. The arguments are those of `url`.
        """
        return self._links.base(self._id(id), Where(mount, sign, expires))

    def purge(self, id: ID, *, overlay: bool = False) -> int:
        """Forget all pictures of an original, in memory and on disk; how many there were.

        Those that bear it as an overlay are among them; `overlay=True`: `id` is the name of one of
        the option `overlays`. Processes that share `cache_dir` forget them within `recheck`
        seconds. A new version of an original needs none of this: it has keys of its own. Raises
        `ImageError` for what is no ID.
        """
        self._recall.forget()
        self._originals.forget()
        return self._pictures.purge(self.surrogate_key(id, overlay=overlay))

    def surrogate_key(self, id: ID, *, overlay: bool = False) -> str:
        """The key by which a CDN forgets the pictures of an original (`surrogate_keys=True`), or
        those that bear one of `overlays`, by its name.
        """
        key = overlay_id(str(id)) if overlay else self._id(id)
        return original_tag(self.settings.namespace, key)

    def holding(self) -> dict[str, Holding]:
        """The load of each cache: "memory", "decoded" and, with `cache_dir`, "disk" and "pyramids";
        for originals in object stores "blocks".

        With `tiers` also "redis" and "bucket": the call goes through all of their names.
        """
        return self._pictures.holding()

    def gauges(self) -> Gauges:
        """How full this service is in this process: its slots, queue, memory and caches."""
        return self._pictures.gauges()

    def _text(self, id: str, parameters: Mapping[str, object]) -> str:
        return self._result(id, self._told(parameters)).decode()

    def _told(self, parameters: Mapping[str, object]) -> Asked:
        """What these ask for, of which no link need be allowed to ask. Raises `ImageError`."""
        return self._free_grammar.parse(urlencode(spelled(parameters)))

    def _result(self, id: str, asked: Asked) -> bytes:
        """What a request would be answered with that is allowed to ask. Raises `ImageError`."""
        era = self._pictures.results.era()
        with ExitStack() as opened:
            probed = self._probed(id, asked, opened)
            overlay = self._overlays.probed(asked.transform, opened)
            _, job = meaning(asked, probed, overlay, era, self.settings)
            result = self._pictures.results.found_small(job.key, job.tags)
            if result is None:
                result = self._pictures.make(job, lambda: False)
        return result.read()

    def _probed(self, id: str, asked: Asked, opened: ExitStack) -> Probed:
        """The original, which is open until `opened` is left. Raises `ImageError`."""
        original = self._originals.open(id, opened)
        if original is None:
            raise ImageError("not-found", "there is no original of this ID")
        page = (id, original.version, asked.page, asked.moves)
        return Probed(page, original, self._originals.facts(original, page, opened))

    def _id(self, id: ID) -> str:
        return self._parsed(f"{self.prefix}{id}")
