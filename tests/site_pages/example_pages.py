"""Reports that the page is tried with."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from itertools import cycle

from report.example_report import ENVIRONMENT, REQUESTS, TAIL, example, run, target
from storagedriver.contract import Level
from storagedriver.report import Check, Ending, Outcome, Report, Result, TrialKind, Trials


def at(report: Report, *, days: int) -> Report:
    """The same report, as if it had been made so many days later."""
    later = timedelta(days=days)
    return dataclasses.replace(
        report,
        run=dataclasses.replace(report.run, started=report.run.started + later, finished=report.run.finished + later),
    )


def better() -> Report:
    """The example, had its second target been the first: the one that keeps all."""
    return example(labels=("s3@seaweedfs", "inmemory"))


def large(*, targets: int = 20, requirements: int = 150) -> Report:
    """As many targets and requirements as one page has to bear; every tenth is failed, with all its evidence.

    Each target has a map of ten operations and twelve faults.
    """
    endings = (Outcome.FAILED, Outcome.SKIPPED, Outcome.NOT_OFFERED, *[Outcome.PASSED] * 7)
    evidence = dataclasses.replace(
        TAIL,
        calls=tuple(f"{number} driver.put_content('/check/{number}', b'longer') -> None" for number in range(20)),
        reproducer="from storagedriver import factory\n" * 30,
    )
    trials = tuple(
        Trials(TrialKind.FAULT, f"operation {row}", f"fault number {column}", REQUESTS * 3, (Ending.SURVIVED,) * 9)
        for row in range(10)
        for column in range(12)
    )
    labels = [f"driver{number}@server{number}" for number in range(targets)]
    results = []
    ended = cycle(endings)
    for label in labels:
        for number in range(requirements):
            outcome = next(ended)
            name = f"{'ABCDEFGHIJKLMNO'[number // 10]}-{number % 10 + 1}"
            given = evidence if outcome is Outcome.FAILED else None
            checks = [Check(f"suite/test_{name}.py::test_it", name, outcome, "a reason", 0.5, given)]
            checks += [Check(f"suite/test_{name}.py::test_{more}", name, Outcome.PASSED) for more in range(3)]
            if number == 0:
                checks[-1] = dataclasses.replace(checks[-1], trials=trials)
            if outcome not in {Outcome.FAILED, Outcome.PASSED}:
                checks = checks[:1]
            title = "A directory moves with all below it, or the move raises and nothing is lost"
            results.append(Result.of_checks(label, name, checks, title=title, level=Level.MUST, capability=None))
    return Report(run(), ENVIRONMENT, tuple(target(label) for label in labels), tuple(results))
