"""FAULT: system calls that fail, one after the other."""

from __future__ import annotations

import pytest

from storagedriver import StorageDriver
from storagedriver.systemcalls import is_removal
from storagedriver.testing import Ending, Subject, TrialKind, full, lengthy, requirement
from storagedriver_suites.faults.judging import Judge
from storagedriver_suites.faults.leftovers import left_over
from storagedriver_suites.faults.local_operations import CHANGES, INSISTENT, KEPT, LOOKS, RARELY, Operation
from storagedriver_suites.faults.trying import Record, Trial, Workshop, workshop

pytestmark = lengthy

WHATEVER_IS_DECLARED = [
    pytest.param(name, marks=[full] if name in RARELY else [])
    for name, operation in CHANGES.items()
    if not operation.capability
]


def _try_each_call(driver: StorageDriver, subject: Subject, operation: Operation, *, every_error: bool = False) -> None:
    record = Record(subject, TrialKind.FAULT, operation.name)
    with workshop(subject, operation, driver.capabilities) as made:
        for trial in made.failing(every_error=every_error):
            with record.trial(trial.error, trial.point) as endings:
                endings.append(_judged(made, trial))
    record.judge()


def _judged(made: Workshop, trial: Trial) -> Ending:
    """How a trial ended.

    Raises:
        ContractViolation: The contract was broken.
    """
    judge = Judge(made.operation, trial.condition, trial.story)
    ending = judge.ending(trial.run)
    seen = judge.files(trial.store)
    # Only now: a database tidies up as soon as it is opened again.
    left = left_over(trial.store.names(), made.names_before, made.names_after)
    if ending is Ending.SURVIVED:
        judge.require_new(seen)
    else:
        judge.require_old_or_new(seen)
    # What could not be removed is there still, and not by the driver's fault.
    if left and not is_removal(trial.call):
        raise judge.violation("what is left in the folder", expected="no temporary file", seen=left)
    judge.require_repeatable(trial.store, seen, may_be_cancelled=ending is Ending.REFUSED)
    return ending


@requirement("FAULT-3")
@pytest.mark.parametrize("name", WHATEVER_IS_DECLARED)
def test_each_system_call_fails(driver: StorageDriver, subject: Subject, name: str) -> None:
    """Whichever system call fails: an error or a success, files old or new, no temporary file, and it can be repeated."""
    _try_each_call(driver, subject, CHANGES[name])


@requirement("FAULT-3")
@pytest.mark.parametrize("name", INSISTENT)
def test_each_system_call_fails_of_what_insists(driver: StorageDriver, subject: Subject, name: str) -> None:
    """What goes on, or is done again, after a call that failed ends by an error, or as if nothing had failed."""
    _try_each_call(driver, subject, INSISTENT[name])


@requirement("FAULT-3", capability="append")
def test_each_system_call_of_an_append_fails(driver: StorageDriver, subject: Subject) -> None:
    """The same of a stream that continues a file."""
    _try_each_call(driver, subject, CHANGES["append"])


@requirement("FAULT-3", capability="resumable_writes")
def test_each_system_call_of_a_continued_stream_fails(driver: StorageDriver, subject: Subject) -> None:
    """The same of a stream that continues what another process left."""
    _try_each_call(driver, subject, CHANGES["continue a stream"])


@requirement("FAULT-3", capability="resumable_writes")
@pytest.mark.parametrize("name", KEPT)
def test_each_system_call_of_a_close_fails(driver: StorageDriver, subject: Subject, name: str) -> None:
    """Whichever system call fails: a close that returns has kept the stream, and one that raises has spoilt nothing."""
    operation = KEPT[name]
    record = Record(subject, TrialKind.FAULT, operation.name)
    with workshop(subject, operation, driver.capabilities) as made:
        for trial in made.failing():
            with record.trial(trial.error, trial.point) as endings:
                judge = Judge(made.operation, trial.condition, trial.story)
                endings.append(judge.ending(trial.run))
                judge.require_kept(trial.store, returned=endings[-1] is Ending.SURVIVED)
    record.judge()


@requirement("FAULT-3", capability="move_directory")
def test_each_system_call_of_the_move_of_a_directory_fails(driver: StorageDriver, subject: Subject) -> None:
    """The same of the move of a directory: each of its files is here or there, whole."""
    _try_each_call(driver, subject, CHANGES["move a directory"])


@requirement("FAULT-3")
@pytest.mark.parametrize("name", LOOKS)
def test_each_system_call_of_a_look_fails(driver: StorageDriver, subject: Subject, name: str) -> None:
    """Whichever system call fails while something is read: an error or all of it, never less, and never an absence."""
    _try_each_call(driver, subject, LOOKS[name], every_error=True)
