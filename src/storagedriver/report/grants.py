"""Grants: names that a driver earns by keeping several promises together, each of them judged in full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from storagedriver.report.model import Result
from storagedriver.report.outcome import Outcome
from storagedriver.report.tally import INCOMPLETE_PASS

REQUIREMENTS: Mapping[str, tuple[str, ...]] = {"durable": ("FAULT-3", "DUR-1", "DUR-2")}
"""What each grant needs. durable: full disks, killed processes and power failures cost no file that was there."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Whether a target has earned a grant.

    Attributes:
        name: The grant's name.
        missing: By requirement, why it does not count; empty if the grant is earned.
    """

    name: str
    missing: Mapping[str, str]

    @property
    def granted(self) -> bool:
        """Whether it is earned."""
        return not self.missing

    @property
    def sentence(self) -> str:
        """For readers: "durable: granted", "durable: not granted (DUR-2 skipped: strace is not installed)"."""
        if self.granted:
            return f"{self.name}: granted"
        return f"{self.name}: not granted ({'; '.join(f'{name} {why}' for name, why in self.missing.items())})"

    @classmethod
    def of(cls, results: Iterable[Result]) -> tuple[Self, ...]:
        """The grants of which `results`, those of one target, judge a requirement at all."""
        found = {each.requirement: each for each in results}
        return tuple(
            cls(name, {each: why for each in needed if (why := _missing(found.get(each)))})
            for name, needed in REQUIREMENTS.items()
            if not found.keys().isdisjoint(needed)
        )


def _missing(result: Result | None) -> str:
    """Why a requirement is not kept, or not judged in full; "" if it is."""
    if result is None:
        return "not in the report"
    unproven = [each for each in result.counts if each in INCOMPLETE_PASS]
    wanting = [result.outcome] if result.outcome is not Outcome.PASSED else unproven
    if not wanting:
        return ""
    reason = next((check.reason for check in result.checks if check.outcome is wanting[0] and check.reason), "")
    return f"{wanting[0].words}: {reason}" if reason else wanting[0].words
