"""BaseDriver: what all drivers do alike, so that an author writes the backend's part alone.

It validates paths before the backend is touched (PATH-4), gives every error the driver's name and the caller's path
(ERR-2), keeps the life cycle of readers and writers (READ-5, WRITE-5, WRITE-6) and walks (WALK). A driver writes the
hooks, whose names begin with an underscore and which get valid arguments only.
"""

from __future__ import annotations

import abc
import contextlib
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Protocol, cast, runtime_checkable

from storagedriver import paths
from storagedriver.buffered import BufferedUpload
from storagedriver.content_stream import ContentStream
from storagedriver.driver import FileInfo, FileWriter, StorageDriver
from storagedriver.errors import PathConflictError, PathNotFoundError, UnsupportedMethodError, WriterStateError
from storagedriver.foundation import DriverFoundation, contiguous
from storagedriver.walk import Walk

if TYPE_CHECKING:
    from typing_extensions import Buffer


class ByteSource(Protocol):
    """What `_reader` returns: bytes until b"". Must raise, not end, where the backend breaks off (READ-7)."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, b"" at the end alone."""

    def close(self) -> None:
        """Give the connection or file back, also before the end. Called once."""


@runtime_checkable
class FillingSource(ByteSource, Protocol):
    """A ByteSource that can put its bytes where the reader wants them, which saves a copy of each."""

    def read_into(self, view: memoryview, /) -> int:
        """Fill what there is of `view`, and return how many bytes that were: 0 at the end alone."""


class Upload(Protocol):
    """What `_writer` returns: one staged stream. BaseDriver keeps its life cycle; nothing is called twice at once."""

    @property
    def size(self) -> int:
        """Bytes from the start of the file."""

    def write(self, data: memoryview, /) -> None:
        """Take all of `data` (contiguous bytes); keep no reference to it. After a failure nothing of it is taken."""

    def commit(self) -> None:
        """Publish, whole. After a failure it may be called again."""

    def suspend(self) -> None:
        """Close without commit: keep the stage with capability resumable_writes, else discard it."""

    def discard(self) -> None:
        """Remove all that was staged. Also called after suspend()."""


def put_by_upload(upload: Upload, content: bytes) -> None:
    """Make `content` the file by a stream, where it is too large for one request; what fails leaves nothing staged."""
    try:
        upload.write(memoryview(content))
        upload.commit()
    except BaseException:
        upload.discard()
        raise


class _SourceStream(ContentStream):
    """A ByteSource as a raw stream whose errors are the driver's."""

    def __init__(self, driver: BaseDriver, path: str, source: ByteSource) -> None:
        super().__init__(driver.name, path)
        self._driver = driver
        self._source = source

        self._filling = source if isinstance(source, FillingSource) else None

    def _fetch(self, size: int) -> bytes:
        with self._driver.translated(self._path):
            return self._source.read(size)

    def _fetch_into(self, view: memoryview) -> int:
        if self._filling is None:
            return super()._fetch_into(view)
        try:
            return self._filling.read_into(view)
        except Exception:
            # Entered for failures alone: a local file is read in less time than it takes.
            with self._driver.translated(self._path):
                raise

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        with self._driver.translated(self._path):
            self._source.close()


class _UploadWriter(FileWriter):
    """The life cycle of a writer around an Upload."""

    def __init__(self, driver: BaseDriver, path: str, upload: Upload) -> None:
        self._driver = driver
        self._path = path
        self._upload = upload
        self._state = "open"
        self._size = upload.size

    @property
    def size(self) -> int:
        return self._size

    def _require_open(self, call: str) -> None:
        if self._state != "open":
            raise WriterStateError(f"{call} after the writer was {self._state}").located(self._driver.name, self._path)

    def write(self, data: Buffer, /) -> int:
        self._require_open("write")
        view = contiguous(data)
        if len(view):
            with self._driver.translated(self._path):
                self._upload.write(view)
            self._size += len(view)
        return len(view)

    def commit(self) -> None:
        self._require_open("commit")
        with self._driver.translated(self._path):
            self._upload.commit()
        self._state = "committed"

    def cancel(self) -> None:
        if self._state == "committed":
            self._require_open("cancel")
        if self._state == "cancelled":
            return
        # Set first: a failed cancel is reported once, and nothing is written afterwards.
        self._state = "cancelled"
        with self._driver.translated(self._path):
            self._upload.discard()

    def close(self) -> None:
        if self._state != "open":
            return
        self._state = "closed"
        with self._driver.translated(self._path):
            self._upload.suspend()


class BaseDriver(DriverFoundation, StorageDriver):
    """The shape of every driver: parameters, client, hooks, errors.

    Class attributes a driver sets:
        name: The driver's name.
        Parameters: Its pydantic model; None if it takes none.
        capabilities: What it claims. An instance may set its own in `__init__`.
    """

    # --- the interface

    def get_content(self, path: str) -> bytes:
        self._valid(path)
        with self.translated(path):
            return self._get_content(path)

    def put_content(self, path: str, content: Buffer) -> None:
        self._valid(path)
        data = contiguous(content)
        with self.translated(path):
            self._put_content(path, content if type(content) is bytes else data.tobytes())

    def reader(self, path: str, offset: int = 0) -> BinaryIO:
        self._valid(path)
        self._valid_offset(path, offset)
        with self.translated(path):
            source = self._reader(path, offset)
        return cast("BinaryIO", io.BufferedReader(_SourceStream(self, path, source), self._buffer_size))

    def writer(self, path: str, append: bool = False) -> FileWriter:
        self._valid(path)
        if append and not self.capabilities.append:
            raise UnsupportedMethodError("append").located(self.name, path)
        with self.translated(path):
            return _UploadWriter(self, path, self._writer(path, append=append))

    def stat(self, path: str) -> FileInfo:
        self._valid(path, allow_root=True)
        with self.translated(path):
            return self._stat(path)

    def list(self, path: str) -> Sequence[str]:
        self._valid(path, allow_root=True)
        with self.translated(path):
            return sorted(child for child in self._direct_children(path) if not self._too_long(child))

    def move(self, source: str, dest: str) -> None:
        self._valid(source)
        self._valid(dest)
        with self.translated(source):
            if source == dest or paths.is_below(dest, source):
                info = self._stat(source)
                if info.is_dir and not self.capabilities.move_directory:
                    raise UnsupportedMethodError("move of a directory")
                if source == dest:
                    return
                raise PathConflictError("a path cannot be moved below itself", path=dest)
            try:
                self._move(source, dest)
            except PathConflictError as conflict:
                # What is in the way is where it is to go.
                raise conflict.located(self.name, dest)  # noqa: B904  the same error goes on, its cause untouched

    def delete(self, path: str) -> None:
        self._valid(path)
        with self.translated(path):
            self._delete(path)

    def redirect_url(self, path: str, *, method: str = "GET", expires: float | None = None) -> str | None:
        self._valid(path)
        if not self.capabilities.redirect:
            return None
        with self.translated(path):
            return self._redirect_url(path, method.upper(), expires)

    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        self._valid(path, allow_root=True)
        if start_after is not None:
            self._valid(start_after, allow_root=True)

        def scan(directory: str) -> Iterable[FileInfo]:
            with self.translated(path):
                # Taken whole here: what a generator raises later would pass by untranslated.
                return [info for info in self._scan(directory) if not self._too_long(info.path)]

        return Walk(scan, path, start_after=start_after)

    def close(self) -> None:
        """Nothing to release; drivers that hold connections say how."""

    # --- the hooks

    _buffer_size: ClassVar[int] = 1 << 16
    """Bytes a reader asks the backend for at once when the caller asks for less."""

    @abc.abstractmethod
    def _get_content(self, path: str) -> bytes: ...

    @abc.abstractmethod
    def _put_content(self, path: str, content: bytes) -> None: ...

    def _reader(self, path: str, offset: int) -> ByteSource:
        """Override where the backend can give a part of a file: this one gets the whole (PERF-1)."""
        return io.BytesIO(self._get_content(path)[offset:])

    def _writer(self, path: str, *, append: bool) -> Upload:
        """Override where the backend can take a file in parts: this one holds the whole in memory (WRITE-7)."""
        content = self._get_content(path) if append else b""
        return BufferedUpload(lambda whole: self._put_content(path, whole), content)

    @abc.abstractmethod
    def _stat(self, path: str) -> FileInfo: ...

    @abc.abstractmethod
    def _list(self, path: str) -> Iterable[str]:
        """The direct children; what is absent or a file may as well have none. See paths.children()."""

    @abc.abstractmethod
    def _move(self, source: str, dest: str) -> None: ...

    @abc.abstractmethod
    def _delete(self, path: str) -> None: ...

    def _redirect_url(self, path: str, method: str, expires: float | None) -> str | None:  # noqa: ARG002
        """For drivers with capability redirect."""
        return None

    def _scan(self, path: str) -> Iterable[FileInfo]:
        """The direct children of a directory with their sizes; override where one request tells both."""
        found = []
        for child in self._direct_children(path):
            # Deleted between the listing and the stat: skipped, as WALK-3 asks.
            with contextlib.suppress(PathNotFoundError):
                found.append(self._stat(child))
        return found

    # --- what the methods share

    def _direct_children(self, path: str) -> Sequence[str]:
        """As _list() gives them, but PathNotFoundError where there is no directory (LIST-2, WALK-3)."""
        children = [*self._list(path)]
        # A store of whole paths finds nothing below what is absent, and nothing below a file.
        if not children and path != paths.ROOT and not self._stat(path).is_dir:
            raise PathNotFoundError("not a directory")
        return children
