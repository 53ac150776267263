"""What bench_throughput serves: `/image/ORIGINAL?w=WIDTH` as JPEG, in the ways that are compared.

THROUGHPUT_FOLDER has the originals. THROUGHPUT_CV2_THREADS, if given, is how many threads OpenCV
may have in each process.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("THROUGHPUT_FOLDER", "."))
QUALITY = 80

#: The first bytes of a JPEG.
JPEG = b"\xff\xd8\xff"

#: Nothing is remembered: each request costs a render.
_OPTIONS: dict[str, Any] = {"cache_bytes": 0, "decoded_bytes": 0}


def _own_threads() -> None:
    threads = os.environ.get("THROUGHPUT_CV2_THREADS")
    if threads:
        import cv2  # noqa: PLC0415

        cv2.setNumThreads(int(threads))


def ours_wsgi() -> Any:
    from imgmiddleware.wsgi import WSGIImageMiddleware  # noqa: PLC0415

    def rest(environ: Any, start_response: Any) -> list[bytes]:
        start_response("404 Not Found", [("Content-Length", "0")])
        return []

    _own_threads()
    return WSGIImageMiddleware(rest, FOLDER, **_OPTIONS)


def ours_asgi() -> Any:
    from starlette.applications import Starlette  # noqa: PLC0415

    from imgmiddleware.asgi import ASGIImageMiddleware  # noqa: PLC0415

    _own_threads()
    return ASGIImageMiddleware(Starlette(), FOLDER, **_OPTIONS)


def decoding_asgi() -> Any:
    """The floor: what is decoded here for such a picture, and then no picture is made of it."""
    from starlette.applications import Starlette  # noqa: PLC0415
    from starlette.requests import Request  # noqa: PLC0415
    from starlette.responses import Response  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    from benchmarks.opened import Opened  # noqa: PLC0415

    def image(request: Request) -> Response:
        opened = Opened(FOLDER / request.path_params["id"], request.url.query)
        with opened.original:
            opened.decode()
        return Response(JPEG, media_type="image/jpeg")

    _own_threads()
    return Starlette(routes=[Route("/image/{id:path}", image)])


def blog_post_wsgi() -> Any:
    """The blog post's code, asked for a width instead of a third."""
    import cv2  # noqa: PLC0415
    from flask import Flask, Response, request  # noqa: PLC0415

    app = Flask(__name__)

    @app.route("/image/<path:id>")
    def image(id: str) -> Response:
        pixels = cv2.imread(str(FOLDER / id))
        height, width = pixels.shape[:2]
        wanted = int(request.args["w"])
        smaller = cv2.resize(pixels, (wanted, round(wanted * height / width)))
        data = cv2.imencode(".jpg", smaller, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
        return Response(data.tobytes(), mimetype="image/jpeg")

    _own_threads()
    return app


def libvips_asgi() -> Any:
    """What one writes with Starlette and pyvips; in a thread, as `def` is."""
    import pyvips  # noqa: PLC0415
    from starlette.applications import Starlette  # noqa: PLC0415
    from starlette.requests import Request  # noqa: PLC0415
    from starlette.responses import Response  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    pyvips.cache_set_max(0)

    def image(request: Request) -> Response:
        path = str(FOLDER / request.path_params["id"])
        smaller = pyvips.Image.thumbnail(path, int(request.query_params["w"]), height=10_000)
        data = smaller.write_to_buffer(".jpg", Q=QUALITY, strip=True)
        return Response(data, media_type="image/jpeg")

    return Starlette(routes=[Route("/image/{id:path}", image)])
