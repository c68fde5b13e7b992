"""However a run ends, servers are stopped, folders removed, and the report says that it is not whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from storagedriver.report import Outcome, Report

SLOW = """
from pathlib import Path
from storagedriver.testing import requirement

@requirement("CONT-1")
def test_first(driver, tree):
    driver.put_content(tree.path("f"), b"1")

@requirement("CONT-3")
def test_second(driver, tree):
    import threading
    Path("begun").touch()
    Path("begun.fifo").write_text("begun")
    threading.Event().wait()
"""


@pytest.mark.timeout(120)  # A run that never gets to its check would be waited for without an end.
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("workers", [[], ["-n1"]], ids=["one process", "workers"])
def test_an_interrupted_run_cleans_up(author: pytest.Pytester, number: signal.Signals, workers: list[str]) -> None:
    """The server is gone, nothing stays in the folder for temporary files, the report says interrupted."""
    (author.path / "tinychecks" / "test_tiny.py").write_text(SLOW)
    temporary = author.mkdir("temporary")
    os.mkfifo(author.path / "begun.fifo")
    command = ["--driver=s3", "--backend=moto", "--suite=tiny", "--certify-report=report.json", "-v", *workers]
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *command],
        cwd=author.path,
        env={**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(author.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # What is started in the background of a shell script ignores Ctrl-C, and hands that down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  no thread is running here
    ) as process:
        try:
            # Opening a pipe waits for the check that writes into it.
            assert (author.path / "begun.fifo").read_text() == "begun"
            assert [each.name for each in temporary.iterdir() if each.name.startswith("storagedriver-")]
            # What a worker says of the check before may still be on its way.
            assert process.stdout is not None
            assert any("PASSED" in line for line in process.stdout)
            process.send_signal(number)
            output = process.stdout.read()
            process.wait()
        finally:
            process.kill()

    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    assert not [each.name for each in temporary.iterdir() if each.name.startswith("storagedriver-")]
    report = Report.read(author.path / "report.json")
    assert "the run was interrupted" in report.run.incomplete_reasons
    assert "INCOMPLETE RUN" in output
    outcomes = {each.requirement: each.outcome for each in report.results}
    assert outcomes["CONT-1"] in ({Outcome.PASSED, Outcome.NOT_RUN} if workers else {Outcome.PASSED})
    assert outcomes["CONT-3"] is Outcome.NOT_RUN


DYING = """
from storagedriver.testing import expect, requirement

@requirement("CONT-1")
def test_first(driver, tree):
    driver.put_content(tree.path("f"), b"1")

@requirement("CONT-2")
def test_second(driver, tree, subject):
    import dying
    dying.SERVERS[-1].stop()
    driver.put_content(tree.path("f"), b"1")

@requirement("CONT-3")
def test_third(driver, tree):
    expect.not_found(lambda: driver.stat(tree.path("f")), "nothing")
"""

DYING_SERVER = """
from storagedriver.backends.moto import MotoProvider

SERVERS = []

class Provider(MotoProvider):
    name = "dying"

    def start(self, mode, folder):
        SERVERS.append(super().start(mode, folder))
        return SERVERS[-1]
"""


def test_a_server_that_dies_is_no_failure_of_the_driver(author: pytest.Pytester) -> None:
    """From then on nothing is known: errored, told once a check, and the run certifies nothing."""
    author.makepyfile(dying=DYING_SERVER)
    (author.path / "tinychecks" / "test_tiny.py").write_text(DYING)
    with (author.path / "tinychecks-1.0.dist-info" / "entry_points.txt").open("a") as points:
        points.write("\n[storagedriver.backends]\ndying = dying:Provider\n")
    arguments = ["--driver=s3", "--backend=dying", "--driver-param=maxretries=1", "--suite=tiny"]

    result = author.runpytest_subprocess(*arguments, "--certify-report=report.json", "-p", "no:cacheprovider")

    report = Report.read(author.path / "report.json")
    outcomes = {each.requirement: each.outcome for each in report.results if each.checks}
    assert outcomes == {"CONT-1": Outcome.PASSED, "CONT-2": Outcome.ERRORED, "CONT-3": Outcome.ERRORED}
    assert any("the server dying stopped during the run" in reason for reason in report.run.incomplete_reasons)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*1 passed, 2 error*"])
    result.stdout.fnmatch_lines(["Errored: the server dying stopped during the run*"])


def test_a_failure_on_a_server_reproduces_on_one_of_its_own(author: pytest.Pytester) -> None:
    """The reproducer starts the same server by itself."""
    author.makepyfile(
        faulty="from storagedriver_drivers.s3 import S3Driver\n"
        "class Faulty(S3Driver):\n    def _move(self, source, dest):\n        self._put_content(dest, self._get_content(source))\n"
    )
    arguments = ["--driver=faulty:Faulty", "--backend=moto", "--suite=tiny", "-k", "test_move"]

    author.runpytest_subprocess(*arguments, "--certify-report=report.json", "-p", "no:cacheprovider")

    report = Report.read(author.path / "report.json")
    assert {each.target: each.outcome for each in report.results if each.requirement == "MOVE-1"} == {
        "Faulty@moto": Outcome.FAILED
    }
    (script,) = sorted(Path(author.path, "report-reproducers").glob("*.py"))
    shown = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, cwd=author.path)
    assert shown.returncode == 1, script.read_text() + shown.stdout + shown.stderr
    assert shown.stdout.startswith("VIOLATED: source after a move")


@pytest.mark.parametrize("report", [True, False], ids=["beside-the-report", "in-pytests-cache"])
def test_the_servers_log_is_kept_after_a_failure(author: pytest.Pytester, report: bool) -> None:
    """What the server said is still there to be read, and the end of the output says where."""
    arguments = ["--driver=s3", "--backend=moto", "--suite=tiny", "--driver-param=bucket=no-such-bucket"]

    failed = author.runpytest_subprocess(*arguments, *(["--certify-report=report.json"] if report else []))

    folder = Path(author.path, "report-servers" if report else ".pytest_cache/d/storagedriver")
    failed.stdout.fnmatch_lines([f"log of the server: {folder}/s3@moto.log"])
    assert "no-such-bucket" in (folder / "s3@moto.log").read_text()


def test_no_servers_log_is_kept_after_a_success(author: pytest.Pytester) -> None:
    """A run that went well leaves its report alone."""
    passed = author.runpytest_subprocess(
        "--driver=s3", "--backend=moto", "--suite=tiny", "--certify-report=report.json", "-k", "test_move"
    )

    assert passed.ret == pytest.ExitCode.OK
    passed.stdout.no_fnmatch_line("log of the server*")
    assert not Path(author.path, "report-servers").exists()
