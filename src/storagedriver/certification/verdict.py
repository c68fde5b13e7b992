"""What the gate says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from storagedriver.certification.policy import Waiver
from storagedriver.report import Tally


class Rule(StrEnum):
    """Which rule closes the gate."""

    INVALID = "invalid"
    EDITED = "edited"
    INCOMPLETE = "incomplete"
    UNEXPLAINED = "unexplained"
    PROFILE = "profile"
    SUITE = "suite"
    COMMIT = "commit"
    AGE = "age"
    TARGET = "target"
    NOTHING_RUN = "nothing_run"
    MINIMUM = "minimum"
    CAPABILITY = "capability"
    GRANT = "grant"
    FAILED = "failed"
    ERRORED = "errored"
    FLAKY = "flaky"
    SKIPPED = "skipped"
    NOT_RUN = "not_run"
    REGRESSED = "regressed"
    WAIVER = "waiver"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that closes the gate.

    Attributes:
        rule: The rule.
        message: What is wrong and what to do, in a sentence.
        file: The report it is about; None if it is about none.
        target: The target's label; None if it is about none.
        requirement: The requirement's id; None if it is about none.
    """

    rule: Rule
    message: str
    file: str | None = None
    target: str | None = None
    requirement: str | None = None


@dataclass(frozen=True, slots=True)
class JudgedTarget:
    """A target of a report, and its share.

    Attributes:
        file: The report.
        label: The target's label.
        tally: The MUSTs of the whole contract, by how they ended; those that the report does not have were not run.
        checks: How many checks were executed.
        requirements: How many requirements have such a check.
        waived: The ids of requirements that are not kept, and that a waiver accepts.
    """

    file: str
    label: str
    tally: Tally
    checks: int
    requirements: int
    waived: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says.

    Attributes:
        findings: Everything that closes it.
        notes: What a reader should know and that closes nothing.
        targets: The targets of the reports, with their shares.
        waived: Waivers that were needed, and hold.
        without_groups: Groups of the contract that the policy lets decide nothing.
    """

    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    targets: tuple[JudgedTarget, ...]
    waived: tuple[Waiver, ...]
    without_groups: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the gate is open."""
        return not self.findings
