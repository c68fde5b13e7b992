"""What is wrong with a file that is said to be a report: all of it, and not the first thing alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from storagedriver.contract import REQUIREMENTS
from storagedriver.report import files, schema
from storagedriver.report.digest import KEY, check_digest
from storagedriver.report.environment import version
from storagedriver.report.errors import ReportError
from storagedriver.report.model import Report
from storagedriver.report.outcome import Outcome

WORST_SHOWN = 20
"""Violations of the schema that are told one by one; a file of something else would have thousands."""

_CUT_SHORT = {2: "interrupted", 3: "broken", 4: "called wrongly"}
"""Exit statuses of pytest with which no run is complete. 0 may stand beside failed checks: those marked xfail."""


class Seal(StrEnum):
    """What the digest says of a file.

    Attributes:
        INTACT: The content is what the run wrote.
        ABSENT: There is none; versions of the kit that made none wrote it, or it was taken out.
        BROKEN: The content is not that of the digest.
        UNKNOWN: There is no telling, as the file is no report.
    """

    INTACT = "intact"
    ABSENT = "absent"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Validation:
    """A file, and what is wrong with it.

    Attributes:
        path: The file.
        seal: What its digest says.
        problems: What is wrong, a sentence each; empty if it is valid.
        report: The report; None unless the file is valid.
    """

    path: str
    seal: Seal
    problems: tuple[str, ...]
    report: Report | None

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> Self:
        """Look at a file: whether it is JSON, a report of this format, against the schema, edited, or contradicts itself.

        Raises:
            ReportError: jsonschema is not installed, so that nothing can be told.
        """
        name = os.fspath(path)
        try:
            document = files.read_json(name)
            schema.check_family(document)
        except ReportError as broken:
            return cls(name, Seal.UNKNOWN, (str(broken).removeprefix(f"{name}: "),), None)
        if found := schema.violations(document):
            more = [f"and {len(found) - WORST_SHOWN} more against the schema"] if len(found) > WORST_SHOWN else []
            return cls(name, Seal.UNKNOWN, (*found[:WORST_SHOWN], *more), None)
        seal, problems = _seal(document)
        try:
            report = Report.from_document(document)
        except ReportError as broken:
            return cls(name, seal, (*problems, str(broken)), None)
        problems += contradictions(report)
        return cls(name, seal, tuple(problems), None if problems else report)


def _seal(document: Mapping[str, Any]) -> tuple[Seal, list[str]]:
    if KEY not in document:
        return Seal.ABSENT, []
    try:
        check_digest(document)
    except ReportError as edited:
        return Seal.BROKEN, [str(edited)]
    return Seal.INTACT, []


def contradictions(report: Report) -> list[str]:
    """What neither the schema nor the model can see: where the report is against the contract or against itself."""
    return [problem for rule in _RULES for problem in rule(report)]


def _requirements_exist(report: Report) -> Iterator[str]:
    unknown = dict.fromkeys(each.requirement for each in report.results if each.requirement not in REQUIREMENTS)
    if not unknown:
        return
    made, installed = report.environment.storagedriver, version("storagedriver")
    hint = "" if made == installed else f"; storagedriver {made} made the report, and {installed} is installed here"
    for name in unknown:
        yield f"the contract has no requirement {name}{hint}"


def _requirements_are_those_of_the_contract(report: Report) -> Iterator[str]:
    for each in report.results:
        requirement = REQUIREMENTS.get(each.requirement)
        if requirement is None:
            continue
        if each.level is not requirement.level:
            yield f"{each.requirement} of {each.target} is a {requirement.level} by the contract, not a {each.level}"
        if each.capability != requirement.capability:
            yield (
                f"{each.requirement} of {each.target} belongs to "
                f"{_capability(requirement.capability)} by the contract, not to {_capability(each.capability)}"
            )


def _capability(name: str | None) -> str:
    return "no capability" if name is None else f"the capability {name}"


def _a_check_proves_one_requirement(report: Report) -> Iterator[str]:
    proved: dict[tuple[str, str], str] = {}
    for each in report.results:
        for check in each.checks:
            before = proved.setdefault((each.target, check.node_id), each.requirement)
            if before != each.requirement:
                yield f"the check {check.node_id} of {each.target} proves both {before} and {each.requirement}"


def _time_goes_on(report: Report) -> Iterator[str]:
    if report.run.finished < report.run.started:
        yield f"the run ended at {report.run.finished.isoformat()}, before it began"


def _the_exit_status_fits(report: Report) -> Iterator[str]:
    status = report.run.exit_status
    if status in _CUT_SHORT and report.run.complete:
        yield f"the run is said to be complete, although pytest ended with {status}: {_CUT_SHORT[status]}"


def _complete_is_complete(report: Report) -> Iterator[str]:
    if not report.run.complete:
        return
    judged = {each.target for each in report.results}
    for target in report.targets:
        if target.label not in judged:
            yield f"the run is said to be complete, but there is no result of {target.label}"
    left_out = next((each for each in report.results if Outcome.NOT_RUN in each.counts), None)
    if left_out is not None:
        yield f"the run is said to be complete, but checks of {left_out.requirement} of {left_out.target} were not run"


_RULES: tuple[Callable[[Report], Iterator[str]], ...] = (
    _requirements_exist,
    _requirements_are_those_of_the_contract,
    _a_check_proves_one_requirement,
    _time_goes_on,
    _the_exit_status_fits,
    _complete_is_complete,
)
