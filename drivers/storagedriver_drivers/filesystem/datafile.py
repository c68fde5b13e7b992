"""Files that are being written: named so that no path reaches them, locked as long as their writer lives."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import stat
import time
import weakref
from collections.abc import Iterator

from storagedriver.errors import BackendError
from storagedriver_drivers.filesystem.copying import write_at
from storagedriver_drivers.filesystem.errors import NO_FILE
from storagedriver_drivers.filesystem.trail import Trail, prune

NAME = re.compile(r"~[0-9a-f]{32}")
"""Their names: no component of a path has a '~'. Random, so that no two writers ever share one (WRITE-8)."""

FLAGS = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK


def new_name() -> str:
    """A name that no other file has."""
    return f"~{secrets.token_hex(16)}"


def create(directory: int, name: str) -> int:
    """Make a file of this name that is not there yet; returns a descriptor for reading and writing."""
    return os.open(name, FLAGS | os.O_CREAT | os.O_EXCL, 0o666, dir_fd=directory)


def open_existing(directory: int, name: str) -> int | None:
    """A descriptor for reading and writing; None where there is nothing, or something that is no file."""
    try:
        fd = os.open(name, FLAGS, dir_fd=directory)
    except OSError as error:
        if error.errno in NO_FILE:
            return None
        raise
    try:
        is_file = stat.S_ISREG(os.fstat(fd).st_mode)
    except BaseException:
        os.close(fd)
        raise
    if is_file:
        return fd
    os.close(fd)
    return None


def remove(directory: int, name: str) -> None:
    """Remove a file, if it is there."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=directory)


@contextlib.contextmanager
def locked(directory: int) -> Iterator[None]:
    """No other thread or process is in such a block for the same directory. Never held across a caller's code."""
    fcntl.flock(directory, fcntl.LOCK_EX)
    try:
        yield
    finally:
        # Closing is not enough where a fork has left the descriptor in another process.
        fcntl.flock(directory, fcntl.LOCK_UN)


def lock(fd: int) -> bool:
    """Lock a file as its writer does; False if another writer has it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class DataFile:
    """A file that is being written, in a directory of the staging area; the lock tells others that it is in use.

    A file that nobody has locked, and that no stage names, is one whose process died: whoever finds it removes it.

    Attributes:
        name: Its name in its directory.
        fd: For reading and writing; -1 once it is released.
        directory: The descriptor of its directory.
        stays: It is a stage, and stays one if its writer fails or is forgotten.
        published: It has the name it was written for.
    """

    def __init__(self, trail: Trail, name: str, fd: int, *, stays: bool = False) -> None:
        """Take over a locked file and the trail to its directory; both are closed with it.

        Args:
            trail: To its directory.
            name: Its name there.
            fd: Locked by `lock`.
            stays: It is a stage.
        """
        self.name = name
        self.fd = fd
        self.stays = stays
        self.published = False
        self._trail = trail
        self._failed = False
        self._stamp = 0
        self._forgotten = weakref.finalize(self, _forget, trail, name, fd, stays=stays, process=os.getpid())

    @property
    def directory(self) -> int:
        return self._trail.fd

    def settle(self, size: int) -> None:
        """End the file at `size` and flush it to the device.

        Raises:
            BackendError: A flush failed before: the system may have dropped what it could not write, and would now
                say that all is well.
        """
        if self._failed:
            raise BackendError("its content could not be flushed before, and cannot be relied upon")
        self.require_linked()
        found = os.fstat(self.fd).st_size
        if found < size:
            raise BackendError("another program cut short the file that it was staged in")
        if found > size:
            # A write failed half-way and was not repeated.
            os.ftruncate(self.fd, size)
        try:
            os.fsync(self.fd)
        except OSError:
            self._failed = True
            raise

    def require_linked(self) -> None:
        """The file is where it was made.

        Raises:
            BackendError: It was removed.
        """
        if not os.fstat(self.fd).st_nlink:
            raise BackendError("another program removed the file that it was staged in")

    def stamp(self, old: int | None = None) -> bool:
        """Make now the time of modification; with `old`, in nanoseconds, that one if it is later (STAT-1).

        Returns:
            Whether it was changed: with `old` only if the clock was set back since.
        """
        if old is not None and old <= self._stamp:
            return False
        self._stamp = time.time_ns() if old is None else old
        os.utime(self.fd, ns=(self._stamp, self._stamp))
        return True

    def write(self, data: memoryview | bytes, position: int) -> None:
        """Write all of `data`."""
        write_at(self.fd, data, position)

    def discard(self) -> None:
        """Remove the file, if it has not been given another name, and release it."""
        try:
            if self.fd >= 0:
                remove(self._trail.fd, self.name)
        finally:
            self.release()

    def release(self) -> None:
        """Close the file, unlocked, and remove the directories that it leaves empty. Twice is fine."""
        if self._forgotten.detach() is not None:
            fd, self.fd = self.fd, -1
            _release(self._trail, fd)


def _forget(trail: Trail, name: str, fd: int, *, stays: bool, process: int) -> None:
    """Clean up after a writer that was neither closed nor committed (LEAK-1)."""
    # A child that inherited the writer by a fork leaves the file to its parent.
    if os.getpid() != process:
        os.close(fd)
        trail.close()
        return
    if not stays:
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=trail.fd)
    _release(trail, fd)


def _release(trail: Trail, fd: int) -> None:
    with trail:
        try:
            fcntl.flock(fd, fcntl.LOCK_UN)
        finally:
            os.close(fd)
        # Directories of the staging area that stay are seen by nobody, and are removed by the next writer.
        with contextlib.suppress(OSError):
            prune(trail, durable=False)
