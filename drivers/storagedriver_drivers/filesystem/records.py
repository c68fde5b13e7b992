"""The record that a stage leaves in its directory: which file is to be continued, and its size.

Whoever reads one to change it holds the directory's lock.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass

from storagedriver.errors import BackendError
from storagedriver_drivers.filesystem import datafile
from storagedriver_drivers.filesystem.copying import write_at

_NAME = "~stage"
_FORM = re.compile(rb"(~[0-9a-f]{32}) ([0-9]{1,18})\n")
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Record:
    """The newest stage of a path.

    Attributes:
        data: The name of the file that holds it.
        size: Its size; the file may be longer where a writer that continued it died.
    """

    data: str
    size: int


def read(directory: int) -> Record | None:
    """The record of a directory; None if it has none.

    Raises:
        BackendError: It is damaged.
    """
    fd = datafile.open_existing(directory, _NAME)
    if fd is None:
        return None
    try:
        found = _FORM.fullmatch(os.pread(fd, _LONGEST, 0))
    finally:
        os.close(fd)
    if found is None:
        raise BackendError("the staged stream is damaged: its record cannot be read")
    return Record(found[1].decode(), int(found[2]))


def write(directory: int, record: Record) -> None:
    """Make it the record of a directory."""
    name = datafile.new_name()
    fd = datafile.create(directory, name)
    try:
        try:
            write_at(fd, f"{record.data} {record.size}\n".encode(), 0)
            os.fsync(fd)
        finally:
            # Before it gets its name: what fails afterwards would leave the record of a stage that its writer then removes.
            os.close(fd)
        os.rename(name, _NAME, src_dir_fd=directory, dst_dir_fd=directory)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=directory)
        raise


def remove(directory: int) -> None:
    """Remove the record of a directory, if it has one."""
    datafile.remove(directory, _NAME)
