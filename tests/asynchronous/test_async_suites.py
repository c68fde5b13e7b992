"""The suites judge an asynchronous driver as any other: a right one is taken, wrong ones are caught by what they break."""

from __future__ import annotations

from pathlib import Path

import pytest

from storagedriver.report import Outcome, Report
from storagedriver.testing import lengthy


@pytest.fixture(autouse=True)
def drivers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the runs find the drivers."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))


def judged(pytester: pytest.Pytester, constructor: str, *arguments: str) -> Report:
    pytester.runpytest_subprocess(
        f"--driver=asynchronous.dictionary_driver:{constructor}",
        "--certify-report=report.json",
        "-p",
        "no:cacheprovider",
        "-q",
        *arguments,
    )
    return Report.read(pytester.path / "report.json")


def failed(report: Report) -> set[str]:
    return {each.requirement for each in report.results if each.outcome is Outcome.FAILED}


@lengthy
def test_right_one_passes(pytester: pytest.Pytester) -> None:
    """Every check of the default suites that applies to it, with some of its values."""
    report = judged(pytester, "make", "--sample=2")

    assert report.run.exit_status == 0
    assert not {each.outcome for each in report.results} & {Outcome.FAILED, Outcome.ERRORED, Outcome.FLAKY}
    assert len([each for each in report.results if each.outcome is Outcome.PASSED]) > 60


def test_writer_that_publishes_early_is_caught(pytester: pytest.Pytester) -> None:
    assert "WRITE-1" in failed(judged(pytester, "make_forgetful", "--requirement=WRITE-1", "--exitfirst"))


def test_tasks_that_lose_each_others_puts_are_caught(pytester: pytest.Pytester) -> None:
    assert failed(judged(pytester, "make_stumbling", "--requirement=CONC-3", "--exitfirst"))
