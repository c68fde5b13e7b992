"""What a failing driver's author gets: the clause, the calls, expected and seen, and a script that reproduces it."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from storagedriver.report import Outcome, Report

FAULTY = """
from dictionary import DictionaryDriver

class KeepsTail(DictionaryDriver):
    name = "keepstail"

    def _put_content(self, path, content):
        old = self.files[path][0] if path in self.files else b""
        super()._put_content(path, content + old[len(content):])

class Hangs(DictionaryDriver):
    name = "hangs"

    def _move(self, source, dest):
        import threading
        threading.Event().wait()

class Crashes(DictionaryDriver):
    name = "crashes"

    def _stat(self, path):
        return self.nothing[path]

class Leaves(DictionaryDriver):
    name = "leaves"

    def _delete(self, path):
        if path.count("/") > 1:
            super()._delete(path)
"""

ARGUMENTS = ("-p", "no:cacheprovider", "--certify-report=report.json")


@pytest.fixture
def faulty(author: pytest.Pytester) -> pytest.Pytester:
    author.makepyfile(faulty=FAULTY)
    return author


def result_of(faulty: pytest.Pytester, requirement: str) -> Outcome:
    return next(
        each.outcome for each in Report.read(faulty.path / "report.json").results if each.requirement == requirement
    )


def test_a_failure_explains_itself(faulty: pytest.Pytester) -> None:
    """Requirement, rationale, calls, expected and seen are printed, and no frame of the kit."""
    result = faulty.runpytest_subprocess("--driver=faulty:KeepsTail", "--requirement=CONT-2", *ARGUMENTS)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines_random(
        [
            "CONT-2 (MUST): *",
            "Why: *",
            "Driver: *KeepsTail",
            "Judged: *",
            "Expected: *",
            "Seen: *",
            "Calls:",
            "*driver.put_content('/check-*",
            "Reproduce: python *report-reproducers*.py",
        ]
    )
    assert "session.py" not in result.stdout.str()


def test_the_reproducer_runs_as_written_and_tells_when_the_bug_is_gone(faulty: pytest.Pytester) -> None:
    """Exit status 1 while the driver is faulty, 0 once it is repaired."""
    faulty.runpytest_subprocess("--driver=faulty:KeepsTail", "--requirement=CONT-2", *ARGUMENTS)
    scripts = sorted((faulty.path / "report-reproducers").glob("*.py"))
    assert scripts

    for script in scripts:
        done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, cwd=faulty.path)
        assert done.returncode == 1, done.stdout + done.stderr
        assert done.stdout.startswith("VIOLATED: ")

    repaired = FAULTY.replace("content + old[len(content):]", "content")
    (faulty.path / "faulty.py").write_text(repaired)
    for script in scripts:
        done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, cwd=faulty.path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.startswith("KEPT: ")


def test_the_printed_reproducer_is_the_whole_script(faulty: pytest.Pytester) -> None:
    """Without a report there is no file, and what stands on the screen runs as it is."""
    result = faulty.runpytest_subprocess(
        "--driver=faulty:KeepsTail", "--requirement=CONT-2", "-p", "no:cacheprovider", "-x"
    )
    printed = re.search(r'^Reproducer:\n\n(r""".*?)^=====', result.stdout.str(), re.DOTALL | re.MULTILINE)
    assert printed is not None
    faulty.path.joinpath("printed.py").write_text(printed.group(1))

    done = subprocess.run([sys.executable, "printed.py"], capture_output=True, text=True, check=False, cwd=faulty.path)

    assert done.returncode == 1, done.stdout + done.stderr


def test_an_unforeseen_error_shows_where_it_was_raised(faulty: pytest.Pytester) -> None:
    """The author sees the line of his own code."""
    result = faulty.runpytest_subprocess("--driver=faulty:Crashes", "--requirement=STAT-1", *ARGUMENTS, "-x")

    result.stdout.fnmatch_lines(["Raised at:", "*faulty.py*", "*self.nothing*"])
    assert result_of(faulty, "STAT-1") is Outcome.FAILED


def test_a_hanging_call_is_told(faulty: pytest.Pytester) -> None:
    """The check ends, and its evidence names the call that did not return."""
    result = faulty.runpytest_subprocess(
        "--driver=faulty:Hangs", "--requirement=MOVE-1", "--check-timeout=1", *ARGUMENTS, "-x", timeout=60
    )

    result.stdout.fnmatch_lines(["Judged: *the check hangs*", "*driver.move(*"])
    assert result_of(faulty, "MOVE-1") is Outcome.FAILED


def test_what_is_left_behind_fails_the_requirement(faulty: pytest.Pytester) -> None:
    """A leftover is a failure of the check, not of its teardown."""
    result = faulty.runpytest_subprocess("--driver=faulty:Leaves", "--requirement=CONT-1", *ARGUMENTS, "-x")

    result.stdout.fnmatch_lines(["Judged: *prefix after its delete*"])
    assert result_of(faulty, "CONT-1") is Outcome.FAILED


def test_a_run_that_stopped_early_says_that_it_certifies_nothing(faulty: pytest.Pytester) -> None:
    """-x, -k and --requirement make a report incomplete, and each reason is in it."""
    faulty.runpytest_subprocess("--driver=faulty:KeepsTail", "--requirement=CONT", "-k", "tail", *ARGUMENTS, "-x")

    run = json.loads((faulty.path / "report.json").read_text())["run"]
    assert run["complete"] is False
    assert len(run["incomplete_reasons"]) == 3


def test_workers_report_the_same(faulty: pytest.Pytester) -> None:
    """Under pytest-xdist the outcomes and the evidence come to the controller."""
    result = faulty.runpytest_subprocess(
        "--driver=faulty:KeepsTail", "--driver=inmemory", "--requirement=CONT-2", *ARGUMENTS, "-n2"
    )

    report = Report.read(faulty.path / "report.json")
    outcomes = {each.target: each.outcome for each in report.results if each.requirement == "CONT-2"}
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert outcomes == {"KeepsTail": Outcome.FAILED, "inmemory": Outcome.PASSED}
    failed = next(each for each in report.results if each.outcome is Outcome.FAILED)
    assert next(check for check in failed.checks if check.evidence).evidence.reproducer  # type: ignore[union-attr]
    assert list((faulty.path / "report-reproducers").glob("*.py"))
