"""The names of pictures in others' middlewares around ours: docs/metrics.md says which work."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from drivers import call_asgi
from imgmiddleware.asgi import ASGIImageApp, ASGIImageMiddleware
from parts import module

prometheus = module("prometheus_client")
fastapi = module("fastapi")
instrumentator = module("prometheus_fastapi_instrumentator")
exporter = module("starlette_exporter")

GRAY = np.zeros((30, 40), np.uint8)


def around() -> Any:
    app = fastapi.FastAPI()
    app.add_middleware(ASGIImageMiddleware, source=lambda id: GRAY)
    return app


def mounted() -> Any:
    app = fastapi.FastAPI()
    app.mount("/image", ASGIImageApp(lambda id: GRAY))
    return app


@pytest.mark.parametrize(("make", "filed"), [(around, "none"), (mounted, "/image")])
def test_prometheus_fastapi_instrumentator(make: Any, filed: str) -> None:
    app, registry = make(), prometheus.CollectorRegistry()
    instrumentator.Instrumentator(registry=registry).instrument(app)
    for id in range(3):
        assert call_asgi(app, f"/image/{id}?w=9")[0] == 200
    labels = {"handler": filed, "method": "GET", "status": "2xx"}
    assert registry.get_sample_value("http_requests_total", labels) == 3


@pytest.mark.parametrize(("make", "counted"), [(around, None), (mounted, 3)])
def test_starlette_exporter(make: Any, counted: int | None) -> None:
    app, name = make(), f"pictures_{make.__name__}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own
        app.add_middleware(exporter.PrometheusMiddleware, app_name=name, prefix=name)
        for id in range(3):
            assert call_asgi(app, f"/image/{id}?w=9")[0] == 200
    labels = {"app_name": name, "method": "GET", "path": "/image", "status_code": "200"}
    assert prometheus.REGISTRY.get_sample_value(f"{name}_requests_total", labels) == counted


def test_the_route_is_in_the_scope_of_what_we_answer() -> None:
    scopes: list[Any] = []

    async def outer(scope: Any, receive: Any, send: Any) -> None:
        await inner(scope, receive, send)
        scopes.append(scope)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert "route" not in scope
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    inner = ASGIImageMiddleware(app, lambda id: GRAY if id == "a" else None, missing="pass")
    for path in ("/image/a", "/image/none", "/elsewhere"):
        call_asgi(outer, path)
    routes = [scope.get("route") for scope in scopes]
    assert (routes[0].path, routes[0].path_format) == ("/image/{id}", "/image/{id}")
    assert routes[1:] == [None, None]
