"""A stream cut into chunks that go up a few at once, for asynchronous drivers; see `storagedriver.chunking`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeAlias, TypeVar

from storagedriver.asynchronous.cancellation import settled
from storagedriver.asynchronous.parallel import together
from storagedriver.chunking import CHUNKS_AT_ONCE, CutContent

P = TypeVar("P")

AsyncChunkSender: TypeAlias = Callable[[bytearray], Coroutine[Any, Any, P]]
"""Sends the content of one chunk; returns what the server told of it."""


class AsyncChunks(CutContent[P]):
    """The chunks of one stream: what the server told of those that it has, and the content that it has not yet.

    A call that is cancelled waits until nothing of it is on its way, and has then failed.
    """

    def __init__(
        self,
        chunk_size: int,
        begin: Callable[[int], Coroutine[Any, Any, AsyncChunkSender[P]]],
        *,
        name: str,
    ) -> None:
        """An empty stream.

        Args:
            chunk_size: Bytes of each chunk but the last.
            begin: Called with a chunk's number, from 1 on, before it is sent; returns what sends its content. That runs in
                a task of its own, beside that of others. A number comes again where an earlier try failed.
            name: Of the tasks.
        """
        super().__init__(chunk_size)
        self._begin = begin
        self._name = name

    async def write(self, data: memoryview, /) -> None:
        """Take all of `data`. After a failure nothing of it is taken, so that the same call may be repeated."""
        with self._all_or_nothing():
            await self._send_if_enough()
            for _ in self._taken(data):
                await self._send_if_enough()

    async def flush(self) -> None:
        """Send what fills a chunk."""
        self._note(await self._arrived(self._full))

    async def finished(self) -> list[P]:
        """The parts of the whole stream, the last chunk included. That one is sent again each time."""
        full = len(self._full)
        with self._rest_kept():
            arrived = await self._arrived([*self._full, self.rest] if self.rest else self._full)
        self._note(arrived[:full])
        return [*self.parts, *arrived[full:]]

    async def _send_if_enough(self) -> None:
        if self._is_enough:
            await self.flush()

    async def _arrived(self, contents: Sequence[bytearray]) -> list[P]:
        first = len(self.parts) + 1
        calls = [
            functools.partial(await settled(self._begin(number)), content)
            for number, content in enumerate(contents, first)
        ]
        return await together(calls, CHUNKS_AT_ONCE, name=self._name)
