"""Streams into one file, which nobody sees before commit and another process can continue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from storagedriver_drivers.filesystem.datafile import DataFile
from storagedriver_drivers.filesystem.publishing import publish
from storagedriver_drivers.filesystem.reading import FileReader
from storagedriver_drivers.filesystem.records import Record
from storagedriver_drivers.filesystem.staging import Staging
from storagedriver_drivers.filesystem.tree import Tree


class FilesystemUpload:
    """One stream. It is written straight to its file in the staging area; nothing is held in memory."""

    def __init__(
        self,
        tree: Tree,
        staging: Staging,
        components: Sequence[str],
        data: DataFile,
        *,
        size: int = 0,
        record: Record | None = None,
    ) -> None:
        """Go on at `size` in a file of the staging area.

        Args:
            tree: Where the file is to go.
            staging: Where it is.
            components: The path.
            data: The file.
            size: Bytes of it that are there.
            record: The stage it came from.
        """
        self._tree: Final = tree
        self._staging: Final = staging
        self._components: Final = components
        self._data = data
        self._size = size
        self._record = record
        self._suspended = False

    @property
    def size(self) -> int:
        return self._size

    def write(self, data: memoryview, /) -> None:
        """Take all of `data`. After a failure nothing of it is taken, so that the same call may be repeated."""
        self._data.write(data, self._size)
        self._size += len(data)

    def commit(self) -> None:
        publish(self._tree, self._data, self._components, self._size)
        self._staging.finish(self._data, self._record)

    def suspend(self) -> None:
        self._suspended = True
        self._record = self._staging.keep(self._data, self._size)

    def discard(self) -> None:
        if not self._suspended:
            self._staging.finish(self._data, self._record)
        elif self._record is not None:
            self._staging.end(self._components, self._record)


def started(tree: Tree, staging: Staging, components: Sequence[str]) -> FilesystemUpload:
    """A stream from nothing; what was staged for the path ends."""
    return FilesystemUpload(tree, staging, components, staging.begin(components))


def continued(tree: Tree, staging: Staging, components: Sequence[str]) -> FilesystemUpload:
    """The stream that continues the newest stage of a path, else its committed content.

    Raises:
        PathNotFoundError: There is neither.
    """
    stage = staging.resume(components)
    if stage is not None:
        data, record = stage
        return FilesystemUpload(tree, staging, components, data, size=record.size, record=record)
    committed = FileReader(tree, components)
    try:
        data = staging.copied(components, committed.fd, committed.size)
    finally:
        committed.close()
    return FilesystemUpload(tree, staging, components, data, size=committed.size)


def put(tree: Tree, staging: Staging, components: Sequence[str], content: bytes) -> None:
    """Make `content` the file at a path."""
    data = staging.temporary()
    try:
        data.write(content, 0)
        publish(tree, data, components, len(content))
    finally:
        data.discard()
