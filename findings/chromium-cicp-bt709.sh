#!/usr/bin/env bash
# Chromium 156.0.8078.108 (Debian 12): the same pixels with the same code points are darker in PNG than in AVIF.
#
# Gray 39 of 255 with the transfer characteristics 1, 6, 14 and 15 of ITU-T H.273, which are one curve (BT.709,
# BT.601, BT.2020): Chromium draws a PNG that states them (cICP) by a gamma of 2.4, and an AVIF that states them
# (nclx) by sRGB's curve, that is, unchanged. For 13, sRGB, both are unchanged. So a picture that is converted
# between the two formats without loss, code points and all, looks another.
#
# Behaviour seen on 2026-11-29 (code point and the gray on the screen):
#   PNG 1: 27, 6: 27, 14: 27, 15: 27, 13: 39
#   AVIF 1: 39, 6: 39, 14: 39, 15: 39, 13: 39
set -eu

if ! chromium --version 2> /dev/null | grep -F "Chromium 156.0.8078.108"; then
    echo "SKIPPED: this needs Debian's package chromium 156.0.8078.108-1~deb12u1" >&2
    exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --no-compile pillow==13.0.0

"$folder/env/bin/python" - "$folder" <<'PYTHON'
import base64
import io
import struct
import subprocess
import sys
import zlib

from PIL import Image

TRANSFERS = (1, 6, 14, 15, 13)


def saved(kind):
    file = io.BytesIO()
    Image.new("RGB", (16, 16), (39, 39, 39)).save(file, kind, quality=100)
    return file.getvalue()


def png(transfer):
    """A cICP chunk behind IHDR, which ends at byte 33: BT.709 primaries, RGB, full range."""
    body, file = b"cICP" + bytes([1, transfer, 0, 1]), saved("PNG")
    return file[:33] + struct.pack(">L", 4) + body + struct.pack(">L", zlib.crc32(body)) + file[33:]


def avif(transfer):
    """The code points of its nclx property, which go before those of the stream."""
    file = bytearray(saved("AVIF"))
    start = file.index(b"nclx") + 4
    file[start : start + 4] = struct.pack(">HH", 1, transfer)
    return bytes(file)


folder, page = sys.argv[1], ""
for index, file in enumerate([*map(png, TRANSFERS), *map(avif, TRANSFERS)]):
    data = f"image/{'png' if index < 5 else 'avif'};base64,{base64.b64encode(file).decode()}"
    page += f"<img style='position:absolute;top:0;left:{20 * index}px' src='data:{data}'>"
with open(f"{folder}/page.html", "w") as file:
    file.write(page)
options = "--headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=400,300".split()
options += [f"--user-data-dir={folder}/profile", f"--screenshot={folder}/shot.png"]
subprocess.run(["chromium", *options, f"file://{folder}/page.html"], check=True, capture_output=True, timeout=60)
screen = Image.open(f"{folder}/shot.png").convert("RGB")
seen = [screen.getpixel((20 * index + 8, 8))[0] for index in range(10)]
for name, grays in (("PNG", seen[:5]), ("AVIF", seen[5:])):
    print(name, ", ".join(f"{code}: {gray}" for code, gray in zip(TRANSFERS, grays, strict=True)))
assert seen == [27, 27, 27, 27, 39, 39, 39, 39, 39, 39], seen
PYTHON
