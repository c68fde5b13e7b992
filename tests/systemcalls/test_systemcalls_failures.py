"""How the failures of trials read, and which clause they name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mutants.local_files import FullDiskLeavesItShort
from storagedriver import BaseDriver
from storagedriver.registry import register_suite, unregister_suite
from storagedriver.report import Outcome, Report
from storagedriver.systemcalls import unavailable
from storagedriver_suites import durability, faults
from systemcalls.untidy_files import NobodyTidiesUp

NAME = "on-files"


@pytest.fixture(autouse=True)
def registered(request: pytest.FixtureRequest) -> Iterator[None]:
    reason = unavailable()
    if reason is not None:
        pytest.skip(reason)
    driver: type[BaseDriver] = request.param
    register_suite(NAME, driver.from_parameters, parameters=lambda folder: {"rootdirectory": str(folder)})
    yield
    unregister_suite(NAME)


def judged(pytester: pytest.Pytester, module: Path, chosen: str) -> tuple[str, Report]:
    run = pytester.runpytest_inprocess(
        module,
        f"--driver={NAME}",
        "--suite=durability,faults",
        f"-k{chosen}",
        "--certify-report=report.json",
        "-pno:cacheprovider",
    )
    return run.stdout.str(), Report.read(pytester.path / "report.json")


@pytest.mark.parametrize("registered", [NobodyTidiesUp], indirect=True)
def test_what_a_killed_process_leaves_for_ever_breaks_the_clause_of_leftovers(pytester: pytest.Pytester) -> None:
    """The files are old or new, so that the clause of crashes is kept; the temporary file breaks WRITE-11."""
    module = Path(durability.__path__[0]) / "test_dur_killed.py"

    _, report = judged(pytester, module, "test_killed_before_each_system_call and over and not large and not stream")

    outcomes = {result.requirement: result.outcome for result in report.results}
    assert outcomes["WRITE-11"] is Outcome.FAILED
    assert outcomes["DUR-1"] is not Outcome.FAILED


@pytest.mark.parametrize("registered", [FullDiskLeavesItShort], indirect=True)
def test_a_failure_names_the_call_that_failed_and_those_around_it(pytester: pytest.Pytester) -> None:
    """With its number, its error and the file, so that its author finds it in his own code."""
    module = Path(faults.__path__[0]) / "test_fault_system.py"

    text, report = judged(pytester, module, "test_each_system_call_fails and put and over and not large")

    lines = [line.strip() for line in text.splitlines()]
    (failed,) = [line for line in lines if line.startswith("Judged:")]
    assert "the content of /d/file, put over a file with ENOSPC at call" in failed
    assert "write(file)" in failed
    assert [line for line in lines if line.endswith("write(file) -> ENOSPC (injected)")]
    assert {result.requirement for result in report.results if result.outcome is Outcome.FAILED} == {"FAULT-3"}
