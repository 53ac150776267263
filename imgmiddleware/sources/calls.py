"""Whether an object of the application can be called with some arguments."""

import inspect


def takes(function: object, *arguments: object) -> bool:
    """Whether the function can be called with these; True where its signature is unknown.

    >>> takes(lambda id: None, "cat.jpg"), takes(lambda: None, "cat.jpg"), takes(3)
    (True, False, False)
    """
    if not callable(function):
        return False
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # of a function written in C
        return True
    try:
        signature.bind(*arguments)
    except TypeError:
        return False
    return True
