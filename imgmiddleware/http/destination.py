"""What a client does with the answer: whether it is shown where a picture stands."""

from collections.abc import Mapping

from imgmiddleware.http.accept import weights

#: Whoever names one of these reads the problem document.
_DOCUMENTS = ("text/html", "application/json", "application/problem+json")


def is_for_a_picture(headers: Mapping[str, str]) -> bool:
    """Whether an `<img>`, or CSS, asks: nothing but a picture is shown there.

    Browsers say so by Sec-Fetch-Dest (Fetch Metadata Request Headers, section 2.1), but to HTTPS
    and loopback alone. Else it is whoever accepts pictures by name, and no document.

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
