"""Errors with long histories, made short enough to be read, kept and sent on."""

from __future__ import annotations

MOST = 8
"""Errors of one history that are shown: the last half, which the caller saw, and the first, with which all began."""


def shorten(error: BaseException) -> None:
    """Take the middle out of the history of an error, in place, where it is long; a note tells of it.

    A driver that calls itself until Python's stack is full fails with one of hundreds, each with hundreds of lines. To format
    them takes longer than all else that a check does.
    """
    history = [error]
    seen = {id(error)}
    while (before := history[-1].__cause__ or history[-1].__context__) is not None and id(before) not in seen:
        history.append(before)
        seen.add(id(before))
    if len(history) <= MOST:
        return
    kept, first = history[MOST // 2 - 1], history[-(MOST // 2)]
    if kept.__cause__ is None:
        kept.__context__ = first
    else:
        kept.__cause__ = first
    kept.add_note(f"({len(history) - MOST:,} errors between this one and those before it are left out.)")
