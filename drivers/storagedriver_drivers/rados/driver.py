"""The rados driver."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from storagedriver import paths
from storagedriver.base import BaseDriver, ByteSource, Upload, put_by_upload
from storagedriver.driver import Capabilities, FileInfo, Limits
from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver_drivers.rados import collecting
from storagedriver_drivers.rados.client import PAGE, Pool
from storagedriver_drivers.rados.directories import entry_of
from storagedriver_drivers.rados.parameters import RadosParameters, check_combinations
from storagedriver_drivers.rados.records import Record
from storagedriver_drivers.rados.store import Store
from storagedriver_drivers.rados.upload import RadosUpload, continued


class RadosDriver(BaseDriver):
    """Files as striped objects, directories as maps of names. Safe between threads, not across a fork."""

    name = "rados"
    Parameters = RadosParameters

    def __init__(self, parameters: RadosParameters, *, pool: Pool | None = None) -> None:
        """Load librados; the cluster is connected to by the first call that needs it.

        Args:
            parameters: The driver's.
            pool: What its requests go through; None for one of its own. It is closed with the driver.

        Raises:
            ParameterError: Parameters contradict each other.
            MissingDependencyError: librados is not there.
        """
        check_combinations(parameters)
        self._parameters = parameters
        self._root = parameters.rootdirectory
        self.capabilities = _capabilities(parameters)
        self._pool = pool or Pool(parameters)
        self._store = Store(self._pool, concurrency=parameters.concurrency)

    def close(self) -> None:
        # Where that fails, the journal still knows what is left.
        with contextlib.suppress(BackendError):
            self._store.remove_open()
        self._pool.close()

    def collect_orphans(self, older_than: float) -> int:
        """Remove what processes left that died while they wrote or removed a file; staged streams stay.

        It looks at the whole pool and namespace, not at the root directory alone.

        Args:
            older_than: Seconds since the file was begun to be written, or removed. A stream that is still open renews
                that every five minutes as long as it is written to; an hour leaves room for pauses and for clocks that
                differ.

        Returns:
            How many contents were removed.

        Raises:
            BackendError: The cluster failed. Calling it again goes on.
        """
        with self.translated(None):
            return collecting.collect(self._store, older_than)

    # --- hooks

    def _get_content(self, path: str) -> bytes:
        return self._store.read(self._at(path))

    def _put_content(self, path: str, content: bytes) -> None:
        put_by_upload(self._upload(path), content)

    def _reader(self, path: str, offset: int) -> ByteSource:
        return self._store.opened(self._at(path), offset)

    def _writer(self, path: str, *, append: bool) -> Upload:
        if append:
            return continued(self._store, self._at(path), chunk_size=self._parameters.chunksize)
        self._store.remove_abandoned()
        self._store.end_stage(self._at(path))
        return self._upload(path)

    def _stat(self, path: str) -> FileInfo:
        if path != paths.ROOT:
            entry = self._store.directories.entry(self._at(path))
            if entry.content is not None:
                return _file(path, entry.content)
            if not entry.is_directory or not self._store.directories.holds(self._at(path)):
                raise PathNotFoundError
        return FileInfo(path, 0, None, is_dir=True)

    def _list(self, path: str) -> Iterable[str]:
        return [info.path for info in self._scan(path)]

    def _scan(self, path: str) -> Iterable[FileInfo]:
        empty = True
        for page in self._store.directories.pages(self._at(path)):
            for name, value in page.items():
                empty = False
                child = paths.join(path, name)
                # What another tool wrote has names that no path has, and values that no entry has.
                if paths.is_component(name) and not self._too_long(child):
                    content = entry_of(value).content
                    yield FileInfo(child, 0, None, is_dir=True) if content is None else _file(child, content)
        if empty and path != paths.ROOT:
            raise PathNotFoundError

    def _move(self, source: str, dest: str) -> None:
        self._store.move(self._at(source), self._at(dest))

    def _delete(self, path: str) -> None:
        self._store.remove_abandoned()
        self._store.delete(self._at(path))

    def _at(self, path: str) -> str:
        """The path in the pool: the root directory is part of it."""
        return (self._root or paths.ROOT) if path == paths.ROOT else self._root + path

    def _upload(self, path: str) -> RadosUpload:
        return RadosUpload(self._store, self._at(path), chunk_size=self._parameters.chunksize)


def _file(path: str, content: Record) -> FileInfo:
    return FileInfo(path, content.size, content.modified, is_dir=False)


def _capabilities(parameters: RadosParameters) -> Capabilities:
    return Capabilities(
        append=True,
        atomic_put=True,
        atomic_write=True,
        resumable_writes=True,
        eager_open=True,
        consistent_list=True,
        linearizable=True,
        shared=True,
        limits=Limits(chunk_size=parameters.chunksize, list_page=PAGE),
    )
