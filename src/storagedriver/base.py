"""BaseDriver: what all drivers do alike, so that an author writes the backend's part alone.

It validates paths before the backend is touched (PATH-4), gives every error the driver's name and the caller's path
(ERR-2), keeps the life cycle of readers and writers (READ-5, WRITE-5, WRITE-6) and walks (WALK). A driver writes the
hooks, whose names begin with an underscore and which get valid arguments only.
"""

from __future__ import annotations

import abc
import contextlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Protocol, Self, cast

from storagedriver import paths
from storagedriver.buffered import BufferedUpload
from storagedriver.driver import Capabilities, FileInfo, FileWriter, StorageDriver
from storagedriver.errors import (
    BackendError,
    InvalidOffsetError,
    InvalidPathError,
    PathConflictError,
    PathNotFoundError,
    StorageDriverError,
    UnsupportedMethodError,
    WriterStateError,
)
from storagedriver.walk import Walk

if TYPE_CHECKING:
    from pydantic import BaseModel
    from typing_extensions import Buffer


class ByteSource(Protocol):
    """What `_reader` returns: bytes until b"". Must raise, not end, where the backend breaks off (READ-7)."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, b"" at the end alone."""

    def close(self) -> None:
        """Give the connection or file back, also before the end. Called once."""


class Upload(Protocol):
    """What `_writer` returns: one staged stream. BaseDriver keeps its life cycle; nothing is called twice at once."""

    @property
    def size(self) -> int:
        """Bytes from the start of the file."""

    def write(self, data: memoryview, /) -> None:
        """Take all of `data` (contiguous bytes); keep no reference to it."""

    def commit(self) -> None:
        """Publish, whole. After a failure it may be called again."""

    def suspend(self) -> None:
        """Close without commit: keep the stage with capability resumable_writes, else discard it."""

    def discard(self) -> None:
        """Remove all that was staged. Also called after suspend()."""


_READ_ALL_PIECE = 1 << 20
"""Bytes that a read to the end asks its source for at a time."""


class _SourceStream(io.RawIOBase):
    """A ByteSource as a raw stream whose errors are the driver's."""

    def __init__(self, driver: BaseDriver, path: str, source: ByteSource) -> None:
        super().__init__()
        self._driver = driver
        self._path = path
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        if self.closed:
            raise ValueError("read of a closed reader")
        view = memoryview(buffer).cast("B")
        with self._driver.translated(self._path):
            data = self._source.read(len(view))
        view[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        # The inherited one asks for 8 KiB each time.
        if self.closed:
            raise ValueError("read of a closed reader")
        pieces = []
        with self._driver.translated(self._path):
            while piece := self._source.read(_READ_ALL_PIECE):
                pieces.append(piece)
        return b"".join(pieces)

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


def contiguous(data: Buffer) -> memoryview:
    """`data` as a contiguous view of bytes.

    Raises:
        TypeError: It is a str, or no buffer at all (CONT-3).
    """
    if isinstance(data, str):
        raise TypeError("content is bytes-like, not str")
    view = memoryview(data)
    # A slice with a step, or a transposed array, is copied: its bytes are not where its length says.
    return view.cast("B") if view.c_contiguous and view.ndim else memoryview(view.tobytes())


class BaseDriver(StorageDriver):
    """The shape of every driver: parameters, client, hooks, errors.

    Class attributes a driver sets:
        name: The driver's name.
        Parameters: Its pydantic model; None if it takes none.
        capabilities: What it claims. An instance may set its own in `__init__`.
    """

    name: str = ""
    Parameters: ClassVar[type[BaseModel] | None] = None
    capabilities: Capabilities = Capabilities()

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any] | None = None) -> Self:
        """The constructor to register: makes the driver of a plain mapping.

        Raises:
            ParameterError: A parameter is unknown, missing, mistyped or out of range (CONF-1).
        """
        # pydantic takes longer to import than all of the interface, and callers of other drivers don't need it.
        from storagedriver.parameters import NoParameters, parse  # noqa: PLC0415

        model = parse(cls.Parameters or NoParameters, {} if parameters is None else parameters, driver_name=cls.name)
        return cls() if cls.Parameters is None else cls(model)  # type: ignore[call-arg]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    # --- errors

    def _translate(self, error: Exception, path: str | None) -> StorageDriverError | None:  # noqa: ARG002
        """The driver's own error for one of its backend; None for what is not the backend's doing (a bug)."""
        return BackendError(str(error)) if isinstance(error, self._backend_errors) else None

    @contextlib.contextmanager
    def translated(self, path: str | None) -> Iterator[None]:
        """Turn what the backend raises into the driver's errors, with its name and the caller's path (ERR-2)."""
        try:
            yield
        except StorageDriverError as error:
            raise error.located(self.name, path)  # noqa: B904  the same error goes on, its cause untouched
        except Exception as error:
            own = self._translate(error, path)
            if own is None:
                raise
            raise own.located(self.name, path) from error

    def _valid(self, path: str, *, allow_root: bool = False) -> str:
        with self.translated(None):
            paths.validate(path, allow_root=allow_root)
        limits = self.capabilities.limits
        problem = None
        if len(path) > limits.longest_path:
            problem = f"longer than {limits.longest_path} bytes"
        elif any(len(name) > limits.longest_component for name in paths.components(path)):
            problem = f"a component is longer than {limits.longest_component} bytes"
        if problem:
            raise InvalidPathError(problem, path=path).located(self.name, path)
        return path

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
        if offset < 0:
            raise InvalidOffsetError(f"{offset} is negative").located(self.name, path)
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
            return sorted(self._direct_children(path))

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
            self._move(source, dest)

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
                return [*self._scan(directory)]

        return Walk(scan, path, start_after=start_after)

    def close(self) -> None:
        """Nothing to release; drivers that hold connections say how."""

    # --- the hooks

    _backend_errors: ClassVar[tuple[type[Exception], ...]] = (OSError,)
    """What the backend's library raises where it fails; all else is a bug and passes as it is. See _translate()."""

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
