"""What checks tried one by one (faults, crashes, hostile inputs) and what they measured."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from storagedriver.report.record import Record


class TrialKind(enum.StrEnum):
    """What a check does to the driver in a trial.

    Attributes:
        FAULT: A request or a system call fails.
        CRASH: The driver's process is killed.
        POWER_FAILURE: What was not flushed is lost.
        HOSTILE_INPUT: Somebody tries to get what is not his.
    """

    FAULT = "fault"
    CRASH = "crash"
    POWER_FAILURE = "power_failure"
    HOSTILE_INPUT = "hostile_input"

    @property
    def word(self) -> str:
        """The kind for readers: "power failure"."""
        return self.value.replace("_", " ")

    @property
    def words(self) -> str:
        """The kind for readers, in the plural: "power failures"."""
        return f"{self.word}{'es' if self is TrialKind.CRASH else 's'}"


class Ending(enum.StrEnum):
    """How the driver came out of a trial.

    Attributes:
        SURVIVED: The call succeeded all the same, by retry or because nothing depended on what failed; after a crash or a
            power failure: the state is one that the contract allows.
        REFUSED: The call raised a clean error, or the input was turned away; the state is one that the contract allows.
        VIOLATED: The contract was broken.
    """

    SURVIVED = "survived"
    REFUSED = "refused"
    VIOLATED = "violated"


@dataclass(frozen=True, slots=True)
class Trials(Record):
    """The trials of one operation under one condition, in their order.

    Attributes:
        kind: What was done to the driver.
        operation: What the driver was asked to do: "put", "move a directory".
        condition: What was done to it then: "connection reset after the request", "ENOSPC".
        points: For each trial, where it hit: "2: PUT object".
        endings: For each trial, how it ended.
    """

    kind: TrialKind
    operation: str
    condition: str
    points: tuple[str, ...]
    endings: tuple[Ending, ...]

    def __post_init__(self) -> None:
        if len(self.points) != len(self.endings):
            raise ValueError("trials have as many points as endings")


@dataclass(frozen=True, slots=True)
class Figure(Record):
    """A number that a check measured.

    Attributes:
        name: What was measured: "operations", "growth of descriptors".
        value: The number.
        unit: Its unit; empty for a count.
    """

    name: str
    value: float
    unit: str

    @property
    def text(self) -> str:
        """The figure for readers: "growth of memory 12.5 B/operation"."""
        value = f"{self.value:,.0f}" if float(self.value).is_integer() else f"{self.value:,.4g}"
        return f"{self.name} {value}{f' {self.unit}' if self.unit else ''}"


def summed(figures: Iterable[Figure]) -> tuple[Figure, ...]:
    """The figures for readers: those that differ by what stands after a comma, as "system calls, put", are added up."""
    together: dict[tuple[str, str], dict[Figure, None]] = {}
    for figure in figures:
        together.setdefault((figure.name.partition(", ")[0], figure.unit), {})[figure] = None
    return tuple(
        next(iter(each)) if len(each) == 1 else Figure(name, sum(figure.value for figure in each), unit)
        for (name, unit), each in together.items()
    )


@dataclass(frozen=True, slots=True)
class TrialTally:
    """How many trials of one kind ended how.

    Attributes:
        kind: The kind.
        counts: Trials by ending; only endings that occur.
    """

    kind: TrialKind
    counts: Mapping[Ending, int]

    @classmethod
    def of(cls, trials: Iterable[Trials]) -> tuple[Self, ...]:
        """One for each kind that occurs, in the order of TrialKind."""
        counts: dict[TrialKind, Counter[Ending]] = {}
        for each in trials:
            counts.setdefault(each.kind, Counter()).update(each.endings)
        return tuple(cls(kind, dict(counts[kind])) for kind in TrialKind if counts.get(kind))

    @property
    def total(self) -> int:
        """All trials of the kind."""
        return sum(self.counts.values())

    @property
    def violations(self) -> int:
        """Those that broke the contract."""
        return self.counts.get(Ending.VIOLATED, 0)

    @property
    def sentence(self) -> str:
        """For readers: "612 faults: 480 survived, 132 clean errors, 0 violations"."""
        counts = self.counts
        refused = counts.get(Ending.REFUSED, 0)
        clean = "turned away" if self.kind is TrialKind.HOSTILE_INPUT else f"clean error{'' if refused == 1 else 's'}"
        told = [f"{counts[Ending.SURVIVED]:,} survived"] if counts.get(Ending.SURVIVED) else []
        told += [f"{refused:,} {clean}"] if refused else []
        kind = self.kind.word if self.total == 1 else self.kind.words
        broken = f"{self.violations:,} violation{'' if self.violations == 1 else 's'}"
        return f"{self.total:,} {kind}: {', '.join([*told, broken])}"
