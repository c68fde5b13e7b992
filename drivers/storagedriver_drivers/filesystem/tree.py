"""The tree of directories below the root: opened component by component, made durably, removed again after a failure."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from storagedriver.errors import BackendError, PathConflictError, PathNotFoundError
from storagedriver_drivers.filesystem.errors import NO_DIRECTORY
from storagedriver_drivers.filesystem.flushed import FlushedDirectories, Identity
from storagedriver_drivers.filesystem.trail import DIRECTORY, Trail, prune

T = TypeVar("T")

ATTEMPTS = 100
"""How often a write begins anew because others remove the directories it needs; each time they got something done."""


class Tree:
    """The directories below a root. It holds nothing open: the root is opened anew by each call."""

    def __init__(self, root: Path) -> None:
        """Work below `root`, which need not exist yet, and may be reached through links."""
        self._root = root
        self._flushed = FlushedDirectories()

    def open(self, components: Sequence[str]) -> Trail:
        """The directory of these components.

        Raises:
            PathNotFoundError: There is none: nothing, a file, or a link or other thing that is not of the store.
        """
        try:
            trail = Trail(os.open(self._root, DIRECTORY), self._flushed)
        except FileNotFoundError as error:
            raise PathNotFoundError from error
        try:
            for name in components:
                trail.enter(name)
        except OSError as error:
            trail.close()
            if error.errno in NO_DIRECTORY:
                raise PathNotFoundError from error
            raise
        return trail

    @contextlib.contextmanager
    def making(self, components: Sequence[str], *, durable: bool = True) -> Iterator[Trail]:
        """The directory of these components, made where it is missing; if the block fails, removed again.

        Args:
            components: Names below the root.
            durable: Flush each directory that gets a new one, so that it survives a power failure (DUR-2). Who made one
                that is there may not have come to that, so its name is flushed the first time that it is met.

        Raises:
            PathConflictError: One of them is there and is no directory.
            FileNotFoundError: Another process removed one at the same moment; see `until_made`.
        """
        trail = Trail(self._open_or_make_root(), self._flushed)
        existing = len(components)
        try:
            for name in components:
                try:
                    if durable:
                        self._flush_once(trail, name)
                    _enter(trail, name)
                except FileNotFoundError:
                    existing = min(existing, trail.depth)
                    _make(trail, name, durable=durable)
                    if durable:
                        self._flushed.add(Identity.of(os.fstat(trail.fd)))
            yield trail
        except BaseException:
            with contextlib.suppress(OSError):
                prune(trail, keep=existing)
            raise
        finally:
            trail.close()

    def _flush_once(self, trail: Trail, name: str) -> None:
        """Flush the name of a directory that is there, unless this tree has done so before.

        It is known by its number, which the file system may give again after another process removed it: then who made
        it anew has to flush it, as here.
        """
        found = os.stat(name, dir_fd=trail.fd, follow_symlinks=False)
        if Identity.of(found) not in self._flushed and stat.S_ISDIR(found.st_mode):
            os.fsync(trail.fd)
            self._flushed.add(Identity.of(found))

    def _open_or_make_root(self) -> int:
        try:
            return os.open(self._root, DIRECTORY)
        except FileNotFoundError:
            _make_folder(self._root)
            return os.open(self._root, DIRECTORY)


def look(directory: int, name: str) -> os.stat_result | None:
    """What is at a name, if it is of the store: a regular file or a directory. None for all else."""
    found = anything(directory, name)
    return found if found is not None and is_of_store(found) else None


def anything(directory: int, name: str) -> os.stat_result | None:
    """What is at a name, of the store or not; None if there is nothing."""
    try:
        return os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return None


def is_of_store(found: os.stat_result) -> bool:
    """Whether it is a regular file or a directory: links, pipes, sockets and devices are not of the store."""
    return stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)


def until_made(attempt: Callable[[], T]) -> T:
    """What `attempt` returns, which is called again while directories it made are removed by others meanwhile (CONC-3).

    Raises:
        BackendError: They were removed each time.
    """
    attempts = 0
    while True:
        attempts += 1
        try:
            return attempt()
        except PathNotFoundError:
            raise
        except FileNotFoundError as vanished:
            # Not kept until the next attempt: by its traceback it would keep the frames of the caller, and a writer
            # that the caller lets go would stay open until the next garbage collection (LEAK-1).
            if attempts == ATTEMPTS:
                message = f"directories vanished {ATTEMPTS} times while they were being written to"
                raise BackendError(message) from vanished


def _make(trail: Trail, name: str, *, durable: bool) -> None:
    """Make a directory, and enter it; after a failure it is not there."""
    try:
        os.mkdir(name, dir_fd=trail.fd)
    except FileExistsError:
        # Another writer was first; it may not have flushed it yet.
        if durable:
            os.fsync(trail.fd)
        _enter(trail, name)
        return
    try:
        if durable:
            os.fsync(trail.fd)
        _enter(trail, name)
    except BaseException:
        with contextlib.suppress(OSError):
            os.rmdir(name, dir_fd=trail.fd)
        raise


def _enter(trail: Trail, name: str) -> None:
    try:
        trail.enter(name)
    except OSError as error:
        if error.errno in {errno.ENOTDIR, errno.ELOOP}:
            raise PathConflictError("something that is no directory is in its way") from error
        raise


def _make_folder(folder: Path) -> None:
    """Make the root and what is missing above it, each flushed into its parent."""
    try:
        folder.mkdir()
    except FileExistsError:
        return
    except FileNotFoundError:
        if folder == folder.parent:
            raise
        _make_folder(folder.parent)
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
    above = os.open(folder.parent, DIRECTORY)
    try:
        os.fsync(above)
    finally:
        os.close(above)
