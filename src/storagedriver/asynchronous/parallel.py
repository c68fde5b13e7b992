"""Several requests at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


async def together(calls: Sequence[Callable[[], Awaitable[T]]], concurrency: int, *, name: str) -> list[T]:
    """What the calls return, in their order, made at most `concurrency` at once; the first failure ends the others.

    No task is left when this returns or raises.

    Args:
        calls: What is awaited, each in a task.
        concurrency: How many at once.
        name: Of the tasks.
    """
    slots = asyncio.Semaphore(concurrency)

    async def made(call: Callable[[], Awaitable[T]]) -> T:
        async with slots:
            return await call()

    tasks = [asyncio.create_task(made(call), name=name) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
