"""What this project accepts of a driver on a server until a day: the waivers of the gate's policies, and nothing else."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from pathlib import Path

from storagedriver.certification.policy import Policy, Waiver, matches
from storagedriver.report import Outcome, Report

POLICIES = sorted(Path(__file__).resolve().parent.glob("gate*.toml"))


@functools.cache
def waivers() -> Sequence[Waiver]:
    """Those that hold today (UTC)."""
    today = dt.datetime.now(dt.UTC).date()
    found = [waiver for file in POLICIES for waiver in Policy.load(file).waivers]
    return [waiver for waiver in found if waiver.expires >= today]


def broken(report: Report) -> list[str]:
    """The requirements that were not kept in a report and that nobody accepts; what errored nobody can."""
    targets = {target.label: target for target in report.targets}
    return [
        result.requirement
        for result in report.results
        if result.outcome is Outcome.ERRORED
        or (
            result.outcome is Outcome.FAILED
            and not any(
                waiver.requirement == result.requirement and matches(waiver.target, targets[result.target])
                for waiver in waivers()
            )
        )
    ]
