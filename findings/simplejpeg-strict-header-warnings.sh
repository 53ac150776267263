#!/usr/bin/env bash
# simplejpeg 1.9.0: `decode_jpeg(strict=False)` raises for what libjpeg only warns of, if the header holds it.
#
# By its documentation `strict` raises ValueError for recoverable errors "if True". A warning while the header is
# read raises with False all the same, though nothing is lost: a JFIF segment of revision 2.01, or an Adobe
# segment that states transform 2 (YCCK) for three components. ISO/IEC 10918-1 leaves to applications what APPn
# segments hold. Pillow and OpenCV show all pixels of both, and simplejpeg's own `decode_jpeg_header` describes them.
#
# Behaviour seen on 2026-11-29, CPython 3.11:
#   JFIF 2.01: simplejpeg Warning: unknown JFIF revision number 2.01; its header (256, 256, 'YCbCr', '420'); ...
#   Adobe, transform 2: simplejpeg Unknown Adobe color transform code 2; its header (256, 256, 'YCbCr', '420'); ...
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --no-compile simplejpeg==1.9.0 opencv-python-headless==5.0.0.93 pillow==13.0.0 numpy==2.4.6

"$folder/env/bin/python" - <<'PYTHON'
import io

import cv2
import numpy
import simplejpeg
from PIL import Image

file = io.BytesIO()
Image.linear_gradient("L").convert("RGB").save(file, "JPEG")
plain = file.getvalue()
adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\2"
headers = {
    "JFIF 1.01": plain,
    "JFIF 2.01": plain[:11] + b"\2" + plain[12:],
    "Adobe, transform 2": plain[:2] + adobe + plain[20:],
}
raised = []
for name, jpeg in headers.items():
    try:
        said = simplejpeg.decode_jpeg(jpeg, strict=False).shape
    except ValueError as error:
        said = error
    raised.append(isinstance(said, ValueError))
    print(f"{name}: simplejpeg {said}; its header {simplejpeg.decode_jpeg_header(jpeg, strict=False)};", end=" ")
    shown = numpy.asarray(Image.open(io.BytesIO(jpeg))), cv2.imdecode(numpy.frombuffer(jpeg, numpy.uint8), 1)
    same = all(numpy.ptp(pixels, 2).max() == 0 and pixels.shape == (256, 256, 3) for pixels in shown)
    print("Pillow and OpenCV", "show it" if same else "differ")
    assert same
assert raised == [False, True, True], raised
PYTHON
