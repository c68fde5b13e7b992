"""Drivers that show halves of what is put, or leave them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from mutants.conc import give_way
from mutants.err import KeyedDriver
from mutants.model import mutant
from storagedriver import PathConflictError, PathNotFoundError, StorageDriverError, paths
from storagedriver.base import ByteSource
from storagedriver_drivers.inmemory.driver import InMemoryDriver

if TYPE_CHECKING:
    from typing_extensions import Buffer


@mutant("CONT-6", rows=("B28",), bug="the file is written in place, half by half")
class HalfByHalf(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content[: len(content) // 2])
        super()._put_content(path, content)


@mutant("CONT-6", bug="content of many buffers is written in place")
class LargeContentHalfByHalf(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        if len(content) >= 1 << 20:
            super()._put_content(path, content[: len(content) // 2])
            give_way()
        super()._put_content(path, content)


@mutant("CONT-6", bug="the new content is laid over the old one before the end is cut off")
class LaidOverTheOld(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        with contextlib.suppress(PathNotFoundError):
            old = self._store.get_file(self._key(path)).content
            super()._put_content(path, content + old[len(content) :])
        super()._put_content(path, content)


@mutant("CONT-6", bug="the old file is deleted before the new one is put")
class DeletedThenPut(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        with contextlib.suppress(StorageDriverError):
            self._store.get_file(self._key(path))
            self._store.delete(self._key(path))
        super()._put_content(path, content)


class PathSource:
    """Reads what is at the path at each read."""

    def __init__(self, driver: InMemoryDriver, path: str, offset: int) -> None:
        self._driver, self._path, self._position = driver, path, offset

    def read(self, size: int, /) -> bytes:
        piece = self._driver._get_content(self._path)[self._position :][: min(size, 500)]
        self._position += len(piece)
        return piece

    def close(self) -> None: ...


@mutant("CONT-6", bug="a reader goes on in whatever is at the path by then")
class ReaderGoesOnInTheNew(InMemoryDriver):
    _buffer_size = 1

    def _reader(self, path: str, offset: int) -> ByteSource:
        self._get_content(path)
        return PathSource(self, path, offset)


@mutant("CONT-7", bug="the old content is cut off before the new one is looked at")
class CutOffFirst(InMemoryDriver):
    def put_content(self, path: str, content: Buffer) -> None:
        with contextlib.suppress(StorageDriverError):
            self._store.get_file(self._key(path))
            super().put_content(path, b"")
        super().put_content(path, content)


@mutant("CONT-7", bug="a placeholder stays where a put was refused")
class PlaceholderStays(InMemoryDriver):
    def put_content(self, path: str, content: Buffer) -> None:
        with contextlib.suppress(StorageDriverError):
            if not isinstance(content, bytes):
                self.stat(path)
        if not isinstance(content, bytes | bytearray | memoryview) and not self._there(path):
            super().put_content(path, b"")
        super().put_content(path, content)

    def _there(self, path: str) -> bool:
        try:
            self._stat(path)
        except PathNotFoundError:
            return False
        return True


@mutant("CONT-7", bug="a put below a file is dropped in silence")
class ConflictIsSilent(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        with contextlib.suppress(PathConflictError):
            super()._put_content(path, content)


@mutant("CONT-7", bug="a file that is in the way of a directory is deleted")
class FileInTheWayGoes(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        parent = paths.parent(path)
        while parent != paths.ROOT:
            with contextlib.suppress(StorageDriverError):
                self._store.get_file(self._key(parent))
                self._store.delete(self._key(parent))
            parent = paths.parent(parent)
        super()._put_content(path, content)


@mutant("CONT-7", bug="a directory that is in the way of a file is deleted with all below")
class DirectoryInTheWayGoes(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        with contextlib.suppress(PathNotFoundError):
            if self._stat(path).is_dir:
                self._store.delete(self._key(path))
        super()._put_content(path, content)


@mutant("CONT-7", bug="a parent is made, as a file, before the put is refused")
class SomethingIsLeftOfARefusal(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        try:
            super()._put_content(path, content)
        except PathConflictError:
            self._store.put(self._key(f"{self._above(path)}.tmp"), content)
            raise

    def _above(self, path: str) -> str:
        while paths.parent(paths.parent(path)) != paths.ROOT:
            path = paths.parent(path)
        return path


@mutant("CONT-7", bug="the first part is published before the backend refuses the second")
class FirstPartIsPublished(KeyedDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        self._store.put(self._root + path, content[: len(content) // 2])
        super()._put_content(path, content)
