#!/usr/bin/env bash
# iiif-validator 1.0.5: its test `size_noup` fails for a server that follows the specification.
#
# Image API 3.0, section 4.2: `!w,h` gives the largest picture that is larger neither than w and h nor than
# the region, and is no error. The test asks for `!2000,3000` of a picture of 1000 x 1000 and wants a 400.
# Where it gets the 200 that is right, it does not say so either: it raises its own error class without the
# arguments that this needs, and a TypeError is what is reported.
#
# Behaviour seen on 2026-11-28, CPython 3.11:
#   [1] test size_noup FAIL
#     exception: ValidatorError.__init__() missing 3 required positional arguments: 'type', 'got', and 'expected'
set -eu

folder=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet iiif-validator==1.0.5 setuptools==80.9.0 pillow==12.0.0 bottle==0.13.4

cat > "$folder/server.py" <<'PYTHON'
"""A picture of 1000 x 1000: `!w,h` is answered with all of it, any other larger size with a 400."""
import io
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

from PIL import Image

file = io.BytesIO()
Image.new("RGB", (1000, 1000), "teal").save(file, "JPEG")


def application(environ, start_response):
    size = environ["PATH_INFO"].split("/")[-3]
    status, body = ("200 OK", file.getvalue()) if size.startswith("!") else ("400 Bad Request", b"")
    start_response(status, [("Content-Type", "image/jpeg"), ("Content-Length", str(len(body)))])
    return [body]


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


with make_server("127.0.0.1", 0, application, handler_class=Quiet) as server:
    print(server.server_port, flush=True)
    server.serve_forever()
PYTHON

"$folder/env/bin/python" "$folder/server.py" > "$folder/port" &
server=$!
while ! [ -s "$folder/port" ]; do kill -0 "$server"; sleep 0.1; done

"$folder/env/bin/python" "$folder/env/bin/iiif-validate.py" -s "127.0.0.1:$(cat "$folder/port")" -p "" -i x \
    --version=3.0 --test=size_noup > "$folder/said" 2>&1 || true
cat "$folder/said"
grep -q "test size_noup FAIL" "$folder/said"
grep -q "missing 3 required positional arguments" "$folder/said"
