"""Failures that a client's library did not foresee: an answer of the server that it can make nothing of (ERR-1, SEC-1)."""

from __future__ import annotations

import traceback
from collections.abc import Collection

_UNFORESEEN = (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, MemoryError, OverflowError)


def is_unforeseen(error: Exception, libraries: Collection[str]) -> bool:
    """Whether a library stumbled over an answer: the error is of a general kind, and raised in one of its modules.

    Such an error of the driver's own code is a bug, and stays what it is.

    Args:
        error: As it was caught.
        libraries: Names of top-level packages and modules: "botocore", "http".
    """
    if not isinstance(error, _UNFORESEEN):
        return False
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return bool(frames) and str(frames[-1].f_globals.get("__name__", "")).partition(".")[0] in libraries
