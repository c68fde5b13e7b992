"""The django driver."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from pathlib import Path
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
from storagedriver_drivers.django.parameters import DjangoParameters
from storagedriver_drivers.django.storages import open_storage

_PIECE = 1 << 20

_ATTEMPTS = 20
"""How often a file is saved that others save, or whose directory others delete, meanwhile."""

_ELSEWHERE = (FileNotFoundError, IsADirectoryError, NotADirectoryError, FileExistsError)
"""What storages raise of a name that is no file, or no directory, or lies below a file."""


class DjangoDriver(BaseDriver):
    """Files of a Storage of Django, through the methods that its users call; nothing of the storage is mended.

    A Storage has no call that moves a file: it is read, saved and deleted. None appends either, and that is not offered.
    """

    name = "django"
    Parameters = DjangoParameters

    def __init__(self, parameters: DjangoParameters) -> None:
        """Make the storage; nothing is asked of a server.

        Raises:
            MissingDependencyError: Django is not installed.
            ParameterError: There is no such class, or it refuses the options.
        """
        self._uploads = SpooledUploads()
        self._files: Any = require("django.core.files", extra="django", driver_name=self.name)
        self._share, self._kind = open_storage(parameters.storage, parameters.storage_options())
        self._storage = self._share.thing
        self._root = parameters.rootdirectory.removeprefix("/")
        self.capabilities = self._kind.capabilities

    def close(self) -> None:
        self._uploads.close()

    def _translate(self, error: Exception, path: str | None) -> StorageDriverError | None:  # noqa: ARG002
        return of_builtin(error, "storage")

    # --- hooks

    def _get_content(self, path: str) -> bytes:
        with self._opened(path) as file:
            return bytes(file.read())

    def _put_content(self, path: str, content: bytes) -> None:
        self._publish(path, io.BytesIO(content))

    def _reader(self, path: str, offset: int) -> ByteSource:
        file = self._opened(path)
        try:
            if offset:
                file.seek(min(offset, file.seek(0, os.SEEK_END)))
        except BaseException:
            file.close()
            raise
        return file  # type: ignore[no-any-return]  # a File of Django's

    def _writer(self, path: str, *, append: bool) -> Upload:  # noqa: ARG002  append is not offered
        return self._uploads.begin(lambda stream, _: self._publish(path, stream))

    def _stat(self, path: str) -> FileInfo:
        if path != paths.ROOT:
            if self._is_file(path):
                return self._info(path)
            if not self._holds_files(path):
                raise PathNotFoundError("neither a file nor a directory with files is there")
        return FileInfo(path, 0, None, is_dir=True)

    def _list(self, path: str) -> Iterable[str]:
        directories, files = self._entries(path)
        children = {paths.join(path, name) for name in files if paths.is_component(name)}
        below = (paths.join(path, name) for name in directories if paths.is_component(name))
        return children | {child for child in below if child not in children and self._holds_files(child)}

    def _move(self, source: str, dest: str) -> None:
        if not self._is_file(source):
            if self._holds_files(source):
                raise UnsupportedMethodError("move of a directory")
            raise PathNotFoundError("nothing is there")
        with self._opened(source) as file:
            self._publish(dest, file)
        self._storage.delete(self._key(source))

    def _delete(self, path: str) -> None:
        if self._is_file(path):
            self._storage.delete(self._key(path))
        elif not self._holds_files(path):
            raise PathNotFoundError("nothing is there")
        self._delete_below(path)

    # --- what the hooks share

    def _publish(self, path: str, stream: BinaryIO) -> None:
        """Save a file under its very name.

        save() gives another name to what it would have to replace, where the storage replaces nothing. Then the old file
        is deleted first, and absent until the new one is there: such a storage cannot do better, and atomic_put is not
        claimed on it.
        """
        if not self._is_file(path) and self._holds_files(path):
            raise PathConflictError("it is a directory", path=path)
        key = self._key(path)
        for _ in range(_ATTEMPTS):
            stream.seek(0)
            if self._storage.get_available_name(key) != key:
                self._storage.delete(key)
            try:
                with self._content(stream, key) as content:
                    kept = self._storage.save(key, content)
            except FileNotFoundError:
                continue  # Its directory was deleted by others after it was made.
            except IsADirectoryError:
                if self._holds_files(path):
                    raise
                self._storage.delete(key)  # An empty one, which nobody is shown.
                continue
            if kept == key:
                return
            self._storage.delete(kept)
        raise BackendError(f"saved {_ATTEMPTS} times, and others were there first each time")

    @contextlib.contextmanager
    def _content(self, stream: BinaryIO, key: str) -> Iterator[Any]:
        """The stream as save() takes it: on this machine in a file, for FileSystemStorage writes in place what is none."""
        if not self._kind.local:
            yield self._files.File(stream, key)
            return
        folder = Path(self._storage.path(""))
        folder.mkdir(parents=True, exist_ok=True)
        # Outside the grammar: no path is called so, and no listing shows it.
        beside = folder / f"~{secrets.token_hex(8)}"
        try:
            with beside.open("xb") as file:
                shutil.copyfileobj(stream, file, _PIECE)
            with beside.open("rb") as file:
                content = self._files.File(file, key)
                content.temporary_file_path = lambda: str(beside)
                yield content
        finally:
            beside.unlink(missing_ok=True)

    def _delete_below(self, path: str) -> None:
        directories, files = self._entries(path)
        for name in files:
            self._storage.delete(self._key(paths.join(path, name)))
        for name in directories:
            self._delete_below(paths.join(path, name))
        if self._kind.local:
            # Not empty, where others write into it.
            with contextlib.suppress(OSError):
                self._storage.delete(self._key(path))

    # --- what the storage tells

    def _key(self, path: str) -> str:
        return f"{self._root}{path}".strip("/")

    def _opened(self, path: str) -> Any:
        try:
            return self._storage.open(self._key(path), "rb")
        except _ELSEWHERE as error:
            raise PathNotFoundError("no file is there") from error

    def _is_file(self, path: str) -> bool:
        """Whether it can be opened: a Storage tells in no other way what is a file."""
        try:
            self._storage.open(self._key(path), "rb").close()
        except _ELSEWHERE:
            return False
        return True

    def _info(self, path: str) -> FileInfo:
        key = self._key(path)
        try:
            size, modified = self._storage.size(key), self._storage.get_modified_time(key)
        except _ELSEWHERE as error:
            raise PathNotFoundError("it was deleted meanwhile") from error
        # Without time zones in the settings it is local time, without a zone.
        return FileInfo(path, size, modified.astimezone(UTC), is_dir=False)

    def _entries(self, path: str) -> tuple[Sequence[str], Sequence[str]]:
        """The names of directories and files; nothing where there is no directory."""
        try:
            directories, files = self._storage.listdir(self._key(path))
        except _ELSEWHERE:
            return [], []
        return directories, files

    def _holds_files(self, path: str) -> bool:
        return holds_files(path, self._inside)

    def _inside(self, path: str) -> Inside:
        directories, files = self._entries(path)
        return Inside(files=bool(files), directories=[paths.join(path, name) for name in directories])
