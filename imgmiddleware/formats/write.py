"""The common part of several formats' writers: OpenCV for stills, Pillow for animations.

OpenCV's calls for animations have written beyond their memory. Pillow holds all frames until it
writes, so that the service bounds their pixels.
"""

import io
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from PIL import Image

from imgmiddleware.formats.metadata import NO_METADATA, Metadata
from imgmiddleware.formats.result_format import Frames
from imgmiddleware.pixels.arrays import Pixels, has_alpha, red_blue_swapped


def by_opencv(
    suffix: str,
    pixels: Pixels,
    settings: Sequence[int] = (),
    metadata: Metadata = NO_METADATA,
) -> bytes:
    """The file that OpenCV makes of the format with this suffix.

    OpenCV gets the metadata of WebP and AVIF alone. For other formats it refuses profiles of more
    than 64 KiB (JPEG), profiles that libpng dislikes (PNG), and all profiles (TIFF).
    """
    found = {cv2.IMAGE_METADATA_ICCP: metadata.icc, cv2.IMAGE_METADATA_EXIF: metadata.block}
    blocks = {kind: np.frombuffer(data, np.uint8) for kind, data in found.items() if data}
    if blocks:
        along = [*blocks], [*blocks.values()]
        done, data = cv2.imencodeWithMetadata(suffix, pixels, *along, [*settings])
    else:
        done, data = cv2.imencode(suffix, pixels, [*settings])
    if not done:
        raise RuntimeError(f"OpenCV refused {pixels.shape} {pixels.dtype} pixels as {suffix}")
    return np.asarray(data).tobytes()


def read_by_opencv(file: bytes) -> Pixels:
    """The pixels of a file that was just written: as stored, whatever else the file says."""
    return np.asarray(cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_UNCHANGED))


def by_pillow(format: str, images: Sequence[Image.Image], **settings: Any) -> bytes:
    """The file that Pillow makes of these images: a still of one, else an animation."""
    file = io.BytesIO()
    settings |= {"save_all": True, "append_images": images[1:]}
    images[0].save(file, format, **settings)
    return file.getvalue()


def all_opaque(frames: Frames) -> bool:
    return all(not has_alpha(pixels) or pixels[..., 3].min() == 255 for pixels, _ in frames)


def colored_by_pillow(
    format: str, frames: Frames, metadata: Metadata, **settings: Any
) -> tuple[bytes, bool]:
    """The animation of colours that are not indexed, and whether it has alpha."""
    opaque = all_opaque(frames)
    settings["duration"] = [milliseconds for _, milliseconds in frames]
    settings |= {"icc_profile": metadata.icc or b"", "exif": metadata.block}
    images = [_colored(pixels, opaque) for pixels, _ in frames]
    return by_pillow(format, images, **settings), not opaque


def _colored(pixels: Pixels, opaque: bool) -> Image.Image:
    if pixels.ndim == 2:
        return Image.fromarray(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)), "RGB")
    if has_alpha(pixels) and not opaque:
        return Image.fromarray(red_blue_swapped(pixels), "RGBA")
    return Image.fromarray(red_blue_swapped(pixels[..., :3]), "RGB")
