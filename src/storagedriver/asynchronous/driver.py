"""The asynchronous interface: the operations, rules and errors of `storagedriver.driver`, as coroutines.

A driver belongs to the event loop of its first call. Calls may overlap in any number of tasks (CONC-1).

A task may be cancelled within any call. What only reads is given up at once. What changes something is carried to its end
first, so that nothing of it goes on unseen and overtakes a later call; CancelledError comes then, and whether the change was
made is as open as after a failed call: the old content is whole, or the new is.
"""

from __future__ import annotations

import abc
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from storagedriver.asynchronous.cancellation import settled
from storagedriver.driver import Capabilities, FileInfo

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from storagedriver.asynchronous.walk import AsyncWalk


class AsyncReader(abc.ABC):
    """A stream of a file's content. `async with` closes it; `async for` gives it in pieces of any size.

    One task at a time uses a stream. A read that is cancelled takes nothing: the next one goes on where it began.
    """

    @property
    @abc.abstractmethod
    def closed(self) -> bool:
        """Whether close() was called."""

    @abc.abstractmethod
    async def read(self, size: int = -1, /) -> bytes:
        """Exactly `size` bytes, fewer at the end alone; all that is left if it is negative. b"" at the end (READ-5).

        Raises:
            ValueError: The reader is closed.
        """

    @abc.abstractmethod
    async def close(self) -> None:
        """Give the connection back, also before the end. Closing twice is fine."""

    def __aiter__(self) -> Self:
        return self

    @abc.abstractmethod
    async def __anext__(self) -> bytes:
        """The next piece, never an empty one."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class AsyncFileWriter(abc.ABC):
    """A stream into one path. Nothing is visible before commit() (WRITE-1). The rules are those of FileWriter.

    `async with` closes on the way out, and cancels if an exception passes through, that of a cancelled task too (WRITE-6).
    One task at a time uses a stream.
    """

    @property
    @abc.abstractmethod
    def size(self) -> int:
        """Bytes from the start of the file, those of the appended-to part included (WRITE-4)."""

    @abc.abstractmethod
    async def write(self, data: Buffer, /) -> int:
        """Take all of `data` and return its length in bytes; the caller may change the buffer afterwards.

        A write during which the task is cancelled has taken all of it, or nothing; `size` tells.

        Raises:
            WriterStateError: The writer is committed, cancelled or closed.
            TypeError: `data` is a str.
        """

    @abc.abstractmethod
    async def commit(self) -> None:
        """Make the content visible, whole (WRITE-2). Without a write: a zero-byte file (WRITE-9).

        Raises:
            WriterStateError: The writer is committed, cancelled or closed.
        """

    @abc.abstractmethod
    async def cancel(self) -> None:
        """Remove all that was staged; the committed content stays. Works after close() too (WRITE-5).

        Raises:
            WriterStateError: The writer is committed.
        """

    @abc.abstractmethod
    async def close(self) -> None:
        """Release resources and publish nothing (WRITE-6). With resumable_writes the stage stays (WRITE-10)."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        if kind is None:
            await self.close()
            return None
        try:
            await settled(self.cancel())
        except Exception as failure:  # noqa: BLE001  the first error is the one to raise; this one goes with it
            if error is not None:
                error.add_note(f"cancelling the writer failed too: {failure}")
        return None


class AsyncStorageDriver(abc.ABC):
    """A filesystem-like key/value store for asynchronous code. Requirements are the same as StorageDriver's, by number."""

    name: str = ""
    """The driver's name, part of every error."""

    @property
    @abc.abstractmethod
    def capabilities(self) -> Capabilities:
        """What this driver, with its parameters, claims."""

    @abc.abstractmethod
    async def get_content(self, path: str) -> bytes:
        """The whole content of a file. For small files; use reader() for large ones.

        Raises:
            PathNotFoundError: Nothing, or a directory, is at `path` (CONT-5).
        """

    @abc.abstractmethod
    async def put_content(self, path: str, content: Buffer) -> None:
        """Make `content` the whole content of the file, with all parents (CONT-2, CONT-4).

        Raises:
            TypeError: `content` is not bytes-like (CONT-3).
            PathConflictError: A directory is at `path`, or a file at a parent of it, and the backend cannot hold both.
        """

    @abc.abstractmethod
    async def reader(self, path: str, offset: int = 0) -> AsyncReader:
        """A stream of the content from byte `offset`; empty at or beyond the end (READ-1, READ-2).

        Raises:
            InvalidOffsetError: `offset` is negative (READ-3).
            PathNotFoundError: Nothing, or a directory, is at `path` (READ-4).
        """

    @abc.abstractmethod
    async def writer(self, path: str, append: bool = False) -> AsyncFileWriter:
        """A stream that replaces the file at commit, or with `append` continues it (WRITE-3).

        Raises:
            PathNotFoundError: `append` is set and there is neither a staged stream nor a file.
            UnsupportedMethodError: `append` is set and the driver does not declare it.
        """

    @abc.abstractmethod
    async def stat(self, path: str) -> FileInfo:
        """Size, time and kind of a file or directory (STAT-1, STAT-2). `/` always is a directory.

        Raises:
            PathNotFoundError: Nothing is at `path` (STAT-3).
        """

    @abc.abstractmethod
    async def list(self, path: str) -> Sequence[str]:
        """The direct children of a directory as full paths, each once (LIST-1).

        Raises:
            PathNotFoundError: Nothing, or a file, is at `path`; never for `/` (LIST-2).
        """

    @abc.abstractmethod
    async def move(self, source: str, dest: str) -> None:
        """Move a file; what was at `dest` is replaced (MOVE-1). Directories with capability move_directory (MOVE-5).

        Raises:
            PathNotFoundError: Nothing is at `source`; `dest` is untouched (MOVE-2).
            PathConflictError: `dest` lies below `source`, or is a directory (MOVE-6).
            UnsupportedMethodError: `source` is a directory and move_directory is not declared.
        """

    @abc.abstractmethod
    async def delete(self, path: str) -> None:
        """Delete a file, or a directory with all below it, staged streams included (DEL-1, DEL-5).

        Raises:
            PathNotFoundError: Nothing is at `path` (DEL-3).
        """

    @abc.abstractmethod
    async def redirect_url(self, path: str, *, method: str = "GET", expires: float | None = None) -> str | None:
        """A URL at which a client without credentials gets the content, or None where not offered (URL-1).

        Args:
            path: The file.
            method: The HTTP method the URL is for; None is returned for one that is not offered.
            expires: Seconds until it stops working; None for the driver's own default.
        """

    @abc.abstractmethod
    async def walk(self, path: str, *, start_after: str | None = None) -> AsyncWalk:
        """Every file and directory below `path`, in pre-order, by component (WALK-1).

        Args:
            path: The directory to start from; it is not itself among what is walked.
            start_after: Resume right after this path, which need not exist any more (WALK-2).

        Raises:
            PathNotFoundError: Nothing, or a file, is at `path`; never for `/` (WALK-3).
        """

    @abc.abstractmethod
    async def close(self) -> None:
        """Release connections and files. Closing twice is fine; a closed driver is not used again."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await settled(self.close())
