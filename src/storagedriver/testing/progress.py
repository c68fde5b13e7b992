"""How far a long check is, for whoever waits for it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Shows how far a check is. It may be called as often as one likes, by one thread at a time."""

    def __call__(self, what: str, done: int, total: int) -> None:
        """Say that `done` of `total` are done.

        Args:
            what: What is done, in the plural: "histories".
            done: How many.
            total: Of how many, at most.
        """
        ...


def not_shown(what: str, done: int, total: int) -> None:
    """Where nobody watches."""
