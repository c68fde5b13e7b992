"""Several calls at once in tasks: their order, and what a failure or a cancellation leaves."""

from __future__ import annotations

import asyncio
import functools
import gc
import weakref
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from storagedriver.asynchronous.chunking import AsyncChunks, AsyncChunkSender
from storagedriver.asynchronous.parallel import together

SIZE = 8


class Server:
    """Answers once its gate is open; tells of what it was asked, and what it has done."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.asked: list[int] = []
        self.done: list[int] = []

    async def call(self, number: int) -> int:
        self.asked.append(number)
        await self.gate.wait()
        self.done.append(number)
        return number

    async def begin(self, number: int) -> AsyncChunkSender[int]:
        async def send(content: bytearray) -> int:
            assert len(content) == SIZE
            return await self.call(number)

        return send

    async def cancel_in_the_middle(self, task: asyncio.Task[object], asked: int) -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(self.asked) == asked
        task.cancel()
        for _ in range(5):
            await asyncio.sleep(0)
        assert not task.done()
        self.gate.set()
        with pytest.raises(asyncio.CancelledError):
            await task


def others() -> set[str]:
    return {task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()}


def test_results_are_in_the_order_of_the_calls() -> None:
    """Whichever ends first."""

    async def call(number: int) -> int:
        for _ in range(10 - number):
            await asyncio.sleep(0)
        return number

    async def made() -> list[int]:
        assert await together([], 3, name="call") == []
        return await together([functools.partial(call, number) for number in range(10)], 3, name="call")

    assert asyncio.run(made()) == list(range(10))


def test_the_first_failure_ends_the_others() -> None:
    """What has not begun does not begin; what did is carried to its end, as its server does it all the same."""

    async def trial() -> None:
        server = Server()

        async def fail() -> int:
            raise ConnectionError

        async def open_later() -> None:
            await asyncio.sleep(0)
            server.gate.set()

        opening = asyncio.create_task(open_later())
        calls: list[Callable[[], Coroutine[Any, Any, int]]] = [
            functools.partial(server.call, 0),
            functools.partial(server.call, 1),
            fail,
            *(functools.partial(server.call, number) for number in range(3, 50)),
        ]
        with pytest.raises(ConnectionError):
            await together(calls, 3, name="call")
        await opening

        assert server.asked == server.done == [0, 1]
        assert others() == set()

    asyncio.run(trial())


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_failure_that_is_let_go_takes_all_with_it(cancelled: bool) -> None:
    """What was to be sent does not stay in memory until the garbage collector comes."""

    class Content:
        async def send(self) -> None:
            await asyncio.sleep(0)
            raise ConnectionError

    async def trial() -> list[bool]:
        contents = [Content(), Content()]
        alive = [weakref.ref(content) for content in contents]
        task = asyncio.create_task(together([content.send for content in contents], 2, name="call"))
        await asyncio.sleep(0)
        if cancelled:
            task.cancel()
        with pytest.raises(asyncio.CancelledError if cancelled else ConnectionError):
            await task
        del contents, task
        # The loop holds the task whose end it just told of.
        await asyncio.sleep(0)
        return [content() is None for content in alive]

    gc.disable()
    try:
        assert asyncio.run(trial()) == [True, True]
    finally:
        gc.enable()


def test_a_cancelled_caller_waits_for_what_is_under_way() -> None:
    async def trial() -> None:
        server = Server()
        calls = [functools.partial(server.call, number) for number in range(50)]
        task: asyncio.Task[object] = asyncio.create_task(together(calls, 3, name="call"))
        await server.cancel_in_the_middle(task, 3)

        assert server.asked == server.done == [0, 1, 2]
        assert others() == set()

    asyncio.run(trial())


def test_a_cancelled_write_has_taken_nothing() -> None:
    """Though the server has some of it: it is written again, under the same numbers."""

    async def trial() -> None:
        server = Server()
        chunks: AsyncChunks[int] = AsyncChunks(SIZE, server.begin, name="chunk")
        await chunks.write(memoryview(bytes(3)))
        task: asyncio.Task[object] = asyncio.create_task(chunks.write(memoryview(bytes(10 * SIZE))))
        await server.cancel_in_the_middle(task, 3)

        assert (chunks.size, chunks.parts, bytes(chunks.rest)) == (3, [], bytes(3))
        assert server.asked == server.done == [1, 2, 3]
        assert others() == set()

        await chunks.write(memoryview(bytes(2 * SIZE - 3)))
        assert await chunks.finished() == [1, 2]

    asyncio.run(trial())
