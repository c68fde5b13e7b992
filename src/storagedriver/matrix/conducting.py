"""A run of the matrix: what is there already is left, the rest is run, and shards become one report."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from storagedriver.matrix.cell import Cell
from storagedriver.matrix.identity import identities
from storagedriver.matrix.keeping import Reports
from storagedriver.matrix.running import Ending
from storagedriver.matrix.scheduling import Scheduler, Task
from storagedriver.report import Report, ReportError


class Role(StrEnum):
    """What ended.

    Attributes:
        CELL: A cell that is a whole run.
        SHARD: A cell that is a part of one.
        MERGED: All shards of a run, whose reports are one by now.
    """

    CELL = "cell"
    SHARD = "shard"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Ended:
    """A cell that ended, or the whole that shards make.

    Attributes:
        role: Which of these.
        title: What it is called.
        ending: How it ended.
        reason: Why it was left out, or is broken; "" otherwise.
        seconds: How long it took in this run; None if its report is of before, or was merged.
        path: Its report; None if there is none.
        report: What stands in it; None if there is none.
        log: What pytest printed; None if its report is of before, or was merged.
    """

    role: Role
    title: str
    ending: Ending
    reason: str = ""
    seconds: float | None = None
    path: Path | None = None
    report: Report | None = None
    log: Path | None = None


def conduct(
    cells: Sequence[Cell], folder: Path, reports: Reports, scheduler: Scheduler, *, again: bool = False
) -> Generator[Ended, None, None]:
    """Run what no report has yet, and give each cell as it is known how it ended: once, and its shards before the whole.

    Args:
        cells: The cells.
        folder: Where pytest runs.
        reports: Where the reports are.
        scheduler: What runs cells.
        again: Whether those are run too that have a report.

    Raises:
        IdentityError: What they would run cannot be told.
        OSError: A report cannot be written.
    """
    tasks = [Task(cell, folder, told) for cell, told in zip(cells, identities(cells, folder), strict=True)]
    ended: dict[Cell, Ended] = {}
    due = []
    for task in tasks:
        kept = None if again else reports.find(task.cell, task.identity)
        if kept is None:
            due.append(task)
            continue
        ended[task.cell] = found = _ended(task.cell, kept.ending, path=reports.path(task.cell), report=kept.report)
        yield found
    for task, run in scheduler.run(due):
        cell, log = task.cell, reports.log(task.cell)
        kept = reports.keep(cell, task.identity, run)
        if kept is None:
            ended[cell] = _ended(cell, run.ending, reason=run.reason, seconds=run.seconds, log=log)
        else:
            path = reports.path(cell)
            ended[cell] = _ended(cell, run.ending, seconds=run.seconds, path=path, report=kept.report, log=log)
        yield ended[cell]
    for shards in _wholes(cells):
        yield _merged(shards, [ended[each] for each in shards], reports)


def _ended(
    cell: Cell,
    ending: Ending,
    *,
    reason: str = "",
    seconds: float | None = None,
    path: Path | None = None,
    report: Report | None = None,
    log: Path | None = None,
) -> Ended:
    role = Role.CELL if cell.shard is None else Role.SHARD
    return Ended(role, cell.title, ending, reason, seconds, path, report, log)


def _wholes(cells: Sequence[Cell]) -> list[list[Cell]]:
    """The shards of each run that has some."""
    found: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.shard is not None:
            found.setdefault(cell.name, []).append(cell)
    return list(found.values())


def _merged(shards: Sequence[Cell], ended: Sequence[Ended], reports: Reports) -> Ended:
    title = shards[0].name
    for ending in (Ending.BROKEN, Ending.LEFT_OUT):
        without = [each for each in ended if each.ending is ending]
        if without:
            more = f", and {len(without) - 1} more" if len(without) > 1 else ""
            return Ended(Role.MERGED, title, ending, f"{without[0].title}{more}: {without[0].reason}")
    try:
        whole = reports.merge(shards)
    except ReportError as unlike:
        return Ended(Role.MERGED, title, Ending.BROKEN, str(unlike))
    failed = any(each.ending is Ending.FAILED for each in ended)
    ending = Ending.FAILED if failed else Ending.PASSED
    return Ended(Role.MERGED, title, ending, path=reports.whole(shards[0]), report=whole)
