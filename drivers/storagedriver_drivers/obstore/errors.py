"""What stores raise, as the driver's errors."""

from __future__ import annotations

from storagedriver.errors import BackendError, PathConflictError, PathNotFoundError, StorageDriverError


def translate(error: Exception) -> StorageDriverError:
    """The driver's own error for what a store raised.

    Absence is FileNotFoundError. What obstore has no type for is a GenericError, whatever it is; its message is not
    searched for the cause, since users cannot either.
    """
    if isinstance(error, FileNotFoundError):
        return PathNotFoundError("the store has nothing there")
    if type(error).__name__ == "AlreadyExistsError":
        return PathConflictError("the store has something there")
    return BackendError(f"{type(error).__name__}: {first_sentence(error)}")


def first_sentence(error: BaseException) -> str:
    """The message without Rust's own print of the error, which follows."""
    return str(error).partition("\n\nDebug source")[0]


def is_panic(error: BaseException) -> bool:
    """Whether Rust's code panicked: that is no Exception, and its class cannot be imported."""
    return type(error).__name__ == "PanicException"
