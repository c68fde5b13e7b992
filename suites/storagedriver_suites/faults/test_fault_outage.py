"""FAULT-2: where the server is gone, or says nothing, and stays so, the driver gives up in time."""

from __future__ import annotations

import pytest

from storagedriver.testing import Subject, Tree, requirement
from storagedriver_suites.faults.disturbances import lasting
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
