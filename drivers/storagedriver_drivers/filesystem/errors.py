"""The one place where failures of system calls become the driver's errors (ERR-1 to ERR-3)."""

from __future__ import annotations

import errno

from storagedriver.errors import BackendError

NO_DIRECTORY = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
"""What opening a directory, without following a link, says where there is none."""

NO_FILE = frozenset({errno.ENOENT, errno.ELOOP, errno.EISDIR, errno.ENXIO, errno.ENODEV})
"""What opening a file, without following a link, says where there is nothing, or a thing of another kind."""

NOT_EMPTY = frozenset({errno.ENOTEMPTY, errno.EEXIST})
"""What rmdir says of a directory that holds something; POSIX allows either."""

KINDS_DIFFER = frozenset({errno.EISDIR, errno.ENOTDIR, errno.ENOTEMPTY, errno.EEXIST})
"""What rename says where a directory and a file, or two directories, meet."""


def translate(error: Exception) -> BackendError | None:
    """The driver's error for one of the system, or None for what is a bug.

    Absence is told where it is known, never here: an ENOENT that comes this far is a failure. The names that the
    system's error holds are the host's, not the caller's; they stay in the cause.
    """
    if not isinstance(error, OSError):
        return None
    return BackendError(error.strerror or type(error).__name__)
