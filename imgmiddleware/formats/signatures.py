"""Names for files whose first bytes are of no format that is opened here."""

import re

#: Offset, magic bytes, and the name in a sentence that begins "it is".
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF-", "a PDF document"),
    (0, b"%!PS", "a PostScript document"),
    (0, b"8BPS", "a Photoshop document (PSD)"),
    (0, b"\x00\x00\x01\x00", "a Windows icon (ICO)"),
    (0, b"\x00\x00\x02\x00", "a Windows cursor (CUR)"),
    (0, b"II\xbc\x01", "JPEG XR"),
    (8, b"CR\x02\x00", "a camera's raw picture (CR2)"),
    (0, b"IIRO", "a camera's raw picture"),
    (0, b"IIU\0", "a camera's raw picture"),
    (0, b"FUJIFILMCCD-RAW", "a camera's raw picture"),
    (0, b"gimp xcf", "a GIMP document (XCF)"),
    (0, b"v/1\x01", "OpenEXR"),
    (0, b"qoif", "QOI"),
    (0, b"DDS ", "a DirectDraw surface (DDS)"),
    (0, b"P7\n", "a portable bitmap (PAM)"),
    (0, b"#?RADIANCE", "Radiance HDR"),
    (0, b"#?RGBE", "Radiance HDR"),
    (0, b"\x59\xa6\x6a\x95", "a Sun raster"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip file"),
    (0, b"\x1aE\xdf\xa3", "a video (Matroska or WebM)"),
    (0, b"\x8aMNG\r\n\x1a\n", "MNG"),
)

#: Brands of ISO media files that are not opened, the more telling ones first.
_BRANDS = {
    b"mif3": "a minimized HEIF (mif3)",
    b"j2ki": "HEIF with JPEG 2000",
    b"j2is": "a sequence of JPEG 2000 in HEIF",
    b"avci": "HEIF with H.264",
    b"avcs": "a sequence of H.264 in HEIF",
    b"vvic": "HEIF with H.266",
    b"vvis": "a sequence of H.266 in HEIF",
    b"evbi": "HEIF with EVC",
    b"jpeg": "HEIF with JPEG",
    b"jpgs": "a sequence of JPEG in HEIF",
    b"hevc": "an HEVC image sequence",
    b"hevx": "an HEVC image sequence",
    b"crx ": "a camera's raw picture (CR3)",
    b"qt  ": "a QuickTime video",
    b"msf1": "a HEIF image sequence",
    b"mif1": "HEIF",
    b"mif2": "HEIF",
}


def name(head: bytes) -> str | None:
    """The kind of the file, as the end of a sentence that begins "it is"; None if unknown."""
    if not head:
        return "an empty file"
    if head[4:8] == b"ftyp":
        return _media_name(head)
    if _is_targa(head):  # its first bytes may be those of a Windows icon or cursor
        return "a Targa picture (TGA)"
    for offset, magic, what in _SIGNATURES:
        if head[offset : offset + len(magic)] == magic:
            return what
    return _text_name(head)


def _is_targa(head: bytes) -> bool:
    """By a header that makes sense, as TGA has no magic: kinds of colours and of coding, a map of
    colours where there is one, sides, and bits a pixel (Truevision TGA 2.0, page 6).
    """
    if len(head) < 18:
        return False
    mapped, kind, bits = head[1], head[2], head[16]
    entries = int.from_bytes(head[5:7], "little")
    sides = head[12:14], head[14:16]
    return (
        mapped == (kind in (1, 9))
        and kind in (1, 2, 3, 9, 10, 11)
        and (entries > 0) == bool(mapped)
        and bits in ((8, 16) if kind in (1, 3, 9, 11) else (15, 16, 24, 32))
        and b"\0\0" not in sides
        and not head[17] & 0xC0
    )


def _media_name(head: bytes) -> str:
    """The name of a media file by its major brand, where that names the coder, or else by a
    compatible one.
    """
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = (head[8:12], *(head[at : at + 4] for at in range(16, size, 4)))
    return next((name for brand, name in _BRANDS.items() if brand in brands), "a video (MP4)")


def _text_name(head: bytes) -> str | None:
    if re.match(rb"P[1-6][\s#]", head):
        return "a portable bitmap (PNM)"
    if re.match(rb"P[Ff]\s", head):
        return "a portable float map (PFM)"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith((b"<svg", b"<!doctype svg")):
        return "SVG"
    if text.startswith((b"<?xml", b"<!--")) and b"<svg" in text:
        return "SVG"
    if text.startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    return None
