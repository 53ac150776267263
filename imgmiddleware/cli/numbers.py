"""The form of numbers, on the terminal as on the page."""


def counted(count: int, noun: str) -> str:
    """A number of things.

    >>> counted(1, "picture"), counted(1200, "picture")
    ('1 picture', '1,200 pictures')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def sides(width: int, height: int) -> str:
    """Width and height in pixels, with a multiplication sign in between.

    >>> ascii(sides(4200, 600))
    "'4,200 \\\\xd7 600'"
    """
    return f"{width:,} \u00d7 {height:,}"


def in_bytes(size: int) -> str:
    """A number of bytes in decimal units, as file managers show it.

    >>> in_bytes(999), in_bytes(12_345_678), in_bytes(2**30)
    ('999 bytes', '12.3 MB', '1.07 GB')
    """
    shown, unit = float(size), ""
    for larger in ("kB", "MB", "GB", "TB"):
        if shown < 999.5:
            break
        shown, unit = shown / 1000, larger
    return f"{shown:.3g} {unit}" if unit else counted(size, "byte")
