"""The fsspec driver."""

from __future__ import annotations

import contextlib
import io
import secrets
import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, BinaryIO

from storagedriver import paths
from storagedriver.base import BaseDriver, ByteSource, Upload
from storagedriver.builtin_failures import of_builtin
from storagedriver.dependencies import require
from storagedriver.driver import FileInfo
from storagedriver.errors import (
    ParameterError,
    PathConflictError,
    PathNotFoundError,
    StorageDriverError,
    UnsupportedMethodError,
)
from storagedriver.spooled import SpooledUploads
from storagedriver_drivers.fsspec.parameters import FsspecParameters
from storagedriver_drivers.fsspec.protocols import protocol_of

_PIECE = 1 << 20
_PIPED = 1 << 24
"""Bytes up to which a stream is given to the filesystem in one call."""

_ATTEMPTS = 20
"""How often a file is put whose directory others remove as empty meanwhile."""


class FsspecDriver(BaseDriver):
    """Files of an fsspec filesystem, through the methods that its users call; nothing of the filesystem is mended."""

    name = "fsspec"
    Parameters = FsspecParameters

    def __init__(self, parameters: FsspecParameters) -> None:
        """Make the filesystem.

        Raises:
            MissingDependencyError: fsspec is not installed.
            ParameterError: No filesystem of this protocol is installed, or it refuses its options.
        """
        self._uploads = SpooledUploads()
        core: Any = require("fsspec", extra="fsspec", driver_name=self.name)
        self._protocol = protocol_of(parameters.url)
        self.capabilities = self._protocol.capabilities
        protocol = parameters.url.partition("://")[0]
        try:
            kind = core.get_filesystem_class(protocol)
        except (ImportError, ValueError) as unknown:
            raise ParameterError(
                f"fsspec has no filesystem for {protocol!r} here: {unknown}", parameter="url", driver_name=self.name
            ) from unknown
        options = {**self._protocol.options, **parameters.storage_options(), "skip_instance_cache": True}
        try:
            self._filesystem: Any = kind(**options)
        except (TypeError, ValueError) as refused:
            # Its message may hold the values, of which some are secrets.
            error = ParameterError(
                f"the filesystem refuses them: {type(refused).__name__}", parameter="options", driver_name=self.name
            )
        else:
            self._base = str(kind._strip_protocol(parameters.url)).rstrip("/") + parameters.rootdirectory  # noqa: SLF001  fsspec's own way from a URL to a path
            return
        raise error

    def close(self) -> None:
        self._uploads.close()

    def _translate(self, error: Exception, path: str | None) -> StorageDriverError | None:  # noqa: ARG002
        return of_builtin(error, "filesystem")

    # --- hooks

    def _get_content(self, path: str) -> bytes:
        self._file(path)
        return bytes(self._filesystem.cat_file(self._key(path)))

    def _put_content(self, path: str, content: bytes) -> None:
        self._publish(path, io.BytesIO(content), len(content))

    def _reader(self, path: str, offset: int) -> ByteSource:
        info = self._file(path)
        source = self._filesystem.open(self._key(path), "rb")
        try:
            source.seek(min(offset, info.size))
        except BaseException:
            source.close()
            raise
        return source  # type: ignore[no-any-return]  # a file of fsspec's

    def _writer(self, path: str, *, append: bool) -> Upload:
        content = self._reader(path, 0) if append else None
        return self._uploads.begin(lambda stream, size: self._publish(path, stream, size), content)

    def _stat(self, path: str) -> FileInfo:
        if path == paths.ROOT:
            return FileInfo(path, 0, None, is_dir=True)
        try:
            return self._info(path, self._filesystem.info(self._key(path)))
        except NotADirectoryError as error:
            raise PathNotFoundError("a parent is a file") from error

    def _list(self, path: str) -> Iterable[str]:
        return [info.path for info in self._scan(path)]

    def _scan(self, path: str) -> Iterable[FileInfo]:
        if not self._stat(path).is_dir:
            raise PathNotFoundError("it is a file")
        key = self._key(path)
        try:
            entries = self._filesystem.ls(key, detail=True)
        except FileNotFoundError:
            if path != paths.ROOT:
                raise
            return []
        found = []
        for entry in entries:
            below = str(entry["name"]).rstrip("/")
            name = below.rpartition("/")[2]
            # The directory itself comes too, where it has a marker.
            if below.strip("/") != key.strip("/") and paths.is_component(name):
                with contextlib.suppress(PathNotFoundError, FileNotFoundError):
                    found.append(self._info(paths.join(path, name), entry))
        return found

    def _move(self, source: str, dest: str) -> None:
        if self._stat(source).is_dir:
            raise UnsupportedMethodError("move of a directory")
        self._no_directory(dest)
        self._below_its_parent(dest, lambda: self._filesystem.mv(self._key(source), self._key(dest)))
        self._remove_empty_parents(source)

    def _delete(self, path: str) -> None:
        if self._stat(path).is_dir:
            self._filesystem.rm(self._key(path), recursive=True)
        else:
            self._filesystem.rm_file(self._key(path))
        self._remove_empty_parents(path)

    # --- publishing

    def _publish(self, path: str, stream: BinaryIO, size: int) -> None:
        self._no_directory(path)

        def attempt() -> None:
            stream.seek(0)
            self._write(path, stream, size)

        self._below_its_parent(path, attempt)

    def _below_its_parent(self, path: str, attempt: Callable[[], None]) -> None:
        """Make the parent and then call `attempt`, anew where others remove it as empty meanwhile.

        Making a directory that is removed at the same moment fails with FileExistsError too; a file that is in the way
        is still there at the last attempt.
        """
        for _ in range(_ATTEMPTS - 1 if self._protocol.makes_directories else 0):
            try:
                self._make_parent(path)
                attempt()
            except (FileNotFoundError, FileExistsError):
                continue
            return
        self._make_parent(path)
        attempt()

    def _write(self, path: str, stream: BinaryIO, size: int) -> None:
        key = self._key(path)
        if not self._protocol.renames:
            self._write_at(key, stream, size)
            return
        # Outside the grammar: no path is called so, and no listing shows it.
        beside = f"{key.rpartition('/')[0]}/~{secrets.token_hex(8)}"
        try:
            self._write_at(beside, stream, size)
            self._filesystem.mv(beside, key)
        except BaseException:
            with contextlib.suppress(OSError):
                self._filesystem.rm_file(beside)
            raise

    def _write_at(self, key: str, stream: BinaryIO, size: int) -> None:
        if size <= _PIPED:
            self._filesystem.pipe_file(key, stream.read())
            return
        with self._filesystem.open(key, "wb") as file:
            shutil.copyfileobj(stream, file, _PIECE)

    def _no_directory(self, path: str) -> None:
        try:
            info = self._stat(path)
        except (PathNotFoundError, FileNotFoundError):
            return
        if info.is_dir:
            raise PathConflictError("it is a directory", path=path)

    def _make_parent(self, path: str) -> None:
        if self._protocol.makes_directories:
            self._filesystem.makedirs(self._key(paths.parent(path)), exist_ok=True)

    def _remove_empty_parents(self, path: str) -> None:
        """Directories exist as long as something lies below them (STAT-2)."""
        if not self._protocol.makes_directories:
            return
        parent = paths.parent(path)
        while parent != paths.ROOT:
            try:
                self._filesystem.rmdir(self._key(parent))
            except OSError:
                return  # Not empty, or removed by another.
            parent = paths.parent(parent)

    # --- what the filesystem tells

    def _key(self, path: str) -> str:
        return self._base + path if path != paths.ROOT else self._base

    def _file(self, path: str) -> FileInfo:
        info = self._stat(path)
        if info.is_dir:
            raise PathNotFoundError("it is a directory")
        return info

    def _info(self, path: str, entry: dict[str, Any]) -> FileInfo:
        if entry["type"] == "directory":
            return FileInfo(path, 0, None, is_dir=True)
        return FileInfo(path, int(entry["size"]), self._modified(entry), is_dir=False)

    def _modified(self, entry: dict[str, Any]) -> datetime | None:
        """When the file was written; filesystems name it differently, and some tell it in another call alone."""
        for field in ("mtime", "LastModified", "last_modified"):
            if (told := entry.get(field)) is not None:
                break
        else:
            try:
                told = self._filesystem.modified(entry["name"])
            except NotImplementedError:
                return None
        if isinstance(told, int | float):
            return datetime.fromtimestamp(told, UTC)
        moment: datetime = told
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
