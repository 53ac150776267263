"""The check of each option."""

from dataclasses import fields
from typing import Any
from uuid import UUID

from imgmiddleware.formats.results import RESULTS
from imgmiddleware.http.hints import FIELDS
from imgmiddleware.operations.output import NEGOTIATED
from imgmiddleware.pixels.value_range import ValueRange
from imgmiddleware.settings import addresses, checks
from imgmiddleware.settings.tiers import tiers


def checks_of(settings: type[Any]) -> dict[str, checks.Check]:
    """The check of each option by its name; the type of the field decides most of them."""
    return {
        "prefix": addresses.prefix,
        "original_formats": checks.formats(safe=True),
        "unsafe_original_formats": checks.formats(safe=False),
        "default": checks.text("a query such as 'w=800'"),
        "presets": checks.queries,
        "operations": checks.mapping("a mapping of names to OwnOperations"),
        "namespace": checks.text("a text"),
        "authorize": checks.optional(checks.plain_function),
        "keys": checks.secrets,
        "imgix_token": checks.text("the secret of imgix's clients"),
        "observer": checks.optional(checks.observer),
        "around": checks.optional(checks.context_maker),
        "formats": checks.some_of(NEGOTIATED, lambda name: RESULTS[name].missing),
        "client_hints": checks.some_of(FIELDS),
        "allow_origin": checks.optional(addresses.origins),
        "overlays": addresses.overlays,
        "missing": checks.one_of("404", "pass"),
        "unknown": checks.one_of("refuse", "ignore"),
        "file_version": checks.one_of("stat", "mtime", "content"),
        "damaged": checks.one_of("refuse", "show"),
        **{f.name: checks.switch for f in fields(settings) if f.type is bool},
        "iiif_version": checks.number_of(2, 3),
        "iiif_prefixes": addresses.versions(2, 3),
        "base_url": addresses.base_url,
        "iiif_rights": addresses.uri,
        "range": checks.optional(_value_range),
        "array_order": checks.one_of("bgr", "rgb"),
        "id_type": checks.kind(str, int, UUID),
        **{f.name: checks.whole(1) for f in fields(settings) if f.type is int},
        **dict.fromkeys(("max_age", "stale_while_revalidate", "max_waiting"), checks.whole(0)),
        **dict.fromkeys(("cache_bytes", "decoded_bytes", "cache_dir_bytes"), checks.whole(0)),
        **{f.name: checks.seconds for f in fields(settings) if f.type is float},
        "cache_dir": checks.optional(addresses.folder),
        "tiers": tiers,
        "fallback": checks.optional(addresses.image_file),
        "x_accel_redirect": addresses.location,
        "render_slots": checks.optional(checks.whole(1)),
        "pyramid_bytes": checks.optional(checks.whole(0)),
        **dict.fromkeys(("widths", "heights"), checks.optional(checks.sides)),
    }


def _value_range(name: str, given: Any) -> ValueRange:
    """The value itself, or one made of it as for an array. Raises `ValueError`."""
    return given if isinstance(given, ValueRange) else ValueRange.of(given)
