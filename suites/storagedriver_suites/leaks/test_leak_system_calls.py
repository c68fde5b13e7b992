"""LEAK: descriptors of operations in which a system call fails."""

from __future__ import annotations

import pytest

from storagedriver import StorageDriver
from storagedriver.testing import Ending, Subject, TrialKind, full, lengthy, requirement
from storagedriver_suites.faults.judging import Judge
from storagedriver_suites.faults.local_operations import CHANGES, LOOKS
from storagedriver_suites.faults.trying import Record, workshop

pytestmark = lengthy

OPERATIONS = {**CHANGES, **LOOKS}

_QUICK = frozenset({"put", "stream", "read", "list"})


@requirement("LEAK-1")
@pytest.mark.parametrize("name", [name if name in _QUICK else pytest.param(name, marks=full) for name in OPERATIONS])
def test_failing_system_call_leaves_no_descriptor(driver: StorageDriver, subject: Subject, name: str) -> None:
    """Whichever system call of an operation fails, and whether it raises or not: no file of the store stays open."""
    operation = OPERATIONS[name]
    record = Record(subject, TrialKind.FAULT, operation.name)
    with workshop(subject, operation, driver.capabilities) as made:
        for trial in made.failing():
            if trial.call.name == "close":
                # Tampered with it was not made, and nothing that the driver does closes the descriptor.
                continue
            with record.trial(trial.error, trial.point) as endings:
                judge = Judge(operation, trial.condition, trial.story)
                if trial.run.descriptors:
                    seen = [each.removeprefix(str(trial.store.folder)) or "." for each in trial.run.descriptors]
                    raise judge.violation("open descriptors after the call", expected="none", seen=seen)
                endings.append(Ending.SURVIVED if trial.run.error is None else Ending.REFUSED)
    record.judge()
