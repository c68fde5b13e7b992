"""The opendal driver."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Callable, Iterable, Iterator
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
from storagedriver.spooled import SpooledUploads
from storagedriver_drivers.opendal.errors import translate
from storagedriver_drivers.opendal.parameters import OpenDALParameters
from storagedriver_drivers.opendal.services import capabilities_of, open_operator, scheme_of

_CHUNK = 5 << 20
"""Bytes of the parts of a large file, and up to which a file is written in one call."""

_PIECE = 1 << 20

_ATTEMPTS = 20
"""How often a directory is deleted before the driver gives up, and a file written whose directory others remove."""


class OpenDALDriver(BaseDriver):
    """Files of a service of OpenDAL, through the blocking operator; nothing of the service is mended."""

    name = "opendal"
    Parameters = OpenDALParameters

    def __init__(self, parameters: OpenDALParameters) -> None:
        """Make the operator; nothing is asked of a server.

        Raises:
            MissingDependencyError: opendal is not installed.
            ParameterError: OpenDAL has no such service, or refuses the options.
        """
        self._uploads = SpooledUploads()
        self._kinds: Any = require("opendal", extra="opendal", driver_name=self.name).exceptions
        options = parameters.service_options()
        self._share = open_operator(parameters.url, options)
        self._operator = self._share.thing
        self._offers = self._operator.capability()
        self._root = parameters.rootdirectory.removeprefix("/")
        self._makes_directories = scheme_of(parameters.url) == "fs"
        self.capabilities = capabilities_of(parameters.url, options)

    def close(self) -> None:
        self._uploads.close()

    def _translate(self, error: Exception, path: str | None) -> StorageDriverError | None:  # noqa: ARG002
        return translate(error)

    # --- hooks

    def _get_content(self, path: str) -> bytes:
        self._file(path)
        return bytes(self._operator.read(self._key(path)))

    def _put_content(self, path: str, content: bytes) -> None:
        self._publish(path, io.BytesIO(content), len(content))

    def _reader(self, path: str, offset: int) -> ByteSource:
        info = self._file(path)
        source = self._operator.open(self._key(path), "rb")
        try:
            source.seek(min(offset, info.size))
        except BaseException:
            source.close()
            raise
        return source  # type: ignore[no-any-return]  # a file of OpenDAL's

    def _writer(self, path: str, *, append: bool) -> Upload:
        content = self._reader(path, 0) if append else None
        return self._uploads.begin(lambda stream, size: self._publish(path, stream, size), content)

    def _stat(self, path: str) -> FileInfo:
        if path == paths.ROOT:
            return FileInfo(path, 0, None, is_dir=True)
        with self._looking_for(path):
            try:
                return _info(path, self._operator.stat(self._key(path)))
            except self._kinds.NotFound:
                return _info(path, self._operator.stat(self._directory_key(path)))

    def _list(self, path: str) -> Iterable[str]:
        return [info.path for info in self._scan(path)]

    def _scan(self, path: str) -> Iterable[FileInfo]:
        key = self._directory_key(path)
        found: dict[str, FileInfo] = {}
        try:
            with self._looking_for(path):
                entries = [entry for entry in self._operator.list(key) if entry.path.strip("/") != key.strip("/")]
        except self._kinds.NotFound:
            entries = []
        for entry in entries:
            child = paths.join(path, entry.name.rstrip("/"))
            if paths.is_component(paths.name(child)) and (child not in found or found[child].is_dir):
                found[child] = _info(child, entry.metadata)
        if not entries and not self._stat(path).is_dir:
            raise PathNotFoundError("it is a file")
        return found.values()

    def _move(self, source: str, dest: str) -> None:
        if self._stat(source).is_dir:
            raise UnsupportedMethodError("move of a directory")
        self._no_directory(dest)
        old, new = self._key(source), self._key(dest)
        if self._offers.rename:
            self._repeatedly(lambda: self._operator.rename(old, new))
        else:
            if self._offers.copy:
                self._operator.copy(old, new)
            else:
                self._operator.write(new, self._operator.read(old))
            self._operator.delete(old)
        self._remove_empty_parents(source)

    def _delete(self, path: str) -> None:
        if not self._stat(path).is_dir:
            self._operator.delete(self._key(path))
        # A store of objects may hold files below a file, too, and MinIO lists none of them before that is gone.
        for _ in range(_ATTEMPTS):
            try:
                self._operator.stat(self._directory_key(path))
            except self._kinds.NotFound:
                self._remove_empty_parents(path)
                return
            self._operator.remove_all(self._directory_key(path))
        raise BackendError(f"deleted {_ATTEMPTS} times, and something is there still")

    # --- what the hooks share

    def _publish(self, path: str, stream: BinaryIO, size: int) -> None:
        self._no_directory(path)
        key = self._key(path)

        def attempt() -> None:
            stream.seek(0)
            if size <= _CHUNK:
                self._operator.write(key, stream.read())
                return
            # No context manager: leaving it with an exception would publish what is there.
            file = self._operator.open(key, "wb", chunk=_CHUNK)
            shutil.copyfileobj(stream, file, _PIECE)
            file.close()

        self._repeatedly(attempt)

    def _repeatedly(self, attempt: Callable[[], None]) -> None:
        """Call `attempt`, anew where other calls of this driver remove the directory as empty meanwhile."""
        for _ in range(_ATTEMPTS - 1 if self._makes_directories else 0):
            with contextlib.suppress(self._kinds.NotFound):
                attempt()
                return
        attempt()

    def _no_directory(self, path: str) -> None:
        try:
            info = self._stat(path)
        except (PathNotFoundError, self._kinds.NotFound):
            return
        if info.is_dir:
            raise PathConflictError("it is a directory", path=path)

    def _remove_empty_parents(self, path: str) -> None:
        """Directories exist as long as something lies below them (STAT-2)."""
        parent = paths.parent(path)
        while self._makes_directories and parent != paths.ROOT:
            try:
                self._operator.delete(self._directory_key(parent))
            except self._kinds.Unexpected:
                return  # Not empty.
            parent = paths.parent(parent)

    def _file(self, path: str) -> FileInfo:
        info = self._stat(path)
        if info.is_dir:
            raise PathNotFoundError("it is a directory")
        return info

    @contextlib.contextmanager
    def _looking_for(self, path: str) -> Iterator[None]:
        """Below a file nothing is found; on local files that is an error as any other, and its parents tell."""
        try:
            yield
        except self._kinds.Unexpected as error:
            parent = paths.parent(path)
            while parent != paths.ROOT:
                if self._is_file(parent):
                    raise PathNotFoundError("a parent is a file") from error
                parent = paths.parent(parent)
            raise

    def _is_file(self, path: str) -> bool:
        try:
            return bool(self._operator.stat(self._key(path)).is_file)
        except (self._kinds.NotFound, self._kinds.Unexpected):
            return False

    def _key(self, path: str) -> str:
        return f"{self._root}{path}".strip("/")

    def _directory_key(self, path: str) -> str:
        return f"{self._key(path)}/"


def _info(path: str, metadata: Any) -> FileInfo:
    if metadata.is_dir:
        return FileInfo(path, 0, None, is_dir=True)
    return FileInfo(path, metadata.content_length, metadata.last_modified, is_dir=False)
