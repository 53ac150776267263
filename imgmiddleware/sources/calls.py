"""Whether what an application gives can be called as it will be."""

import inspect


def takes(function: object, *arguments: object) -> bool:
    """Whether the function can be called with these; True where nothing is known of it.

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
