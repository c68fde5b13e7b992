"""A check that hangs fails, with the call that did not return as its evidence."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from storagedriver.testing.expect import ContractViolation

_AGAIN = 1.0
"""Seconds until a block that swallowed its interruption is interrupted once more."""


class Expired(BaseException):
    """Interrupts what hangs. No Exception: a driver that retries on every error would go on for ever."""


@contextlib.contextmanager
def deadline(seconds: float, what: str = "the check hangs") -> Iterator[None]:
    """Raise ContractViolation if the block has not ended after `seconds`; its cause shows where the block stood.

    Only the main thread can be interrupted; elsewhere, and where another timer runs, the block is not bounded.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return
    first: Expired | None = None
    inside = True

    def expired(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        nonlocal first
        if inside:
            interruption = Expired()
            first = first or interruption
            raise interruption

    previous = signal.signal(signal.SIGALRM, expired)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException:
        if first is None:
            raise
    finally:
        inside = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    if first is not None:
        raise ContractViolation(
            what, expected=f"it ends within {seconds:g} s", seen="it has not returned by then"
        ) from first
