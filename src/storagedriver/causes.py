"""What an error came of (ERR-2)."""

from __future__ import annotations


def cause_of(error: BaseException) -> BaseException | None:
    """The exception that a traceback shows before an error: its cause, or its context unless that is suppressed."""
    if error.__cause__ is not None or error.__suppress_context__:
        return error.__cause__
    return error.__context__
