"""What Arrow's filesystems raise, as the driver's errors."""

from __future__ import annotations

from storagedriver.errors import BackendError, PathConflictError, PathNotFoundError, StorageDriverError


def translate(error: Exception) -> StorageDriverError:
    """The driver's own error for what a filesystem raised.

    A filesystem may be made of fsspec's or of Python's own code, so that there is no list of types: all that is not about
    a path is the backend's failure. Messages are not searched for the cause, since users cannot either.
    """
    if isinstance(error, FileNotFoundError):
        return PathNotFoundError("the filesystem has nothing there")
    if isinstance(error, NotADirectoryError | IsADirectoryError | FileExistsError):
        return PathConflictError("the filesystem has a thing of the other kind there")
    return BackendError(f"{type(error).__name__}: {error}")
