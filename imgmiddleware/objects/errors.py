"""The errors of stores, in few kinds. Their texts name neither endpoint, bucket nor path.

The error of a store's library names all three. It is the cause of these: for logs, never for a
client.
"""


class StoreError(Exception):
    """A store did not do its task."""


class GoneError(StoreError):
    """There is no object of this name."""


class ChangedError(StoreError):
    """The object of this name is not of the expected version."""


class DownError(StoreError):
    """The store cannot be reached, is too slow, fails, or has no such bucket."""


class RefusedError(StoreError):
    """The store answers, and refuses: there is no such object, or none for this client."""
