"""The duties of every source and original, as tests."""

from collections.abc import Iterator
from contextlib import contextmanager

from imgmiddleware.errors import ImageError
from imgmiddleware.sources import Original, Source
from imgmiddleware.testing.acting import content, in_threads, leaves_no_file_open

#: IDs that must name no original. Most would leave a directory.
_HOSTILE = ("..", "../a", "/etc/passwd", "a/../../etc/passwd", "a\0b", "x" * 5000, "~")

#: Seconds since the epoch. It is later than any HTTP-date.
_YEAR_10000 = 253_402_300_800


class OriginalConformance:
    """The duties of every `Original`. Give `make_original`."""

    def make_original(self, data: bytes) -> Original:
        """An original that was opened and has this content. Each call makes another."""
        raise NotImplementedError

    def test_it_is_an_original(self) -> None:
        original = self.make_original(content(9))
        with original:
            assert isinstance(original, Original), "an attribute or a method is missing"

    def test_the_size_is_that_of_the_content(self) -> None:
        for size in (0, 1, 4096, 100_001):
            original = self.make_original(content(size))
            with original:
                assert type(original.size) is int, f"{original.size!r} is no int"
                assert original.size == size

    def test_one_read_fills_the_buffer(self) -> None:
        data = content(3_000_001)
        original = self.make_original(data)
        with original:
            assert _read(original, len(data)) == data, "read_into stopped before the end"

    def test_it_is_read_at_any_offset_in_any_order(self) -> None:
        data = content(1000)
        original = self.make_original(data)
        with original:
            for offset, length in ((990, 10), (0, 10), (500, 0), (1, 999), (0, 1000), (999, 1)):
                assert _read(original, length, offset) == data[offset : offset + length]

    def test_fewer_bytes_are_read_only_at_the_end(self) -> None:
        data = content(1000)
        original = self.make_original(data)
        with original:
            for offset, length in ((990, 11), (0, 1001), (1000, 1), (1001, 5), (10**9, 5)):
                assert _read(original, length, offset) == data[offset:], f"at offset {offset}"

    def test_the_version_is_a_text_that_does_not_change(self) -> None:
        original = self.make_original(content(9))
        with original:
            version = original.version
            assert isinstance(version, str), f"{version!r} is no text"
            assert version, "an empty text cannot tell two versions apart"
            _read(original, 9)
            assert original.version == version

    def test_it_was_modified_at_a_whole_second_or_nobody_knows(self) -> None:
        original = self.make_original(content(9))
        with original:
            when = original.last_modified
            assert when is None or type(when) is int, f"{when!r} is neither an int nor None"
            assert when is None or when < _YEAR_10000, f"{when!r}: are these milliseconds?"

    def test_what_is_raised_inside_goes_on(self) -> None:
        try:
            with self.make_original(content(9)):
                raise KeyError
        except KeyError:
            return
        raise AssertionError("leaving the original has swallowed an error")

    def test_it_is_closed(self) -> None:
        def open_and_close() -> None:
            with self.make_original(content(9)):
                pass

        leaves_no_file_open(open_and_close)


class SourceConformance(OriginalConformance):
    """The duties of every `Source`, and of every `Original` that it opens.

    Give `make_source` and `write`.
    """

    ids: tuple[str, ...] = ("a.jpg", "folder/b", "é/雪 1+2%.png")
    """Three IDs that the source can have."""
    unknown = "none.jpg"
    """An ID that the source does not have."""
    secrets: tuple[str, ...] = ()
    """Texts that no error may show: the path of a folder, a password."""

    def make_source(self) -> Source:
        """A source without originals."""
        raise NotImplementedError

    def write(self, source: Source, id: str, data: bytes) -> None:
        """Make this the content of the original of this ID, which may be new."""
        raise NotImplementedError

    def make_original(self, data: bytes) -> Original:
        source = self.make_source()
        self.write(source, self.ids[0], data)
        return _opened(source, self.ids[0])

    def test_there_is_no_original_of_an_unknown_id(self) -> None:
        source = self.make_source()
        known = self.ids[0]
        self.write(source, known, content(9))
        encoded = "".join(f"%{byte:02X}" for byte in known.encode())  # once more, to be taken as is
        for id in (self.unknown, f"{known}\0.jpg", encoded, *_HOSTILE):
            with self._without_secrets():
                assert source.open(id) is None, f"{id!r} is an original"

    def test_each_id_has_an_original_of_its_own(self) -> None:
        source = self.make_source()
        for size, id in enumerate(self.ids, 100):
            self.write(source, id, content(size))
        for size, id in enumerate(self.ids, 100):
            assert _all_of(source, id) == content(size), f"{id!r} has another's content"

    def test_the_version_stays_while_the_content_does(self) -> None:
        source = self.make_source()
        self.write(source, self.ids[0], content(9))
        assert len({_version(source, self.ids[0]) for _ in range(3)}) == 1

    def test_another_content_of_the_same_size_is_another_version(self) -> None:
        source = self.make_source()
        seen = set()
        for seed in range(3):
            self.write(source, self.ids[0], content(99, seed))
            seen.add(_version(source, self.ids[0]))
            assert _all_of(source, self.ids[0]) == content(99, seed)
        assert len(seen) == 3, "caches would go on showing the old content"

    def test_two_openings_do_not_disturb_each_other(self) -> None:
        source, data = self.make_source(), content(1000)
        self.write(source, self.ids[0], data)
        one, other = _opened(source, self.ids[0]), _opened(source, self.ids[0])
        with other:
            with one:
                assert _read(one, 10, 500) == data[500:510]
                assert _read(other, 10) == data[:10]
            assert _read(other, 10, 990) == data[990:], "it was closed with the other"

    def test_what_is_changed_while_it_is_open_is_never_mixed(self) -> None:
        source = self.make_source()
        old, new = content(50_000), content(50_000, 1)
        self.write(source, self.ids[0], old)
        with _opened(source, self.ids[0]) as original:
            version, first = original.version, _read(original, 25_000)
            self.write(source, self.ids[0], new)
            code = None
            try:
                with self._without_secrets():
                    rest = _read(original, 25_000, 25_000)
            except ImageError as error:
                code, rest = error.code, old[25_000:]
            assert code in (None, "original-changed"), f"it is {code}"
            assert first + rest == old, "a part of the new content under the old version"
            assert original.version == version

    def test_threads_open_it_at_the_same_time(self) -> None:
        source = self.make_source()
        for size, id in enumerate(self.ids, 1000):
            self.write(source, id, content(size))

        def look(number: int) -> None:
            for turn in range(20):
                which = (number + turn) % len(self.ids)
                assert _all_of(source, self.ids[which]) == content(1000 + which)

        in_threads(look)

    @contextmanager
    def _without_secrets(self) -> Iterator[None]:
        """Errors from inside reach clients, or their sight by a log."""
        try:
            yield
        except ImageError as error:
            shown = [secret for secret in self.secrets if secret in error.detail]
            assert not shown, f"an error shows {shown}"
            raise


def _read(original: Original, length: int, offset: int = 0) -> bytes:
    buffer = bytearray(length)
    count = original.read_into(memoryview(buffer), offset)
    assert 0 <= count <= length, f"{count} of {length} bytes were read"
    return bytes(buffer[:count])


def _opened(source: Source, id: str) -> Original:
    original = source.open(id)
    assert original is not None, f"{id!r} was written, and is not there"
    assert isinstance(original, Original), f"{original!r} is no Original"
    return original


def _all_of(source: Source, id: str) -> bytes:
    with _opened(source, id) as original:
        return _read(original, original.size)


def _version(source: Source, id: str) -> str:
    with _opened(source, id) as original:
        return str(original.version)
