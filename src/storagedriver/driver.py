"""The interface: what callers use and every driver promises. `storagedriver.contract` holds the promises by number."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from storagedriver.walk import Walk


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What stat and walk tell of a path.

    Attributes:
        path: The path, as the caller would name it.
        size: The size of a file in bytes; 0 for a directory.
        mod_time: When the content was last written, aware and in UTC; None for a directory without a time.
        is_dir: Whether it is a directory.
    """

    path: str
    size: int
    mod_time: datetime | None
    is_dir: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes at which a driver changes its behaviour. The suite tests both sides of each (CAP-2).

    Attributes:
        longest_component: Longest name of one component, in bytes.
        longest_path: Longest path, in bytes.
        largest_file: Largest file, in bytes; None if only the backend knows.
        chunk_size: Bytes a stream is cut into; None if the driver does not cut.
        copy_size: Largest file that move copies in one request, in bytes; None if move does not copy.
        list_page: Names per page of the backend's listing; None if it is not paged.
    """

    longest_component: int = 255
    longest_path: int = 900
    largest_file: int | None = None
    chunk_size: int | None = None
    copy_size: int | None = None
    list_page: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a driver claims beyond the MUSTs. What is declared is verified; the rest is "not offered" (CAP-1).

    Attributes:
        append: writer(path, append=True) continues committed content (WRITE-3).
        atomic_put: A reader during a put sees the old or the new content, whole (CONT-6).
        atomic_write: Nothing is visible before commit (WRITE-1).
        resumable_writes: What a closed, uncommitted writer staged is continued by a later one (WRITE-10).
        eager_open: reader() itself raises for an absent path (READ-4).
        consistent_list: list and walk show each write and delete at once (LIST-5).
        move_directory: move takes directories (MOVE-5).
        atomic_move: No reader sees both paths, or neither, during a move (CONC-2).
        linearizable: Concurrent histories of one path are linearizable (CONC-2).
        durable: What returned survives a power failure (DUR-2).
        redirect: redirect_url gives URLs (URL-1).
        shared: Other processes with the same parameters see the same content.
        fork_safe: A driver made before a fork works in the child (CONC-4).
        case_sensitive: `/A` and `/a` are two files (PATH-5).
        limits: Sizes at which the behaviour changes (CAP-2).
    """

    append: bool = False
    atomic_put: bool = False
    atomic_write: bool = False
    resumable_writes: bool = False
    eager_open: bool = False
    consistent_list: bool = False
    move_directory: bool = False
    atomic_move: bool = False
    linearizable: bool = False
    durable: bool = False
    redirect: bool = False
    shared: bool = False
    fork_safe: bool = False
    case_sensitive: bool = True
    limits: Limits = field(default_factory=Limits)


class FileWriter(abc.ABC):
    """A stream into one path. Nothing is visible before commit() (WRITE-1).

    As a context manager it closes on the way out, and cancels if an exception passes through (WRITE-6).
    """

    @property
    @abc.abstractmethod
    def size(self) -> int:
        """Bytes from the start of the file, those of the appended-to part included (WRITE-4)."""

    @abc.abstractmethod
    def write(self, data: Buffer, /) -> int:
        """Take all of `data` and return its length in bytes; the caller may change the buffer afterwards.

        After an error `size` tells where the stream may go on (WRITE-4).

        Raises:
            WriterStateError: The writer is committed, cancelled or closed.
            TypeError: `data` is a str.
        """

    @abc.abstractmethod
    def commit(self) -> None:
        """Make the content visible, whole (WRITE-2). Without a write: a zero-byte file (WRITE-9).

        Raises:
            WriterStateError: The writer is committed, cancelled or closed.
        """

    @abc.abstractmethod
    def cancel(self) -> None:
        """Remove all that was staged; the committed content stays. Works after close() too (WRITE-5).

        Raises:
            WriterStateError: The writer is committed.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Release resources and publish nothing (WRITE-6). With resumable_writes the stage stays (WRITE-10)."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        if kind is None:
            self.close()
            return None
        try:
            self.cancel()
        except Exception as failure:  # noqa: BLE001  the first error is the one to raise; this one goes with it
            if error is not None:
                error.add_note(f"cancelling the writer failed too: {failure}")
        return None


class StorageDriver(abc.ABC):
    """A filesystem-like key/value store. Every method may be called from many threads at once (CONC-1).

    A reader, a writer or a walk that it gives is for one thread at a time, whichever that is.
    """

    name: str = ""
    """The driver's name, part of every error."""

    @property
    @abc.abstractmethod
    def capabilities(self) -> Capabilities:
        """What this driver, with its parameters, claims."""

    @abc.abstractmethod
    def get_content(self, path: str) -> bytes:
        """The whole content of a file. For small files; use reader() for large ones.

        Raises:
            PathNotFoundError: Nothing, or a directory, is at `path` (CONT-5).
        """

    @abc.abstractmethod
    def put_content(self, path: str, content: Buffer) -> None:
        """Make `content` the whole content of the file, with all parents (CONT-2, CONT-4).

        Raises:
            TypeError: `content` is not bytes-like (CONT-3).
            PathConflictError: A directory is at `path`, or a file at a parent of it, and the backend cannot hold both.
        """

    @abc.abstractmethod
    def reader(self, path: str, offset: int = 0) -> BinaryIO:
        """A stream of the content from byte `offset`; empty at or beyond the end (READ-1, READ-2).

        Raises:
            InvalidOffsetError: `offset` is negative (READ-3).
            PathNotFoundError: Nothing, or a directory, is at `path` (READ-4).
        """

    @abc.abstractmethod
    def writer(self, path: str, append: bool = False) -> FileWriter:
        """A stream that replaces the file at commit, or with `append` continues it (WRITE-3).

        Raises:
            PathNotFoundError: `append` is set and there is neither a staged stream nor a file.
            UnsupportedMethodError: `append` is set and the driver does not declare it.
        """

    @abc.abstractmethod
    def stat(self, path: str) -> FileInfo:
        """Size, time and kind of a file or directory (STAT-1, STAT-2). `/` always is a directory.

        Raises:
            PathNotFoundError: Nothing is at `path` (STAT-3).
        """

    @abc.abstractmethod
    def list(self, path: str) -> Sequence[str]:
        """The direct children of a directory as full paths, each once (LIST-1).

        Raises:
            PathNotFoundError: Nothing, or a file, is at `path`; never for `/` (LIST-2).
        """

    @abc.abstractmethod
    def move(self, source: str, dest: str) -> None:
        """Move a file; what was at `dest` is replaced (MOVE-1). Directories with capability move_directory (MOVE-5).

        Raises:
            PathNotFoundError: Nothing is at `source`; `dest` is untouched (MOVE-2).
            PathConflictError: `dest` lies below `source`, or is a directory (MOVE-6).
            UnsupportedMethodError: `source` is a directory and move_directory is not declared.
        """

    @abc.abstractmethod
    def delete(self, path: str) -> None:
        """Delete a file, or a directory with all below it, staged streams included (DEL-1, DEL-5).

        Raises:
            PathNotFoundError: Nothing is at `path` (DEL-3).
        """

    @abc.abstractmethod
    def redirect_url(self, path: str, *, method: str = "GET", expires: float | None = None) -> str | None:
        """A URL at which a client without credentials gets the content, or None where not offered (URL-1).

        Args:
            path: The file.
            method: The HTTP method the URL is for; None is returned for one that is not offered.
            expires: Seconds until it stops working; None for the driver's own default.
        """

    @abc.abstractmethod
    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        """Every file and directory below `path`, in pre-order, by component (WALK-1).

        Args:
            path: The directory to start from; it is not itself among what is walked.
            start_after: Resume right after this path, which need not exist any more (WALK-2).

        Raises:
            PathNotFoundError: Nothing, or a file, is at `path`; never for `/` (WALK-3).
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Release connections and files. Closing twice is fine; a closed driver is not used again."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
