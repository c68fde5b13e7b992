"""Counting requirements: the headline of a report, the same in every rendering."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from storagedriver.contract import Level
from storagedriver.report.model import Result
from storagedriver.report.outcome import LATTICE, Outcome

INCOMPLETE_PASS = frozenset({Outcome.SKIPPED, Outcome.NOT_RUN})
"""Checks that leave a kept requirement partly unproven."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many requirements of one level ended how.

    Attributes:
        level: The level.
        counts: Requirements by outcome; only outcomes that occur.
        partly: How many of the kept ones have checks that were skipped or not run.
    """

    level: Level
    counts: Mapping[Outcome, int]
    partly: int

    @classmethod
    def of(cls, results: Iterable[Result], level: Level = Level.MUST) -> Self:
        """The tally of those `results` that have this level."""
        counted = [result for result in results if result.level is level]
        partly = sum(
            result.outcome is Outcome.PASSED and not INCOMPLETE_PASS.isdisjoint(result.counts) for result in counted
        )
        return cls(level, dict(Counter(result.outcome for result in counted)), partly)

    @property
    def kept(self) -> int:
        """Requirements that passed; a waived one is not kept."""
        return self.counts.get(Outcome.PASSED, 0)

    @property
    def total(self) -> int:
        """All requirements, those that were skipped, not offered and not run included."""
        return sum(self.counts.values())

    @property
    def percent(self) -> int | None:
        """What is kept of the total, rounded down so that 100 means all; None of none."""
        return 100 * self.kept // self.total if self.total else None

    @property
    def rest(self) -> list[tuple[Outcome, int]]:
        """What is not kept, by outcome, the worst first."""
        return [
            (outcome, self.counts[outcome])
            for outcome in LATTICE
            if outcome is not Outcome.PASSED and self.counts.get(outcome)
        ]

    @property
    def verdict(self) -> Outcome:
        """The worst that is not kept, so that only where all are kept it is a pass; not run where there is nothing."""
        if self.rest:
            return self.rest[0][0]
        return Outcome.PASSED if self.total else Outcome.NOT_RUN

    @property
    def sentence(self) -> str:
        """The headline: "MUSTs kept: 58 of 61 (95 %) · 1 failed · 1 skipped · 1 not offered"."""
        share = "" if self.percent is None else f" ({self.percent} %)"
        partly = [f"{self.partly} kept with checks skipped or not run"] if self.partly else []
        rest = [f"{count} {outcome.words}" for outcome, count in self.rest]
        return " · ".join([f"{self.level}s kept: {self.kept} of {self.total}{share}", *rest, *partly])
