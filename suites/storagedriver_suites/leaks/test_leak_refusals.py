"""LEAK: what is on the backend of operations of which the server refuses a request."""

from __future__ import annotations

import contextlib

import pytest

from storagedriver import BackendError
from storagedriver.testing import Subject, Tree, expect, lengthy, requirement
from storagedriver.wire import Injection
from storagedriver_suites.faults.disturbances import REFUSALS
from storagedriver_suites.faults.injecting import Injector
from storagedriver_suites.faults.served_operations import MOVE_LARGE, PUT_LARGE, PUT_LARGE_NEW, Operation

pytestmark = lengthy


@requirement("LEAK-1", needs=["wire", "inspect"])
@pytest.mark.parametrize("operation", [PUT_LARGE, PUT_LARGE_NEW, MOVE_LARGE], ids=["put", "put-new", "move"])
def test_refused_request_leaves_nothing_without_a_file(subject: Subject, tree: Tree, operation: Operation) -> None:
    """Whichever request of a large put or move is refused: once each file is deleted that a walk shows, nothing is there."""
    for exchange in Injector(subject, tree).requests(operation):
        directory = tree.path(f"{exchange.number:03}")
        with subject.target.open() as plain, subject.disturbed() as target, target.open() as driver:
            operation.prepare(plain, directory)
            target.proxy.begin(Injection(fault=REFUSALS[0], at=exchange.number))
            with contextlib.suppress(BackendError):
                operation.call(driver, directory)
            target.proxy.begin()
            for info in [*plain.walk(directory)]:
                if not info.is_dir:
                    plain.delete(info.path)

        left = [name for name in subject.inspect() if f"{directory.strip('/')}/" in name]
        expect.equal(left, [], f"what is left of a {operation.name} whose request {exchange.label} was refused")
