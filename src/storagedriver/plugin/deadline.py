"""A check that hangs fails, with the call that did not return as its evidence."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from storagedriver.testing.expect import ContractViolation


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise ContractViolation in the block after `seconds`.

    Only the main thread can be interrupted; elsewhere, and where another timer runs, the block is not bounded.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return

    def expired(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        raise ContractViolation("the check hangs", expected=f"it ends within {seconds:g} s", seen="it has not returned")

    previous = signal.signal(signal.SIGALRM, expired)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
