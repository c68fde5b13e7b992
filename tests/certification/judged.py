"""Reports that a gate lets pass, and ways to spoil them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from report.example_report import ENVIRONMENT, check, run, target
from storagedriver.certification import Policy
from storagedriver.contract import GROUPS, REQUIREMENTS
from storagedriver.report import Collector, Outcome, Report
from storagedriver.report.validation import Validation

TODAY = date(2026, 6, 15)


def whole(
    *labels: str, but: Mapping[str, Outcome] | None = None, exit_status: int | None = None, checks: int = 2
) -> Report:
    """A complete report on the whole contract, all passed but what is named."""
    spoiled = but or {}
    collector = Collector(list(GROUPS))
    for label in labels or ("inmemory",):
        collector.add_target(target(label))
        for name in REQUIREMENTS:
            for number in range(checks):
                outcome = spoiled.get(name, Outcome.PASSED)
                collector.add_check(
                    label, check(name, outcome, number, reason="" if outcome is Outcome.PASSED else "why")
                )
    failing = {Outcome.FAILED, Outcome.ERRORED, Outcome.FLAKY} & set(spoiled.values())
    status = int(bool(failing)) if exit_status is None else exit_status
    complete = Outcome.NOT_RUN not in spoiled.values()
    return collector.report(run(*([] if complete else ["cut short"]), exit_status=status), ENVIRONMENT)


def validated(folder: Path, *reports: Report) -> list[Validation]:
    """The reports as files."""
    found = []
    for number, report in enumerate(reports):
        path = folder / f"{number}.json"
        report.write(path)
        found.append(Validation.of(path))
    return found


def policy(**changes: Any) -> Policy:
    """A policy that the whole report passes."""
    return Policy.model_validate({"profile": "quick", "targets": ["inmemory"], "suites": ["behaviour"], **changes})


def waiver(**changes: Any) -> dict[str, Any]:
    """A waiver for CONT-2 of inmemory that holds for a long time."""
    return {
        "target": "inmemory",
        "requirement": "CONT-2",
        "owner": "ann@example.org",
        "reason": "the backend is being replaced",
        "expires": date(2026, 12, 31),
        **changes,
    }


def with_run(report: Report, **changes: Any) -> Report:
    """The report of a run that went otherwise."""
    return dataclasses.replace(report, run=dataclasses.replace(report.run, **changes))
