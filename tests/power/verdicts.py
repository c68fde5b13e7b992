"""What came of a suite's run over one driver, as it is kept in a file and goes on from there."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self


class Ending(StrEnum):
    """How a run ended."""

    CAUGHT = "caught"
    MISSED = "missed"
    ERRORED = "errored"
    """Neither: the run broke, or checks of it did."""
    TIMED_OUT = "timed out"
    """Neither: it was stopped at the limit of a run."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A suite's run over one driver.

    Attributes:
        subject: The driver's key among power.subjects.
        suite: The suite, or "baseline".
        ending: How it ended.
        by: The checks that failed, each as "REQUIREMENT name"; the first one alone unless every check was run.
        checks: How many checks were run, that one included.
        seconds: How long they took, without what it takes to begin.
        every: Whether all checks were run, and not only those up to the first failure.
        state: Of the sources that it hangs on (power.states): a verdict of another state is an old one.
        reason: Why a run has no verdict.
    """

    subject: str
    suite: str
    ending: Ending
    by: tuple[str, ...] = ()
    checks: int = 0
    seconds: float = 0.0
    every: bool = False
    state: str = ""
    reason: str = ""

    @property
    def requirements(self) -> list[str]:
        """The requirements by which it was caught."""
        return sorted({check.partition(" ")[0] for check in self.by})

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Self:
        """From what to_json() made."""
        return cls(**{**given, "ending": Ending(given["ending"]), "by": tuple(given["by"])})


class VerdictFile:
    """Verdicts, one a line, by subject and suite; a new one replaces the one before it."""

    def __init__(self, path: Path, known: Collection[str] | None = None) -> None:
        """Read what is there.

        Args:
            path: The file.
            known: The subjects there are: verdicts on others are forgotten. None keeps all.
        """
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        read = (Verdict.from_json(json.loads(line)) for line in lines)
        self._verdicts = {
            (verdict.subject, verdict.suite): verdict for verdict in read if known is None or verdict.subject in known
        }

    def get(self, subject: str, suite: str) -> Verdict | None:
        """The verdict on a driver by a suite, if there is one."""
        return self._verdicts.get((subject, suite))

    def of(self, subject: str) -> Verdict | None:
        """The verdict on a subject that has one alone."""
        return next((verdict for (name, _), verdict in self._verdicts.items() if name == subject), None)

    def replace(self, verdict: Verdict) -> None:
        """Keep a verdict as the only one on its subject, and write all of them."""
        self._verdicts = {key: each for key, each in self._verdicts.items() if key[0] != verdict.subject}
        self.add(verdict)

    def add(self, verdict: Verdict) -> None:
        """Keep a verdict, and write all of them: a run that is broken off goes on from there."""
        self._verdicts[verdict.subject, verdict.suite] = verdict
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        new.write_text("".join(f"{json.dumps(each.to_json())}\n" for each in self.all()), encoding="utf-8")
        new.replace(self._path)

    def all(self) -> list[Verdict]:
        """All verdicts, by subject and suite."""
        return [self._verdicts[key] for key in sorted(self._verdicts)]
