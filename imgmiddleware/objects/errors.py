"""What can go wrong with a store, in few kinds. No text of theirs names endpoint, bucket or path.

What a store's library says has all three, so it is the cause of these: for logs, never for a
client.
"""


class StoreError(Exception):
    """A store did not do what it was asked for."""


class GoneError(StoreError):
    """There is no object of this name."""


class ChangedError(StoreError):
    """The object of this name is not of the version that was meant."""


class DownError(StoreError):
    """The store cannot be reached, is too slow, fails, or has no such bucket."""


class RefusedError(StoreError):
    """The store answers, and does not let us: there is no such object, or none for us."""
