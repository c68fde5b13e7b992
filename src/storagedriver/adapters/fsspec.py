"""A storage driver as a filesystem of fsspec, so that pandas, dask and pyarrow read and write through it.

`fsspec.filesystem("storagedriver", driver="filesystem", parameters={...})` makes one by the name of a driver.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from errno import EISDIR
from typing import Any, ClassVar

from storagedriver import factory
from storagedriver.dependencies import require
from storagedriver.driver import FileInfo, FileWriter, StorageDriver
from storagedriver.errors import PathNotFoundError

_spec: Any = require("fsspec.spec", extra="fsspec", driver_name="fsspec")

_PIECE = 1 << 20


class StorageDriverFileSystem(_spec.AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """The files of one driver. What is written appears whole when its file is closed, where the driver's writes do.

    Drivers have no empty directories: mkdir() and makedirs() only look whether a file is in the way, and a directory
    exists as long as a file lies below it, as in fsspec's own filesystems of object stores.
    """

    protocol: ClassVar[str] = "storagedriver"
    root_marker: ClassVar[str] = "/"
    # Two drivers may look alike and hold different files.
    cachable: ClassVar[bool] = False

    def __init__(
        self,
        driver: StorageDriver | str,
        parameters: Mapping[str, Any] | None = None,
        **storage_options: Any,
    ) -> None:
        """Use a driver, or make one.

        Args:
            driver: The driver, which stays its owner's to close, or the name of one in the factory.
            parameters: The parameters of a driver that is made.
            storage_options: What every filesystem of fsspec takes.

        Raises:
            InvalidStorageDriverError: No driver of this name is registered (CONF-2).
            ParameterError: A parameter is wrong (CONF-1).
        """
        super().__init__(**storage_options)
        self.driver = factory.create(driver, parameters) if isinstance(driver, str) else driver

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(each) for each in path]
        name = _spec.stringify_path(path).removeprefix("storagedriver://").strip("/")
        return f"/{name}"

    # --- looking

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        return _entry(self.driver.stat(self._strip_protocol(path)))

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        path = self._strip_protocol(path)
        info = self.driver.stat(path)
        entries = [_entry(info)] if not info.is_dir else []
        for child in self.driver.list(path) if info.is_dir else ():
            try:
                entries.append(_entry(self.driver.stat(child)))
            except PathNotFoundError:
                continue  # Deleted since it was listed.
        return entries if detail else [entry["name"] for entry in entries]

    def modified(self, path: str) -> Any:
        return self.driver.stat(self._strip_protocol(path)).mod_time

    # --- reading and writing

    def _open(
        self, path: str, mode: str = "rb", block_size: Any = None, autocommit: bool = True, **options: Any
    ) -> StorageDriverFile:
        if mode == "xb" and self.exists(path):
            raise FileExistsError(path)
        if mode == "rb" and self.isdir(path):
            raise IsADirectoryError(EISDIR, "it is a directory", path)
        size = self.blocksize if block_size in {None, "default"} else block_size
        return StorageDriverFile(self, path, mode, size, autocommit, **options)

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: Any) -> bytes:
        path = self._strip_protocol(path)
        if start is None and end is None:
            return self.driver.get_content(path)
        size = self.driver.stat(path).size
        first, last, _step = slice(start, end).indices(size)
        return self._range(path, first, last)

    def pipe_file(self, path: str, value: Any, mode: str = "overwrite", **_: Any) -> None:
        path = self._strip_protocol(path)
        if mode == "create" and self.exists(path):
            raise FileExistsError(path)
        self.driver.put_content(path, value)

    def _range(self, path: str, start: int, end: int) -> bytes:
        wanted = max(0, end - start)
        with self.driver.reader(path, start) as reader:
            return reader.read(wanted)

    # --- changing

    def mkdir(self, path: str, create_parents: bool = True, **_: Any) -> None:  # noqa: ARG002  fsspec's signature
        if self.exists(path):
            raise FileExistsError(path)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        if self.isfile(path) or (not exist_ok and self.exists(path)):
            raise FileExistsError(path)

    def rmdir(self, path: str) -> None:
        if self.driver.list(self._strip_protocol(path)):
            raise OSError(f"{path} is not empty")

    def cp_file(self, path1: str, path2: str, **_: Any) -> None:
        source, dest = self._strip_protocol(path1), self._strip_protocol(path2)
        if self.driver.stat(source).is_dir:
            return  # Its files are copied one by one.
        with self.driver.reader(source) as reader, self.driver.writer(dest) as writer:
            shutil.copyfileobj(reader, writer, _PIECE)
            writer.commit()

    def rm_file(self, path: str) -> None:
        self.driver.delete(self._strip_protocol(path))

    def _rm(self, path: str) -> None:
        self.rm_file(path)

    def rm(self, path: Any, recursive: bool = False, maxdepth: int | None = None) -> None:
        for name in reversed(self.expand_path(path, recursive=recursive, maxdepth=maxdepth)):
            info = self._still_there(name)
            # A directory went with the last of its files.
            if info is not None and not info.is_dir:
                self.rm_file(name)

    def _still_there(self, path: str) -> FileInfo | None:
        try:
            return self.driver.stat(path)
        except PathNotFoundError:
            return None


class StorageDriverFile(_spec.AbstractBufferedFile):  # type: ignore[misc]  # fsspec has no types
    """An open file: reads ranges, and writes a staged stream that is committed when the file is closed."""

    closed: bool
    _writer: FileWriter | None = None

    def _fetch_range(self, start: int, end: int) -> bytes:
        return self.fs._range(self.path, start, end)  # type: ignore[no-any-return]  # noqa: SLF001  of one module

    def _initiate_upload(self) -> None:
        append = "a" in self.mode and self.fs.exists(self.path)
        self._writer = self.fs.driver.writer(self.path, append=append)

    def _upload_chunk(self, final: bool = False) -> bool:
        if self._writer is None:
            raise RuntimeError("no upload was begun")
        self._writer.write(self.buffer.getbuffer())
        if final and self.autocommit:
            self.commit()
        return True

    def commit(self) -> None:
        """Make what was written visible, whole; fsspec's transactions call it."""
        if self._writer is not None:
            with self._writer:
                self._writer.commit()
            self._writer = None

    def discard(self) -> None:
        """Drop what was written; fsspec's transactions call it."""
        if self._writer is not None:
            self._writer.cancel()
            self._writer = None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and self.writable() and not self.closed:
            # Closing would publish half a file (WRITE-6).
            self.discard()
            self.closed = True
            return
        self.close()


def _entry(info: FileInfo) -> dict[str, Any]:
    kind = "directory" if info.is_dir else "file"
    return {"name": info.path, "size": info.size, "type": kind, "mtime": info.mod_time}


__all__ = ["StorageDriverFile", "StorageDriverFileSystem"]
