"""Django: the template tag `{% picture %}`.

A library of tags for `TEMPLATES`, by any name:
`"OPTIONS": {"libraries": {"pictures": "imgmiddleware.frameworks.django_tags"}}`. The project's
setting `IMGMIDDLEWARE_SERVICE` is the service, or its dotted path.
"""

from typing import Any

from django import template
from django.conf import settings
from django.urls import get_script_prefix
from django.utils.module_loading import import_string

from imgmiddleware.service import ImageService, Picture

register = template.Library()


def picture(id: Any, *, alt: str, **given: Any) -> Picture:
    """`{% picture photo.id alt=photo.title w=400 %}`: the HTML of `ImageService.picture`.

    Links begin with the path under which the project is mounted. Lists are texts with commas:
    `widths="320,640"`, `formats="avif,webp"`. Names that Python does not allow, such as `class`, go
    into `attributes`. Raises the errors of `ImageService.picture`.
    """
    service = settings.IMGMIDDLEWARE_SERVICE
    made: ImageService = import_string(service) if isinstance(service, str) else service
    if isinstance(given.get("widths"), str):
        given["widths"] = [int(width) for width in given["widths"].split(",")]
    if isinstance(given.get("formats"), str):
        given["formats"] = given["formats"].split(",")
    return made.picture(id, alt=alt, **{"mount": get_script_prefix(), **given})


register.simple_tag(picture)
