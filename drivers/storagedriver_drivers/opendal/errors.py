"""What OpenDAL raises, as the driver's errors."""

from __future__ import annotations

from storagedriver.errors import BackendError, PathConflictError, PathNotFoundError, StorageDriverError

_CONFLICTS = frozenset({"AlreadyExists", "IsADirectory", "IsSameFile", "NotADirectory"})


def translate(error: Exception) -> StorageDriverError:
    """The driver's own error for what an operator or a file of OpenDAL raised.

    Its exceptions share no base but Exception, and a file raises plain OSErrors without a number; their messages are not
    searched for the cause, since users cannot either.
    """
    kind = type(error).__name__
    if kind == "NotFound":
        return PathNotFoundError("the service has nothing there")
    if kind in _CONFLICTS:
        return PathConflictError("the service has a thing of the other kind there")
    # Context and backtrace follow in further lines.
    return BackendError(f"{kind}: {str(error).partition(chr(10))[0]}")
