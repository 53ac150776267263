"""Stores behind TLS, whose certificate is of an authority that the system does not know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import obstore
import pytest

import parts
from asking import get
from imgmiddleware import ImageService
from pictures import opened, photo_like, saved
from servers import processes
from storeservers import BUCKET, S3, new_name

trustme = parts.module("trustme")

#: In front of SeaweedFS, which looks at the name that was asked for: it is signed.
HTTP = """
server {{
    listen 80;
    ssl_certificate {folder}/server.pem;
    ssl_certificate_key {folder}/server.pem;
    location /files/ {{ alias {folder}/; }}
    location / {{ proxy_pass http://127.0.0.1:8000; proxy_set_header Host $http_host; }}
}}
"""


@dataclass(frozen=True)
class Secure:
    place: str
    prefix: str
    authority: Path


@pytest.fixture(scope="module")
def secure(server: S3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    folder, prefix = tmp_path_factory.mktemp("tls"), new_name()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    photo = saved(photo_like(60, 40), "JPEG", quality=80)
    (folder / "a").write_bytes(photo)
    obstore.put(server.store(prefix), "a", photo)
    proxy = processes.nginx(server.port, HTTP.format(folder=folder))

    def command(port: int, folder: Path) -> list[str]:
        made = proxy(port, folder)
        config = folder / "nginx.conf"
        config.write_text(config.read_text().replace(f"{port};", f"{port} ssl;"))
        return made

    with processes.running(command, folder, {}) as running:
        yield Secure(f"127.0.0.1:{running.port}", prefix, folder / "authority.pem")


@pytest.fixture(params=["s3", "https"])
def address(
    request: pytest.FixtureRequest, secure: Secure, server: S3, monkeypatch: pytest.MonkeyPatch
) -> str:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://{secure.place}")
    if request.param == "s3":
        return f"s3://{BUCKET}/{secure.prefix}"
    return f"https://{secure.place}/files"


def test_with_the_authority_in_the_environment_it_works(
    address: str, secure: Secure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secure.authority))
    answer = get(ImageService(address), "w=30&fm=png")
    assert answer.status == 200
    assert opened(answer.read()).size == (30, 20)


def test_without_it_is_a_503_whose_log_says_why(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = get(ImageService(address, source_timeout=5.0), "w=30&fm=png")
    assert (answer.status, json.loads(answer.read())["code"]) == (503, "source-unavailable")
    assert "127.0.0.1" not in answer.read().decode()
    assert "certificate" in caplog.text
    assert "UnknownIssuer" in caplog.text or "local issuer" in caplog.text


def test_one_of_another_name_is_none(
    secure: Secure, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secure.authority))
    address = f"https://{secure.place.replace('127.0.0.1', 'localhost')}/files"
    assert get(ImageService(address, source_timeout=5.0), "w=30").status == 503
    assert "certificate" in caplog.text
