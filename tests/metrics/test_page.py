"""The lines to write in docs/metrics.md are enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers import call_asgi, call_wsgi, plain_asgi, plain_wsgi
from metrics.exposed import Exposed
from metrics.page import snippet
from parts import module
from pictures import quadrants, saved

prometheus = module("prometheus_client")
module("werkzeug")
module("opentelemetry.instrumentation.asgi")


@pytest.fixture(autouse=True)
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(saved(quadrants(400, 300), "JPEG"))
    monkeypatch.chdir(tmp_path)


def test_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = prometheus.CollectorRegistry()
    monkeypatch.setattr(prometheus, "REGISTRY", registry)  # for others' tests have one of their own
    names = {"application": plain_wsgi}
    code = snippet("prometheus-example").replace("make_wsgi_app()", "make_wsgi_app(registry)")
    exec(code, names | {"registry": registry}, names)
    app = names["application"]
    assert call_wsgi(app, "/image/a.jpg?w=9")[0] == 200
    status, headers, body = call_wsgi(app, "/metrics")
    assert (status, dict(headers)["content-type"].partition(";")[0]) == (200, "text/plain")
    assert Exposed(body.decode()).sum("imgmiddleware_answers_total", tier="render") == 1
    assert call_wsgi(app, "/elsewhere")[0] == 200


def test_opentelemetry() -> None:
    names = {"app": plain_asgi}
    exec(snippet("otel-example"), names)
    assert call_asgi(names["app"], "/image/a.jpg?w=9")[0] == 200
