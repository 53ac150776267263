"""Text of strangers, as a part of one line of ours."""


def in_one_line(text: object) -> str:
    """The text without characters that would end a line of a log, or make it look like another.

    >>> in_one_line("no space\\n2026-11-29 INFO all is well\\x1b[2K")
    'no space 2026-11-29 INFO all is well [2K'
    """
    said = str(text)
    return said if said.isprintable() else "".join(_visible(each) for each in said)


def _visible(character: str) -> str:
    return character if character.isprintable() else " "
