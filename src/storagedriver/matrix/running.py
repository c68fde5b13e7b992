"""Running a cell: a process of its own makes the report, and all that comes of it is brought back as values."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from storagedriver.matrix.cell import Cell
from storagedriver.matrix.identity import IdentityError, identities
from storagedriver.report import Report, ReportError
from storagedriver.report.narrowing import is_narrowing

_REPORT = "report.json"
_GRACE_SECONDS = 60.0
"""How long a run that is interrupted may take to stop its servers."""

_JUDGED = frozenset({0, 1})
_WRONG_CALL = 4
"""Exit status of pytest also where nothing of what was asked for can be judged."""

_MOMENT_SECONDS = 0.2


class Ending(StrEnum):
    """How a cell ended.

    Attributes:
        PASSED: Every check passed, was skipped or is not offered.
        FAILED: A check failed or errored; the report says which.
        LEFT_OUT: Where it was to be run its server or a package is missing.
        BROKEN: There is no report of all its checks.
    """

    PASSED = "passed"
    FAILED = "failed"
    LEFT_OUT = "left out"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class CellRun:
    """What came of a cell.

    Attributes:
        ending: How it ended.
        reason: Why it was left out, or is broken; "" otherwise.
        seconds: How long it took.
        log: All that pytest printed.
        report: The report as it was written; None unless the cell passed or failed.
        beside: What lies beside the report, by the part of its name that follows the report's: "-reproducers/a.py".
    """

    ending: Ending
    reason: str = ""
    seconds: float = 0.0
    log: str = ""
    report: bytes | None = None
    beside: Mapping[str, bytes] = field(default_factory=dict)


def run_cell(cell: Cell, folder: Path, identity: str, stop: threading.Event | None = None) -> CellRun:
    """Run a cell.

    Args:
        cell: What to run.
        folder: Where pytest runs. On a machine that does not have it, an empty one serves.
        identity: The digest of what is to be run. Where it is another, nothing is run.
        stop: Set by another thread if the run is to end early.
    """
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="storagedriver-matrix-") as scratch:
        work = Path(scratch)
        (work / "empty").mkdir()
        place = folder if folder.is_dir() else work / "empty"
        try:
            here = identities([cell], place)[0]
        except IdentityError as untold:
            return CellRun(Ending.BROKEN, str(untold))
        if here != identity:
            return CellRun(Ending.BROKEN, "other files, settings or versions than where the matrix was started")
        log = work / "log"
        status = _run(cell, place, work / _REPORT, log, stop or threading.Event())
        said = log.read_text(encoding="utf-8", errors="replace")
        seconds = time.monotonic() - begin
        ending, reason = _ended(status, work / _REPORT, said)
        if ending not in {Ending.PASSED, Ending.FAILED}:
            return CellRun(ending, reason, seconds, said)
        beside = {
            str(path.relative_to(work)).removeprefix(Path(_REPORT).stem): path.read_bytes()
            for path in sorted(work.glob(f"{Path(_REPORT).stem}-*/**/*"))
            if path.is_file()
        }
        return CellRun(ending, "", seconds, said, (work / _REPORT).read_bytes(), beside)


def _run(cell: Cell, folder: Path, report: Path, log: Path, stop: threading.Event) -> int:
    """Run pytest, until it ends or the run is to end; its exit status, negative if a signal ended it."""
    command = [sys.executable, "-m", "storagedriver.matrix.attended", *cell.arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  pytest, with what the user asks it for
            command,
            cwd=folder,
            env=cell.environment(report),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for whoever waits, and comes to pytest once, by the end of its input.
            start_new_session=True,
        )
        try:
            while not stop.is_set():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return process.wait(_MOMENT_SECONDS)
        finally:
            _end(process)
    return process.returncode


def _end(process: subprocess.Popen[bytes]) -> None:
    """Interrupt the process if it still runs, and kill it if that does not help."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _ended(status: int, path: Path, said: str) -> tuple[Ending, str]:
    from storagedriver.plugin.plans import NOTHING_HERE  # noqa: PLC0415  pytest, for where cells are run

    lines = [line.strip() for line in said.splitlines()]
    nothing = next((number for number, line in enumerate(lines) if line.endswith(NOTHING_HERE)), None)
    if status == _WRONG_CALL and nothing is not None:
        return Ending.LEFT_OUT, "; ".join(line for line in lines[nothing + 1 :] if line)
    if status not in _JUDGED:
        told = next((line for line in lines if line.startswith("ERROR")), "its output may tell why")
        how = f"pytest ended with {status}" if status >= 0 else f"signal {-status} ended pytest"
        return Ending.BROKEN, f"{how}: {told.removeprefix('ERROR: ')}"
    try:
        report = Report.read(path)
    except ReportError as unread:
        return Ending.BROKEN, f"there is no report: {str(unread).removeprefix(f'{path}: ')}"
    # What was asked for is a part, where options or a shard say so; that part has to be whole.
    cut = [reason for reason in report.run.incomplete_reasons if not is_narrowing(reason)]
    if cut:
        return Ending.BROKEN, "; ".join(cut)
    return Ending.PASSED if status == 0 else Ending.FAILED, ""
