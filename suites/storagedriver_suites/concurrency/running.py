"""Doing a workload by many threads, and looking at what is there when all is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from storagedriver import StorageDriver
from storagedriver.histories import History, HistoryRecorder
from storagedriver.testing import Subject, expect
from storagedriver_suites.behaviour.readers import switching_often
from storagedriver_suites.concurrency.workloads import Action, Step, load_of, perform

AFTERWARDS_SECONDS = 5
"""How long the others may go on when one thread has failed."""


def at_once(subject: Subject, actions: Sequence[Callable[[], object]], what: str, *meetings: threading.Barrier) -> None:
    """Do all of `actions`, released together in a thread each, with threads switched often.

    Args:
        subject: Whose profile says how long they may take.
        actions: What each thread does.
        what: What it is called if it hangs.
        meetings: Where the threads wait for each other; who waits there for one that failed is let go.

    Raises:
        ContractViolation: One has not returned within a generous time.
        Exception: What failed first.
    """
    errors: list[BaseException] = []
    start = threading.Barrier(len(actions))

    def run(action: Callable[[], object]) -> None:
        try:
            start.wait()
            action()
        except BaseException as error:  # noqa: BLE001  raised again in the check's own thread
            errors.append(error)
            for meeting in meetings:
                meeting.abort()

    threads = [threading.Thread(target=run, args=(action,), daemon=True) for action in actions]
    seconds = load_of(subject).patience
    with switching_often():
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + seconds
        while any(thread.is_alive() for thread in threads) and time.monotonic() < deadline:
            for thread in threads:
                thread.join(0.1)
            if errors:
                # What the others still do does not change the judgement.
                deadline = min(deadline, time.monotonic() + AFTERWARDS_SECONDS)
    if errors:
        raise errors[0]
    hung = sum(thread.is_alive() for thread in threads)
    expect.equal(hung, 0, f"threads that have not returned after {seconds} s: {what}")


def run_threads(
    subject: Subject, drivers: Sequence[StorageDriver], work: Sequence[Sequence[Step]], what: str
) -> History:
    """The history of each worker's steps, made by a thread each with a driver each, and of a look at the end.

    Args:
        subject: As at_once().
        drivers: Shared out to the workers in turn.
        work: What each worker does.
        what: What it is called if it hangs.
    """
    recorder = HistoryRecorder()
    wrapped = [recorder.wrap(driver) for driver in drivers]

    def run(number: int) -> None:
        threading.current_thread().name = f"thread {number + 1}"
        for step in work[number]:
            perform(wrapped[number % len(wrapped)], step)

    at_once(subject, [partial(run, number) for number in range(len(work))], what)
    look(wrapped[0], work)
    return recorder.history()


def look(driver: StorageDriver, work: Sequence[Sequence[Step]]) -> None:
    """Read each file of a workload after it, which shows what was lost, or came back."""
    name = threading.current_thread().name
    threading.current_thread().name = "afterwards"
    try:
        for path in sorted({path for steps in work for step in steps for path in (step.path, step.dest) if path}):
            perform(driver, Step(Action.GET, path))
            perform(driver, Step(Action.STAT, path))
    finally:
        threading.current_thread().name = name
