"""Flask: large photos, numbered, served as a third of their size and as PNG.

Start it in this folder, with the folder of your JPEG originals (without PHOTOS: this folder):

    PHOTOS=~/Pictures gunicorn flask_blog_post:app

http://127.0.0.1:8000/image/1 is a third of the first one, http://127.0.0.1:8000/image/1?w=400 is
400 pixels wide, and every other path is Flask's own.
"""

import os
from pathlib import Path

from flask import Flask

from imgmiddleware.wsgi import WSGIImageMiddleware

PHOTOS = Path(os.environ.get("PHOTOS", "."))

app = Flask(__name__)


@app.get("/")
def index() -> str:
    return '<img src="/image/1">'


def get_image_path(id: int) -> Path | None:
    """The path of an original; None where there is none. Yours would ask a database."""
    photos = sorted(PHOTOS.glob("*.jpg"))
    return photos[id - 1] if 1 <= id <= len(photos) else None


app.wsgi_app = WSGIImageMiddleware(  # type: ignore[method-assign]
    app.wsgi_app, get_image_path, id_type=int, default="w=0.333333&fm=png"
)
