"""AVIF image sequences: tracks of AV1 samples (ISO/IEC 14496-12, 23008-12 section 7).

As with stills, the container's sizes are compared with every AV1 sequence header, and decoders are
only told of samples that lie in the file.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

from imgmiddleware.errors import damaged
from imgmiddleware.formats.avif.av1 import SequenceHeader
from imgmiddleware.formats.avif.av1_frames import Stream, read_stream
from imgmiddleware.formats.containers.codepoints import read_points
from imgmiddleware.formats.containers.isobmff import IsoBox, boxes, icc
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.reading import SLACK, Data, check_size, unsupported
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.codepoints import CodePoints

#: Frames of one track. A service has its own, lower bound for animations; this one bounds the walk
#: over the frames' headers, some 20 microseconds each.
MAX_SAMPLES = 2048
#: A picture and its plane of alpha.
MAX_TRACKS = 2
#: The units of one frame: a delimiter, headers, metadata, layers.
_OBUS_A_SAMPLE = 8
#: Pictures that AV1 keeps to predict others from (section 7.20), the one being made and its grain.
_KEPT = 10

_ALPHA = b"auxv"  # handler of a track of alpha
#: Where the boxes of a sample entry begin (14496-12, section 12.1.3), behind 'stsd''s own fields.
_ENTRY_HEAD = 78


@dataclass(frozen=True, slots=True)
class _Track:
    """One track, after its samples' headers were compared with its entry."""

    width: int
    height: int
    frames: int
    alpha: bool
    sequence: SequenceHeader
    points: CodePoints | None


def read(window: Window) -> Facts:
    """The facts of all tracks together. Raises 422 where they contradict themselves."""
    tracks = [_read_track(window, box) for box in _tracks(window)]
    if not tracks or len(tracks) > MAX_TRACKS:
        raise unsupported(f"it has {len(tracks)} tracks of pictures")
    colors = [track for track in tracks if not track.alpha]
    if len(colors) != 1:
        raise unsupported("it has no track of colours, or several")
    first = colors[0]
    for track in tracks:
        if (track.width, track.height, track.frames) != (first.width, first.height, first.frames):
            raise damaged("its tracks differ in size or in number of frames")
    return Facts(
        format="avif",
        width=first.width,
        height=first.height,
        alpha=len(tracks) > 1,
        frames=first.frames,
        decode_bytes=sum(_decode_bytes(track) for track in tracks) + SLACK,
        composed=True,
        points=first.points,
    )


def profile(data: Data, facts: Facts) -> bytes | None:
    """The profile of the colours' sample entry."""
    window = Window.over(data)
    for track in _tracks(window):
        for box in _entry_boxes(window, _find(window, track, b"mdia", b"minf", b"stbl", b"stsd")):
            if box.kind == b"colr" and (plain := icc(window, box)) is not None:
                return plain
    return None


def _decode_bytes(track: _Track) -> int:
    """The pictures that are kept, their decoder's own state as for stills, and the output twice."""
    pixels = track.width * track.height
    wide = 2 if track.sequence.bits > 8 else 1
    return int(pixels * (14 + 8 + _KEPT * track.sequence.samples * wide))


def _tracks(window: Window) -> Iterator[IsoBox]:
    movie = next((box for box in boxes(window, 0, window.size) if box.kind == b"moov"), None)
    if movie is None:
        raise damaged("it has no tracks")
    found = (box for box in boxes(window, movie.start, movie.end) if box.kind == b"trak")
    return (track for track in found if _handler(window, track) in (b"pict", _ALPHA))


def _handler(window: Window, track: IsoBox) -> bytes:
    """The kind of the track: pictures, their auxiliary pictures, or sound, which is ignored."""
    return window.read(_find(window, track, b"mdia", b"hdlr").start + 8, 4)


def _find(window: Window, box: IsoBox, *path: bytes) -> IsoBox:
    """The box at a path of kinds below another."""
    for kind in path:
        inside = boxes(window, box.start, box.end)
        found = next((part for part in inside if part.kind == kind), None)
        if found is None:
            raise damaged(f"a track lacks the box {kind.decode()}")
        box = found
    return box


def _entry_boxes(window: Window, description: IsoBox) -> list[IsoBox]:
    """The boxes of the only sample entry, which must be AV1's."""
    (count,) = window.unpack(">L", description.start + 4)
    entries = list(boxes(window, description.start + 8, description.end))
    if count != 1 or len(entries) != 1 or entries[0].kind != b"av01":
        raise unsupported("a track has other samples than AV1, or several kinds")
    return list(boxes(window, entries[0].start + _ENTRY_HEAD, entries[0].end))


def _read_track(window: Window, track: IsoBox) -> _Track:
    table = _find(window, track, b"mdia", b"minf", b"stbl")
    description = _find(window, table, b"stsd")
    entry = _entry_boxes(window, description)
    # The entry's own box begins behind a count; its width and height are 24 bytes into it.
    width, height = window.unpack(">HH", description.start + 8 + 8 + 24)
    check_size(width, height)
    samples = _samples(window, table)
    stream = _stream(window, samples)
    sequences = stream.sequences
    for box in entry:
        if box.kind == b"av1C":  # this box repeats it behind four bytes of its own
            sequences += _stream(window, [(box.start + 4, box.size - 4)]).sequences
    if not sequences:
        raise damaged("a track has no AV1 sequence header")
    for sequence in sequences:
        if (sequence.width, sequence.height) != (width, height):
            raise damaged(
                f"its container claims {width} x {height} pixels for a track, "
                f"its AV1 data {sequence.width} x {sequence.height}"
            )
    if not {(width, height), None}.issuperset(stream.sizes):
        raise unsupported("its frames have another size than its sequence")
    alpha = _handler(window, track) == _ALPHA
    points = read_points(window, entry, sequences[0].points)
    return _Track(width, height, len(samples), alpha, sequences[0], points)


def _samples(window: Window, table: IsoBox) -> list[tuple[int, int]]:
    """Offset and size of each sample (14496-12, sections 8.7.3 to 8.7.5), inside of the file."""
    sizes = _sizes(window, _find(window, table, b"stsz"))
    kinds = {box.kind: box for box in boxes(window, table.start, table.end)}
    wide = b"co64" in kinds
    chunks = kinds.get(b"co64" if wide else b"stco")
    if chunks is None:
        raise damaged("a track does not say where its samples are")
    (count,) = window.unpack(">L", chunks.start + 4)
    if not 0 < count <= len(sizes):
        raise damaged(f"a track has {count} chunks for {len(sizes)} samples")
    offsets = window.unpack(f">{count}{'Q' if wide else 'L'}", chunks.start + 8)
    found: list[tuple[int, int]] = []
    for offset, number in zip(offsets, _per_chunk(window, table, count), strict=True):
        at = offset
        for size in sizes[len(found) : len(found) + number]:
            if at + size > window.size:
                raise damaged("a sample lies beyond the end of the file")
            found.append((at, size))
            at += size
    if len(found) != len(sizes):
        raise damaged(f"a track's chunks hold {len(found)} of {len(sizes)} samples")
    return found


def _sizes(window: Window, box: IsoBox) -> list[int]:
    same, count = window.unpack(">LL", box.start + 4)
    if not 0 < count <= MAX_SAMPLES:
        raise damaged(f"a track claims {count} samples")
    return [same] * count if same else [*window.unpack(f">{count}L", box.start + 12)]


def _per_chunk(window: Window, table: IsoBox, chunks: int) -> list[int]:
    """Samples in each chunk, which are listed where their number changes."""
    box = _find(window, table, b"stsc")
    (count,) = window.unpack(">L", box.start + 4)
    if not 0 < count <= MAX_SAMPLES:
        raise damaged(f"a track lists {count} runs of chunks")
    flat = window.unpack(f">{3 * count}L", box.start + 8)
    firsts, numbers = [*flat[::3], chunks + 1], flat[1::3]
    if firsts[0] != 1 or any(a >= b for a, b in pairwise(firsts)):
        raise damaged("a track's chunks are out of order")
    return [
        number
        for number, (first, last) in zip(numbers, pairwise(firsts), strict=True)
        for _ in range(last - first)
    ]


def _stream(window: Window, samples: list[tuple[int, int]]) -> Stream:
    """All samples as one stream: a header holds for the samples behind it, too."""
    starts = [0, *accumulate(size for _, size in samples)]

    def read_at(at: int, length: int) -> bytes:
        number = bisect_right(starts, at) - 1
        offset, size = samples[number]
        inside = at - starts[number]
        return window.read(offset + inside, min(length, size - inside))

    most = len(samples) * _OBUS_A_SAMPLE
    return read_stream(read_at, starts[-1], most + 1, most)
