#!/usr/bin/env bash
# Chromium 156.0.8078.108 (Debian 12): in a PQ PNG that states a light level of 10,000 cd/m2, brighter grays are darker.
#
# Eight flat pictures of 203 to 600 cd/m2: 16-bit PNG, cICP 9/16/0/1 (BT.2020 primaries, PQ, full range), with a
# cLLI chunk that states 10,000 cd/m2, PQ's own peak. On a standard display Chromium maps the tones down. Its
# curve rises to 300, falls until 450 and rises again, so a sky's gradient gets a dark ring.
#
# Behaviour seen on 2026-11-29 (cd/m2 and the gray on the screen, of 255):
#   203: 187, 250: 201, 300: 206, 325: 206, 350: 205, 400: 202, 450: 202, 600: 206
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
import struct
import subprocess
import sys
import zlib

from PIL import Image


def chunk(kind, data):
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def png(light):
    """16 x 16 pixels of gray, with SMPTE ST 2084's inverse curve."""
    power = (light / 10000) ** (2610 / 16384)
    code = ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)
    rows = (b"\0" + struct.pack(">H", round(code * 65535)) * 48) * 16
    head = chunk(b"IHDR", struct.pack(">LLBBBBB", 16, 16, 16, 2, 0, 0, 0)) + chunk(b"cICP", b"\x09\x10\0\1")
    head += chunk(b"cLLI", struct.pack(">LL", 10000 * 10000, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


folder, lights = sys.argv[1], (203, 250, 300, 325, 350, 400, 450, 600)
with open(f"{folder}/page.html", "w") as page:
    for index, light in enumerate(lights):
        place = f"position:absolute;top:0;left:{20 * index}px"
        page.write(f"<img style='{place}' src='data:image/png;base64,{base64.b64encode(png(light)).decode()}'>")
options = "--headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=400,300".split()
profile, shot = f"--user-data-dir={folder}/profile", f"--screenshot={folder}/shot.png"
command = ["chromium", *options, profile, shot, f"file://{folder}/page.html"]
subprocess.run(command, check=True, capture_output=True, timeout=60)
screen = Image.open(f"{folder}/shot.png").convert("RGB")
seen = {light: screen.getpixel((20 * index + 8, 8))[0] for index, light in enumerate(lights)}
print(", ".join(f"{light}: {gray}" for light, gray in seen.items()))
assert seen[300] > seen[400] + 2 and seen[400] < seen[600], seen
PYTHON
