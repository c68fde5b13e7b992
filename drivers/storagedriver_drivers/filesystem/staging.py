"""The staging area: what is being written, and what a closed, uncommitted writer leaves to be continued (WRITE-10).

`<root>/~staging/<path>/` holds the files of the streams into a path, `~` and random letters each, and `~stage`, which
names the one that the next `writer(path, append=True)` continues, and its size. `<root>/~staging/` itself holds the
files of put_content. No path has a '~', so nothing of it is reachable or visible through the interface (PATH-6), and
no stage makes a directory appear.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Sequence

from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver_drivers.filesystem import datafile, records
from storagedriver_drivers.filesystem.copying import copy
from storagedriver_drivers.filesystem.datafile import DataFile, locked
from storagedriver_drivers.filesystem.records import Record
from storagedriver_drivers.filesystem.removal import Removed, entries, remove_tree
from storagedriver_drivers.filesystem.trail import Trail, prune
from storagedriver_drivers.filesystem.tree import Tree, until_made

FOLDER = "~staging"


class Staging:
    """The staging area of a root. Each method is atomic among threads and processes."""

    def __init__(self, tree: Tree) -> None:
        """Work in `tree`; nothing is made yet."""
        self._tree = tree
        self._swept = False

    def temporary(self) -> DataFile:
        """A new file for a put."""

        def begin(trail: Trail) -> DataFile:
            if not self._swept:
                # Once for each driver: what puts left behind whose processes died.
                self._swept = True
                with contextlib.suppress(OSError):
                    _sweep(trail.fd)
            return _new(trail)

        return self._entered((), begin)

    def begin(self, components: Sequence[str]) -> DataFile:
        """A new file for a stream; the stage that was there ends."""
        return self._entered(components, functools.partial(_new, alone=True))

    def resume(self, components: Sequence[str]) -> tuple[DataFile, Record] | None:
        """The newest stage of a path, to be continued; None if there is none.

        It stays a stage as it is, to be continued by others, until the writer is committed, cancelled or closed. If
        another writer continues it already, this one continues a copy.

        Raises:
            BackendError: The stage is damaged.
        """
        try:
            trail = self._tree.open([FOLDER, *components])
        except PathNotFoundError:
            return None
        with trail:
            with locked(trail.fd):
                record = records.read(trail.fd)
                source = None if record is None else datafile.open_existing(trail.fd, record.data)
                if record is None or source is None:
                    # None was left, or it was committed by a process that died before it could end the stage.
                    return None
                try:
                    claimed = _claimed(trail, source, record)
                except BaseException:
                    os.close(source)
                    raise
            if claimed is not None:
                return claimed, record
            try:
                return self.copied(components, source, record.size), record
            finally:
                os.close(source)

    def copied(self, components: Sequence[str], source: int, size: int) -> DataFile:
        """A new file for a stream that begins with the first `size` bytes of an open file; stages stay."""
        data = self._entered(components, _new)
        try:
            copy(source, data.fd, size)
        except BaseException:
            data.discard()
            raise
        return data

    def keep(self, data: DataFile, size: int) -> Record:
        """Make a file the newest stage of its path, and release it. Stages before it end."""
        record = Record(data.name, size)
        try:
            data.settle(size)
            with locked(data.directory):
                records.write(data.directory, record)
                data.stays = True
                _sweep(data.directory, record)
        finally:
            # A stage that cannot be made newer stays as it was; what is no stage goes.
            if data.stays:
                data.release()
            else:
                data.discard()
        return record

    def finish(self, data: DataFile, record: Record | None) -> None:
        """Release a file that was published or is to go; `record`, the stage it came from, ends if it is the newest."""
        try:
            if record is not None and data.fd >= 0:
                with locked(data.directory):
                    if records.read(data.directory) == record:
                        records.remove(data.directory)
        finally:
            data.discard()

    def end(self, components: Sequence[str], record: Record) -> None:
        """End the stage of a path if it is this one still."""
        with contextlib.suppress(PathNotFoundError), self._tree.open([FOLDER, *components]) as trail:
            with locked(trail.fd):
                if records.read(trail.fd) == record:
                    records.remove(trail.fd)
                _sweep(trail.fd, records.read(trail.fd))
            with contextlib.suppress(OSError):
                prune(trail, durable=False)

    def end_below(self, components: Sequence[str]) -> None:
        """End the stages of a path and of all paths below it (DEL-5). Open writers go on."""
        *parents, name = components
        with contextlib.suppress(PathNotFoundError), self._tree.open([FOLDER, *parents]) as trail:
            remove_tree(trail, name, Removed(), _clear)
            with contextlib.suppress(OSError):
                prune(trail, durable=False)

    def _entered(self, components: Sequence[str], begin: Callable[[Trail], DataFile]) -> DataFile:
        """What `begin` makes in the directory of these components, which is made if missing, and locked for it."""

        def attempt() -> DataFile:
            with self._tree.making([FOLDER, *components], durable=False) as trail, locked(trail.fd):
                return begin(trail)

        return until_made(attempt)


def _new(trail: Trail, *, alone: bool = False) -> DataFile:
    """A new file, in a directory that is locked; it takes the trail over.

    Args:
        trail: To the directory.
        alone: End the stage that is there, once the new file is sure to be.
    """
    name = datafile.new_name()
    fd = datafile.create(trail.fd, name)
    try:
        datafile.lock(fd)
        if alone:
            records.remove(trail.fd)
            _sweep(trail.fd)
    except BaseException:
        os.close(fd)
        datafile.remove(trail.fd, name)
        raise
    return DataFile(trail.handed_over(), name, fd)


def _claimed(trail: Trail, source: int, record: Record) -> DataFile | None:
    """The stage's own file, cut to what was staged; None if it has a writer, or has just been committed by it.

    Raises:
        BackendError: It is damaged.
    """
    found = os.fstat(source)
    if found.st_size < record.size:
        raise BackendError("the staged stream is damaged: it is shorter than it was")
    if not datafile.lock(source):
        return None
    if not _is_at(found, trail.fd, record.data):
        # Its writer has committed it since it was opened: the file has readers now, and is copied as well.
        return None
    os.ftruncate(source, record.size)
    return DataFile(trail.handed_over(), record.data, source, stays=True)


def _is_at(found: os.stat_result, directory: int, name: str) -> bool:
    try:
        return os.path.samestat(found, os.stat(name, dir_fd=directory, follow_symlinks=False))
    except FileNotFoundError:
        return False


def _clear(directory: int, _: Removed) -> list[str]:
    """Remove what is no directory and has no writer; for remove_tree."""
    with locked(directory):
        names, directories = entries(directory)
        for name in names:
            _remove_unless_in_use(directory, name)
    return directories


def _sweep(directory: int, newest: Record | None = None) -> None:
    """Remove the files of a directory, which is locked, that have no writer, but for the newest stage."""
    for name in os.listdir(directory):
        if datafile.NAME.fullmatch(name) and (newest is None or name != newest.data):
            _remove_unless_in_use(directory, name)


def _remove_unless_in_use(directory: int, name: str) -> None:
    fd = datafile.open_existing(directory, name)
    try:
        if fd is None or datafile.lock(fd):
            datafile.remove(directory, name)
    finally:
        if fd is not None:
            os.close(fd)
