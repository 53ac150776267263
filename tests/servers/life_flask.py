"""Flask behind gunicorn and, by a2wsgi, behind uvicorn, whose pictures are rows of its database.

The source and `authorize` have what Flask gives to a view: `current_app`, `g` and `db.session`.
"""

import io
import os
from typing import Any

from a2wsgi import WSGIMiddleware
from flask import Flask, current_app, g, has_app_context
from flask_sqlalchemy import SQLAlchemy
from PIL import Image
from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.wsgi import WSGIImageMiddleware

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["IMGMIDDLEWARE_TEST_DATABASE"]
app.config["SUFFIX"] = ".png"
db = SQLAlchemy(app)


class Picture(db.Model):  # type: ignore[name-defined,misc]
    name: Mapped[str] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


def find(id: str) -> bytes | None:
    assert not hasattr(g, "asked"), "this context was another call's"
    g.asked = id
    picture = db.session.get(Picture, g.asked + current_app.config["SUFFIX"])
    return picture and picture.data


def allow(request: Any) -> bool:
    g.asked = request.id
    return db.session.query(Picture).count() > 0 and g.asked != "secret"


@app.get("/held")
def held() -> str:
    """The number of connections in use."""
    return str(db.engine.pool.checkedout())  # type: ignore[attr-defined]


file = io.BytesIO()
Image.new("RGB", (60, 40), "teal").save(file, "PNG")
with app.app_context():
    db.create_all()
    db.session.add(Picture(name="a.png", data=file.getvalue()))
    db.session.commit()
assert not has_app_context()
options: dict[str, Any] = {"authorize": allow, "around": app.app_context, "recheck": 0}
wsgi = WSGIImageMiddleware(app, find, **options)
asgi = ASGIImageMiddleware(WSGIMiddleware(app), find, **options)  # type: ignore[arg-type]
