"""ImageService answers requests, and has the methods that an application calls itself."""

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
    """Answers requests for pictures of a source's originals; both adapters use it.

    >>> import numpy as np
    >>> from imgmiddleware import ImageRequest
    >>> service = ImageService(lambda id: np.zeros((300, 400), np.uint8), default="w=200")
    >>> response = service.handle(ImageRequest("GET", "/image/black", "w=100&fm=png"))
    >>> response.status, response.header("Content-Type")
    (200, 'image/png')

    `source` is a directory, a function `id -> path | bytes | numpy array | None`, a `Source`, or a
    mapping of prefixes to these (`PrefixSource`); `options` are described at `Settings`. Any number
    of threads may use it. Raises `ValueError` or `TypeError` that names the wrong option.
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
        good. The link has none where there is no such original, or where the source fails or is
        slow. `mount` is the path under which the application is mounted. `sign`: with the first of
        `keys`; None: if `require_signature` says so, or if it ends. A link `expires` after so many
        seconds, at most twice as many. Raises `ImageError` for parameters that would be refused,
        and `ValueError` where there is no key. The call opens the original. On an event loop, make
        it in a thread (of anyio's, if the source is async).
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
        """An original in a page, with links to sizes for each screen. Templates and `str` get its
        HTML.

        >>> import numpy as np
        >>> service = ImageService(lambda id: np.zeros((300, 400), np.uint8))
        >>> picture = service.picture("black", alt="All black", w=150, fit="crop", ar="3:2")
        >>> picture.width, picture.height, picture.srcset.count("/image/black?")
        (150, 100, 3)

        With `w` or `h` the picture has that size in CSS pixels, in up to three densities. Without
        them it is as wide as the page lets it be. Then `widths` are the device pixels on offer, and
        `sizes` is its width on the page, in CSS. No link is wider than the original, and each has
        the width that it names. Each of `formats` is offered by itself, the best first; without
        them the browser's Accept chooses. `priority` is for the pictures at the top of a page.
        `attributes` are further attributes, such as `class`. `mount`, `sign` and `expires` are
        those of `url`. `placeholder` fills the place until the picture comes: "lqip" and "color"
        become its `style`, "thumbhash" and "blurhash" become `data-` attributes for a script. The
        placeholder is made where no cache has it.

        The HTML has a `src` alone where the picture is missing now, or where only pixels tell its
        size (`trim`). Raises `ImageError` for parameters that would be refused, `ValueError` for
        invalid widths and attributes. The call opens the original and reads its header. On an event
        loop, use `imgmiddleware.asgi.picture`, which makes it in a thread.
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

        It has the members of `fm=json`, and takes the same parameters. `page` chooses a page.
        `keep="exif"` adds the time and the camera, `keep="copyright"` the copyright. `colors=6`
        adds so many colours of a picture that all other parameters may shape, and `faces=1` the
        faces. The last two alone decode. `authorize` is not called. Raises `ImageError` where there
        is no such original, where it cannot be opened, and for parameters that would be refused;
        `ValueError` for another `fm` and for `palette`. The call opens a file: on an event loop,
        make it in a thread.
        """
        notice()
        name, asked = self._id(id), self._told({"fm": "json", **parameters})
        if asked.transform.get(Output).asked != "json":
            raise ValueError("fm, palette: info is always that of fm=json; leave them out")
        seen = {}
        if asked.transform.get(Output).decodes:
            seen = json.loads(self._result(name, asked))
        with ExitStack() as opened:
            probed = self._probed(name, asked, opened)
            read_as(asked, probed, self.settings)  # refuses what it refuses for a link
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

        The caches keep it as they keep a result, and `authorize` is not called. Raises `ImageError`
        where there is no picture, and `ValueError` for an `fm` that is no text. The call may
        render: on an event loop, make it in a thread.
        """
        notice()
        asked = self._told({"fm": fm, **parameters})
        if fm not in PLACEHOLDERS:
            raise ValueError(f"fm: {fm!r} is none of {', '.join(PLACEHOLDERS)}")
        if asked.transform.get(Output).asked != fm:
            raise ValueError("palette: it would replace the placeholder; leave it out")
        return self._result(self._id(id), asked).decode()

    def base(
        self, id: ID, *, mount: str = "", sign: bool | None = None, expires: float | None = None
    ) -> str:
        """The beginning of viewers' paths: `base("map.tif") + "/info.json"` is for IIIF's,
        `base("map.tif") + ".dzi"` for Deep Zoom. The arguments are those of `url`.
        """
        return self._links.base(self._id(id), Where(mount, sign, expires))

    def purge(self, id: ID, *, overlay: bool = False) -> int:
        """Forget all pictures of an original, in memory and on disk; returns how many there were.

        This includes pictures that have it as an overlay. With `overlay=True`, `id` is a name in
        the option `overlays`. Processes that share `cache_dir` forget them within `recheck`
        seconds. A new version of an original needs no purge: its results have keys of their own.
        Raises `ImageError` for a text that is no ID.
        """
        self._recall.forget()
        self._originals.forget()
        return self._pictures.purge(self.surrogate_key(id, overlay=overlay))

    def surrogate_key(self, id: ID, *, overlay: bool = False) -> str:
        """The key by which a CDN forgets the pictures of an original (`surrogate_keys=True`). With
        `overlay=True`, the key of pictures that have one of `overlays`, by its name.
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
        """The meaning of parameters, of which links may lack some. Raises `ImageError`."""
        return self._free_grammar.parse(urlencode(spelled(parameters)))

    def _result(self, id: str, asked: Asked) -> bytes:
        """The body for a client that may use these parameters. Raises `ImageError`."""
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
        """The original, which stays open until `opened` is left. Raises `ImageError`."""
        original = self._originals.open(id, opened)
        if original is None:
            raise ImageError("not-found", "there is no original of this ID")
        page = (id, original.version, asked.page, asked.moves)
        return Probed(page, original, self._originals.facts(original, page, opened))

    def _id(self, id: ID) -> str:
        return self._parsed(f"{self.prefix}{id}")
