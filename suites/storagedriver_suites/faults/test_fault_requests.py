"""FAULT-1: whichever request of an operation goes wrong, in whatever way, the driver survives it or raises."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from storagedriver import StorageDriver
from storagedriver.backends.model import IN_PROCESS_MODE
from storagedriver.testing import Subject, Tree, lengthy, not_offered, requirement
from storagedriver.wire import ChangedByte, CutOff, Fault, LostBody
from storagedriver_suites.faults.disturbances import of_one_request
from storagedriver_suites.faults.injecting import Injector, Point, hits
from storagedriver_suites.faults.served_operations import (
    APPEND_LARGE,
    DELETE_BESIDE_SHORTER_NAMES,
    OPERATIONS,
    PUT,
    PUT_LARGE,
    STREAM,
    STREAM_SMALL,
    WITHIN_ITS_NAMES,
    Operation,
)

pytestmark = lengthy


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
    injector = Injector(subject, tree)
    exchanges = injector.requests(operation)
    if not any(hits(fault, exchange) for fault in DAMAGES for exchange in exchanges):
        pytest.skip(
            "its content goes neither by PUT nor by POST of multipart/related, and in no other the proxy knows it"
        )
    injector.try_each(operation, DAMAGES, exchanges)


@requirement("FAULT-1", needs=["wire"])
def test_request_ends_within_a_name(subject: Subject, tree: Tree) -> None:
    """A delete whose request breaks off right where its names are those of files beside: those files stay.

    Some servers act on what they have of a list of names, of a client that died too, and so take a part of a name for one.
    """
    injector = Injector(subject, tree)
    sent = injector.bodies(DELETE_BESIDE_SHORTER_NAMES)
    cuts = [
        Point(CutOff(place, occurrence), exchange.label, exchange.number, len(sent))
        for exchange, body in sent
        for place in WITHIN_ITS_NAMES
        for occurrence in range(1, len(re.findall(place, body)) + 1)
    ]
    if cuts:
        injector.try_points(DELETE_BESIDE_SHORTER_NAMES, cuts)
