"""Locks on open files, which the kernel releases when their holder dies, however that happens."""

import errno
import os

try:
    import fcntl
except ImportError:  # Windows

    def lock(descriptor: int) -> bool:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    def unlock(descriptor: int) -> None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

else:

    def lock(descriptor: int) -> bool:
        """Lock the file, if no other holder has opened and locked it; returns whether it did.

        Raises `OSError` where the system or the file system has no such locks.
        """
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def unlock(descriptor: int) -> None:
        """Release the lock, even if a forked child has inherited it. Raises `OSError`."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)
