"""What runs cells: some at a time, each once, and as each ends it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from storagedriver.matrix.cell import Cell
from storagedriver.matrix.running import CellRun, run_cell


class SchedulerUnreachableError(RuntimeError):
    """What runs cells on other machines cannot be reached, or went away; what has ended by then is kept.

    Attributes:
        address: Where it was to be.
        reason: Why, in the words of its library.
    """

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"the scheduler {address} cannot be used: {reason}")
        self.address = address
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Task:
    """A cell to run.

    Attributes:
        cell: The cell.
        folder: Where pytest runs.
        identity: The digest of what it is to run.
    """

    cell: Cell
    folder: Path
    identity: str


class Scheduler(Protocol):
    """What runs cells."""

    def run(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, CellRun]]:
        """Run all of them, and give each as it ends. An iteration that is ended early ends those that run."""
        ...


class Locally:
    """Runs cells on this machine."""

    def __init__(self, jobs: int = 1) -> None:
        """Run so many at a time."""
        self._jobs = jobs

    def run(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, CellRun]]:
        """As Scheduler."""
        stop = threading.Event()
        with ThreadPoolExecutor(self._jobs, thread_name_prefix="cell") as pool:
            waiting = {pool.submit(run_cell, each.cell, each.folder, each.identity, stop): each for each in tasks}
            try:
                for done in as_completed(waiting):
                    yield waiting[done], done.result()
            finally:
                stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
