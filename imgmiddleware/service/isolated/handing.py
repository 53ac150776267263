"""Handing a job over to a worker: as a pickle, in which names stand for originals and options.

The worker gets the descriptors of files, asks for other bytes when it needs them, and knows the
options since its start. It unpickles the messages of this process. This process unpickles nothing
that a worker sends.
"""

from __future__ import annotations

import copyreg
import io
import mmap
import os
import pickle
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from imgmiddleware.imaging.pyramid import Pyramid
from imgmiddleware.isolation.channel import memory_file
from imgmiddleware.pixels.values import Present
from imgmiddleware.service.isolated.lent_pyramid import Lending, Lent
from imgmiddleware.service.making.job import Job
from imgmiddleware.service.making.results import Eras
from imgmiddleware.settings import Settings
from imgmiddleware.sources import ArrayOriginal, BytesOriginal, Opened
from imgmiddleware.sources.elsewhere import ArrayElsewhere, BytesElsewhere, FileElsewhere, Seen
from imgmiddleware.sources.file import FileOriginal
from imgmiddleware.sources.original import Numbers, announcing

#: Asks the serving process for bytes of an original by its number, or for an array.
Ask = Callable[[int, int, int], tuple[bytes, list[int]]]
#: Tells the serving process which bytes of an original will be read: offsets, and how many from
#: each.
Announce = Callable[[int, Numbers, Numbers], None]


def named(*name: Any) -> object:
    """Stands in a pickle for the value that `Unhanded` makes of a name."""
    raise AssertionError(name)


def _of_settings(settings: Settings) -> tuple[Any, ...]:
    return named, ("settings",)


class Handed(pickle.Pickler):
    """A job as bytes, with the descriptors that go along."""

    def __init__(self, job: Job, lending: Lending, whole: Pyramid | None = None) -> None:
        """The pyramid's descriptor is the last."""
        self._buffer = io.BytesIO()
        super().__init__(self._buffer, pickle.HIGHEST_PROTOCOL)
        self.originals: list[Opened] = [job.original]
        if job.overlay is not None:
            self.originals.append(job.overlay.original)
        self.descriptors: list[int] = []
        # By their types: asking about each object in turn takes as long as all the rest.
        names: dict[type, Callable[[Any], Any]] = {Settings: _of_settings}
        names |= {type(its): self._reduced for its in self.originals}
        self.dispatch_table = {**copyreg.dispatch_table, **names}
        self.dump(job)
        if whole is not None:
            self.descriptors.append(whole.fileno())
        self.dump(lending.lent(None if whole is None else len(self.descriptors) - 1))

    def pickled(self) -> memoryview:
        """The pickle."""
        return self._buffer.getbuffer()

    def given(self, number: int, offset: int, size: int) -> tuple[bytes, list[int]]:
        """The bytes or descriptors of an original that the worker asks for; the caller closes the
        descriptors when they are sent. Raises the errors of the original.
        """
        original = self.originals[number]
        if isinstance(original, ArrayOriginal):
            return _array_file(original.present())
        if type(original) is BytesOriginal:
            return b"", [_bytes_file(original)]
        buffer = bytearray(min(size, max(0, original.size - offset)))
        count = original.read_into(memoryview(buffer), offset)
        return bytes(memoryview(buffer)[:count]), []

    def announced(self, said: bytes) -> None:
        """Tell an original of its reads. Raises `ValueError` for a malformed announcement."""
        number, places = int.from_bytes(said[:8]), np.frombuffer(said, np.int64, offset=8)
        if number >= len(self.originals) or len(places) % 2:
            raise ValueError("its announcement is malformed")
        announce = announcing(self.originals[number])
        offsets, counts = places.reshape(2, -1)
        if announce is None or (places < 0).any():
            raise ValueError("its announcement is malformed")
        announce(offsets, counts)

    def _reduced(self, original: Opened) -> tuple[Any, ...]:
        """The name that stands for an original."""
        number = next(n for n, its in enumerate(self.originals) if its is original)
        return named, self._named(number, original)

    def _named(self, number: int, original: Opened) -> tuple[Any, ...]:
        seen = Seen(original.version, original.size, original.last_modified)
        if type(original) is FileOriginal:
            self.descriptors.append(original.fileno())
            return "file", len(self.descriptors) - 1, seen, original.stamp
        if isinstance(original, ArrayOriginal):
            return "array", number, seen, original.reading
        return "bytes", number, seen, announcing(original) is not None


class Unhanded(pickle.Unpickler):
    """The job in the worker."""

    def __init__(
        self,
        data: bytes,
        descriptors: list[int],
        settings: Settings,
        ask: Ask,
        announce: Announce,
    ) -> None:
        super().__init__(io.BytesIO(data))
        self._announce = announce
        self._descriptors = descriptors
        self._settings = settings
        self._ask = ask

    def job(self, era: Eras) -> tuple[Job, Lent]:
        """The job, whose originals are opened in an era of the worker's own; and its pyramid."""
        job: Job = self.load()
        lent: Lent = self.load()
        overlay = None if job.overlay is None else replace(job.overlay, era=era)
        return replace(job, era=era, overlay=overlay), lent

    def find_class(self, module: str, name: str) -> Any:
        """A global; `named` makes an original of its name."""
        if name == named.__name__ and module == __name__:
            return self._load
        return super().find_class(module, name)

    def _load(self, *name: Any) -> object:
        """The value with this name."""
        match name:
            case ("settings",):
                return self._settings
            case "file", number, seen, stamp:
                return FileElsewhere(self._descriptors[number], Seen(*seen), stamp)
            case "array", number, seen, reading:
                return ArrayElsewhere(Seen(*seen), reading, partial(self._array, number))
            case "bytes", number, seen, announces:
                announce = partial(self._announce, number) if announces else None
                return BytesElsewhere(Seen(*seen), partial(self._bytes, number), announce)
        raise AssertionError(name)

    def _bytes(self, number: int, offset: int, size: int) -> bytes | int:
        given, descriptors = self._ask(number, offset, size)
        return descriptors[0] if descriptors else given

    def _array(self, number: int) -> Present:
        told, (descriptor,) = self._ask(number, 0, 0)
        shape, dtype, masked, present = pickle.loads(told)  # noqa: S301 - of our own parent
        count = int(np.prod(shape))
        kind = np.dtype(dtype)
        try:
            mapped = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
        finally:
            os.close(descriptor)
        array: npt.NDArray[Any] = np.frombuffer(mapped, kind, count).reshape(shape)
        if masked:
            mask = np.frombuffer(mapped, np.bool_, count, count * kind.itemsize).reshape(shape)
            array = np.ma.MaskedArray(array, mask)
        made: Present = replace(present, given=array)
        return made


def announcement(number: int, offsets: Numbers, counts: Numbers) -> bytes:
    """The reads that will be made of an original, as `Handed.announced` takes them."""
    return number.to_bytes(8) + np.array([offsets, counts], np.int64).tobytes()


def _bytes_file(original: BytesOriginal) -> int:
    descriptor = memory_file(original.size)
    with mmap.mmap(descriptor, original.size) as mapped:
        original.read_into(memoryview(mapped))
    return descriptor


def _array_file(present: Present) -> tuple[bytes, list[int]]:
    """A file of the array, followed by its mask; and its description."""
    array = np.ma.getdata(present.given)
    mask = np.ma.getmaskarray(present.given) if np.ma.isMaskedArray(present.given) else None
    size = array.size * array.itemsize
    descriptor = memory_file(size + (0 if mask is None else mask.size))
    with mmap.mmap(descriptor, 0) as mapped:
        _copied(array, mapped, 0)
        if mask is not None:
            _copied(mask, mapped, size)
    dtype = array.dtype.str
    said = array.shape, dtype, mask is not None, replace(present, given=np.empty(0, array.dtype))
    return pickle.dumps(said), [descriptor]


def _copied(array: npt.NDArray[Any], mapped: mmap.mmap, offset: int) -> None:
    np.frombuffer(mapped, array.dtype, array.size, offset).reshape(array.shape)[...] = array
