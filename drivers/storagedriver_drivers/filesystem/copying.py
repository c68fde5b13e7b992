"""Writing and copying bytes by descriptor, to the last one."""

from __future__ import annotations

import errno
import os

from storagedriver.errors import BackendError

_PIECE = 1 << 20

_NO_COPY = frozenset({errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EPERM, errno.ETXTBSY})
"""What copy_file_range says where the system or the file system cannot copy by itself."""


def write_at(fd: int, data: memoryview | bytes, position: int) -> None:
    """Write all of `data`: what one system call leaves, the next takes."""
    rest = memoryview(data)
    while rest:
        written = os.pwrite(fd, rest, position)
        if written <= 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rest = rest[written:]
        position += written


def copy(source: int, dest: int, size: int) -> None:
    """Copy the first `size` bytes, within the system where it can: some file systems share the blocks.

    Raises:
        BackendError: The source is shorter.
    """
    position = _copied_by_the_system(source, dest, size)
    while position < size:
        data = os.pread(source, min(_PIECE, size - position), position)
        if not data:
            raise BackendError(f"the file was cut short at byte {position} of {size} while it was copied")
        write_at(dest, data, position)
        position += len(data)


def _copied_by_the_system(source: int, dest: int, size: int) -> int:
    position = 0
    if not hasattr(os, "copy_file_range"):
        return position
    try:
        while position < size:
            copied = os.copy_file_range(source, dest, size - position, position, position)
            if copied == 0:
                break
            position += copied
    except OSError as error:
        if error.errno not in _NO_COPY:
            raise
    return position
