"""FAULT-1: what a move leaves that failed in its middle are files of their own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from storagedriver import PathNotFoundError, StorageDriver, StorageDriverError, paths
from storagedriver.testing import ContractViolation, Ending, Subject, Tree, TrialKind, expect, lengthy, requirement
from storagedriver.wire import Injection
from storagedriver_suites.faults.disturbances import gone
from storagedriver_suites.faults.injecting import AT_ONCE, Countable, Injector
from storagedriver_suites.faults.served_operations import MOVE, MOVE_LARGE, Operation

pytestmark = lengthy

Change = Callable[[StorageDriver, str], None]

CHANGES: Mapping[str, Change] = {
    "delete": lambda driver, path: driver.delete(path),
    "put": lambda driver, path: driver.put_content(path, b"new"),
}
"""What is done to one of the two."""


@requirement("FAULT-1", needs=["requests"])
@pytest.mark.parametrize("name", ["source", "dest"])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("operation", [MOVE, MOVE_LARGE], ids=["move", "move-of-a-large-file"])
def test_what_a_failed_move_leaves_is_independent(
    subject: Subject, tree: Tree, operation: Operation, change: str, name: str
) -> None:
    """Where both source and dest are there afterwards, a delete or put of one leaves the other whole."""
    other = {"source": "dest", "dest": "source"}[name]
    exchanges = Injector(subject, tree).requests(operation)

    def tried(exchange: Countable) -> ContractViolation | None:
        directory = tree.path(f"{exchange.number:03}")
        _fail(subject, operation, directory, exchange)
        what = f"the content of {other}, after a {operation.name} that failed from request {exchange.label} on"
        with subject.target.open() as driver:
            try:
                before = _content(driver, directory, other, what)
                _change(CHANGES[change], driver, paths.join(directory, name))
                what += f", and a {change} of {name}"
                expect.equal(_content(driver, directory, other, what), before, what)
            except ContractViolation as violation:
                return violation
            driver.delete(directory)
        return None

    with ThreadPoolExecutor(AT_ONCE, "move") as pool:
        violations = list(pool.map(tried, exchanges))

    trials = subject.trials(
        TrialKind.FAULT, f"{operation.name}, then {change} of {name}", "connections refused for good"
    )
    for exchange, violation in zip(exchanges, violations, strict=True):
        trials.add(exchange.label, Ending.VIOLATED if violation else Ending.SURVIVED)
    for violation in violations:
        if violation is not None:
            raise violation


def _fail(subject: Subject, operation: Operation, directory: str, exchange: Countable) -> None:
    """Do the move with a server that is gone from one of its requests on."""
    with subject.target.open() as plain:
        operation.prepare(plain, directory)
    with subject.disturbed() as target, target.open() as driver:
        target.proxy.begin(Injection(fault=gone(subject), at=exchange.number, lasting=True))
        # It could not know how far it came, and has nobody to ask.
        with contextlib.suppress(StorageDriverError):
            operation.call(driver, directory)
        target.proxy.begin()


def _change(change: Change, driver: StorageDriver, path: str) -> None:
    # Where the move came to its end, or not to its beginning, there may be nothing to delete.
    with contextlib.suppress(PathNotFoundError):
        change(driver, path)


def _content(driver: StorageDriver, directory: str, name: str, what: str) -> bytes | None:
    """The whole content of a file; None if there is no such file.

    Raises:
        ContractViolation: There is one that cannot be read.
    """
    try:
        return driver.get_content(paths.join(directory, name))
    except PathNotFoundError:
        return None
    except StorageDriverError as error:
        raise ContractViolation(what, expected="it can be read, or is absent", seen=error) from error
