"""What commands that judge by a policy do alike: read it with its baseline, and the reports, and ask the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storagedriver.certification import Policy, PolicyError, Verdict, decide
from storagedriver.certification.errors import JudgingFileError
from storagedriver.commands import exits, output
from storagedriver.commands.reading import read
from storagedriver.report import Report, ReportError
from storagedriver.report.validation import Validation


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the gate said, and of what.

    Attributes:
        policy: What it judged by.
        reports: The files, valid or not.
        verdict: What it said.
    """

    policy: Policy
    reports: Sequence[Validation]
    verdict: Verdict


def judge(policy_path: str, reports: Sequence[str], *, commit: str | None, now: datetime) -> Judgement:
    """Judge the files by the policy.

    Raises:
        PolicyError: The policy or its baseline is wrong.
        ReportError: jsonschema is not installed.
    """
    policy = Policy.load(policy_path)
    baselines = _baselines(policy, policy_path)
    with output.one_by_one(reports, "reading reports") as paths:
        validations = [Validation.of(path) for path in paths]
    verdict = decide(policy, validations, baselines=baselines, commit=commit, today=now.date())
    return Judgement(policy, validations, verdict)


def refuse(wrong: JudgingFileError) -> int:
    """Tell all that is wrong with a policy, or with trust roots, and return the exit code."""
    for problem in wrong.problems:
        output.complain(f"{wrong.path}: {problem}", exits.USAGE)
    return exits.USAGE


def _baselines(policy: Policy, path: str) -> list[Report]:
    """The reports of before.

    Raises:
        PolicyError: One is no valid report or of an incomplete run, or two have a target of one label.
    """
    try:
        found = read(policy.baseline)
    except ReportError as broken:
        raise PolicyError(path, [f"baseline: {broken}"]) from broken
    owners: dict[str, str] = {}
    for name, report in found.items():
        if not report.run.complete:
            raise PolicyError(path, [f"baseline: {name} is of an incomplete run, so it proves nothing; take another"])
        for target in report.targets:
            other = owners.setdefault(target.label, name)
            if other != name:
                raise PolicyError(path, [f"baseline: {other} and {name} both have {target.label}; take one of them"])
    return list(found.values())
