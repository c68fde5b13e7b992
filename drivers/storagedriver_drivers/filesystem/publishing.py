"""Giving files their names: at once for every reader, and for good when the call returns (CONT-6, DUR-1, DUR-2)."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Sequence

from storagedriver.errors import BackendError, PathConflictError, PathNotFoundError
from storagedriver_drivers.filesystem import datafile
from storagedriver_drivers.filesystem.copying import copy
from storagedriver_drivers.filesystem.datafile import DataFile
from storagedriver_drivers.filesystem.errors import KINDS_DIFFER
from storagedriver_drivers.filesystem.reading import open_file
from storagedriver_drivers.filesystem.trail import prune
from storagedriver_drivers.filesystem.tree import Tree, anything, is_of_store, look, until_made


def publish(tree: Tree, data: DataFile, components: Sequence[str], size: int) -> None:
    """Make a staged file of `size` bytes the file at a path, whatever was there.

    After a failure it may be called again.

    Raises:
        PathConflictError: A directory is there, or a file where a parent is needed.
    """
    *parents, name = components
    if data.published:
        # The flush of the directory failed before.
        with tree.open(parents) as trail:
            os.fsync(trail.fd)
        return
    data.stamp()
    data.settle(size)

    def attempt() -> None:
        data.require_linked()
        with tree.making(parents) as trail:
            old = look(trail.fd, name)
            if old is not None and stat.S_ISREG(old.st_mode) and data.stamp(old.st_mtime_ns):
                data.settle(size)
            try:
                _rename(data.directory, data.name, trail.fd, name)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                # A file system is mounted inside the root.
                _copy_in(data.fd, trail.fd, name)
            data.published = True
            os.fsync(trail.fd)

    until_made(attempt)


def move(tree: Tree, source: Sequence[str], dest: Sequence[str], dest_path: str) -> None:
    """Move a file to where no directory is, or a directory to where nothing is.

    Raises:
        PathNotFoundError: Nothing is at source.
        PathConflictError: Something is in the way at dest, with `dest_path` as its path.
    """
    *parents, name = source
    *dest_parents, dest_name = dest
    with tree.open(parents) as origin:

        def attempt() -> None:
            found = look(origin.fd, name)
            if found is None:
                raise PathNotFoundError
            with tree.making(dest_parents) as trail:
                taken = _room(trail.fd, dest_name, directory_comes=stat.S_ISDIR(found.st_mode))
                if taken is not None and os.path.samestat(found, taken):
                    if found.st_nlink == 1:
                        # Another call moved it there between the two looks; whatever has its old name now is another file.
                        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
                    _merge_names(origin.fd, name, trail.fd, dest_name)
                else:
                    _rename_or_copy(origin.fd, name, trail.fd, dest_name)
                    os.fsync(trail.fd)
            os.fsync(origin.fd)

        try:
            until_made(attempt)
        except PathConflictError as conflict:
            raise conflict.located("", dest_path) from conflict.__cause__
        prune(origin)


def _merge_names(source: int, name: str, dest: int, dest_name: str) -> None:
    """Move a file onto another name of the same file, which the system's rename would leave as it is.

    It is taken aside first: between a look and a removal by name, another file could be put there, and be lost.
    """
    aside = datafile.new_name()
    os.rename(name, aside, src_dir_fd=source, dst_dir_fd=source)
    taken, moved = anything(dest, dest_name), os.stat(aside, dir_fd=source, follow_symlinks=False)
    if taken is not None and os.path.samestat(moved, taken):
        os.unlink(aside, dir_fd=source)
    else:
        _rename(source, aside, dest, dest_name)
    os.fsync(dest)


def _rename(source: int, name: str, dest: int, dest_name: str) -> None:
    try:
        os.rename(name, dest_name, src_dir_fd=source, dst_dir_fd=dest)
    except OSError as error:
        if error.errno in KINDS_DIFFER:
            raise PathConflictError("something else is there") from error
        raise


def _room(directory: int, name: str, *, directory_comes: bool) -> os.stat_result | None:
    """The file at dest that a move may replace, if there is one; what is not of the store makes way."""
    taken = anything(directory, name)
    if taken is None:
        # Not removed to be sure: others may put or move something there at any time.
        return None
    if not is_of_store(taken):
        if directory_comes:
            # The system renames directories onto directories only.
            datafile.remove(directory, name)
        return None
    if stat.S_ISDIR(taken.st_mode):
        raise PathConflictError("a directory is there")
    if directory_comes:
        raise PathConflictError("a file is there")
    return taken


def _rename_or_copy(source: int, name: str, dest: int, dest_name: str) -> None:
    try:
        _rename(source, name, dest, dest_name)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # A file system is mounted inside the root.
        _move_across(source, name, dest, dest_name)


def _move_across(source: int, name: str, dest: int, dest_name: str) -> None:
    """Move a file to another file system: for a moment both are there."""
    try:
        fd, _ = open_file(source, name)
    except PathNotFoundError as error:
        raise BackendError("a directory cannot be moved to another file system") from error
    try:
        _copy_in(fd, dest, dest_name)
    finally:
        os.close(fd)
    os.fsync(dest)
    os.unlink(name, dir_fd=source)


def _copy_in(source: int, directory: int, name: str) -> None:
    """Make a copy the file of this name, through a temporary file beside it."""
    found = os.fstat(source)
    temporary = datafile.new_name()
    fd = datafile.create(directory, temporary)
    try:
        copy(source, fd, found.st_size)
        os.fchmod(fd, stat.S_IMODE(found.st_mode))
        os.utime(fd, ns=(found.st_mtime_ns, found.st_mtime_ns))
        os.fsync(fd)
        _rename(directory, temporary, directory, name)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=directory)
        raise
    finally:
        os.close(fd)
