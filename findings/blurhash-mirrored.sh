#!/usr/bin/env bash
# npm blurhash 2.0.5 and PyPI's blurhash-python 1.2.2, of the same authors, differ for a picture or its mirror image.
#
# A BlurHash states the largest amplitude of its waves, and each wave as a part of that. npm's encoder takes the
# largest value for it and not the largest amount, so where the strongest wave is negative, here for a picture
# that is bright on the right, it is measured by a weaker one, and cut to that. The C code behind the Python
# package takes the amount. The two agree for the picture that is bright on the left, and for its mirror image
# npm's string shows hardly any of the difference between left and right.
#
# Behaviour seen on 2026-11-29, CPython 3.11, Node.js 20 (string, and brightness of the decoded ends):
#   bright on the left: npm KbEyb[~q%Mofofj[fQfQfQ (194 to 69), PyPI KbEyb[~q%Mofofj[fQfQfQ (194 to 69)
#   bright on the right: npm K4Eyb[00~q-;M{offQfQfQ (130 to 148), PyPI KXEyb[00t7ofWBj[fQfQfQ (54 to 181)
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --no-compile blurhash-python==1.2.2 pillow==13.0.0
npm install --silent --no-audit --no-fund --prefix "$folder" blurhash@2.0.5

cat > "$folder/npm.cjs" <<'NODE'
const { decode, encode } = require("blurhash");
const ramp = Array.from({ length: 32 }, (_, x) => 40 + 5 * x);
for (const [name, row] of [["left", ramp.slice().reverse()], ["right", ramp]]) {
  const pixels = Uint8ClampedArray.from(Array(32).fill(row).flat().flatMap((gray) => [gray, gray, gray, 255]));
  const hash = encode(pixels, 32, 32, 3, 3);
  const seen = decode(hash, 32, 1);
  console.log(`bright on the ${name}: npm ${hash} (${seen[0]} to ${seen[124]})`);
}
NODE
cat > "$folder/pypi.py" <<'PYTHON'
import blurhash
from PIL import Image

ramp = [40 + 5 * x for x in range(32)]
for row in (ramp[::-1], ramp):
    picture = Image.frombytes("L", (32, 32), bytes(row * 32)).convert("RGB")
    text = blurhash.encode(picture, 3, 3)
    seen = blurhash.decode(text, 32, 1)
    print(f"{text} ({seen.getpixel((0, 0))[0]} to {seen.getpixel((31, 0))[0]})")
PYTHON

node "$folder/npm.cjs" > "$folder/npm"
"$folder/env/bin/python" "$folder/pypi.py" > "$folder/pypi"
paste -d, "$folder/npm" "$folder/pypi" | sed "s/,/, PyPI /" | tee "$folder/seen"
grep -qF "left: npm KbEyb[~q%Mofofj[fQfQfQ (194 to 69), PyPI KbEyb[~q%Mofofj[fQfQfQ (194 to 69)" "$folder/seen"
grep -qF "right: npm K4Eyb[00~q-;M{offQfQfQ (130 to 148), PyPI KXEyb[00t7ofWBj[fQfQfQ (54 to 181)" "$folder/seen"
