"""Work that a cancelled task does not leave half done."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def settled(work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns or raises. A task that is cancelled while it waits here waits on until the work has ended.

    For what changes something: a request that was given up half-way may still be carried out by its server, later than the
    caller's next one. And for cleaning up, which a second cancellation must not prevent.

    Raises:
        asyncio.CancelledError: The waiting task was cancelled, or the work was, as by a loop that is shut down. In the first
            case a failure of the work is its cause.
    """
    task = asyncio.ensure_future(work)
    request: asyncio.CancelledError | None = None
    try:
        while not task.done():
            try:
                # Being cancelled, wait() leaves the task alone.
                await asyncio.wait([task])
            except asyncio.CancelledError as asked:
                request = asked
        if request is None:
            return task.result()
        raise request from (None if task.cancelled() else task.exception())
    finally:
        # A task holds its exception, and that this frame: neither would go before the garbage collector comes.
        del task, request
