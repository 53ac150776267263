"""Options of load: the work and the kept bytes at one time, in memory and on disk."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from imgmiddleware.process.memory import memory_share
from imgmiddleware.settings.tiers import Kind, kind_of


@dataclass(frozen=True, kw_only=True)
class LoadSettings:
    """The work at one time, and the size of the caches."""

    render_slots: int | None = None
    """Results that are rendered at the same time; further ones wait. None: one for each
    processor."""
    lend_slots: bool = True
    """Let a render use idle slots for work that it can do in several threads at once: the strips of
    a TIFF, the blocks of a PNG. The bytes are the same."""
    isolate: bool = False
    """Make pictures in processes of their own, as many as there are slots. They may do nothing but
    compute: on Linux they can open no file and no socket (docs/isolation.md). An original that
    crashes its decoder ends one of these processes, and is a 422."""
    max_waiting: int = 256
    """Requests that may wait for a slot, or for another request's render. One more is a 503 at
    once."""
    max_wait: float = 30.0
    """Seconds for which a request may wait. Then it is a 503."""
    max_memory: int = field(default_factory=lambda: memory_share(3 * 2**30))
    """Bytes that both caches in memory and all renders under way may take together, as far as
    headers predict it. By default 3 GiB, or a share of the memory of the container or the machine
    (docs/deployment.md)."""
    tune_malloc: bool = False
    """Have the C library give large buffers back as soon as they are freed, so that the process
    keeps to `max_memory`. Without it the process may take twice as much, and keeps it. It changes
    the whole process, for good, and does nothing where that library is not glibc."""
    cache_bytes: int = 64 * 2**20
    """Bytes of results that are kept in memory. 0: none."""
    decoded_bytes: int = 128 * 2**20
    """Bytes of decoded originals that are kept in memory, as several sizes of one may be wanted."""
    cache_dir: str | os.PathLike[str] | None = None
    """A folder for results, which all processes of the service share. None: nothing is written to
    disk. Once built it is an absolute path, a str."""
    cache_dir_bytes: int = 2**30
    """Bytes that the folder `cache_dir`, or the folder in `tiers`, may take on its disk."""
    tiers: str | Sequence[str | os.PathLike[str]] = field(default=(), repr=False)
    """The stores of results below memory, in the order of looking, instead of `cache_dir`. Each is
    a folder of this machine, a Redis or Valkey server that machines share (`imgmiddleware[redis]`),
    or a bucket (`imgmiddleware[stores]`): `["/var/cache/images", "redis://cache.example:6379/0"]`
    (docs/fleet.md)."""
    pyramid_bytes: int | None = None
    """How many of these bytes may be pyramids (docs/caching.md): large originals that are decoded
    once and kept in tiles, as clients ask for parts of them again and again. None: half. 0: there
    are none."""
    namespace: str = ""
    """Keeps the keys of two services apart that share a `cache_dir`."""
    serve_stale: float = 0.0
    """Seconds after a change in which the old result is served while the new one is made."""
    x_accel_redirect: str = ""
    """Have nginx send the files of `cache_dir`: the URI prefix of its internal location that is an
    alias of that folder. nginx announces this by a header of its requests, `X-Sendfile-Type:
    X-Accel-Redirect`. Requests without it get the bytes from the application."""
    x_sendfile: bool = False
    """Have Apache or lighttpd send the files of `cache_dir`, by the header `X-Sendfile`. The server
    has to send `X-Sendfile-Type: X-Sendfile`, in the same way."""

    @property
    def folder(self) -> str | None:
        """The folder of results: `cache_dir`, or the folder in `tiers`."""
        folder = self.cache_dir or self.tier(Kind.FOLDER)
        return None if folder is None else str(folder)

    def tier(self, kind: Kind) -> str | None:
        """The tier of this kind."""
        return next((tier for tier in map(str, self.tiers) if kind_of(tier) is kind), None)

    @property
    def pyramid_share(self) -> int:
        """`pyramid_bytes`, or half of `cache_dir_bytes`."""
        return self.cache_dir_bytes // 2 if self.pyramid_bytes is None else self.pyramid_bytes

    @property
    def hands_over(self) -> bool:
        """Whether the server in front sends the files of `cache_dir`."""
        return bool(self.x_accel_redirect or self.x_sendfile)

    @property
    def slots(self) -> int:
        """`render_slots`, or the number of processors that this process may use."""
        if self.render_slots is not None:
            return self.render_slots
        if hasattr(os, "sched_getaffinity"):
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1
