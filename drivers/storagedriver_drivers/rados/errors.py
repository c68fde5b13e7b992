"""The one place where failures of librados become the driver's errors (ERR-1 to ERR-3)."""

from __future__ import annotations

import errno
import os

from storagedriver.errors import BackendError

_HINTS = {
    errno.ETIMEDOUT: "the cluster did not answer in time",
    errno.EACCES: "the cluster refused the user or its key",
    errno.EPERM: "the cluster does not allow this to the user",
    errno.ENOSPC: "the cluster or the pool is full",
    errno.EDQUOT: "the pool's quota is used up",
    errno.EOPNOTSUPP: "the pool does not keep maps of keys; a replicated pool does, an erasure-coded one does not",
}


class LostChunkError(BackendError):
    """An object of a file's content is gone or short: the file was replaced or deleted since its entry was read."""


class EndedError(BackendError):
    """What a writer continued has been ended by another one: discarded, deleted or collected."""


def failed(operation: str, number: int) -> BackendError:
    """The driver's error for a request that failed with this errno.

    Messages of librados stay in the cause: they name objects and files.
    """
    code = abs(number)
    name = errno.errorcode.get(code, str(code))
    return BackendError(f"{operation} failed with {name}: {_HINTS.get(code, os.strerror(code))}")
