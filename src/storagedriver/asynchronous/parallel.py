"""Several requests at once, for asynchronous drivers; see `storagedriver.parallel`."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from storagedriver.asynchronous.cancellation import settled

T = TypeVar("T")


async def together(calls: Sequence[Callable[[], Coroutine[Any, Any, T]]], concurrency: int, *, name: str) -> list[T]:
    """What the calls return, in their order, made at most `concurrency` at once; the first failure ends the others.

    No task is left when this returns or raises, and no call is under way: those that are when one fails, or when the
    caller is cancelled, are carried to their end, as a server may do what it was asked for later than the next call.

    Args:
        calls: What is awaited, in tasks.
        concurrency: How many at once.
        name: Of the tasks.
    """
    if not calls:
        return []
    waiting = deque(enumerate(calls))
    results: dict[int, T] = {}
    failures: dict[int, Exception] = {}

    async def make() -> None:
        while waiting:
            number, call = waiting.popleft()
            try:
                results[number] = await call()
            except Exception as failure:  # noqa: BLE001  raised below
                waiting.clear()
                failures[number] = failure

    tasks = [asyncio.create_task(make(), name=name) for _ in range(min(concurrency, len(calls)))]
    try:
        await asyncio.wait(tasks)
        if failures:
            raise failures[min(failures)]
        for task in tasks:
            # Cancelled, where a loop is shut down.
            task.result()
        return [results[number] for number in range(len(calls))]
    except BaseException:
        waiting.clear()
        await settled(asyncio.wait(tasks))
        raise
    finally:
        # A failure holds this frame: neither would go before the garbage collector comes.
        failures.clear()
