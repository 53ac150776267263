"""Signed links, as the owner of the key makes them and as others would change them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote

import numpy as np
import pytest

from imgmiddleware import ImageRequest, ImageService

KEY, OTHER = "k" * 32, b"o" * 40


def serving(**options: Any) -> ImageService:
    options = {"keys": [KEY], "require_signature": True} | options
    return ImageService(lambda id: np.zeros((30, 40), np.uint8), **options)


def asked(service: ImageService, url: str, **fields: Any) -> tuple[int, str]:
    """The status, and the code of a refusal."""
    path, _, query = url.partition("?")
    answer = service.handle(ImageRequest("GET", unquote(path), query, raw_path=path, **fields))
    body = answer.read()
    return answer.status, json.loads(body)["code"] if answer.status >= 400 else ""


REFUSED, NEEDED = (403, "bad-signature"), (403, "signature-required")


def test_the_signature_is_what_the_documentation_says() -> None:
    """HMAC-SHA256 of parts, each with its length in eight bytes before it; by Python's own."""
    url = serving(namespace="maps").url("a/b.jpg", w=20, fm="png", expires=None)
    pairs = dict(parse_qsl(url.partition("?")[2]))
    given = pairs.pop("s")
    parts = ["imgmiddleware link 1", "maps", "a/b.jpg"]
    parts += [part for name in sorted(pairs) for part in (name, pairs[name])]
    text = b"".join(len(part).to_bytes(8, "big") + part.encode() for part in parts)
    digest = hmac.digest(KEY.encode(), text, hashlib.sha256)[:16]
    assert base64.urlsafe_b64decode(given + "==") == digest


def test_signed_and_not() -> None:
    service = serving()
    assert asked(service, service.url("a", w=20)) == (200, "")
    assert asked(service, service.url("a", w=20, sign=False)) == NEEDED
    assert asked(service, "/image/a") == NEEDED
    free = serving(require_signature=False)
    assert asked(free, "/image/a") == (200, "")
    assert "s=" not in free.url("a", w=20)
    assert asked(free, free.url("a", w=20, sign=True)) == (200, "")
    assert asked(free, free.url("a", w=20, sign=True).replace("w=20", "w=21")) == REFUSED


def changed(url: str) -> Iterator[tuple[str, str]]:
    """The tricks of an attacker without a key."""
    path, _, query = url.partition("?")
    pairs = query.split("&")
    signature = next(pair for pair in pairs if pair.startswith("s="))
    rest = [pair for pair in pairs if pair != signature]
    yield "another ID", f"{path}x?{query}"
    yield "a longer ID", f"{path}/b?{query}"
    yield "another width", url.replace("w=20", "w=21")
    yield "more parameters", f"{url}&h=9"
    yield "fewer parameters", f"{path}?{signature}"
    yield "another case", url.replace(signature, signature.swapcase().replace("S=", "s="))
    yield "cut short", url.replace(signature, signature[:-1])
    yield "longer", url.replace(signature, f"{signature}A")
    yield "empty", url.replace(signature, "s=")
    yield "padded", url.replace(signature, f"{signature}==")
    yield "encoded twice", url.replace("q=50", "q=%2550")
    yield "a name into a value", url.replace("q=50&", "q=50%26").replace("%26w=", "%26w%3D")
    yield "of another link", "&".join((f"{path}?w=30", *rest[1:], signature))
    yield "other bits at the end", url.replace(signature, f"{signature[:-1]}{_beside(signature)}")


def _beside(signature: str) -> str:
    """A last character that base64 readers take for the same: only two of its bits count."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return alphabet[alphabet.index(signature[-1]) + 1]


def test_what_an_attacker_changes_is_refused() -> None:
    service = serving()
    url = service.url("a", q=50, w=20, fm="jpg")
    assert asked(service, url) == (200, "")
    for what, other in changed(url):
        assert other != url, what
        assert asked(service, other)[0] in (400, 403), what
    twice = url + "&" + url.rpartition("&")[2]
    assert asked(service, twice) == (400, "repeated-parameter")


def test_proxies_may_encode_and_order_anew() -> None:
    """Some clients write %28 for a parenthesis or sort parameters: neither changes the meaning."""
    service = serving()
    url = service.url("a (1).jpg", w=20, dl="a b.png", fm="png")
    path, _, query = url.partition("?")
    assert asked(service, f"{path}?{'&'.join(reversed(query.split('&')))}") == (200, "")
    assert asked(service, path.replace("%281%29", "(1)") + f"?{query}") == (200, "")
    assert asked(service, url.replace("+", "%20").replace("w=", "%77=")) == (200, "")


def test_keys_rotate() -> None:
    old, both, new = serving(keys=[OTHER]), serving(keys=[KEY, OTHER]), serving()
    assert asked(both, old.url("a", w=20)) == asked(both, new.url("a", w=20)) == (200, "")
    assert both.url("a", w=20) == new.url("a", w=20)
    assert asked(new, old.url("a", w=20)) == REFUSED


def test_services_are_apart() -> None:
    one, two = serving(namespace="one"), serving(namespace="two")
    assert asked(two, one.url("a", w=20)) == REFUSED


def test_one_signature_for_all_widths_of_a_srcset() -> None:
    service = serving()
    url = service.url("a", w=20, sw="20.30")
    other = service.url("a", w=30, sw="20.30")
    assert url.replace("w=20", "w=30", 1) == other
    assert asked(service, url) == asked(service, other) == (200, "")
    assert asked(service, url.replace("?w=20", "?w=40")) == (400, "parameter-not-allowed")
    assert asked(service, url.replace("?w=20&", "?")) == (400, "parameter-not-allowed")
    assert asked(service, url.replace("sw=20.30", "sw=20.30.40")) == REFUSED
    assert asked(serving(require_signature=False), "/image/a?w=20&sw=20") == REFUSED


def test_links_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the end of the second whole hour after 1000 s: links of one hour are equal."""
    now = 1000.0
    for module in ("pages.links", "signatures", "answers"):
        monkeypatch.setattr(f"imgmiddleware.service.{module}.time", lambda: now)
    service = serving()
    url = service.url("a", w=20, expires=3600)
    assert "expires=7200" in url
    now = 3599.0
    assert service.url("a", w=20, expires=3600) == url
    now = 7199.0
    assert asked(service, url) == (200, "")
    now = 7200.0
    assert asked(service, url) == (403, "link-expired")
    assert asked(service, url.replace("expires=7200", "expires=9000")) == REFUSED


def test_caches_keep_no_link_longer_than_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    for module in ("pages.links", "signatures", "answers"):
        monkeypatch.setattr(f"imgmiddleware.service.{module}.time", lambda: now)
    service = serving(stale_while_revalidate=60)
    path, _, query = service.url("a", w=20, expires=3600).partition("?")

    def kept() -> str | None:
        return service.handle(ImageRequest("GET", path, query)).header("cache-control")

    assert kept() == "public, max-age=6200"  # with `v` it would be for good
    now = 7000.0
    assert kept() == "public, max-age=200"


def test_a_link_that_ends_is_signed_where_others_need_not_be() -> None:
    """Without a signature it would be a 403 from the beginning, or hold for ever."""
    free = serving(require_signature=False, iiif=True)
    assert asked(free, free.url("a", w=20, expires=60)) == (200, "")
    assert asked(free, free.url("a", w=20, sw="20.30")) == (200, "")
    base = free.base("a", expires=60)
    assert base.startswith("/image/s~")
    assert asked(free, f"{base}/info.json", host="h") == (200, "")
    picture = free.picture("a", alt="", w=20, expires=60)
    assert asked(free, picture.src) == (200, "")
    for make in (free.url, free.base):
        with pytest.raises(ValueError, match=r"^sign: 'expires'"):
            make("a", expires=60, sign=False)
    with pytest.raises(ValueError, match=r"^keys: "):
        serving(keys=(), require_signature=False).base("a", expires=60)


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf"), "60", 10**12])
def test_an_end_that_is_none(wrong: Any) -> None:
    for make in (serving().url, serving().base):
        with pytest.raises(ValueError, match=r"^expires: .* is not a number of seconds"):
            make("a", expires=wrong)


@pytest.mark.parametrize("kind", ["/info.json", "/full/max/0/default.png", ".dzi", "/0/0/0.png"])
def test_paths_of_viewers(kind: str) -> None:
    service = serving(iiif=True, deepzoom=True, xyz=True)
    base = service.base("a/b.tif")
    assert asked(service, f"{base}{kind}", host="h") == (200, "")
    assert asked(service, f"/image/a/b.tif{kind}", host="h") == NEEDED
    assert asked(service, f"{base.replace('b.tif', 'c.tif')}{kind}", host="h") == REFUSED
    assert (
        asked(serving(namespace="x", iiif=True, deepzoom=True, xyz=True), f"{base}{kind}")
        == REFUSED
    )
    query = service.url("a/b.tif", w=9).partition("?")[2]
    assert asked(service, f"/image/a/b.tif{kind}?{query}", host="h")[0] == 403


def test_the_id_of_a_description_has_its_signature() -> None:
    service = serving(iiif=True, base_url="https://a.example")
    base = service.base("a", expires=60)
    answer = service.handle(ImageRequest("GET", f"{base}/info.json"))
    assert json.loads(answer.read())["id"] == f"https://a.example{base}"


@pytest.mark.parametrize(
    ("path", "query", "signature"),
    [  # of the README of imgix's client libraries
        ("/users/1.png", "", "6797c24146142d5b40bde3141fd3600c"),
        ("/users/1.png", "w=400&h=300", "c7b86f666a832434dd38577e38cf86d1"),
        ("/http%3A%2F%2Favatars.com%2Fjohn-smith.png", "", "493a52f008c91416351f8b33d4883135"),
        ("/http%3A%2F%2Favatars.com%2Fjohn-smith.png", "w=400&h=300", "61ea1cc7add87653bb0695fe25f2b534"),
    ],
)  # fmt: skip
def test_links_of_imgix_clients(path: str, query: str, signature: str) -> None:
    imgix = serving(prefix="/", keys=(), imgix_token="FOO123bar")
    url = f"{path}?{query}&s={signature}" if query else f"{path}?s={signature}"
    assert asked(imgix, url) == (200, "")
    assert asked(imgix, url.replace("w=400", "w=500") if query else f"{url}&w=5") == REFUSED
    assert asked(imgix, url.replace("?", "x?")) == REFUSED
    assert asked(serving(prefix="/", keys=(), imgix_token="other"), url) == REFUSED
    assert asked(serving(prefix="/"), url) == REFUSED  # that scheme is not taken there


def test_no_link_of_one_scheme_is_taken_by_the_other() -> None:
    ours, both = serving(), serving(imgix_token="FOO123bar")
    url = ours.url("a", w=20)
    assert asked(both, url) == (200, "")
    assert asked(serving(keys=(), imgix_token="FOO123bar"), url) == REFUSED
    assert asked(both, f"/image/a?w=20&s={'0' * 32}") == REFUSED


def test_nothing_is_opened_for_a_link_that_is_refused() -> None:
    opened: list[str] = []
    service = ImageService(opened.append, keys=[KEY], require_signature=True)
    assert asked(service, "/image/a") == NEEDED
    assert opened == []


def test_what_is_not_ours_goes_on_to_the_application() -> None:
    service = ImageService(lambda id: None, keys=[KEY], require_signature=True, missing="pass")
    assert service.handle(ImageRequest("GET", "/image/a")) is None


def test_a_link_that_was_seen_is_not_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    service = serving()
    url = service.url("a", w=20)
    assert asked(service, url) == (200, "")
    monkeypatch.setattr("imgmiddleware.service.signatures.split", None)
    assert asked(service, url) == (200, "")


@pytest.mark.parametrize(
    "options",
    [{"keys": ["short"]}, {"keys": "k" * 40}, {"keys": [3]}, {"require_signature": True, "keys": ()}],
    ids=str,
)  # fmt: skip
def test_a_wrong_option_is_named_and_no_key_told(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))) as raised:
        serving(**options)
    assert "short" not in str(raised.value)
    assert "kkkk" not in str(raised.value)
    assert "kkkk" not in repr(serving().settings)


def test_there_is_nothing_to_sign_with() -> None:
    with pytest.raises(ValueError, match="keys"):
        ImageService(lambda id: None).url("a", sign=True)
    assert asked(ImageService(lambda id: None), "/image/a?s=x") == (400, "unknown-parameter")
