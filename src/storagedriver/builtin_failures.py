"""What layers over many backends raise, as a driver's errors: Python's own types are all that they have in common."""

from __future__ import annotations

from storagedriver.errors import BackendError, PathConflictError, PathNotFoundError, StorageDriverError


def of_builtin(error: Exception, layer: str) -> StorageDriverError:
    """The driver's own error for what such a layer raised.

    It raises whatever its libraries do, so that there is no list of types: all that is not about a path is the backend's
    failure. Messages are not searched for the cause, since users cannot either.

    Args:
        error: As it was caught.
        layer: What raised it, as "filesystem", for the message.
    """
    if isinstance(error, FileNotFoundError):
        return PathNotFoundError(f"the {layer} has nothing there")
    if isinstance(error, NotADirectoryError | IsADirectoryError | FileExistsError):
        return PathConflictError(f"the {layer} has a thing of the other kind there")
    return BackendError(f"{type(error).__name__}: {error}")
