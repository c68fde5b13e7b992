"""FAULT-1: whichever request of an operation goes wrong, in whatever way, the driver survives it or raises."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from storagedriver import StorageDriver
from storagedriver.backends.model import IN_PROCESS_MODE
from storagedriver.testing import Subject, Tree, not_offered, requirement
from storagedriver.wire import ChangedByte, Fault, LostBody
from storagedriver_suites.faults.disturbances import of_one_request
from storagedriver_suites.faults.injecting import Injector
from storagedriver_suites.faults.served_operations import (
    APPEND_LARGE,
    OPERATIONS,
    PUT,
    PUT_LARGE,
    STREAM,
    STREAM_SMALL,
    Operation,
)


@requirement("FAULT-1", needs=["requests"])
@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=[name.replace(" ", "-") for name in OPERATIONS])
def test_whichever_request_goes_wrong(
    driver: StorageDriver, subject: Subject, tree: Tree, operation: Operation
) -> None:
    """The operation succeeds or raises BackendError; its state is old or new, whole; the same call again succeeds."""
    if not operation.offered(driver.capabilities):
        not_offered(f"capability {operation.name} is not declared")
    # The profile quick spares changes of large content those that are alike.
    unlike = operation.is_large and subject.profile == "quick"
    Injector(subject, tree).try_each(operation, of_one_request(subject, unlike=unlike))


DAMAGES: Sequence[Fault] = (ChangedByte(), LostBody())
"""What can happen to content on its way to the server, where a driver sends no checksum of it."""


@requirement("FAULT-1", needs=["wire"])
@pytest.mark.parametrize(
    "operation",
    [PUT, PUT_LARGE, STREAM_SMALL, STREAM, APPEND_LARGE],
    ids=lambda operation: operation.name.replace(" ", "-"),
)
def test_content_is_damaged_on_its_way(subject: Subject, tree: Tree, operation: Operation) -> None:
    """The server refuses it, by the driver's checksum: the call raises or is repeated, and nothing else is published."""
    backend = subject.target.backend
    if backend is not None and backend.mode == IN_PROCESS_MODE:
        pytest.skip(f"{backend.name} is an imitation that compares no checksums")
    Injector(subject, tree).try_each(operation, DAMAGES)
