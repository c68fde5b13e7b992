"""FAULT-2: where the server is gone, or says nothing, and stays so, the driver gives up in time.

And FAULT-1 of readers that are open meanwhile.
"""

from __future__ import annotations

from typing import BinaryIO

import pytest

from storagedriver import BackendError
from storagedriver.testing import ContractViolation, Subject, Tree, content, expect, lengthy, not_offered, requirement
from storagedriver.wire import Answered, FirstByte, Injection, Silent
from storagedriver_suites.faults.disturbances import gone, lasting
from storagedriver_suites.faults.injecting import Injector, Point, hits
from storagedriver_suites.faults.served_operations import (
    APPEND,
    DELETE_TREE,
    GET,
    LIST,
    MOVE,
    PUT,
    READ_LARGE,
    STAT,
    STREAM,
    WALK,
    Operation,
)

pytestmark = lengthy


@requirement("FAULT-2", needs=["requests"])
@pytest.mark.parametrize(
    "operation",
    [PUT, STREAM, APPEND, MOVE, DELETE_TREE, GET, READ_LARGE, STAT, LIST, WALK],
    ids=lambda operation: operation.name.replace(" ", "-"),
)
def test_an_outage_ends_in_an_error_in_time(subject: Subject, tree: Tree, operation: Operation) -> None:
    """From the first, the middle or the last request on everything fails: the call raises within the declared timeout."""
    injector = Injector(subject, tree)
    exchanges = injector.requests(operation)
    middle = {1, (len(exchanges) + 1) // 2, len(exchanges)}
    injector.try_points(
        operation,
        [
            Point(fault, exchange.label, exchange.number, len(exchanges), lasting=True)
            for fault in lasting(subject)
            for exchange in exchanges
            if exchange.number in middle and hits(fault, exchange)
        ],
    )


@requirement("FAULT-2", needs=["wire"])
@pytest.mark.parametrize("operation", [PUT, GET, LIST], ids=lambda operation: operation.name)
def test_a_server_that_asks_to_be_left_alone_for_an_hour_is_not_waited_for(
    subject: Subject, tree: Tree, operation: Operation
) -> None:
    """However far off the time that Retry-After names, the call raises within the declared timeout."""
    injector = Injector(subject, tree)
    exchanges = injector.requests(operation)
    fault = Answered("503 Service Unavailable", retry_after=3600)
    injector.try_points(operation, [Point(fault, exchanges[0].label, 1, len(exchanges), lasting=True)])


@requirement("FAULT-2", needs=["wire"])
@pytest.mark.parametrize("operation", [PUT, GET, LIST], ids=lambda operation: operation.name)
def test_a_driver_that_verifies_no_certificate_gives_up_too(subject: Subject, tree: Tree, operation: Operation) -> None:
    """Told not to verify certificates, it keeps its timeouts: a server that says nothing is given up (CONF-3)."""
    if not subject.wire.unverified:
        not_offered("no parameter turns the verification of certificates off")
    injector = Injector(subject, tree, parameters=subject.wire.unverified)
    exchanges = injector.requests(operation)
    injector.try_points(operation, [Point(Silent(), exchanges[0].label, 1, len(exchanges), lasting=True)])


MOST_REQUESTS = 100
"""More than any driver may need to find that a body of 1000 bytes does not come."""


@requirement("FAULT-2", needs=["wire"])
def test_a_body_that_always_breaks_off_is_given_up(subject: Subject, tree: Tree) -> None:
    """Where each answer ends after a byte more, the driver gives up after some: that it gets on does not count them anew."""
    path = tree.path("file")
    with subject.target.open() as plain:
        plain.put_content(path, content(1000, seed=1))
    with subject.disturbed() as target, target.open() as driver:
        target.proxy.begin(Injection(fault=FirstByte(), at=1, lasting=True))
        with expect.raises(BackendError, "a get whose answers each end after a byte"):
            driver.get_content(path)
        asked = len(target.proxy.exchanges)
    what = f"requests for a file of which each answer gives a byte: {asked}"
    expect.true(asked <= MOST_REQUESTS, what, expected=f"at most {MOST_REQUESTS}", seen=asked)


MIB = 1 << 20

SIZE = 24 * MIB
"""More than lies between a driver and its server at any time, so that an outage is met before the end."""


@requirement("FAULT-1", needs=["requests"])
def test_reader_that_met_an_outage_reads_on_or_raises(subject: Subject, tree: Tree) -> None:
    """Once the server is back, each read gives what comes next or raises again: a read that failed is no end."""
    path, whole = tree.path("file"), content(SIZE, seed=1)
    with subject.target.open() as plain:
        plain.put_content(path, whole)
    with subject.disturbed() as target, target.open() as driver, driver.reader(path) as reader:
        read = bytearray(reader.read(MIB))
        target.proxy.begin(Injection(fault=gone(subject), at=1, lasting=True))
        while _read_on(reader, read):
            if len(read) == SIZE:
                pytest.skip("the whole content had come before the outage began")
        target.proxy.begin()
        while len(read) < SIZE and _read_on(reader, read):
            pass
    expect.equal(bytes(read), whole[: len(read)], "what a reader gave, before an outage and after it")


def _read_on(reader: BinaryIO, read: bytearray) -> bool:
    """Read a piece more; False where that fails."""
    try:
        piece = reader.read(MIB)
    except BackendError:
        return False
    if not piece:
        raise ContractViolation(
            f"a read at byte {len(read):,} of {SIZE:,}, during an outage or after it",
            expected="what comes there, or BackendError",
            seen="the end of the file",
        )
    read += piece
    return True
