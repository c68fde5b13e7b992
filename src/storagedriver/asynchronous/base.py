"""AsyncBaseDriver: BaseDriver for asynchronous drivers. An author writes the backend's part as coroutines.

Beside what BaseDriver does, it keeps the rule of cancelled calls: hooks that change something, `_put_content`, `_move`,
`_delete` and the methods of an upload, are carried to their end before the cancellation goes on. The other hooks may be
interrupted at any await; one that began something on the backend then undoes it, by `settled()`.
"""

from __future__ import annotations

import abc
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol

from storagedriver import paths
from storagedriver.asynchronous.cancellation import settled
from storagedriver.asynchronous.driver import AsyncFileWriter, AsyncReader, AsyncStorageDriver
from storagedriver.asynchronous.walk import AsyncWalk
from storagedriver.driver import FileInfo
from storagedriver.errors import PathConflictError, PathNotFoundError, UnsupportedMethodError, WriterStateError
from storagedriver.foundation import DriverFoundation, contiguous

if TYPE_CHECKING:
    from typing_extensions import Buffer


class AsyncByteSource(Protocol):
    """What `_reader` returns: bytes until b"". Must raise, not end, where the backend breaks off (READ-7).

    A read that is interrupted, by a failure or a cancellation, takes nothing: the next one goes on from where it began.
    """

    async def read(self, size: int, /) -> bytes:
        """At most `size` bytes, b"" at the end alone."""

    async def close(self) -> None:
        """Give the connection or file back, also before the end. Called once."""


class AsyncUpload(Protocol):
    """What `_writer` returns: one staged stream, whose life cycle AsyncBaseDriver keeps.

    Nothing is called twice at once, and nothing is interrupted but by a loop that is shut down.
    """

    @property
    def size(self) -> int:
        """Bytes from the start of the file."""

    async def write(self, data: memoryview, /) -> None:
        """Take all of `data` (contiguous bytes), or nothing and raise; keep no reference to it."""

    async def commit(self) -> None:
        """Publish, whole. After a failure it may be called again."""

    async def suspend(self) -> None:
        """Close without commit: keep the stage with capability resumable_writes, else discard it."""

    async def discard(self) -> None:
        """Remove all that was staged. Also called after suspend()."""


class AsyncBufferedUpload:
    """An AsyncUpload that holds the stream in memory until it is committed; see BufferedUpload for what it is good for."""

    def __init__(self, publish: Callable[[bytes], Awaitable[object]], content: bytes = b"") -> None:
        """Begin a stream.

        Args:
            publish: Called at commit with the whole content; makes it the file.
            content: What the stream continues; with append, the committed content.
        """
        self._publish = publish
        self._content = bytearray(content)

    @property
    def size(self) -> int:
        """Bytes from the start of the file (WRITE-4)."""
        return len(self._content)

    async def write(self, data: memoryview, /) -> None:
        """Take all of `data`."""
        self._content += data

    async def commit(self) -> None:
        """Publish, whole."""
        await self._publish(bytes(self._content))

    async def suspend(self) -> None:
        """Discard the stream."""
        self._content.clear()

    async def discard(self) -> None:
        """Discard the stream."""
        self._content.clear()


class BytesSource:
    """An AsyncByteSource of content that is there already."""

    def __init__(self, content: bytes) -> None:
        """Begin at its first byte."""
        self._content = content
        self._position = 0

    async def read(self, size: int, /) -> bytes:
        """At most `size` bytes, b"" at the end alone."""
        piece = self._content[self._position : self._position + size]
        self._position += len(piece)
        return piece

    async def close(self) -> None:
        """Let the content go."""
        self._content = b""


_READ_ALL_PIECE = 1 << 20
"""Bytes that a read to the end asks its source for at a time."""


class _SourceReader(AsyncReader):
    """An AsyncByteSource as a stream whose errors are the driver's. Small reads are served out of a buffer."""

    def __init__(self, driver: AsyncBaseDriver, path: str, source: AsyncByteSource) -> None:
        self._driver = driver
        self._path = path
        self._source = source
        self._closed = False
        # What was taken from the source and not yet given: a read that is interrupted leaves here what it had.
        self._buffer = bytearray()

    @property
    def closed(self) -> bool:
        return self._closed

    def _require_open(self) -> None:
        if self._closed:
            raise ValueError("read of a closed reader")

    async def _fetch(self, size: int) -> bool:
        """Take at most `size` bytes more from the source; False at its end."""
        with self._driver.translated(self._path):
            piece = await self._source.read(size)
        self._buffer += piece
        return bool(piece)

    def _taken(self, size: int) -> bytes:
        data = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return data

    async def read(self, size: int = -1, /) -> bytes:
        self._require_open()
        if size < 0:
            while await self._fetch(_READ_ALL_PIECE):
                pass
            return self._taken(len(self._buffer))
        while len(self._buffer) < size:
            if not await self._fetch(max(size - len(self._buffer), self._driver.buffer_size)):
                break
        return self._taken(size)

    async def __anext__(self) -> bytes:
        self._require_open()
        if not self._buffer and not await self._fetch(self._driver.buffer_size):
            raise StopAsyncIteration
        return self._taken(len(self._buffer))

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._buffer.clear()
        with self._driver.translated(self._path):
            await settled(self._source.close())


class _UploadWriter(AsyncFileWriter):
    """The life cycle of a writer around an AsyncUpload."""

    def __init__(self, driver: AsyncBaseDriver, path: str, upload: AsyncUpload) -> None:
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

    async def write(self, data: Buffer, /) -> int:
        self._require_open("write")
        view = contiguous(data)
        if len(view):
            with self._driver.translated(self._path):
                await settled(self._write(view))
        return len(view)

    async def _write(self, view: memoryview) -> None:
        await self._upload.write(view)
        self._size += len(view)

    async def commit(self) -> None:
        self._require_open("commit")
        with self._driver.translated(self._path):
            await settled(self._commit())

    async def _commit(self) -> None:
        await self._upload.commit()
        # Here, so that it is known too where the task that called was cancelled meanwhile.
        self._state = "committed"

    async def cancel(self) -> None:
        if self._state == "committed":
            self._require_open("cancel")
        if self._state == "cancelled":
            return
        # Set first: a failed cancel is reported once, and nothing is written afterwards.
        self._state = "cancelled"
        with self._driver.translated(self._path):
            await settled(self._upload.discard())

    async def close(self) -> None:
        if self._state != "open":
            return
        self._state = "closed"
        with self._driver.translated(self._path):
            await settled(self._upload.suspend())


class AsyncBaseDriver(DriverFoundation, AsyncStorageDriver):
    """The shape of every asynchronous driver: parameters, client, hooks, errors.

    Class attributes a driver sets:
        name: The driver's name.
        Parameters: Its pydantic model; None if it takes none.
        capabilities: What it claims. An instance may set its own in `__init__`.
    """

    # --- the interface

    async def get_content(self, path: str) -> bytes:
        self._valid(path)
        with self.translated(path):
            return await self._get_content(path)

    async def put_content(self, path: str, content: Buffer) -> None:
        self._valid(path)
        data = contiguous(content)
        with self.translated(path):
            await settled(self._put_content(path, content if type(content) is bytes else data.tobytes()))

    async def reader(self, path: str, offset: int = 0) -> AsyncReader:
        self._valid(path)
        self._valid_offset(path, offset)
        with self.translated(path):
            return _SourceReader(self, path, await self._reader(path, offset))

    async def writer(self, path: str, append: bool = False) -> AsyncFileWriter:
        self._valid(path)
        if append and not self.capabilities.append:
            raise UnsupportedMethodError("append").located(self.name, path)
        with self.translated(path):
            return _UploadWriter(self, path, await self._writer(path, append=append))

    async def stat(self, path: str) -> FileInfo:
        self._valid(path, allow_root=True)
        with self.translated(path):
            return await self._stat(path)

    async def list(self, path: str) -> Sequence[str]:
        self._valid(path, allow_root=True)
        with self.translated(path):
            return sorted(child for child in await self._direct_children(path) if not self._too_long(child))

    async def move(self, source: str, dest: str) -> None:
        self._valid(source)
        self._valid(dest)
        with self.translated(source):
            if source == dest or paths.is_below(dest, source):
                info = await self._stat(source)
                if info.is_dir and not self.capabilities.move_directory:
                    raise UnsupportedMethodError("move of a directory")
                if source == dest:
                    return
                raise PathConflictError("a path cannot be moved below itself", path=dest)
            try:
                await settled(self._move(source, dest))
            except PathConflictError as conflict:
                # What is in the way is where it is to go.
                raise conflict.located(self.name, dest)  # noqa: B904  the same error goes on, its cause untouched

    async def delete(self, path: str) -> None:
        self._valid(path)
        with self.translated(path):
            await settled(self._delete(path))

    async def redirect_url(self, path: str, *, method: str = "GET", expires: float | None = None) -> str | None:
        self._valid(path)
        if not self.capabilities.redirect:
            return None
        with self.translated(path):
            return await self._redirect_url(path, method.upper(), expires)

    async def walk(self, path: str, *, start_after: str | None = None) -> AsyncWalk:
        self._valid(path, allow_root=True)
        if start_after is not None:
            self._valid(start_after, allow_root=True)

        async def scan(directory: str) -> Iterable[FileInfo]:
            with self.translated(path):
                return [info for info in await self._scan(directory) if not self._too_long(info.path)]

        return await AsyncWalk(scan, path, start_after=start_after).begin()

    async def close(self) -> None:
        """Nothing to release; drivers that hold connections say how."""

    # --- the hooks

    buffer_size: ClassVar[int] = 1 << 16
    """Bytes a reader asks the backend for at once when the caller asks for less."""

    @abc.abstractmethod
    async def _get_content(self, path: str) -> bytes: ...

    @abc.abstractmethod
    async def _put_content(self, path: str, content: bytes) -> None: ...

    async def _reader(self, path: str, offset: int) -> AsyncByteSource:
        """Override where the backend can give a part of a file: this one gets the whole (PERF-1)."""
        return BytesSource((await self._get_content(path))[offset:])

    async def _writer(self, path: str, *, append: bool) -> AsyncUpload:
        """Override where the backend can take a file in parts: this one holds the whole in memory (WRITE-7)."""
        content = await self._get_content(path) if append else b""
        return AsyncBufferedUpload(lambda whole: self._put_content(path, whole), content)

    @abc.abstractmethod
    async def _stat(self, path: str) -> FileInfo: ...

    @abc.abstractmethod
    async def _list(self, path: str) -> Iterable[str]:
        """The direct children; what is absent or a file may as well have none. See paths.children()."""

    @abc.abstractmethod
    async def _move(self, source: str, dest: str) -> None: ...

    @abc.abstractmethod
    async def _delete(self, path: str) -> None: ...

    async def _redirect_url(self, path: str, method: str, expires: float | None) -> str | None:  # noqa: ARG002
        """For drivers with capability redirect."""
        return None

    async def _scan(self, path: str) -> Iterable[FileInfo]:
        """The direct children of a directory with their sizes; override where one request tells both."""
        found = []
        for child in await self._direct_children(path):
            # Deleted between the listing and the stat: skipped, as WALK-3 asks.
            with contextlib.suppress(PathNotFoundError):
                found.append(await self._stat(child))
        return found

    # --- what the methods share

    async def _direct_children(self, path: str) -> Sequence[str]:
        """As _list() gives them, but PathNotFoundError where there is no directory (LIST-2, WALK-3)."""
        children = [*await self._list(path)]
        # A store of whole paths finds nothing below what is absent, and nothing below a file.
        if not children and path != paths.ROOT and not (await self._stat(path)).is_dir:
            raise PathNotFoundError("not a directory")
        return children
