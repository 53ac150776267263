"""The destination of an answer: whether it is shown in the place of a picture."""

from collections.abc import Mapping

from imgmiddleware.http.accept import weights

#: A client that names one of these reads the problem document.
_DOCUMENTS = ("text/html", "application/json", "application/problem+json")


def is_for_a_picture(headers: Mapping[str, str]) -> bool:
    """Whether the request is of an `<img>`, or CSS, which shows nothing but pictures.

    Browsers tell this in Sec-Fetch-Dest (Fetch Metadata Request Headers, section 2.1), but only
    over HTTPS and to loopback. Otherwise it counts as such if Accept names pictures, and no
    document.

    >>> is_for_a_picture({"sec-fetch-dest": "image"})
    True
    >>> is_for_a_picture({"accept": "*/*"})
    False
    """
    destination = headers.get("sec-fetch-dest")
    if destination is not None:
        return destination.strip(" \t") == "image"
    accepted = [name for name, weight in weights(headers.get("accept")).items() if weight > 0]
    return any(name.startswith("image/") for name in accepted) and not any(
        name in accepted for name in _DOCUMENTS
    )
