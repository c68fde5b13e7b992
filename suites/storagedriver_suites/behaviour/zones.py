"""Time zones of the machine."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator

import pytest


@contextlib.contextmanager
def machine_in(zone: str) -> Iterator[None]:
    """Let this process believe to be in a time zone; POSIX's words, in which east is negative. Where none can be set the check is skipped."""
    if not hasattr(time, "tzset"):
        pytest.skip("this system cannot change the time zone of a process")
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()
