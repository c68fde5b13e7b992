"""The inmemory driver."""

from __future__ import annotations

import io
from collections.abc import Iterable

from storagedriver import paths
from storagedriver.base import BaseDriver, ByteSource, Upload
from storagedriver.driver import Capabilities, FileInfo
from storagedriver.errors import PathNotFoundError
from storagedriver_drivers.inmemory.parameters import InMemoryParameters
from storagedriver_drivers.inmemory.store import Directory, File, Store, shared_store


class InMemoryDriver(BaseDriver):
    """Files in this process's memory; gone with the last driver that uses the store."""

    name = "inmemory"
    Parameters = InMemoryParameters
    capabilities = Capabilities(
        append=True,
        atomic_put=True,
        atomic_write=True,
        resumable_writes=True,
        eager_open=True,
        consistent_list=True,
        move_directory=True,
        atomic_move=True,
        linearizable=True,
    )

    def __init__(self, parameters: InMemoryParameters) -> None:
        """Use the named store of this process, or a new one."""
        self._store = Store() if parameters.store is None else shared_store(parameters.store)
        self._root = parameters.rootdirectory

    # --- hooks

    def _get_content(self, path: str) -> bytes:
        return self._store.get_file(self._key(path)).content

    def _put_content(self, path: str, content: bytes) -> None:
        self._store.put(self._key(path), content)

    def _reader(self, path: str, offset: int) -> ByteSource:
        content = self._store.get_file(self._key(path)).content
        source = io.BytesIO(content)
        # Offsets may be larger than any that a stream can be at.
        source.seek(min(offset, len(content)))
        return source

    def _writer(self, path: str, *, append: bool) -> Upload:
        key = self._key(path)
        if append:
            staged = self._store.staged(key)
            content = self._store.get_file(key).content if staged is None else bytes(staged)
            return InMemoryUpload(self._store, key, bytearray(content), continued=staged)
        self._store.end_stage(key)
        return InMemoryUpload(self._store, key, bytearray(), continued=None)

    def _stat(self, path: str) -> FileInfo:
        if path == paths.ROOT and self._root:
            # The root always is a directory, also before anything lies below it (STAT-2).
            return FileInfo(path, 0, None, is_dir=True)
        return _info(path, self._store.get(self._key(path)))

    def _list(self, path: str) -> Iterable[str]:
        return [info.path for info in self._scan(path)]

    def _scan(self, path: str) -> Iterable[FileInfo]:
        try:
            node = self._store.get(self._key(path))
        except PathNotFoundError:
            if path != paths.ROOT:
                raise
            return []
        if isinstance(node, File):
            raise PathNotFoundError("it is a file")
        return [_info(paths.join(path, name), child) for name, child in node.children.items()]

    def _move(self, source: str, dest: str) -> None:
        self._store.move(self._key(source), self._key(dest))

    def _delete(self, path: str) -> None:
        self._store.delete(self._key(path))

    # --- keys

    def _key(self, path: str) -> str:
        return self._root + path if path != paths.ROOT else self._root or paths.ROOT


def _info(path: str, node: File | Directory) -> FileInfo:
    if isinstance(node, Directory):
        return FileInfo(path, 0, None, is_dir=True)
    return FileInfo(path, len(node.content), node.mod_time, is_dir=False)


class InMemoryUpload:
    """A stream into one file of the store."""

    def __init__(self, store: Store, key: str, content: bytearray, *, continued: bytearray | None) -> None:
        """Begin with `content`; `continued` is the stage it was taken from."""
        self._store = store
        self._key = key
        self._content = content
        self._stage = continued

    @property
    def size(self) -> int:
        return len(self._content)

    def write(self, data: memoryview, /) -> None:
        self._content += data

    def commit(self) -> None:
        self._store.put(self._key, bytes(self._content))
        self._end_stage()

    def suspend(self) -> None:
        self._stage = self._content
        self._store.stage(self._key, self._content)

    def discard(self) -> None:
        self._end_stage()

    def _end_stage(self) -> None:
        if self._stage is not None:
            self._store.end_stage(self._key, self._stage)
