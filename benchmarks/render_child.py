"""A process that renders in one of the ways that are compared: a job a line, an answer a line.

It imports nothing but what it measures.

    python -m benchmarks.render_child NAME
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.renderers import CannotError, Cost, Job

Render = Callable[[Job], bytes]


def ours() -> tuple[Callable[[Job], Any], Callable[[Any, Job], bytes]]:
    """A service for one job, so that it remembers nothing of the last: not even a header."""
    from imgmiddleware import ImageRequest, ImageService  # noqa: PLC0415

    raised = {"max_source_pixels": 10**9, "max_source_bytes": 2**32}
    raised |= dict.fromkeys(("max_source_memory", "max_memory"), 2**33)

    def service(job: Job) -> Any:
        none = {} if job.also else {"cache_bytes": 0, "decoded_bytes": 0, "recheck": 0}
        return ImageService(Path(job.path).parent, **none, **(raised if job.raised else {}))

    def render(service: Any, job: Job) -> bytes:
        quality = "" if job.q is None else f"&q={job.q}"
        for width in (*job.also, job.width):
            query = f"w={width}&fm={job.format}{quality}"
            response = service.handle(ImageRequest("GET", f"/image/{Path(job.path).name}", query))
            if response.status != 200:
                raise CannotError(response.read().decode())
        return bytes(response.read())

    return service, render


def blog_post() -> Render:
    """`cv2.imread`, `cv2.resize` as it is by default, `cv2.imencode`."""
    import cv2  # noqa: PLC0415

    settings = {
        "jpg": cv2.IMWRITE_JPEG_QUALITY,
        "webp": cv2.IMWRITE_WEBP_QUALITY,
        "avif": cv2.IMWRITE_AVIF_QUALITY,
    }

    def render(job: Job) -> bytes:
        smaller = cv2.resize(cv2.imread(job.path), (job.width, job.height))
        setting = [settings[job.format], job.quality] if job.quality and job.format != "png" else []
        return bytes(cv2.imencode(f".{job.format}", smaller, setting)[1].tobytes())

    return render


def pillow() -> Render:
    from PIL import Image  # noqa: PLC0415

    names = {"jpg": "JPEG", "webp": "WEBP", "avif": "AVIF", "png": "PNG"}

    def render(job: Job) -> bytes:
        file = io.BytesIO()
        options = {} if job.quality is None else {"quality": job.quality}
        with Image.open(job.path) as image:
            image.thumbnail((job.width, job.height), Image.Resampling.LANCZOS)
            image.save(file, names[job.format], **options)
        return file.getvalue()

    return render


def libvips() -> Render:
    import pyvips  # noqa: PLC0415

    pyvips.cache_set_max(0)

    def render(job: Job) -> bytes:
        lossy = job.quality is not None and job.format != "png"
        options = {"Q": job.quality} if lossy else {}
        try:
            image = pyvips.Image.thumbnail(job.path, job.width, height=job.height, size="force")
            # Nobody else keeps metadata, which may be as many bytes as the picture.
            return bytes(image.write_to_buffer(f".{job.format}", strip=True, **options))
        except pyvips.Error as error:
            raise CannotError(str(error)) from error

    return render


def main(name: str) -> None:
    prepare: Callable[[Job], Any] = lambda job: None  # noqa: E731
    if name == "ours":
        prepare, render = ours()
    else:
        simple = {"cv2": blog_post, "Pillow": pillow, "libvips": libvips}[name]()
        render = lambda prepared, job: simple(job)  # noqa: E731
    for line in sys.stdin:
        job = Job(**json.loads(line))
        prepared = prepare(job)
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            data = render(prepared, job)
        except CannotError as error:
            answer: dict[str, Any] = {"cannot": str(error)}
        else:
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            answer = asdict(Cost(wall, cpu, len(data)))
            if job.to:
                Path(job.to).write_bytes(data)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
