"""The matrix on a cluster of Dask, whose scheduler and workers are processes on this machine."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from matrix.conftest import Matrix
from storagedriver import cli
from storagedriver.report import Report

# Not imported here: it changes how all exceptions of the process that imports it are pickled.
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None,
    reason="distributed is not installed: pip install 'storagedriver[dask]'",
)

SLOW = """
import os, pathlib, time
from dictionary import DictionaryDriver

FOLDER = pathlib.Path(__file__).parent


class OtherDriver(DictionaryDriver):
    files = {}

    def _put_content(self, path, content):
        (FOLDER / f"worker-{os.getppid()}").touch()
        while (FOLDER / "wait").exists():
            time.sleep(0.05)
        super()._put_content(path, content)

    def close(self):
        super().close()
        (FOLDER / f"ended-{os.getppid()}").touch()
"""


def waited_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@contextlib.contextmanager
def process(*arguments: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        # One that is killed in its middle removes nothing of its own.
        started = subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            env={**os.environ, "TMPDIR": str(log.parent)},
        )
    try:
        yield started
    finally:
        if started.poll() is None:
            started.terminate()
            try:
                started.wait(20)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The scheduler of a cluster with two workers of one thread each."""
    folder = tmp_path_factory.mktemp("cluster")
    told = folder / "scheduler.json"
    common = ("--no-dashboard", "--scheduler-file", str(told))
    with contextlib.ExitStack() as stack:
        scheduler = ("scheduler", "--host", "127.0.0.1", "--port", "0", *common)
        stack.enter_context(process(*scheduler, log=folder / "scheduler.log"))
        waited_for(told.exists, "the scheduler listens")
        for number in (1, 2):
            worker = ("worker", "--no-nanny", "--nthreads", "1", "--host", "127.0.0.1", *common)
            stack.enter_context(process(*worker, log=folder / f"worker-{number}.log"))
        yield json.loads(told.read_text())["address"]


def test_a_worker_that_dies_costs_nothing(matrix: Matrix, address: str) -> None:
    """Its cell ends with it and is run by the other worker; every cell is told once, with a whole report."""
    (matrix.folder / "other.py").write_text(SLOW)
    (matrix.folder / "wait").touch()
    running = matrix.start("--scheduler", address)
    waited_for(lambda: running.poll() is not None or list(matrix.folder.glob("worker-*")), "the slow cell began")
    assert running.poll() is None, running.communicate()[0]

    (first,) = matrix.folder.glob("worker-*")
    number = int(first.name.removeprefix("worker-"))
    os.kill(number, signal.SIGKILL)
    waited_for(
        lambda: running.poll() is not None or len(list(matrix.folder.glob("worker-*"))) == 2,
        "the other worker took the cell",
    )
    assert running.poll() is None, running.communicate()[0]
    waited_for((matrix.folder / f"ended-{number}").exists, "the cell of the dead worker ended")
    (matrix.folder / "wait").unlink()
    said = running.communicate(timeout=120)[0]

    assert running.returncode == cli.OK, said
    lines = said.splitlines()
    assert sorted(line.partition("] ")[2].partition(" (")[0] for line in lines[:-1]) == [
        "good: passed",
        "other: passed",
    ]
    assert lines[-1] == "2 cells: 2 passed"
    for name in ("good", "other"):
        report = Report.read(matrix.folder / "certify" / f"{name}.json")
        assert report.run.complete
        assert sum(len(each.checks) for each in report.results) == 8
    # A cluster and this machine are the same to what was kept.
    code, said = matrix.run()
    assert (code, said.count("(of before)")) == (cli.OK, 2)


def test_a_run_that_is_ended_ends_its_cells(matrix: Matrix, address: str) -> None:
    """On the workers too, which go on to serve others."""
    (matrix.folder / "other.py").write_text(SLOW)
    (matrix.folder / "wait").touch()
    matrix.plan('suites = "tiny"\n[[cells]]\ndriver = "other:OtherDriver"\n')
    running = matrix.start("--scheduler", address)
    waited_for(lambda: running.poll() is not None or list(matrix.folder.glob("worker-*")), "the slow cell began")
    assert running.poll() is None, running.communicate()[0]

    running.send_signal(signal.SIGTERM)
    said = running.communicate(timeout=100)[0]

    assert (running.returncode, said) == (130, "")
    assert list(matrix.folder.glob("ended-*"))


def test_no_scheduler_is_told(matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "1s")

    code, said = matrix.run("--scheduler", "tcp://127.0.0.1:1")
    wrong, _ = matrix.run("--scheduler", "nonsense")

    assert (code, wrong) == (cli.FAILED, cli.USAGE)
    (line,) = said.splitlines()
    assert line.startswith("storagedriver: the scheduler tcp://127.0.0.1:1 cannot be used: ")
