"""Streams that are held in local temporary files until they are committed, for backends that cannot stage them."""

from __future__ import annotations

import tempfile
import threading
import weakref
from collections.abc import Callable
from typing import BinaryIO

from storagedriver.base import ByteSource

_IN_MEMORY = 1 << 20
_PIECE = 1 << 20


class SpooledUpload:
    """An Upload in bounded memory: more than a mebibyte goes to a file of this machine, which has no name.

    For layers over many backends, which have no way to stage a stream that every backend keeps: some write in place, and
    what is told of transactions differs. So nothing reaches the backend before commit(), and nothing of it outlives this
    process; such a driver declares no resumable_writes (WRITE-10).
    """

    def __init__(self, publish: Callable[[BinaryIO, int], object], content: ByteSource | None = None) -> None:
        """Begin a stream.

        Args:
            publish: Called at commit with the whole stream, at its start, and its size; makes it the file.
            content: What the stream continues; it is read and closed.
        """
        self._publish = publish
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  closed by suspend and discard
        if content is not None:
            try:
                while piece := content.read(_PIECE):
                    self._file.write(piece)
            except BaseException:
                self._file.close()
                raise
            finally:
                content.close()
        self._size = self._file.tell()

    @property
    def size(self) -> int:
        """Bytes from the start of the file (WRITE-4)."""
        return self._size

    def write(self, data: memoryview, /) -> None:
        """Take all of `data`."""
        self._file.write(data)
        self._size += len(data)

    def commit(self) -> None:
        """Publish, whole; after a failure it may be called again."""
        self._file.seek(0)
        self._publish(self._file, self._size)  # type: ignore[arg-type]  # a spooled file has what a BinaryIO needs
        self._file.close()

    def suspend(self) -> None:
        """Discard the stream."""
        self._file.close()

    def discard(self) -> None:
        """Discard the stream."""
        self._file.close()


class SpooledUploads:
    """The streams of one driver, so that those which nobody closed end with it. Safe between threads."""

    def __init__(self) -> None:
        """None yet."""
        self._open: weakref.WeakSet[SpooledUpload] = weakref.WeakSet()
        self._lock = threading.Lock()

    def begin(self, publish: Callable[[BinaryIO, int], object], content: ByteSource | None = None) -> SpooledUpload:
        """A new stream. See SpooledUpload."""
        upload = SpooledUpload(publish, content)
        with self._lock:
            self._open.add(upload)
        return upload

    def close(self) -> None:
        """Discard what is still open: it holds a file of this machine."""
        with self._lock:
            abandoned = list(self._open)
        for upload in abandoned:
            upload.discard()
