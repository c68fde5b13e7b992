"""Runs in processes of their own: bounded in number and in time, forked from one that has everything loaded."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any, Protocol

from power.states import state_of
from power.verdicts import Ending, Verdict

_POLL = 0.02


class Job(Protocol):
    """What is to be run; it pickles."""

    @property
    def key(self) -> str:
        """What the verdict is about."""

    @property
    def suite(self) -> str:
        """By which suite."""

    @property
    def every(self) -> bool:
        """Whether every check is run."""


Target = Callable[[Any, Path], None]
"""Runs a job in an empty folder, in a process of its own, and leaves the verdict there."""


@dataclass(frozen=True, slots=True)
class _Running:
    job: Job
    process: ForkServerProcess
    folder: Path
    since: float


def run_all(
    jobs: Iterable[Job],
    target: Target,
    *,
    loaded: str,
    processes: int,
    limit: float,
    done: Callable[[Verdict], None],
    keep_output: Path | None = None,
) -> None:
    """Run jobs, and call `done` with each verdict as it comes.

    Args:
        jobs: What is run.
        target: What runs one.
        loaded: The module that holds what all runs need: it is imported once.
        processes: How many at once.
        limit: Seconds after which a run is stopped.
        done: Called in this process.
        keep_output: The folder for what runs without a verdict printed; None to keep nothing.
    """
    context = multiprocessing.get_context("forkserver")
    # One that was begun before has loaded something else, and is not asked again what to load.
    server: Any = forkserver._forkserver
    server._stop()
    context.set_forkserver_preload([loaded])
    waiting = iter(jobs)
    running: list[_Running] = []
    with tempfile.TemporaryDirectory(prefix="storagedriver-power-") as folder:
        try:
            more = True
            while more or running:
                while more and len(running) < processes:
                    job = next(waiting, None)
                    more = job is not None
                    if job is not None:
                        running.append(_started(context, target, job, Path(tempfile.mkdtemp(dir=folder))))
                for each, verdict in list(_ended(running, limit)):
                    running.remove(each)
                    if keep_output is not None and verdict.ending in {Ending.ERRORED, Ending.TIMED_OUT}:
                        _keep(each, keep_output)
                    shutil.rmtree(each.folder, ignore_errors=True)
                    done(verdict)
                time.sleep(_POLL)
        finally:
            for each in running:
                _stop(each)


def _started(context: ForkServerContext, target: Target, job: Job, folder: Path) -> _Running:
    process = context.Process(target=target, args=(job, folder))
    process.start()
    return _Running(job, process, folder, time.monotonic())


def _ended(running: Iterable[_Running], limit: float) -> Iterator[tuple[_Running, Verdict]]:
    for each in running:
        file = each.folder / "verdict"
        if not each.process.is_alive():
            each.process.join()
            if file.is_file():
                yield each, Verdict.from_json(json.loads(file.read_text(encoding="utf-8")))
            else:
                yield each, _without(each, Ending.ERRORED, f"the process ended with {each.process.exitcode}")
        elif time.monotonic() - each.since > limit:
            _stop(each)
            yield each, _without(each, Ending.TIMED_OUT, f"stopped after {limit:g} s")


def _without(each: _Running, ending: Ending, reason: str) -> Verdict:
    job = each.job
    seconds = round(time.monotonic() - each.since, 2)
    return Verdict(
        job.key, job.suite, ending, seconds=seconds, every=job.every, state=state_of(job.suite), reason=reason
    )


def _stop(each: _Running) -> None:
    """End the run's process if it lives, and those it has started: it leads a session of its own."""
    if each.process.pid is not None and each.process.is_alive():
        try:
            os.killpg(each.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            # It has not come to be the leader of its session yet.
            each.process.kill()
    each.process.join(5)


def _keep(each: _Running, folder: Path) -> None:
    output = each.folder / "output.txt"
    if output.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(output, folder / f"{each.job.key}-{each.job.suite}.txt".replace(" ", "-"))
