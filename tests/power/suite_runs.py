"""A suite over a driver that is registered, in this process: what it takes, and the verdict that comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from power import baseline
from power.states import BASELINE, state_of
from power.verdicts import Ending, Verdict
from storagedriver import StorageDriver
from storagedriver.registry import find_suite
from storagedriver.report import Outcome, Report

SEED = 1
CHECK_SECONDS = 45
"""After which a check counts as hung: longer than the suites' own patience with what hangs."""

LONG_CHECK_SECONDS = 300
"""The same of suites whose checks try many things each, which on a busy machine takes minutes."""

_LONG = {"properties", "durability", "faults", "leaks", "performance"}

_NOTHING_RAN = pytest.ExitCode.NO_TESTS_COLLECTED


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """What is run.

    Attributes:
        key: What the verdict is about.
        driver: The name that the driver is registered under.
        suite: A suite's name, or "baseline".
        every: Run every check, and not only up to the first failure.
        seed: Of what is generated.
        arguments: More arguments of pytest: which server it is.
    """

    key: str
    driver: str
    suite: str
    every: bool = False
    seed: int = SEED
    arguments: tuple[str, ...] = ()


def run_suite(run: SuiteRun, part: Sequence[str] = (), plugins: Sequence[object] = ()) -> Verdict:
    """Run it in profile quick, in the current folder, where its report is left.

    Args:
        run: What is run.
        part: Arguments of pytest that choose a part of the suite.
        plugins: More plugins of pytest.
    """
    words = [*part, "-q", "-p", "no:cacheprovider", f"--rootdir={Path.cwd()}"]
    if not run.every:
        words.append("--exitfirst")
    if run.suite == BASELINE:
        return _by_baseline(run, words)
    report = Path("report.json").absolute()
    report.unlink(missing_ok=True)
    words += [
        f"--driver={run.driver}",
        f"--suite={run.suite}",
        "--profile=quick",
        f"--seed={run.seed}",
        f"--check-timeout={LONG_CHECK_SECONDS if run.suite in _LONG else CHECK_SECONDS}",
        f"--certify-report={report}",
        *run.arguments,
    ]
    status = pytest.main(words, plugins=[*plugins])
    if not report.is_file():
        return _verdict(run, Ending.ERRORED, reason=f"pytest ended with {status}, and left no report")
    results = Report.read(report).results
    checks = [check for result in results for check in result.checks]
    ran = [check for check in checks if check.outcome is not Outcome.NOT_RUN]
    failed = [check for check in ran if check.outcome is Outcome.FAILED]
    broken = [check for check in ran if check.outcome is Outcome.ERRORED]
    return _verdict(
        run,
        _ending(caught=bool(failed), broken=bool(broken), status=status),
        by=tuple(f"{check.requirement} {_name(check.node_id, results[0].target)}" for check in failed),
        checks=len([check for check in ran if check.outcome in {Outcome.PASSED, Outcome.FAILED}]),
        seconds=sum(check.duration for check in ran),
        reason="" if failed or not broken else f"{broken[0].node_id}: {broken[0].reason}"[:200],
    )


def _ending(*, caught: bool, broken: bool, status: int) -> Ending:
    if caught:
        return Ending.CAUGHT
    return Ending.ERRORED if broken or status not in {pytest.ExitCode.OK, _NOTHING_RAN} else Ending.MISSED


def _name(node_id: str, target: str) -> str:
    """A check's name without its module, and without the target among its parameters."""
    name, _, values = node_id.rpartition("::")[2].partition("[")
    rest = values.removesuffix("]").removeprefix(target).removeprefix("-")
    return f"{name}[{rest}]" if rest else name


class _BaselineRun:
    """Counts what pytest reports, and gives the driver to the checks of the baseline."""

    def __init__(self, driver: str) -> None:
        self._driver = driver
        self.ran = 0
        self.seconds = 0.0
        self.failed: list[str] = []

    @pytest.fixture
    def driver(self, tmp_path: Path) -> Iterator[StorageDriver]:
        """A driver on an empty store."""
        registration = find_suite(self._driver)
        assert registration is not None
        parameters = registration.parameters
        made = registration.constructor(parameters(tmp_path) if callable(parameters) else parameters)
        yield made
        made.close()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take note of each phase of a check."""
        self.seconds += report.duration
        if report.when == "call":
            self.ran += 1
        if report.failed:
            # A driver that cannot be made, or leaves something, fails there too.
            self.failed.append(report.nodeid.rpartition("::")[2])


def _by_baseline(run: SuiteRun, words: list[str]) -> Verdict:
    counted = _BaselineRun(run.driver)
    status = pytest.main([str(baseline.__file__), f"--basetemp={Path.cwd() / 'files'}", *words], plugins=[counted])
    return _verdict(
        run,
        _ending(caught=bool(counted.failed), broken=False, status=status),
        by=tuple(f"baseline {name}" for name in counted.failed),
        checks=counted.ran,
        seconds=counted.seconds,
        reason="" if counted.failed or not status else f"pytest ended with {status}",
    )


def _verdict(run: SuiteRun, ending: Ending, *, by: tuple[str, ...] = (), **more: Any) -> Verdict:
    more["seconds"] = round(more.get("seconds", 0.0), 2)
    return Verdict(run.key, run.suite, ending, by=by, every=run.every, state=state_of(run.suite, by), **more)
