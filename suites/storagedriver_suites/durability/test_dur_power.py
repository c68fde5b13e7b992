"""DUR: machines that lose their power."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from storagedriver import StorageDriver
from storagedriver.systemcalls import PowerFailure, Recording, missing_flushes, power_failures
from storagedriver.testing import Ending, Subject, TrialKind, expect, full, lengthy, requirement
from storagedriver_suites.durability.losses import described, last_call
from storagedriver_suites.faults.judging import Judge
from storagedriver_suites.faults.local_operations import CHANGES, INSISTENT, RARELY, REPEATED, Operation
from storagedriver_suites.faults.trying import Record, Workshop, told, workshop

pytestmark = lengthy

MOST_STATES = {"quick": 60, "full": 2000, "soak": 100_000}
"""How many states of each operation are judged, by profile: the harshest, and those after the last call, come first."""

OPERATIONS = [pytest.param(name, marks=[full] if name in RARELY else []) for name in CHANGES]
CREATING = [
    pytest.param(name, marks=[full] if name in RARELY else [])
    for name, operation in CHANGES.items()
    if operation.before != operation.after and not operation.name.startswith("delete")
]


@requirement("DUR-2")
@pytest.mark.parametrize("name", CREATING)
def test_flushed_in_order_before_the_call_returns(driver: StorageDriver, subject: Subject, name: str) -> None:
    """Content is flushed before the file gets its name, and then the directory, and that of each new one above it."""
    operation = CHANGES[name]
    with workshop(subject, operation, driver.capabilities) as made:
        run, recording, folder = made.recorded()

        missing = missing_flushes(recording, _new_contents(operation))

        judge = Judge(operation, "nothing that disturbs it", told(run, folder))
        if missing:
            raise judge.violation("what is flushed before the call returns", expected="all of it", seen=missing[0])


def _new_contents(operation: Operation) -> list[bytes]:
    return [content for path, content in operation.after.items() if operation.before.get(path) != content]


@requirement("DUR-2")
@pytest.mark.parametrize("name", OPERATIONS)
def test_survives_a_loss_of_power(driver: StorageDriver, subject: Subject, name: str) -> None:
    """Whatever a power failure drops of what was not flushed: files are old or new, and new once the call returned."""
    _lose_power(driver, subject, CHANGES[name])


@requirement("DUR-2")
@pytest.mark.parametrize("name", REPEATED)
def test_second_change_of_a_directory_survives_as_the_first(driver: StorageDriver, subject: Subject, name: str) -> None:
    """A directory that was changed and flushed before by the same driver is flushed again."""
    _lose_power(driver, subject, REPEATED[name])


def _lose_power(driver: StorageDriver, subject: Subject, operation: Operation) -> None:
    record = Record(subject, TrialKind.POWER_FAILURE, operation.name)
    judged = possible = 0
    with workshop(subject, operation, driver.capabilities) as made:
        run, recording, folder = made.recorded()
        last = len(run.all_calls) - 1
        for failure in power_failures(recording, last):
            possible += 1
            if judged < MOST_STATES[subject.profile]:
                judged += 1
                with record.trial("power lost", last_call(run, failure, folder)) as endings:
                    _judge(made, failure, recording, described(run, failure, folder), told(run, folder), last=last)
                    endings.append(Ending.SURVIVED)
    subject.measured(f"states that a power failure leaves, {operation.name}", possible)
    subject.measured(f"states that were judged, {operation.name}", judged)
    record.judge()
    expect.true(judged, "states after a power failure", expected="at least one", seen="none")


def _judge(
    made: Workshop, failure: PowerFailure, recording: Recording, condition: str, story: Sequence[str], *, last: int
) -> None:
    """Judge one state.

    Raises:
        ContractViolation: A file is neither old nor new, or what returned is lost.
    """
    store = made.stores.empty()
    failure.tree.write(recording.folder, store.folder)
    judge = Judge(made.operation, condition, story)
    seen = judge.files(store)
    judge.require_old_or_new(seen)
    if failure.after == last:
        judge.require_new(seen)


@requirement("DUR-2")
@pytest.mark.parametrize("name", CREATING)
def test_failed_flush_is_no_success(driver: StorageDriver, subject: Subject, name: str) -> None:
    """A flush that fails is an error, or what it was to flush is written again: a second flush brings nothing back."""
    _fail_each_flush(driver, subject, CHANGES[name])


@requirement("DUR-2")
@pytest.mark.parametrize("name", INSISTENT)
def test_success_after_a_failed_flush_is_written_anew(driver: StorageDriver, subject: Subject, name: str) -> None:
    """What goes on, or is done again, after a failed flush ends by an error, or writes and flushes all of it anew."""
    _fail_each_flush(driver, subject, INSISTENT[name])


def _fail_each_flush(driver: StorageDriver, subject: Subject, operation: Operation) -> None:
    record = Record(subject, TrialKind.FAULT, operation.name)
    with workshop(subject, operation, driver.capabilities) as made:
        for trial, recording in made.failing_flushes():
            last = len(trial.run.all_calls) - 1
            with record.trial("EIO of a flush, then power lost", trial.point) as endings:
                endings.append(Ending.REFUSED if trial.run.error is not None else Ending.SURVIVED)
                for failure in power_failures(recording, last) if trial.run.error is None else ():
                    if failure.after == last:
                        condition = f"{trial.condition}, and {described(trial.run, failure, str(trial.store.folder))}"
                        _judge(made, failure, recording, condition, trial.story, last=last)
    record.judge()
