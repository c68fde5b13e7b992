"""What to do with a file that others replace in the middle of it: begin anew with the file that is there by now."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

ATTEMPTS = 10
"""How often somebody else may come in between before that is an error."""


def begun_anew(attempt: Callable[[], T], is_replaced: Callable[[Exception], bool]) -> T:
    """What `attempt` returns, which is called again while others replace what it is about.

    Args:
        attempt: Looks at the file, and then works with what it saw.
        is_replaced: Whether an error says that the file is another one by now.

    Raises:
        Exception: What `attempt` raised: what is no replacement, or the last one of several in a row.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return attempt()
        except Exception as error:
            if not is_replaced(error):
                raise
    return attempt()
