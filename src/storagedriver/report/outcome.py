"""How a check or a requirement ended, and how many endings become one."""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Outcome(enum.StrEnum):
    """How a check, and by its checks a requirement, ended.

    Attributes:
        PASSED: The driver kept the promise in each check that ran.
        FAILED: The driver broke it.
        ERRORED: The kit or the server broke, not the driver; nothing is known about the promise.
        FLAKY: The same check ended in more than one way.
        SKIPPED: Not judged, for a reason that is given.
        NOT_OFFERED: The driver does not declare the capability that the promise belongs to.
        WAIVED: Not kept, and a waiver accepts that. The gate sets it; no check ends so.
        NOT_RUN: No check was executed: deselected, or none chosen.
    """

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    FLAKY = "flaky"
    SKIPPED = "skipped"
    NOT_OFFERED = "not_offered"
    WAIVED = "waived"
    NOT_RUN = "not_run"

    @property
    def words(self) -> str:
        """The outcome for readers: "not offered"."""
        return self.value.replace("_", " ")


LATTICE: tuple[Outcome, ...] = (
    Outcome.FAILED,
    Outcome.ERRORED,
    Outcome.FLAKY,
    Outcome.WAIVED,
    Outcome.PASSED,
    Outcome.SKIPPED,
    Outcome.NOT_RUN,
    Outcome.NOT_OFFERED,
)
"""Of several outcomes, the first in this order is the outcome of all.

What speaks against the driver comes first, then what speaks for it, then what says nothing, the excused last: a
requirement with passed and skipped checks is passed, one with skipped and not offered checks is skipped.
"""

AGAINST: tuple[Outcome, ...] = (Outcome.FAILED, Outcome.ERRORED, Outcome.FLAKY)
"""Outcomes that speak against the driver, or against the result; the worst first."""

UNJUDGED: tuple[Outcome, ...] = tuple(outcome for outcome in LATTICE if outcome not in {*AGAINST, Outcome.PASSED})
"""Outcomes that say nothing, or that a waiver excuses."""

UNEXPLAINED = frozenset({Outcome.PASSED, Outcome.FAILED})
"""Outcomes of a check that need no reason; a failed one has evidence instead."""


def combined(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome of a requirement whose checks ended as `outcomes`; without any it was not run."""
    seen = set(outcomes)
    return next((outcome for outcome in LATTICE if outcome in seen), Outcome.NOT_RUN)
