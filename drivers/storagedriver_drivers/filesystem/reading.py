"""Reading files: by descriptor, so that what is replaced or deleted meanwhile is still read whole."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver_drivers.filesystem.errors import NO_FILE
from storagedriver_drivers.filesystem.tree import Tree, look

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY
# Should a pipe take the file's place between look() and open(), it must not hang the caller.
_OPEN |= os.O_NONBLOCK


class FileReader:
    """The content of a file from an offset on, as long as the file was when it was opened."""

    def __init__(self, tree: Tree, components: Sequence[str], offset: int = 0) -> None:
        """Open the file.

        Raises:
            PathNotFoundError: Nothing is there, or nothing that is a file of the store.
        """
        *parents, name = components
        with tree.open(parents) as trail:
            self.fd, self.size = open_file(trail.fd, name)
        self._position = offset

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, b"" at the end alone.

        Raises:
            BackendError: Another program cut the file short meanwhile (READ-7).
        """
        wanted = min(size, self.size - self._position)
        if wanted <= 0:
            return b""
        data = os.pread(self.fd, wanted, self._position)
        self._advance(len(data))
        return data

    def read_into(self, view: memoryview, /) -> int:
        """As read(), into the reader's own buffer."""
        wanted = min(len(view), self.size - self._position)
        if wanted <= 0:
            return 0
        count = os.preadv(self.fd, [view[:wanted]], self._position)
        self._advance(count)
        return count

    def _advance(self, count: int) -> None:
        if not count:
            raise BackendError(f"the file was cut short at byte {self._position} of {self.size} while it was read")
        self._position += count

    def read_all(self) -> bytes:
        """The rest, and close."""
        try:
            first = self.read(self.size)
            if self._position >= self.size:
                return first
            pieces = [first]
            # The system gives at most 2 GiB at once.
            while piece := self.read(self.size):
                pieces.append(piece)
            return b"".join(pieces)
        finally:
            self.close()

    def close(self) -> None:
        fd, self.fd = self.fd, -1
        os.close(fd)


def open_file(directory: int, name: str) -> tuple[int, int]:
    """A descriptor for reading a regular file, and nothing else, of a directory; and the file's size.

    Raises:
        PathNotFoundError: There is none.
    """
    found = look(directory, name)
    if found is None:
        raise PathNotFoundError
    if stat.S_ISDIR(found.st_mode):
        raise PathNotFoundError("it is a directory")
    try:
        fd = os.open(name, _OPEN, dir_fd=directory)
    except OSError as error:
        if error.errno in NO_FILE:
            raise PathNotFoundError from error
        raise
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise PathNotFoundError
    except BaseException:
        os.close(fd)
        raise
    return fd, found.st_size
