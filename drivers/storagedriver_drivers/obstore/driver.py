"""The obstore driver."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, BinaryIO

from storagedriver import paths
from storagedriver.base import BaseDriver, ByteSource, Upload
from storagedriver.dependencies import require
from storagedriver.driver import FileInfo
from storagedriver.errors import (
    BackendError,
    PathConflictError,
    PathNotFoundError,
    StorageDriverError,
    UnsupportedMethodError,
)
from storagedriver.expiry import seconds_valid
from storagedriver.spooled import SpooledUploads
from storagedriver_drivers.obstore.errors import translate
from storagedriver_drivers.obstore.parameters import ObstoreParameters
from storagedriver_drivers.obstore.reading import StoreReader
from storagedriver_drivers.obstore.stores import capabilities_of, open_store

_PARTS_AT_ONCE = 2
"""Parts of an upload that are held in memory and sent at the same time; obstore's own 12 would hold 60 MiB."""

_LARGEST_OFFSET = (1 << 63) - 1
"""No file is as long; larger numbers obstore cannot take."""

_ATTEMPTS = 20
"""How often what lies in a directory is listed and deleted before the driver gives up."""

_SIGNED = ("GET", "HEAD")


class ObstoreDriver(BaseDriver):
    """Files of a store of obstore, through the functions that its users call; nothing of the store is mended."""

    name = "obstore"
    Parameters = ObstoreParameters

    def __init__(self, parameters: ObstoreParameters) -> None:
        """Make the store; nothing is asked of a server.

        Raises:
            MissingDependencyError: obstore is not installed.
            ParameterError: obstore knows no store of this URL, or refuses the options.
        """
        self._uploads = SpooledUploads()
        self._obstore: Any = require("obstore", extra="obstore", driver_name=self.name)
        self._share = open_store(parameters.url, parameters.store_options())
        self._store = self._share.thing
        self._root = parameters.rootdirectory.removeprefix("/")
        self.capabilities = capabilities_of(self._store)

    def close(self) -> None:
        self._uploads.close()

    def _translate(self, error: Exception, path: str | None) -> StorageDriverError | None:  # noqa: ARG002
        return translate(error)

    # --- hooks

    def _get_content(self, path: str) -> bytes:
        with self._looking_for(path):
            return bytes(self._store.get(self._key(path)).bytes())

    def _put_content(self, path: str, content: bytes) -> None:
        self._publish(path, io.BytesIO(content), len(content))

    def _reader(self, path: str, offset: int) -> ByteSource:
        with self._looking_for(path):
            if not offset:
                return StoreReader(self._store.get(self._key(path)))
            position = {"offset": min(offset, _LARGEST_OFFSET)}
            try:
                return StoreReader(self._store.get(self._key(path), options={"range": position}))
            except self._obstore.exceptions.GenericError:
                # A range that begins at the end or beyond is refused by most stores, in an error that has no type.
                if offset < self._store.head(self._key(path))["size"]:
                    raise
                return StoreReader(None)

    def _writer(self, path: str, *, append: bool) -> Upload:
        content = self._reader(path, 0) if append else None
        return self._uploads.begin(lambda stream, size: self._publish(path, stream, size), content)

    def _stat(self, path: str) -> FileInfo:
        with self._looking_for(path):
            if path != paths.ROOT:
                try:
                    return _file(path, self._store.head(self._key(path)))
                except FileNotFoundError:
                    if not self._is_directory(path):
                        raise
            return FileInfo(path, 0, None, is_dir=True)

    def _list(self, path: str) -> Iterable[str]:
        return [info.path for info in self._scan(path)]

    def _scan(self, path: str) -> Iterable[FileInfo]:
        with self._looking_for(path):
            answer = self._store.list_with_delimiter(self._key(path))
        files = {paths.join(path, _name(entry["path"])): entry for entry in answer["objects"]}
        directories = {paths.join(path, _name(prefix)) for prefix in answer["common_prefixes"]} - files.keys()
        found = [_file(child, entry) for child, entry in files.items()]
        found += [FileInfo(child, 0, None, is_dir=True) for child in directories]
        if not found and path != paths.ROOT and not self._stat(path).is_dir:
            raise PathNotFoundError("it is a file")
        return [info for info in found if paths.is_component(paths.name(info.path))]

    def _move(self, source: str, dest: str) -> None:
        if self._stat(source).is_dir:
            raise UnsupportedMethodError("move of a directory")
        self._no_directory(dest)
        self._store.rename(self._key(source), self._key(dest))

    def _delete(self, path: str) -> None:
        if not self._stat(path).is_dir:
            self._store.delete(self._key(path))
        # A store of objects may hold files below a file, too, and MinIO lists none of them before that is gone.
        for _ in range(_ATTEMPTS):
            below = [entry["path"] for page in self._store.list(self._key(path)) for entry in page]
            if not below:
                return
            # Another may delete one of them meanwhile; the rest is left then.
            with contextlib.suppress(FileNotFoundError):
                self._store.delete(below)
        raise BackendError(f"listed and deleted {_ATTEMPTS} times, and something is there still")

    def _redirect_url(self, path: str, method: str, expires: float | None) -> str | None:
        if method not in _SIGNED:
            return None
        seconds = seconds_valid(expires)
        # Whole seconds, and never longer than asked for.
        url: str = self._obstore.sign(self._store, method, self._key(path), timedelta(seconds=int(seconds)))
        return url

    # --- what the hooks share

    def _publish(self, path: str, stream: BinaryIO, size: int) -> None:  # noqa: ARG002  obstore measures it
        self._no_directory(path)
        self._store.put(self._key(path), stream, max_concurrency=_PARTS_AT_ONCE)

    def _no_directory(self, path: str) -> None:
        try:
            info = self._stat(path)
        except (PathNotFoundError, FileNotFoundError):
            return
        if info.is_dir:
            raise PathConflictError("it is a directory", path=path)

    @contextlib.contextmanager
    def _looking_for(self, path: str) -> Iterator[None]:
        """Below a file nothing is found; on local files that is an error as any other, and its parents tell."""
        try:
            yield
        except self._obstore.exceptions.GenericError as error:
            parent = paths.parent(path)
            while parent != paths.ROOT:
                if self._is_file(parent):
                    raise PathNotFoundError("a parent is a file") from error
                parent = paths.parent(parent)
            raise

    def _is_file(self, path: str) -> bool:
        try:
            self._store.head(self._key(path))
        except (FileNotFoundError, self._obstore.exceptions.GenericError):
            return False
        return True

    def _is_directory(self, path: str) -> bool:
        """Whether a file lies below: what lies at the path itself does not count."""
        return any(len(page) for page in self._store.list(self._key(path), chunk_size=1))

    def _key(self, path: str) -> str:
        return f"{self._root}{path}".strip("/")


def _name(key: str) -> str:
    return key.rstrip("/").rpartition("/")[2]


def _file(path: str, entry: Any) -> FileInfo:
    return FileInfo(path, entry["size"], entry["last_modified"], is_dir=False)
