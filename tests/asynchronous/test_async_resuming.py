"""A transfer that breaks off goes on where it was, also where the resumption itself fails or is interrupted (READ-7)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest

from storagedriver import BackendError
from storagedriver.asynchronous.resuming import AsyncResumingReader

CONTENT = b"0123456789"


class Body:
    """Gives three bytes at a time from a position on, and breaks off after some reads."""

    def __init__(self, start: int, reads: int) -> None:
        self.position = start
        self.reads = reads
        self.is_closed = False

    async def read(self, size: int, /) -> bytes:
        if not self.reads:
            raise ConnectionError("broken off")
        self.reads -= 1
        piece = CONTENT[self.position : self.position + min(size, 3)]
        self.position += len(piece)
        return piece

    async def aclose(self) -> None:
        self.is_closed = True


class Reader(AsyncResumingReader):
    """Whose bodies end after so many reads each; None for a body that cannot be opened."""

    def __init__(self, reads: Sequence[int | None], *, retries: int, position: int = 0, ranges: bool = True) -> None:
        super().__init__(position, retries=retries + 1)
        self.waiting = list(reads)
        self.bodies: list[Body] = []
        self.ranges = ranges
        self.opening = asyncio.Event()
        self.may_open = asyncio.Event()
        self.may_open.set()

    async def _reopen(self) -> None:
        self.opening.set()
        await self.may_open.wait()
        reads = self.waiting.pop(0)
        if reads is None:
            raise ConnectionError("refused")
        start = self._position if self.ranges else 0
        self._begins_at(partial=self.ranges, content_range=f"bytes {start}-9/10")
        self._body = Body(start, reads)
        self._remaining = len(CONTENT) - start
        self.bodies.append(self._body)

    def _breaks_off(self, failure: Exception) -> bool:
        return isinstance(failure, ConnectionError)


def run(trial: Coroutine[Any, Any, None]) -> None:
    asyncio.run(trial)


def test_body_that_breaks_off_is_resumed() -> None:
    async def trial() -> None:
        reader = Reader([1, 1, 9], retries=2)
        assert await reader.read_all() == CONTENT
        assert all(body.is_closed for body in reader.bodies)

    run(trial())


@pytest.mark.parametrize("position", [0, 4, 10])
def test_server_that_knows_no_ranges(position: int) -> None:
    """It sends everything each time: what was read already is dropped."""

    async def trial() -> None:
        assert await Reader([2, 9], retries=1, position=position, ranges=False).read_all() == CONTENT[position:]

    run(trial())


def test_tries_are_bounded() -> None:
    async def trial() -> None:
        reader = Reader([1, 1, 9], retries=1)
        assert await reader.read(3) + await reader.read(3) == CONTENT[:6]
        for _ in range(2):
            # Again and again: never an end that is none.
            with pytest.raises(BackendError, match="broke off at byte 6") as caught:
                await reader.read(3)
            assert isinstance(caught.value.__cause__, ConnectionError)

    run(trial())


def test_failed_resumption_is_no_end() -> None:
    async def trial() -> None:
        reader = Reader([1, None, 9], retries=2)
        assert await reader.read(3) == CONTENT[:3]
        with pytest.raises(ConnectionError, match="refused"):
            await reader.read(3)
        assert await reader.read_all() == CONTENT[3:]

    run(trial())


def test_interrupted_resumption_is_no_end() -> None:
    async def trial() -> None:
        reader = Reader([1, 9], retries=2)
        assert await reader.read(3) == CONTENT[:3]
        reader.opening.clear()
        reader.may_open.clear()
        task = asyncio.ensure_future(reader.read(3))
        await reader.opening.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        reader.may_open.set()
        assert await reader.read_all() == CONTENT[3:]

    run(trial())


def test_closed_reader_gives_nothing_more() -> None:
    async def trial() -> None:
        reader = Reader([9], retries=0)
        assert await reader.read(3) == CONTENT[:3]
        await reader.close()
        assert await reader.read(3) == b""
        assert reader.bodies[0].is_closed

    run(trial())
