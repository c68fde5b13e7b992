"""CONC: changes that fall between two requests of one call."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from storagedriver import BackendError, PathNotFoundError, StorageDriver, StorageDriverError, paths
from storagedriver.testing import ContractViolation, Subject, Tree, expect, lengthy, not_offered, requirement
from storagedriver.wire import Injection
from storagedriver_suites.concurrency.interleavings import (
    CHANGES,
    INTERLEAVED,
    Interleaved,
    Meanwhile,
    leave,
)
from storagedriver_suites.concurrency.orders import Found, expect_one_of
from storagedriver_suites.faults.injecting import Injector

pytestmark = lengthy


@requirement("CONC-2", capability="atomic_put", needs=["requests"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.replace(" ", "-"))
@pytest.mark.parametrize("call", INTERLEAVED.values(), ids=lambda call: str(call).replace(" ", "-").replace("/", "-"))
def test_change_between_two_requests_is_before_or_after(
    subject: Subject, tree: Tree, call: Interleaved, change: str
) -> None:
    """Before whichever request another driver puts or deletes: what is read, and what is there then, is whole and of one order."""
    with subject.target.open() as plain:
        if not call.operation.offered(plain.capabilities):
            not_offered(f"{call.operation.name} is not offered")
        changed = CHANGES[change](plain)
        exchanges = Injector(subject, tree).requests(call.operation)
        tried = 0
        for exchange in exchanges:
            directory = tree.path(f"{exchange.number:03}")
            call.operation.prepare(plain, directory)
            meanwhile = Meanwhile(
                lambda directory=directory: leave(plain, paths.join(directory, call.name), changed),  # type: ignore[misc]
                f"{change} of {call.name}, before request {exchange.label}",
            )
            with subject.disturbed() as target, target.open() as driver:
                target.proxy.begin(Injection(fault=meanwhile, at=exchange.number))
                outcome = _outcome(call, driver, directory)
                met = target.proxy.struck.is_set()
                target.proxy.begin()
            if meanwhile.error is not None:
                raise meanwhile.error
            # Requests that a call makes at once can be fewer where one of them fails early.
            if met:
                what = f"{call.operation.name} with a {meanwhile.condition}"
                trial = _Trial(call, changed, outcome, what)
                trial.judge_outcome(plain, directory)
                trial.judge_files(plain, directory)
            tried += met
            plain.delete(directory)
    expect.true(tried, f"changes between requests of {call.operation.name}", expected="some were made", seen="none was")


def _outcome(call: Interleaved, driver: StorageDriver, directory: str) -> object:
    """What the call returned, or raised."""
    try:
        return call.operation.call(driver, directory)
    except StorageDriverError as error:
        return error


@dataclass(frozen=True, slots=True)
class _Trial:
    """One call during which a file was changed.

    Attributes:
        call: What was called, and which file was changed.
        changed: What the change left there.
        outcome: What the call returned, or raised.
        what: Both, for failures.
    """

    call: Interleaved
    changed: Found
    outcome: object
    what: str

    def judge_outcome(self, driver: StorageDriver, directory: str) -> None:
        """It is that of a call before the change, or after it; or BackendError."""
        operation = self.call.operation
        if isinstance(self.outcome, StorageDriverError):
            may_be_absent = self.changed is None and self.call.needs_it
            allowed = (BackendError, PathNotFoundError) if may_be_absent else (BackendError,)
            if not isinstance(self.outcome, allowed):
                raise ContractViolation(
                    self.what, expected="success, or BackendError", seen=self.outcome, kinds=allowed
                )
        elif not operation.changes:
            results = [operation.result(driver, directory), self.call.seen(self.changed, directory)]
            expect.true(
                self.outcome in results,
                f"{self.what}: what it returned",
                expected=results[0],
                seen=self.outcome,
            )

    def judge_files(self, driver: StorageDriver, directory: str) -> None:
        """Each holds what one order of the call and the change leaves there."""
        operation = self.call.operation
        before, after = dict(operation.before(driver)), dict((operation.after or operation.before)(driver))
        besides = self.call.besides(self.changed)
        for name in sorted({*before, *after, self.call.name}):
            orders = [besides[name]] if name in besides else []
            if name == self.call.name:
                orders += [self.changed, *([after.get(name)] if operation.changes else [])]
            else:
                orders += [after.get(name), *([before.get(name)] if isinstance(self.outcome, Exception) else [])]
            seen = _content(driver, paths.join(directory, name))
            expect_one_of(seen, orders, f"{self.what}: content of {name} afterwards")


def _content(driver: StorageDriver, path: str) -> Found:
    try:
        return driver.get_content(path)
    except PathNotFoundError:
        return None
