"""FastAPI: the files of a folder, in any size.

Start it in this folder, with the folder of your originals (without PHOTOS: this folder):

    PHOTOS=~/Pictures uvicorn fastapi_app:app

http://127.0.0.1:8000/image/cat.jpg is the picture at most 800 pixels wide,
http://127.0.0.1:8000/image/cat.jpg?preset=thumb a square of it, and
http://127.0.0.1:8000/image/cat.jpg?w=0.333333&fm=png a third of it as PNG.
"""

import os

from fastapi import FastAPI

from imgmiddleware.asgi import ASGIImageMiddleware

app = FastAPI()
app.add_middleware(
    ASGIImageMiddleware,
    source=os.environ.get("PHOTOS", "."),
    default="w=800",
    presets={"thumb": "w=200&h=200&fit=crop"},
)


@app.get("/")
def index() -> dict[str, str]:
    return {"cat": "/image/cat.jpg?preset=thumb"}
