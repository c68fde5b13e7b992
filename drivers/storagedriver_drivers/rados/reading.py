"""Reading a content from any byte on, with a few requests ahead of the reader."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from storagedriver_drivers.rados.client import Pool, ReadRequest
from storagedriver_drivers.rados.errors import LostChunkError
from storagedriver_drivers.rados.records import Record

_PIECE = 1 << 20
"""Bytes of one request."""


class ContentReader:
    """A ByteSource over one content, whole or not at all: what is gone or short meanwhile is an error (READ-7)."""

    def __init__(self, pool: Pool, record: Record, start: int = 0, *, concurrency: int) -> None:
        """Read the first piece, so that a content that is gone already is known at once; of a small one, all.

        What is small is then whole for the reader, whatever becomes of the file.

        Raises:
            LostChunkError: It is gone.
        """
        self.record = record
        self._pool = pool
        self._pieces = record.pieces(start, _PIECE)
        self._concurrency = concurrency
        self._running: deque[tuple[ReadRequest, int]] = deque()
        self._piece = memoryview(b"")
        try:
            self._begin(1)
            self._next()
            if record.size - start <= concurrency * min(_PIECE, record.chunk_size):
                self._piece = memoryview(bytes(self._piece) + b"".join(self._others()))
        except BaseException:
            self.close()
            raise

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; b"" at the end alone."""
        if not self._piece:
            self._begin(self._concurrency)
            self._next()
        taken, self._piece = self._piece[:size], self._piece[size:]
        return bytes(taken)

    def read_all(self) -> bytes:
        """All that is left; closes."""
        try:
            found = [bytes(self._piece)]
            self._piece = memoryview(b"")
            while piece := self.read(_PIECE):
                found.append(piece)
            return b"".join(found)
        finally:
            self.close()

    def close(self) -> None:
        """Wait for what is under way, and forget it."""
        self._pieces = iter(())
        self._piece = memoryview(b"")
        while self._running:
            self._running.popleft()[0].wait()

    def _others(self) -> Iterator[bytes]:
        self._begin(self._concurrency)
        while self._running:
            self._next()
            yield bytes(self._piece)

    def _begin(self, most: int) -> None:
        while len(self._running) < most and (piece := next(self._pieces, None)) is not None:
            name, offset, length = piece
            self._running.append((self._pool.begin_read(name, offset, length), length))

    def _next(self) -> None:
        if not self._running:
            return
        request, length = self._running[0]
        content = request.result()
        if len(content) != length:
            raise LostChunkError(f"an object of the file is short: {len(content)} bytes where {length} were asked for")
        self._running.popleft()
        self._piece = memoryview(content)
