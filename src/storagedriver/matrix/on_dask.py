"""Cells as tasks on a cluster of Dask: its workers run them, and what comes of each is the task's result.

A worker that dies takes its cells along: their processes notice and end, and the scheduler gives the cells to another
worker. Only the result that a task has in the end comes back, so that nothing is lost and nothing counts twice.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from distributed import Client, Event, KilledWorker, as_completed, get_client

from storagedriver.matrix.cell import Cell
from storagedriver.matrix.running import CellRun, Ending, run_cell
from storagedriver.matrix.scheduling import SchedulerUnreachableError, Task

_MOMENT_SECONDS = 1.0
_GRACE_SECONDS = 90.0
"""How long workers are waited for that are told to end their cells: somewhat longer than these may take."""


class OnDask:
    """Runs cells on the workers of a cluster."""

    def __init__(self, address: str) -> None:
        """Use the scheduler at this address: "tcp://127.0.0.1:8786". Dask's own configuration sets up TLS and times."""
        self._address = address

    def run(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, CellRun]]:
        """As Scheduler.

        Raises:
            SchedulerUnreachableError: There is none at the address, or it went away.
        """
        if not tasks:
            return
        try:
            client: Any = Client(self._address)
        except (OSError, ValueError, TypeError) as unreachable:
            raise SchedulerUnreachableError(self._address, str(unreachable)) from unreachable
        with client:
            yield from self._run(client, tasks)

    def _run(self, client: Any, tasks: Sequence[Task]) -> Iterator[tuple[Task, CellRun]]:
        stop = f"storagedriver-stop-{uuid.uuid4().hex}"
        waiting = {
            client.submit(
                _run_on_worker, each.cell, str(each.folder), each.identity, stop, key=_key(each), pure=False
            ): each
            for each in tasks
        }
        left = set(waiting)
        try:
            for done in as_completed(waiting):
                left.discard(done)
                yield waiting[done], self._result(done)
                # The scheduler keeps what somebody may still ask for.
                done.release()
        finally:
            if left:
                Event(stop, client=client).set()
                running = [each for each in left if each.key in _processing(client)]
                client.cancel([each for each in left if each not in running])
                _wait(running)

    def _result(self, done: Any) -> CellRun:
        if done.status == "finished":
            result: CellRun = done.result()
            return result
        if done.status in {"cancelled", "lost"}:
            raise SchedulerUnreachableError(self._address, "it went away, or somebody cancelled the cells")
        failed = done.exception()
        if isinstance(failed, KilledWorker):
            return CellRun(
                Ending.BROKEN, "the workers that ran it died, one after the other: each may lack memory for it"
            )
        return CellRun(Ending.BROKEN, f"its worker cannot run it: {type(failed).__name__}: {failed}")


def _key(task: Task) -> str:
    """A name for Dask's own pages, and no other task's, now or later."""
    return f"{task.cell.name}-{task.cell.shard or 'whole'}-{uuid.uuid4().hex}"


def _processing(client: Any) -> set[str]:
    return {key for keys in client.processing().values() for key in keys}


def _wait(running: Sequence[Any]) -> None:
    from distributed import wait  # noqa: PLC0415  where a run is ended early

    if running:
        wait(running, timeout=_GRACE_SECONDS)


def _run_on_worker(cell: Cell, folder: str, identity: str, stop: str) -> CellRun:
    """Run a cell here, until it ends or an event of the cluster says that nobody wants it any more."""
    ended, unwanted = threading.Event(), threading.Event()
    event: Any = Event(stop, client=get_client())

    def attend() -> None:
        while not ended.is_set():
            if event.wait(timeout=_MOMENT_SECONDS):
                unwanted.set()
                return

    threading.Thread(target=attend, daemon=True, name="unwanted").start()
    try:
        return run_cell(cell, Path(folder), identity, unwanted)
    finally:
        ended.set()
