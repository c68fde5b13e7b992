"""The pyarrow driver."""

from __future__ import annotations

import contextlib
import io
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO

from storagedriver import paths
from storagedriver.base import BaseDriver, ByteSource, Upload
from storagedriver.builtin_failures import of_builtin
from storagedriver.dependencies import require
from storagedriver.driver import FileInfo
from storagedriver.empty_directories import Inside, holds_files
from storagedriver.errors import (
    BackendError,
    PathConflictError,
    PathNotFoundError,
    StorageDriverError,
    UnsupportedMethodError,
)
from storagedriver.spooled import SpooledUploads
from storagedriver_drivers.pyarrow.filesystems import kind_of, open_filesystem
from storagedriver_drivers.pyarrow.parameters import PyArrowParameters

_PIECE = 1 << 20

_ATTEMPTS = 20
"""How often a file is put whose directory others delete meanwhile, and what lies below a path deleted."""


class PyArrowDriver(BaseDriver):
    """Files of a filesystem of Arrow, through the methods that its users call; nothing of the filesystem is mended.

    Arrow has no call that removes a directory only if it is empty, so directories that become empty are left, and this
    driver shows none of them: a directory is one that a file lies below.
    """

    name = "pyarrow"
    Parameters = PyArrowParameters
    # On a server each read is a request.
    _buffer_size = _PIECE

    def __init__(self, parameters: PyArrowParameters) -> None:
        """Make the filesystem; nothing is asked of a server.

        Raises:
            MissingDependencyError: pyarrow is not installed.
            ParameterError: Arrow knows no filesystem of this URL, or refuses the options.
        """
        self._uploads = SpooledUploads()
        self._library: Any = require("pyarrow.fs", extra="pyarrow", driver_name=self.name)
        self._filesystem, base = open_filesystem(parameters.url, parameters.filesystem_options())
        self._kind = kind_of(self._filesystem)
        self.capabilities = self._kind.capabilities
        self._base = base.rstrip("/") + parameters.rootdirectory

    def close(self) -> None:
        self._uploads.close()

    def _translate(self, error: Exception, path: str | None) -> StorageDriverError | None:  # noqa: ARG002
        return of_builtin(error, "filesystem")

    # --- hooks

    def _get_content(self, path: str) -> bytes:
        self._file(path)
        with self._filesystem.open_input_file(self._key(path)) as file:
            return bytes(file.read())

    def _put_content(self, path: str, content: bytes) -> None:
        self._publish(path, io.BytesIO(content), len(content))

    def _reader(self, path: str, offset: int) -> ByteSource:
        self._file(path)
        source = self._filesystem.open_input_file(self._key(path))
        try:
            source.seek(min(offset, source.size()))
        except BaseException:
            source.close()
            raise
        return source  # type: ignore[no-any-return]  # a file of Arrow's

    def _writer(self, path: str, *, append: bool) -> Upload:
        content = self._reader(path, 0) if append else None
        return self._uploads.begin(lambda stream, size: self._publish(path, stream, size), content)

    def _stat(self, path: str) -> FileInfo:
        if path != paths.ROOT:
            entry = self._filesystem.get_file_info(self._key(path))
            if self._is_file(entry):
                return _file(path, entry)
            if not self._holds_files(path):
                raise PathNotFoundError("neither a file nor a directory with files is there")
        return FileInfo(path, 0, None, is_dir=True)

    def _list(self, path: str) -> Iterable[str]:
        return [info.path for info in self._scan(path)]

    def _scan(self, path: str) -> Iterable[FileInfo]:
        found = []
        for entry in self._entries(path):
            child = paths.join(path, entry.base_name)
            if not paths.is_component(entry.base_name):
                continue
            if self._is_file(entry):
                found.append(_file(child, entry))
            elif self._holds_files(child):
                found.append(FileInfo(child, 0, None, is_dir=True))
        if not found and not self._stat(path).is_dir:
            raise PathNotFoundError("it is a file")
        return found

    def _move(self, source: str, dest: str) -> None:
        if self._stat(source).is_dir:
            raise UnsupportedMethodError("move of a directory")
        self._clear_for_a_file(dest)
        self._below_its_parent(dest, lambda: self._filesystem.move(self._key(source), self._key(dest)))

    def _delete(self, path: str) -> None:
        key = self._key(path)
        if self._stat(path).is_dir:
            self._filesystem.delete_dir(key)
        else:
            self._filesystem.delete_file(key)
        if self._kind.makes_directories:
            return
        # A store of objects may hold files below a file, too, and MinIO lists none of them before that is gone.
        for _ in range(_ATTEMPTS):
            if not self._holds_files(path):
                return
            self._filesystem.delete_dir(key)
        raise BackendError(f"deleted {_ATTEMPTS} times, and something is there still")

    # --- publishing

    def _publish(self, path: str, stream: BinaryIO, size: int) -> None:  # noqa: ARG002  Arrow measures it
        self._clear_for_a_file(path)

        def attempt() -> None:
            stream.seek(0)
            self._write(path, stream)

        self._below_its_parent(path, attempt)

    def _below_its_parent(self, path: str, attempt: Callable[[], None]) -> None:
        """Make the parent and then call `attempt`, anew where others delete it meanwhile."""
        for _ in range(_ATTEMPTS - 1 if self._kind.makes_directories else 0):
            with contextlib.suppress(FileNotFoundError):
                self._make_parent(path)
                attempt()
                return
        self._make_parent(path)
        attempt()

    def _write(self, path: str, stream: BinaryIO) -> None:
        key = self._key(path)
        if not self._kind.renames:
            self._write_at(key, stream)
            return
        # Outside the grammar: no path is called so, and no listing shows it.
        beside = f"{key.rpartition('/')[0]}/~{secrets.token_hex(8)}"
        try:
            self._write_at(beside, stream)
            self._filesystem.move(beside, key)
        except BaseException:
            with contextlib.suppress(OSError):
                self._filesystem.delete_file(beside)
            raise

    def _write_at(self, key: str, stream: BinaryIO) -> None:
        # Else a file called x.gz would be compressed.
        file = self._filesystem.open_output_stream(key, compression=None)
        # No context manager: leaving it with an exception would publish what is there.
        shutil.copyfileobj(stream, file, _PIECE)
        file.close()

    def _clear_for_a_file(self, path: str) -> None:
        """Remove an empty directory that is in the way; one with files is a conflict."""
        entry = self._filesystem.get_file_info(self._key(path))
        if self._is_file(entry):
            return
        if self._holds_files(path):
            raise PathConflictError("it is a directory", path=path)
        if entry.type == self._library.FileType.Directory:
            with contextlib.suppress(FileNotFoundError):
                self._filesystem.delete_dir(self._key(path))

    def _make_parent(self, path: str) -> None:
        if self._kind.makes_directories:
            self._filesystem.create_dir(self._key(paths.parent(path)), recursive=True)

    # --- what the filesystem tells

    def _key(self, path: str) -> str:
        return self._base + path if path != paths.ROOT else self._base

    def _file(self, path: str) -> None:
        if not self._is_file(self._filesystem.get_file_info(self._key(path))):
            raise PathNotFoundError("no file is there")

    def _is_file(self, entry: Any) -> bool:
        return bool(entry.type == self._library.FileType.File)

    def _entries(self, path: str) -> Iterator[Any]:
        """What lies in a directory; nothing where there is none."""
        key = self._key(path)
        try:
            yield from self._filesystem.get_file_info(self._library.FileSelector(key, allow_not_found=True))
        except NotADirectoryError:
            return
        except FileNotFoundError:
            # The directory went meanwhile. Where it is there still, one of its files did, and nothing is known of the rest.
            if self._filesystem.get_file_info(key).type == self._library.FileType.Directory:
                raise

    def _holds_files(self, path: str) -> bool:
        return holds_files(path, self._inside)

    def _inside(self, path: str) -> Inside:
        entries = list(self._entries(path))
        kind = self._library.FileType.Directory
        directories = [paths.join(path, entry.base_name) for entry in entries if entry.type == kind]
        return Inside(files=any(map(self._is_file, entries)), directories=directories)


def _file(path: str, entry: Any) -> FileInfo:
    return FileInfo(path, entry.size, entry.mtime, is_dir=False)
