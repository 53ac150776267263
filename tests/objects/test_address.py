"""URLs of stores."""

import pytest

from imgmiddleware.objects.address import Address, is_address, is_name, parse


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("s3://bucket", Address("s3", "bucket", "")),
        ("S3://bucket/a/b/", Address("s3", "bucket", "a/b")),
        ("gs://bucket/a", Address("gs", "bucket", "a")),
        ("az://container/", Address("az", "container", "")),
        ("https://files.example:8443/x", Address("https", "files.example:8443", "x")),
    ],
)
def test_a_url_is_an_address(url: str, address: Address) -> None:
    assert is_address(url)
    assert parse(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/x",
        "s3://",
        "s3:///a",
        "s3://b/a//b",
        "s3://b/../a",
        "https://h:port/",
        "https://[/",
    ],
)
def test_what_is_no_address_is_refused_by_the_name_of_the_option(url: str) -> None:
    with pytest.raises(ValueError, match=r"^source: "):
        parse(url)


@pytest.mark.parametrize(
    "url", ["s3://key:hush@bucket/", "https://me:hush@host/", "az://c/p?sig=hush", "gs://b/p#hush"]
)
def test_no_message_tells_a_secret(url: str) -> None:
    with pytest.raises(ValueError, match=r"^tiers: ") as found:
        parse(url, "tiers")
    assert "hush" not in str(found.value)


def test_a_folder_is_no_address() -> None:
    for given in ("photos", "/photos", r"C:\photos", "c:/photos", "s3:/bucket", b"s3://b", None):
        assert not is_address(given)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "a/../b",
        "a/./b",
        "a\0",
        "a\nb",
        "a\\b",
        "\x7f",
        "x" * 1025,
        "é" * 513,
        "\ud800",
    ],
)
def test_what_stores_take_for_another_name_is_none(name: str) -> None:
    assert not is_name(name)


@pytest.mark.parametrize(
    "name", ["a", "a/b.jpg", "é/雪 1+2%.png", "~", "...", ".hidden", "x" * 1024]
)
def test_other_names_are_names(name: str) -> None:
    assert is_name(name)
