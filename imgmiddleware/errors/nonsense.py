"""The errors of reading the words of a stranger."""

#: A stranger's JSON may have any type in any place, be endless, or be nested without end.
NONSENSE = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
