"""From checks, as they end one by one, to a report with a result for each requirement."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from storagedriver.contract import REQUIREMENTS, Requirement
from storagedriver.report.errors import ReportError
from storagedriver.report.model import Check, Environment, Report, Result, Run, Target
from storagedriver.report.outcome import Outcome, combined


class Collector:
    """Takes targets, then checks, then makes the report.

    Every requirement of `groups` is in the report for every target, with or without checks; a requirement of another
    group only where it has checks.
    """

    def __init__(self, groups: Collection[str], *, requirements: Mapping[str, Requirement] = REQUIREMENTS) -> None:
        """Begin a report on the groups of the contract ("CONT") that the chosen suites judge.

        Raises:
            ReportError: The contract has no such group.
        """
        known = {requirement.group: None for requirement in requirements.values()}
        if unknown := sorted(set(groups) - set(known)):
            raise ReportError(f"the contract has no group {unknown[0]!r}; it has {', '.join(known)}")
        self._requirements = {name: each for name, each in requirements.items() if each.group in groups}
        self._contract = requirements
        self._targets: dict[str, Target] = {}
        self._attempts: dict[str, dict[str, list[Check]]] = {}

    def add_target(self, target: Target) -> None:
        """Take a target; results come in the order of targets. The same target again changes nothing.

        Raises:
            ReportError: Another target has this label.
        """
        if self._targets.setdefault(target.label, target) != target:
            raise ReportError(f"two different targets are called {target.label}")
        self._attempts.setdefault(target.label, {})

    def add_check(self, label: str, check: Check) -> None:
        """Take a check of the target `label`. The same check again is another attempt at it.

        Raises:
            ReportError: There is no such target or requirement, or the check proved another requirement before.
        """
        if label not in self._targets:
            raise ReportError(f"there is no target {label!r} for the check {check.node_id}")
        if check.requirement not in self._contract:
            raise ReportError(f"the contract has no requirement {check.requirement!r} for the check {check.node_id}")
        attempts = self._attempts[label].setdefault(check.node_id, [])
        if attempts and attempts[0].requirement != check.requirement:
            raise ReportError(
                f"the check {check.node_id} cannot prove both {attempts[0].requirement} and {check.requirement}"
            )
        attempts.append(check)

    def report(self, run: Run, environment: Environment) -> Report:
        """The report on all that was taken so far."""
        results = [result for label in self._targets for result in self._results(label)]
        return Report(run, environment, tuple(self._targets.values()), tuple(results))

    def _results(self, label: str) -> list[Result]:
        checks: dict[str, list[Check]] = {}
        for attempts in self._attempts[label].values():
            check = settled(attempts)
            checks.setdefault(check.requirement, []).append(check)
        return [
            Result.of_checks(
                label,
                name,
                checks.get(name, []),
                title=requirement.title,
                level=requirement.level,
                capability=requirement.capability,
            )
            for name, requirement in self._contract.items()
            if name in self._requirements or name in checks
        ]


def settled(attempts: Sequence[Check]) -> Check:
    """One check for all attempts at it, which some plugins repeat until it passes.

    If one attempt passed and another did not, the check is flaky: a late pass is no pass. If none passed, the worst
    counts. The evidence is that of the first attempt that has any, trials and figures are those of the last; the durations
    add up.
    """
    outcomes = [attempt.outcome for attempt in attempts]
    duration = sum(attempt.duration for attempt in attempts)
    evidence = next((attempt.evidence for attempt in attempts if attempt.evidence is not None), None)
    passes = outcomes.count(Outcome.PASSED)
    if 0 < passes < len(attempts):
        others = ", ".join(sorted({outcome.words for outcome in outcomes if outcome is not Outcome.PASSED}))
        reason = f"passed in {passes} of {len(attempts)} attempts, else {others}"
        return dataclasses.replace(
            attempts[-1], outcome=Outcome.FLAKY, reason=reason, duration=duration, evidence=evidence
        )
    worst = combined(outcomes)
    chosen = next(attempt for attempt in attempts if attempt.outcome is worst)
    last = attempts[-1]
    return dataclasses.replace(chosen, duration=duration, evidence=evidence, trials=last.trials, figures=last.figures)
