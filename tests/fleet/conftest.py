from __future__ import annotations

import io
from collections.abc import Iterator
from uuid import uuid4

import pytest
from PIL import Image

import parts
from fleet.machines import Fleet
from storeservers import BUCKET, s3

parts.module("obstore")
parts.module("redis")


def original(color: str) -> bytes:
    gradient = Image.linear_gradient("L").resize((1200, 900))
    picture = Image.composite(
        Image.new("RGB", gradient.size, color), Image.new("RGB", gradient.size), gradient
    )
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=92)
    return written.getvalue()


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    import obstore

    with s3(tmp_path_factory.mktemp("s3")) as server:
        place = uuid4().hex
        obstore.put(server.store(f"{place}/originals"), "a.jpg", original("orange"))
        running = Fleet(tmp_path_factory.mktemp("fleet"), server, f"{BUCKET}/{place}")
        try:
            yield running
        finally:
            running.close()
