"""A shard: one of several parts of a run, which are run apart from each other and merged."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

_WORDS = re.compile(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Shard:
    """Which part of a run.

    Attributes:
        number: From 1 on.
        count: How many parts the run has.

    Raises:
        ValueError: There is no such part.
    """

    number: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise ValueError(f"of {self.count} shards none is the number {self.number}")

    def __str__(self) -> str:
        """As --shard takes it: "2/4"."""
        return f"{self.number}/{self.count}"

    @classmethod
    def of(cls, words: str) -> Self:
        """The shard of words like "2/4".

        Raises:
            ValueError: They are no such words, or there is no such part.
        """
        found = _WORDS.fullmatch(words)
        if found is None:
            raise ValueError(f"{words[:40]!r} is not a number and a count like 2/4")
        return cls(int(found[1]), int(found[2]))


def all_of(count: int) -> list[Shard]:
    """All shards of a run that has so many."""
    return [Shard(number, count) for number in range(1, count + 1)]


def named(shards: Iterable[Shard]) -> str:
    """Shards in a sentence: "shard 2/4", "shards 1/4 and 3/4"."""
    words = [str(each) for each in sorted(shards)]
    return f"shard {words[0]}" if len(words) == 1 else f"shards {', '.join(words[:-1])} and {words[-1]}"
