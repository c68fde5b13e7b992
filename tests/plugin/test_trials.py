"""What checks try and measure reaches the report, whether they pass or fail, and by whatever worker."""

from __future__ import annotations

import pytest

from plugin.author_project import Run
from storagedriver.report import Ending, Figure, TrialKind, TrialTally

TRYING = '''
from storagedriver.testing import Ending, TrialKind, expect, requirement


@requirement("CONT-7")
def test_tried(driver, tree, subject):
    """Tries two faults, one of which shows the driver's secret."""
    trials = subject.trials(TrialKind.FAULT, "put", "status 503")
    trials.add("1: PUT object", Ending.SURVIVED)
    trials.add("2: PUT " + str(subject.parameters.get("password", "object")), Ending.REFUSED)
    subject.measured("operations", 2)
    subject.measured("growth of memory", 0.5, "B/operation")
    expect.equal(OUTCOME, "kept", "the promise")
'''


@pytest.mark.parametrize("workers", [(), ("-n1",)])
@pytest.mark.parametrize("outcome", ["kept", "broken"])
def test_trials_and_figures_are_reported(author: pytest.Pytester, workers: tuple[str, ...], outcome: str) -> None:
    author.makepyfile(test_tried=TRYING.replace("OUTCOME", repr(outcome)))
    run = Run(author, "--driver=dictionary:DictionaryDriver", *workers, "test_tried.py", process=bool(workers))

    (check,) = [each for result in run.report.results for each in result.checks if "test_tried" in each.node_id]
    (trials,) = check.trials
    assert check.outcome == ("passed" if outcome == "kept" else "failed")
    assert (trials.kind, trials.operation, trials.condition) == (TrialKind.FAULT, "put", "status 503")
    assert trials.endings == (Ending.SURVIVED, Ending.REFUSED)
    assert check.figures == (Figure("operations", 2, ""), Figure("growth of memory", 0.5, "B/operation"))
    (tally,) = TrialTally.of(check.trials)
    assert tally.sentence in run.said
