"""What to do with a file that others replace in the middle of it, for asynchronous drivers; see `storagedriver.replacement`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from storagedriver.replacement import ATTEMPTS

T = TypeVar("T")


async def begun_anew(attempt: Callable[[], Awaitable[T]], is_replaced: Callable[[Exception], bool]) -> T:
    """What `attempt` returns, which is called again while others replace what it is about.

    Args:
        attempt: Looks at the file, and then works with what it saw.
        is_replaced: Whether an error says that the file is another one by now.

    Raises:
        Exception: What `attempt` raised: what is no replacement, or the last one of several in a row.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return await attempt()
        except Exception as error:
            if not is_replaced(error):
                raise
    return await attempt()
