"""The forms of parameters in a query, ours and an application's: numbers, words, colours.

Each function here makes a `Form`. Give them to `OwnOperation` as the forms of its arguments:

>>> from imgmiddleware import OwnOperation
>>> from imgmiddleware.forms import choice, whole
>>> forms = [whole(0, 255), choice("thin", "wide")]
>>> edges = OwnOperation(lambda pixels, low, kind: pixels, version="1", arguments=forms)

They are strict on purpose. `int()` accepts `1_0`, `+5`, blanks around the digits and Arabic digits.
Two spellings of one value would be two URLs and two cache entries, and would pass by an allow-list
of URLs.
"""

from imgmiddleware.forms.color import color
from imgmiddleware.forms.form import Form, malformed, out_of_range
from imgmiddleware.forms.numbers import Length, angle, decimal, length, ratio, rectangle, whole
from imgmiddleware.forms.words import choice, flag, one_of, place, subset, word_or

__all__ = [
    "Form",
    "Length",
    "angle",
    "choice",
    "color",
    "decimal",
    "flag",
    "length",
    "malformed",
    "one_of",
    "out_of_range",
    "place",
    "ratio",
    "rectangle",
    "subset",
    "whole",
    "word_or",
]
