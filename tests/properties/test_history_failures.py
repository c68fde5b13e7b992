"""What a failed history tells: the requirement it breaks, few calls, a script that makes them, the seed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from storagedriver.report import Outcome, Report

FORGETS = """
from storagedriver_drivers.inmemory.driver import InMemoryDriver
from storagedriver_drivers.inmemory.store import Store

STORE = Store()


class Forgets(InMemoryDriver):
    # A move of a file leaves it where it was, if that was written by a stream.
    def __init__(self, parameters):
        super().__init__(parameters)
        self._store = STORE
        self._streamed = set()

    def _writer(self, path, *, append):
        self._streamed.add(path)
        return super()._writer(path, append=append)

    def _move(self, source, dest):
        content = None if self._stat(source).is_dir else self._get_content(source)
        super()._move(source, dest)
        if source in self._streamed and content:
            self._store.put(self._key(source), content)
"""


@pytest.fixture
def forgetting(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(forgets=FORGETS)
    pytester.syspathinsert()
    return pytester


def certify(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess(
        "--driver=forgets:Forgets",
        "--suite=properties",
        "--certify-report=report.json",
        "-k",
        "test_history_keeps",
        *arguments,
    )


def counterexamples(pytester: pytest.Pytester) -> dict[str, list[str]]:
    """The calls of each failed check, by requirement, without the random prefix."""
    report = Report.read(pytester.path / "report.json")
    return {
        result.requirement: [re.sub("/check-[0-9a-f]+", "", call.partition(" -> ")[0]) for call in check.evidence.calls]
        for result in report.results
        if result.outcome is Outcome.FAILED
        for check in result.checks
        if check.evidence is not None
    }


def test_a_failed_history_explains_itself_and_its_seed_finds_it_again(forgetting: pytest.Pytester) -> None:
    """MOVE-1 fails, with a few calls, the seed, the command, and a script that reproduces it; nothing else has passed.

    With the same seed two processes find the same calls. One test, as each exploration takes seconds: this seed few of them.
    """
    run = certify(forgetting, "--seed=2")

    assert run.ret == pytest.ExitCode.TESTS_FAILED
    said = run.stdout.str()
    assert "MOVE-1 (MUST)" in said
    assert "Seed:     2; again: pytest --driver=forgets:Forgets --profile=quick --seed=2" in said
    report = Report.read(forgetting.path / "report.json")
    assert report.run.seed == 2
    outcomes = {result.requirement: result.outcome for result in report.results}
    assert outcomes["MOVE-1"] is Outcome.FAILED
    assert Outcome.PASSED not in outcomes.values()
    alone = counterexamples(forgetting)
    assert len(alone["MOVE-1"]) <= 20
    (script,) = [each for each in forgetting.path.glob("report-reproducers/*.py") if "MOVE-1" in each.name]
    assert "writer" in script.read_text()
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, cwd=forgetting.path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "VIOLATED" in done.stdout

    # Its name begins with test_, so that the next run would collect it.
    shutil.rmtree(forgetting.path / "report-reproducers")
    certify(forgetting, "--seed=2", "-n2")

    assert counterexamples(forgetting) == alone


def test_without_a_seed_one_is_chosen_and_failures_are_kept(forgetting: pytest.Pytester) -> None:
    """The seed is in the report, and what failed lies in the stated folder, to be tried first."""
    certify(forgetting)

    assert Report.read(forgetting.path / "report.json").run.seed is not None
    assert counterexamples(forgetting)
    kept = [
        each for each in Path(forgetting.path, ".hypothesis", "storagedriver", "Forgets").rglob("*") if each.is_file()
    ]
    assert kept
