"""FAULT: file systems that are full, read-only, or two."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from storagedriver import StorageDriver
from storagedriver.systemcalls import LocalStore
from storagedriver.testing import Ending, Subject, TrialKind, lengthy, not_offered, requirement
from storagedriver_suites.faults.file_systems import (
    ACROSS,
    FILLED,
    LARGE,
    Tried,
    tried_across,
    tried_when_full,
    tried_when_read_only,
)
from storagedriver_suites.faults.judging import Judge
from storagedriver_suites.faults.leftovers import left_over
from storagedriver_suites.faults.local_operations import CHANGES, Operation
from storagedriver_suites.faults.trying import Record, local_stores, workshop

pytestmark = lengthy

SHORT = (1, 4096, 15_000, 39_999)
"""Bytes after which a write ends short."""

Try = Callable[[StorageDriver, LocalStore, Operation, list[str]], list[Tried] | str]


def _try(driver: StorageDriver, subject: Subject, condition: str, function: Try, operation: Operation) -> None:
    if not operation.offered(driver.capabilities):
        not_offered(f"capability {operation.capability} is not declared")
    record = Record(subject, TrialKind.FAULT, operation.name)
    with local_stores(subject) as stores:
        # The file system is mounted around the store's folder, where it can be filled beside it.
        store = stores.at(stores.empty().folder / "store")
        tried = subject.elsewhere(function, store, operation, _usual_names(stores.empty(), operation))
        if isinstance(tried, str):
            pytest.skip(tried)
        for each in tried:
            with record.trial(condition, each.point) as endings:
                if each.violation is not None:
                    raise each.violation
                endings.append(each.ending)
    record.judge()


def _usual_names(store: LocalStore, operation: Operation) -> list[str]:
    """The names of the store's files after the operation, where nothing disturbs it."""
    with store.open() as driver:
        operation.arrange(driver)
        operation.act(driver)
    return store.names()


@requirement("FAULT-3")
@pytest.mark.parametrize("name", FILLED)
def test_file_system_is_full(driver: StorageDriver, subject: Subject, name: str) -> None:
    """With no room, or not enough: an error or a success, old content kept, nothing left; with room the call succeeds."""
    _try(driver, subject, "full file system of 1 MiB", tried_when_full, FILLED[name])


@requirement("FAULT-3")
@pytest.mark.parametrize("name", ["put", "put over a file", "stream", "append", "move", "delete a directory"])
def test_file_system_is_read_only(driver: StorageDriver, subject: Subject, name: str) -> None:
    """Where nothing can be written, every change is an error, and works once it can be."""
    _try(driver, subject, "read-only file system", tried_when_read_only, CHANGES[name])


@requirement("FAULT-3")
@pytest.mark.parametrize("name", ACROSS)
def test_file_system_is_mounted_inside_the_root(driver: StorageDriver, subject: Subject, name: str) -> None:
    """Where no file can be renamed to: an error or a success, nothing lost and nothing left."""
    _try(driver, subject, "another file system inside the root", tried_across, ACROSS[name])


@requirement("FAULT-3")
@pytest.mark.parametrize("name", LARGE)
def test_write_is_short(driver: StorageDriver, subject: Subject, name: str) -> None:
    """A write that takes a part of the bytes, and one after it that fails: an error or a success, as in all faults."""
    operation = LARGE[name]
    record = Record(subject, TrialKind.FAULT, operation.name)
    with workshop(subject, operation, driver.capabilities) as made:
        for size in SHORT:
            store = made.store()
            run = made.processes.run(store, operation.act, traced=False, largest_file=size)
            with record.trial("short write", f"after {size} bytes of a file") as endings:
                judge = Judge(operation, f"a write that ends short at byte {size} of a file")
                ending = judge.ending(run)
                seen = judge.files(store)
                (judge.require_new if ending is Ending.SURVIVED else judge.require_old_or_new)(seen)
                left = left_over(store.names(), made.names_before, made.names_after)
                if left:
                    raise judge.violation("what is left in the folder", expected="no temporary file", seen=left)
                judge.require_repeatable(store, seen)
                endings.append(ending)
    record.judge()
