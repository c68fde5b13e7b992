"""What storages raise, as the driver's errors."""

from __future__ import annotations

from storagedriver.errors import BackendError, PathConflictError, PathNotFoundError, StorageDriverError


def translate(error: Exception) -> StorageDriverError:
    """The driver's own error for what a storage raised.

    A storage raises whatever its library does, so that there is no list of types: all that is not about a path is the
    backend's failure.
    """
    if isinstance(error, FileNotFoundError):
        return PathNotFoundError("the storage has nothing there")
    if isinstance(error, NotADirectoryError | IsADirectoryError | FileExistsError):
        return PathConflictError("the storage has a thing of the other kind there")
    return BackendError(f"{type(error).__name__}: {error}")
