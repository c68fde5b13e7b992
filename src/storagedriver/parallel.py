"""Several requests at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")


def together(calls: Sequence[Callable[[], T]], concurrency: int, *, name: str) -> list[T]:
    """What the calls return, in their order, made at most `concurrency` at once; the first failure ends the others.

    No thread is left when this returns or raises, and no call is under way.

    Args:
        calls: What is called, each in a thread; a single one in the caller's.
        concurrency: How many at once.
        name: What the names of the threads begin with.
    """
    if len(calls) < 2:
        return [call() for call in calls]
    with ThreadPoolExecutor(min(concurrency, len(calls)), name) as executor:
        futures = [executor.submit(call) for call in calls]
        wait(futures, return_when=FIRST_EXCEPTION)
        for future in futures:
            future.cancel()
    try:
        for future in futures:
            if not future.cancelled():
                future.result()
        return [future.result() for future in futures]
    finally:
        # A failure holds this frame, and its future holds it: neither would go before the garbage collector comes.
        del future, futures
