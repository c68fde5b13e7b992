"""FAULT-1: whichever request of an operation goes wrong, in whatever way, the driver survives it or raises."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from storagedriver.testing import Subject, Tree, requirement
from storagedriver.wire import (
    Answered,
    ChangedByte,
    CopyNotDone,
    Duplicated,
    ErrorInSuccess,
    Fault,
    LostBody,
    Refused,
    ResetAfter,
    ResetBefore,
    ResetDuring,
    Silent,
    Slow,
    StalledBody,
    TruncatedBody,
)
from storagedriver_suites.faults.injecting import Injector
from storagedriver_suites.faults.operations import OPERATIONS, Operation

FAULTS: Sequence[Fault] = (
    Refused(),
    ResetBefore(),
    ResetDuring(),
    ResetAfter(),
    Answered("500 Internal Server Error"),
    Answered("503 Service Unavailable", retry_after=1),
    Answered("429 Too Many Requests", retry_after=1),
    TruncatedBody(),
    StalledBody(),
    Silent(),
    Slow(),
    Duplicated(),
    ChangedByte(),
    LostBody(),
    ErrorInSuccess(),
    CopyNotDone("failed"),
    CopyNotDone("pending"),
)
"""Each hits every request of every operation that it makes a difference to."""


@requirement("FAULT-1", needs=["wire"])
@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=[name.replace(" ", "-") for name in OPERATIONS])
def test_whichever_request_goes_wrong(subject: Subject, tree: Tree, operation: Operation) -> None:
    """The operation succeeds or raises BackendError; its state is old or new, whole; the same call again succeeds."""
    Injector(subject, tree).try_each(operation, FAULTS)
