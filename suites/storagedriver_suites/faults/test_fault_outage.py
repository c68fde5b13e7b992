"""FAULT-2: where the server is gone, or says nothing, and stays so, the driver gives up in time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from storagedriver.testing import Subject, Tree, requirement
from storagedriver.wire import Answered, Fault, Refused, ResetBefore, Silent, StalledBody
from storagedriver_suites.faults.injecting import Injector, Point
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

LASTING: Sequence[Fault] = (
    Refused(),
    ResetBefore(),
    Silent(),
    StalledBody(),
    Answered("503 Service Unavailable", retry_after=1),
    Answered("500 Internal Server Error"),
)
"""What may last: no server, one that takes requests and never answers, one that is overloaded for good."""


@requirement("FAULT-2", needs=["wire"])
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
            for fault in LASTING
            for exchange in exchanges
            if exchange.number in middle and fault.hits(exchange)
        ],
    )
