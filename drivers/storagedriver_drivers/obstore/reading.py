"""A file of a store as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_PIECE = 1 << 16
"""Bytes that a store gives at once, at least."""


class StoreReader:
    """A ByteSource over the answer to one get."""

    def __init__(self, answer: Any) -> None:
        """Nothing is read yet.

        Args:
            answer: A GetResult of obstore; None for an empty stream.
        """
        self._pieces: Iterator[Any] = iter(()) if answer is None else iter(answer.stream(min_chunk_size=_PIECE))
        self._rest = memoryview(b"")

    def read(self, size: int, /) -> bytes:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = memoryview(piece)
        taken, self._rest = self._rest[:size], self._rest[size:]
        return bytes(taken)

    def close(self) -> None:
        # obstore gives the connection or file back when its stream is forgotten; there is no call for it.
        self._pieces = iter(())
        self._rest = memoryview(b"")
