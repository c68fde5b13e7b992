"""What tests say of servers and programs that they need."""

from __future__ import annotations

import pytest


def need(reason: str | None) -> None:
    """Skip the test for this reason, if there is one. With --require-backends a skip is a failure."""
    if reason is not None:
        pytest.skip(reason)
