"""CONC: changes that fall between two system calls of one operation on local files."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from storagedriver import BackendError, PathNotFoundError, StorageDriver
from storagedriver.testing import ContractViolation, Subject, expect, full, lengthy, requirement
from storagedriver_suites.concurrency.local_interleavings import (
    OTHER,
    OTHER_FILES,
    SAME_FILE,
    Interleaved,
    is_rare,
)
from storagedriver_suites.concurrency.orders import Found, expect_one_of
from storagedriver_suites.faults.trying import Trial, workshop

pytestmark = lengthy


def _named(interleaved: Iterable[str]) -> list[object]:
    return [
        pytest.param(
            name,
            id=name.replace(", ", "-").replace(" ", "-").replace("/", "-"),
            marks=[full] if is_rare(name) else [],
        )
        for name in interleaved
    ]


@requirement("CONC-2", capability="atomic_put", needs=["shared"])
@pytest.mark.parametrize("name", _named(SAME_FILE))
def test_change_between_two_calls_is_before_or_after(driver: StorageDriver, subject: Subject, name: str) -> None:
    """After whichever system call another process changes the same file: what is read, and what is there then, is of one order."""
    for trial in _trials(driver, subject, SAME_FILE[name]):
        _judge(trial, SAME_FILE[name], (BackendError,))


@requirement("CONC-3", needs=["shared"])
@pytest.mark.parametrize("name", _named(OTHER_FILES))
def test_change_between_two_calls_hinders_no_other(driver: StorageDriver, subject: Subject, name: str) -> None:
    """After whichever system call another process changes a file beside: both succeed, and nothing is lost."""
    for trial in _trials(driver, subject, OTHER_FILES[name]):
        _judge(trial, OTHER_FILES[name], ())


def _trials(driver: StorageDriver, subject: Subject, interleaved: Interleaved) -> Iterable[Trial]:
    tried = 0
    with workshop(subject, interleaved.operation, driver.capabilities) as made:
        for trial in made.met(interleaved.act):
            tried += 1
            yield trial
    subject.measured(f"changes between calls of {interleaved.operation.name}", tried)
    if not tried:
        pytest.skip("no trial stopped at a system call: the driver makes them differently each time")


def _judge(trial: Trial, interleaved: Interleaved, failures: tuple[type[Exception], ...]) -> None:
    operation = interleaved.operation
    what = f"{operation.name}, and a {interleaved.meanwhile} by another process after call {trial.point}"
    allowed = (*failures, PathNotFoundError) if interleaved.may_be_absent else failures
    run = trial.run
    if not run.finished:
        raise ContractViolation(what, expected="it returns", seen="it hangs" if run.hung else "its process died")
    for which, error in (("", run.error), (": the other", run.error_meanwhile)):
        if error is not None and not isinstance(error, allowed):
            raise ContractViolation(f"{what}{which}", expected="success", seen=error, kinds=allowed, story=trial.story)
    if run.error is None:
        results = [operation.returns, *interleaved.returns]
        expect.true(run.returned in results, f"{what}: what it returned", expected=results[0], seen=run.returned)
    _judge_files(trial, interleaved, what)


def _judge_files(trial: Trial, interleaved: Interleaved, what: str) -> None:
    before, after = interleaved.operation.before, interleaved.operation.after
    with trial.store.open() as driver:
        seen = {info.path: driver.get_content(info.path) for info in driver.walk("/") if not info.is_dir}
        must_survive = interleaved.survives and getattr(driver.capabilities, interleaved.survives)
    if must_survive and OTHER not in seen.values():
        raise ContractViolation(
            f"{what}: what the other process wrote",
            expected="it is somewhere",
            seen="it is nowhere",
            story=trial.story,
        )
    for path in sorted({*before, *after, *seen, *interleaved.leaves}):
        orders: list[Found] = []
        if path in interleaved.leaves:
            orders += [interleaved.leaves[path]]
            orders += [after.get(path)] if after.get(path) != before.get(path) else []
        else:
            orders += [after.get(path), *([] if trial.run.error is None else [before.get(path)])]
        if path in interleaved.besides:
            orders.append(interleaved.besides[path])
        expect_one_of(seen.get(path), orders, f"{what}: content of {path} afterwards", trial.story)
