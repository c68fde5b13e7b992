"""Errors with long histories, made short enough to be read, kept and sent on."""

from __future__ import annotations

MOST = 8
"""Errors of one history that are shown: the last half, which the caller saw, and the first, with which all began."""


def chain(error: BaseException | None) -> list[BaseException]:
    """An error, and what it came of: its causes, or else what was being handled; each once. Empty without an error."""
    found: dict[int, BaseException] = {}
    while error is not None and id(error) not in found:
        found[id(error)] = error
        error = error.__cause__ or error.__context__
    return list(found.values())


def shorten(error: BaseException) -> None:
    """Take the middle out of the history of an error, in place, where it is long; a note tells of it.

    A driver that calls itself until Python's stack is full fails with one of hundreds, each with hundreds of lines. To format
    them takes longer than all else that a check does.
    """
    history = chain(error)
    if len(history) <= MOST:
        return
    kept, first = history[MOST // 2 - 1], history[-(MOST // 2)]
    if kept.__cause__ is None:
        kept.__context__ = first
    else:
        kept.__cause__ = first
    kept.add_note(f"({len(history) - MOST:,} errors between this one and those before it are left out.)")
