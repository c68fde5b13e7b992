"""A stream cut into chunks that go up a few at once, so that it is not as slow as one request after the other.

Nothing is on its way between two calls: what a call sends has arrived, or failed, when it returns or raises.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeAlias, TypeVar

from storagedriver.parallel import together

P = TypeVar("P")

ChunkSender: TypeAlias = Callable[[bytearray], P]
"""Sends the content of one chunk; returns what the server told of it."""

CHUNKS_AT_ONCE = 3
"""Chunks of one stream that go up at once. A writer holds so many in memory, and the one that is being filled."""


class CutContent(Generic[P]):
    """What a stream that is cut into chunks has come to. It sends nothing; how that is done is up to `Chunks`.

    Attributes:
        chunk_size: Bytes of each chunk but the last.
        parts: What was told of each chunk that the server has, in order.
    """

    def __init__(self, chunk_size: int) -> None:
        """An empty stream."""
        self.chunk_size = chunk_size
        self.parts: list[P] = []
        self._sent = 0
        # All but the last one are full.
        self._held = [bytearray()]

    @property
    def size(self) -> int:
        """Bytes of the stream."""
        return self._sent + self.held

    @property
    def held(self) -> int:
        """Bytes that the server has not got yet."""
        return sum(map(len, self._held))

    @property
    def rest(self) -> bytearray:
        """What does not fill a chunk yet. After flush() that is all that is held."""
        return self._held[-1]

    @property
    def one(self) -> bytearray | None:
        """The whole content, where it fits in one chunk and nothing of it was sent; else None."""
        return self._held[0] if not self.parts and self.held <= self.chunk_size else None

    def resume(self, parts: Iterable[P], size: int, rest: bytes = b"") -> None:
        """Begin where a stream had come to before.

        Args:
            parts: Of what the server has.
            size: Bytes of that.
            rest: What comes after it; may be longer than a chunk.
        """
        self.parts, self._sent, self._held = list(parts), size, [bytearray()]
        self._take(memoryview(rest))

    def add(self, part: P, size: int) -> None:
        """Take note of a part that the server got in another way, before anything is written."""
        self.parts.append(part)
        self._sent += size

    @property
    def _is_enough(self) -> bool:
        return len(self._held) > CHUNKS_AT_ONCE

    @contextlib.contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        parts, sent, held = len(self.parts), self._sent, list(self._held)
        filled = len(held[-1])
        try:
            yield
        except BaseException:
            # What the server has of it is replaced by the next chunks of the same numbers, or goes with the stream. The
            # last one is copied: the error may hold who still looks at it.
            del self.parts[parts:]
            self._sent, self._held = sent, [*held[:-1], held[-1][:filled]]
            raise

    @contextlib.contextmanager
    def _rest_kept(self) -> Iterator[None]:
        try:
            yield
        finally:
            # As above: more may be written to it.
            self._held[-1] = self.rest[:]

    def _taken(self, data: memoryview) -> Iterator[None]:
        """Takes no more at a time than can be sent at once: the rest of a large piece is not copied before that."""
        position = 0
        while position < len(data):
            full = len(self._held) - 1
            taken = data[position : position + (CHUNKS_AT_ONCE - full) * self.chunk_size - len(self.rest)]
            self._take(taken)
            position += len(taken)
            yield

    def _take(self, data: memoryview) -> None:
        position = 0
        while position < len(data):
            taken = data[position : position + self.chunk_size - len(self.rest)]
            self.rest.extend(taken)
            position += len(taken)
            if len(self.rest) == self.chunk_size:
                self._held.append(bytearray())

    @property
    def _full(self) -> Sequence[bytearray]:
        return self._held[:-1]

    def _note(self, parts: Sequence[P]) -> None:
        """All that fills a chunk has arrived."""
        self.parts += parts
        self._sent += sum(map(len, self._full))
        self._held = [self.rest]


class Chunks(CutContent[P]):
    """The chunks of one stream: what the server told of those that it has, and the content that it has not yet."""

    def __init__(self, chunk_size: int, begin: Callable[[int], ChunkSender[P]], *, name: str) -> None:
        """An empty stream.

        Args:
            chunk_size: Bytes of each chunk but the last.
            begin: Called with a chunk's number, from 1 on, before it is sent; returns what sends its content. That runs in
                another thread, beside that of others. A number comes again where an earlier try failed.
            name: What the names of threads begin with.
        """
        super().__init__(chunk_size)
        self._begin = begin
        self._name = name

    def write(self, data: memoryview, /) -> None:
        """Take all of `data`. After a failure nothing of it is taken, so that the same call may be repeated."""
        with self._all_or_nothing():
            self._send_if_enough()
            for _ in self._taken(data):
                self._send_if_enough()

    def flush(self) -> None:
        """Send what fills a chunk."""
        self._note(self._arrived(self._full))

    def finished(self) -> list[P]:
        """The parts of the whole stream, the last chunk included. That one is sent again each time."""
        full = len(self._full)
        with self._rest_kept():
            arrived = self._arrived([*self._full, self.rest] if self.rest else self._full)
        self._note(arrived[:full])
        return [*self.parts, *arrived[full:]]

    def _send_if_enough(self) -> None:
        if self._is_enough:
            self.flush()

    def _arrived(self, contents: Sequence[bytearray]) -> list[P]:
        first = len(self.parts) + 1
        calls = [functools.partial(self._begin(number), content) for number, content in enumerate(contents, first)]
        return together(calls, CHUNKS_AT_ONCE, name=self._name)
