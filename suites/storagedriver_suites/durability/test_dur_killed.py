"""DUR: processes that are killed between two system calls."""

from __future__ import annotations

import pytest

from storagedriver import StorageDriver
from storagedriver.systemcalls import LocalStore
from storagedriver.testing import ContractViolation, Ending, Subject, TrialKind, full, lengthy, requirement
from storagedriver_suites.faults.judging import Judge
from storagedriver_suites.faults.leftovers import left_over
from storagedriver_suites.faults.local_operations import CHANGES, KEPT, RARELY, Operation
from storagedriver_suites.faults.trying import Record, Trial, Workshop, workshop

pytestmark = lengthy

WHATEVER_IS_DECLARED = [
    pytest.param(name, marks=[full] if name in RARELY else [])
    for name, operation in CHANGES.items()
    if not operation.capability
]


def _kill_before_each_call(driver: StorageDriver, subject: Subject, operation: Operation) -> None:
    record = Record(subject, TrialKind.CRASH, operation.name)
    with workshop(subject, operation, driver.capabilities) as made:
        usual = _left_when_all_is_deleted(made.store())
        for trial in made.killed():
            with record.trial("SIGKILL before a system call", trial.point) as endings:
                _judge(made, trial, usual)
                endings.append(Ending.SURVIVED)
    record.judge()


def _judge(made: Workshop, trial: Trial, usual: list[str]) -> None:
    """Judge what the killed process left.

    Raises:
        ContractViolation: The contract was broken.
    """
    judge = Judge(made.operation, trial.condition, trial.story)
    if trial.run.hung:
        raise judge.violation("the call", expected="it returns or is killed", seen="it hangs")
    seen = judge.files(trial.store)
    judge.require_old_or_new(seen)
    judge.require_repeatable(trial.store, seen)
    left = left_over(_left_when_all_is_deleted(trial.store), usual)
    if left:
        violation = judge.violation(
            "what is left in the folder when the call was repeated and all files are deleted",
            expected="nothing of the process that was killed",
            seen=left,
        )
        raise ContractViolation(
            violation.what,
            expected=violation.expected,
            seen=violation.seen,
            story=violation.story,
            requirement="WRITE-11",
        )


def _left_when_all_is_deleted(store: LocalStore) -> list[str]:
    """Put a file, delete all there is, and name what is in the folder then."""
    with store.open() as driver:
        driver.put_content("/last", b"")
        for path in driver.list("/"):
            driver.delete(path)
    return store.names()


@requirement("DUR-1")
@pytest.mark.parametrize("name", WHATEVER_IS_DECLARED)
def test_killed_before_each_system_call(driver: StorageDriver, subject: Subject, name: str) -> None:
    """Killed before any system call, a new process sees each file old or new, whole, and can make the same call again."""
    _kill_before_each_call(driver, subject, CHANGES[name])


@requirement("DUR-1", capability="append")
def test_killed_before_each_system_call_of_an_append(driver: StorageDriver, subject: Subject) -> None:
    """The same of a stream that continues a file."""
    _kill_before_each_call(driver, subject, CHANGES["append"])


@requirement("DUR-1", capability="resumable_writes")
def test_killed_before_each_system_call_of_a_continued_stream(driver: StorageDriver, subject: Subject) -> None:
    """The same of a stream that continues what another process left, which is lost in no case."""
    _kill_before_each_call(driver, subject, CHANGES["continue a stream"])


@requirement("DUR-1", capability="resumable_writes")
@pytest.mark.parametrize("name", KEPT)
def test_killed_before_each_system_call_of_a_close(driver: StorageDriver, subject: Subject, name: str) -> None:
    """Killed in a close, a process leaves what can be continued: what it wrote, or what was there before it, and no mix."""
    operation = KEPT[name]
    record = Record(subject, TrialKind.CRASH, operation.name)
    with workshop(subject, operation, driver.capabilities) as made:
        for trial in made.killed():
            with record.trial("SIGKILL before a system call", trial.point) as endings:
                Judge(made.operation, trial.condition, trial.story).require_kept(trial.store, returned=False)
                endings.append(Ending.SURVIVED)
    record.judge()


@requirement("DUR-1", capability="move_directory")
def test_killed_before_each_system_call_of_the_move_of_a_directory(driver: StorageDriver, subject: Subject) -> None:
    """The same of the move of a directory: each of its files is here or there, whole."""
    _kill_before_each_call(driver, subject, CHANGES["move a directory"])
