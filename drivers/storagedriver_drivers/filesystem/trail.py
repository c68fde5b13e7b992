"""An open directory of the tree, and the way up from it.

Each directory is opened by its name in the directory above, never through a link, so that nobody can swap it for one on
the way (SEC-1).
"""

from __future__ import annotations

import errno
import os
from types import TracebackType
from typing import NamedTuple, Self

from storagedriver_drivers.filesystem.errors import NOT_EMPTY
from storagedriver_drivers.filesystem.flushed import FlushedDirectories, Identity

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_CHILD = DIRECTORY | os.O_NOFOLLOW


class DirectoryMovedError(OSError):
    """A directory is no longer where it was entered: another process moved it meanwhile."""


class Left(NamedTuple):
    """A directory that a trail has left: its name in the one above, and its number."""

    name: str
    identity: Identity


class Trail:
    """An open directory and the way back up to where the trail began. It holds one descriptor, however deep it is."""

    def __init__(self, fd: int, flushed: FlushedDirectories) -> None:
        """Begin at the directory `fd`, which is the trail's to close, in a tree of these flushed directories."""
        self.fd = fd
        self.flushed = flushed
        self._above: list[tuple[str, Identity]] = []

    @property
    def depth(self) -> int:
        """How many directories were entered."""
        return len(self._above)

    def enter(self, name: str) -> None:
        """Go down into a directory, never through a link. After an error the trail is where it was."""
        entered_from = _identity(self.fd)
        child = os.open(name, _CHILD, dir_fd=self.fd)
        self._above.append((name, entered_from))
        os.close(self.fd)
        self.fd = child

    def leave(self) -> Left:
        """Go up again.

        Raises:
            DirectoryMovedError: What lies above is not the directory from which it was entered.
        """
        name, entered_from = self._above[-1]
        left = Left(name, _identity(self.fd))
        parent = os.open("..", _CHILD, dir_fd=self.fd)
        try:
            if _identity(parent) != entered_from:
                raise DirectoryMovedError(errno.ESTALE, os.strerror(errno.ESTALE))
        except BaseException:
            os.close(parent)
            raise
        self._above.pop()
        os.close(self.fd)
        self.fd = parent
        return left

    def handed_over(self) -> Trail:
        """A trail that takes over where this one is, which counts as closed from now on."""
        other = Trail(self.fd, self.flushed)
        other._above = self._above
        self.fd = -1
        return other

    def close(self) -> None:
        """Close the directory. Closing twice is fine."""
        if self.fd >= 0:
            fd, self.fd = self.fd, -1
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def prune(trail: Trail, *, keep: int = 0, durable: bool = True) -> None:
    """Remove the trail's directory and those above it as long as they are empty.

    The trail ends at the last one that stays.

    Args:
        trail: It is left at the deepest directory that was not removed, or one above.
        keep: How many directories from the top stay in any case.
        durable: Flush the directory from which the last one was removed.
    """
    removed = False
    while trail.depth > keep:
        try:
            left = trail.leave()
        except DirectoryMovedError:
            break
        try:
            os.rmdir(left.name, dir_fd=trail.fd)
        except FileNotFoundError:
            # Another process removed it first.
            continue
        except OSError as error:
            if error.errno in NOT_EMPTY or error.errno in {errno.EBUSY, errno.ENOTDIR}:
                # It holds something again, is a mount point, or was replaced.
                break
            raise
        trail.flushed.forget(left.identity)
        removed = True
    if removed and durable:
        os.fsync(trail.fd)


def _identity(directory: int) -> Identity:
    return Identity.of(os.fstat(directory))
