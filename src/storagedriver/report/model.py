"""The report: what was run, where, and how each requirement ended for each target. docs/report.md explains it.

Everything that a reader sees (terminal, HTML, JUnit, badge, certificate) is made of this and nothing else.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from storagedriver.contract import Level
from storagedriver.report import files, formats, schema
from storagedriver.report.digest import KEY, check_digest, digest
from storagedriver.report.errors import ReportError
from storagedriver.report.outcome import UNEXPLAINED, Outcome, combined
from storagedriver.report.record import Record
from storagedriver.report.trials import Figure, Trials

SCHEMA_VERSION = schema.VERSION
"""The version of the format that this module writes, and the newest that it reads."""

_REQUIREMENT = re.compile(r"[A-Z]+-[1-9][0-9]*", re.ASCII)


def _require_requirement(identifier: str) -> None:
    if not _REQUIREMENT.fullmatch(identifier):
        raise ValueError(f"a requirement is a group and a number like CONT-2, not {identifier[:40]!r}")


@dataclass(frozen=True, slots=True)
class Evidence(Record):
    """Why a check failed.

    Attributes:
        what: What was judged, in a few words.
        expected: What the contract asks for, abbreviated.
        seen: What the driver did, abbreviated.
        calls: The calls that were made, in their order, a line each.
        reproducer: A Python script that shows the failure by itself; "" if there is none.
        traceback: The traceback as text; "" if there is none.
    """

    what: str
    expected: str
    seen: str
    calls: tuple[str, ...] = ()
    reproducer: str = ""
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Check(Record):
    """One check on one target.

    Attributes:
        node_id: Its name in pytest.
        requirement: The id of the requirement that it proves.
        outcome: How it ended; never waived.
        reason: Why it ended so; needed for every outcome but passed and failed.
        duration: Seconds, setup and teardown included.
        evidence: Why it failed.
        trials: What it tried one by one: faults, crashes, hostile inputs.
        figures: What it measured.
    """

    node_id: str
    requirement: str
    outcome: Outcome
    reason: str = ""
    duration: float = 0.0
    evidence: Evidence | None = None
    trials: tuple[Trials, ...] = ()
    figures: tuple[Figure, ...] = ()

    def __post_init__(self) -> None:
        _require_requirement(self.requirement)
        if self.outcome is Outcome.WAIVED:
            raise ValueError("a requirement is waived, never a check")
        if self.outcome not in UNEXPLAINED and not self.reason.strip():
            raise ValueError(f"a check that is {self.outcome.words} needs a reason")
        if not 0 <= self.duration < float("inf"):
            raise ValueError(f"a duration is a number of seconds, not {self.duration}")


@dataclass(frozen=True, slots=True)
class Server(Record):
    """The server that a driver was run against.

    Attributes:
        name: "seaweedfs".
        mode: How it was started: "process", "container", "external".
        version: What it says of itself; None if it does not say.
    """

    name: str
    mode: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class FilesDigest(Record):
    """Files of a driver, and their digest.

    Attributes:
        name: Their name: that of a file or a folder, or a distribution's name and version.
        method: How the digest was made: "file", "tree" or "installed". docs/certificates.md tells each.
        sha256: The digest, in hexadecimal.
    """

    name: str
    method: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Target(Record):
    """A driver on a server, as it was judged.

    Attributes:
        label: The two in a word, unique in a report: "s3@seaweedfs".
        driver: The name the driver is registered under.
        distribution: Name and version of the distribution that the driver comes from; None if it comes from none.
        server: None for a driver that needs none.
        capabilities: What the driver declared.
        parameters: What it was made of, as text, with "***" for secrets.
        files: The driver's files as they were when the run began; empty if they cannot be told.
    """

    label: str
    driver: str
    distribution: str | None = None
    server: Server | None = None
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    files: tuple[FilesDigest, ...] = ()

    def __post_init__(self) -> None:
        if not self.label:
            raise ValueError("a target needs a label")


@dataclass(frozen=True, slots=True)
class Result(Record):
    """How one requirement ended for one target.

    Attributes:
        target: The target's label.
        requirement: The requirement's id: "CONT-2".
        title: What it says, in a line.
        level: What it means to break it.
        capability: The capability it belongs to; None if it holds for every driver.
        outcome: combined() of the outcomes of its checks, or waived.
        counts: How many checks ended in which way; only outcomes that occur.
        checks: All its checks.
    """

    target: str
    requirement: str
    title: str
    level: Level
    capability: str | None
    outcome: Outcome
    counts: Mapping[Outcome, int]
    checks: tuple[Check, ...]

    def __post_init__(self) -> None:
        _require_requirement(self.requirement)
        name = f"{self.requirement} of {self.target}"
        if strange := [check.node_id for check in self.checks if check.requirement != self.requirement]:
            raise ValueError(f"{name} holds a check of another requirement: {strange[0]}")
        if len({check.node_id for check in self.checks}) != len(self.checks):
            raise ValueError(f"{name} holds the same check twice")
        if dict(self.counts) != Counter(check.outcome for check in self.checks):
            raise ValueError(f"{name} has counts that are not those of its checks")
        due = combined(check.outcome for check in self.checks)
        if self.outcome is not due and (self.outcome is not Outcome.WAIVED or due is Outcome.PASSED):
            raise ValueError(f"{name} cannot be {self.outcome.words}: by its checks it is {due.words}")

    @classmethod
    def of_checks(
        cls, target: str, requirement: str, checks: Sequence[Check], *, title: str, level: Level, capability: str | None
    ) -> Self:
        """The result that follows from `checks`."""
        outcomes = [check.outcome for check in checks]
        return cls(
            target=target,
            requirement=requirement,
            title=title,
            level=level,
            capability=capability,
            outcome=combined(outcomes),
            counts=dict(Counter(outcomes)),
            checks=tuple(checks),
        )

    @property
    def group(self) -> str:
        """The group of the contract: "CONT"."""
        return self.requirement.rpartition("-")[0]


@dataclass(frozen=True, slots=True)
class Environment(Record):
    """Where it was run.

    Attributes:
        storagedriver: The version of this kit.
        python: "CPython 3.12.4".
        platform: As platform.platform() says.
        packages: Versions of pytest, Hypothesis, pydantic and the SDKs of the drivers; only what is installed.
        commit: The commit of the tree that pytest ran in, with "-dirty" if tracked files were changed; None if unknown.
    """

    storagedriver: str
    python: str
    platform: str
    packages: Mapping[str, str] = field(default_factory=dict)
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Run(Record):
    """What was run.

    Attributes:
        started: When it began; UTC.
        finished: When it ended; UTC.
        profile: "quick", "full" or "soak".
        suites: The suites that were chosen.
        arguments: The arguments of pytest, without secrets.
        seed: The seed that Hypothesis was given; None if it was given none.
        complete: Whether every check of the chosen suites was collected and had its turn. If not, the report certifies
            nothing.
        exit_status: That of pytest.
        incomplete_reasons: Why it is not complete, a sentence each.
    """

    started: datetime
    finished: datetime
    profile: str
    suites: tuple[str, ...]
    arguments: tuple[str, ...]
    seed: int | None
    complete: bool
    exit_status: int
    incomplete_reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for moment in (self.started, self.finished):
            if moment.utcoffset() != timedelta(0):
                raise ValueError(f"a time is in UTC and says so, unlike {moment.isoformat()}")
        if not all(self.incomplete_reasons):
            raise ValueError("a reason why a run is not complete is a sentence")
        if self.complete == bool(self.incomplete_reasons):
            raise ValueError("a run is either complete or has reasons why it is not")


@dataclass(frozen=True, slots=True)
class Report(Record):
    """Everything known about a run.

    Attributes:
        run: What was run.
        environment: Where.
        targets: On what.
        results: One for each target and requirement, target by target, in the order of the contract.
        schema_version: The version of the format.
    """

    run: Run
    environment: Environment
    targets: tuple[Target, ...]
    results: tuple[Result, ...]
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        if self.schema_version != SCHEMA_VERSION:
            raise ValueError(f"the format has version {SCHEMA_VERSION}, not {self.schema_version}")
        labels = Counter(target.label for target in self.targets)
        if twice := [label for label, times in labels.items() if times > 1]:
            raise ValueError(f"there are two targets {twice[0]}")
        if strange := [result.target for result in self.results if result.target not in labels]:
            raise ValueError(f"there are results of {strange[0]}, which is no target")
        pairs = Counter((result.target, result.requirement) for result in self.results)
        if twice := [f"{requirement} of {label}" for (label, requirement), times in pairs.items() if times > 1]:
            raise ValueError(f"there are two results for {twice[0]}")

    def of(self, label: str) -> tuple[Result, ...]:
        """The results of one target."""
        return tuple(result for result in self.results if result.target == label)

    def trials_of(self, label: str) -> tuple[Trials, ...]:
        """What was tried one by one on one target."""
        return tuple(each for result in self.of(label) for check in result.checks for each in check.trials)

    def to_document(self) -> dict[str, Any]:
        """What is written: the record, with the address of the schema that says what it means, and its digest.

        Raises:
            ReportError: A value is none that JSON knows.
        """
        document = {"$schema": schema.IDENTIFIER, **self.to_dict()}
        return {**document, KEY: digest(document)}

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the report; whoever looks sees the old file or the new one, whole.

        Raises:
            ReportError: A value is none that JSON knows.
            OSError: The file cannot be written.
        """
        files.write_json(path, self.to_document())

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """The report in a file.

        Raises:
            ReportError: There is no such file, or it is broken, no report, edited, or one that a newer version wrote.
        """
        document = files.read_json(path)
        try:
            schema.check(document)
            report = cls.from_document(document)
            check_digest(document)
        except ReportError as broken:
            raise ReportError(f"{os.fspath(path)}: {broken}") from broken
        return report

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The report of what `to_document` made, of this version or an older one; neither schema nor digest are looked at.

        Raises:
            ReportError: A key is unknown or missing, or a value has the wrong type or breaks a rule of the record.
        """
        newest = formats.upgraded(document)
        return cls.from_dict({key: value for key, value in newest.items() if key not in {"$schema", KEY}})
