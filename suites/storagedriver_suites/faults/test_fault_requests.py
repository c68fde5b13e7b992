"""FAULT-1: whichever request of an operation goes wrong, in whatever way, the driver survives it or raises."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from storagedriver import StorageDriver
from storagedriver.backends.model import IN_PROCESS_MODE
from storagedriver.testing import Subject, Tree, not_offered, requirement
from storagedriver.wire import (
    Answered,
    BareError,
    ChangedByte,
    CopyNotDone,
    Duplicated,
    ErrorInSuccess,
    Fault,
    LostBody,
    RangeIgnored,
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
from storagedriver_suites.faults.served_operations import (
    APPEND_LARGE,
    OPERATIONS,
    PUT,
    PUT_LARGE,
    STREAM,
    STREAM_SMALL,
    Operation,
)

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
    ErrorInSuccess(),
    RangeIgnored(),
    BareError(),
    CopyNotDone("failed"),
    CopyNotDone("pending"),
)
"""Each hits every request of every operation that it makes a difference to; but see UNLIKE."""


UNLIKE: Sequence[Fault] = (
    Refused(),
    ResetDuring(),
    ResetAfter(),
    Answered("503 Service Unavailable", retry_after=1),
    TruncatedBody(),
    Silent(),
    Duplicated(),
    ErrorInSuccess(),
    RangeIgnored(),
    BareError(),
    CopyNotDone("failed"),
    CopyNotDone("pending"),
)
"""One each of those that leave the server in the same state, and that a driver learns of in the same way."""


def _faults(subject: Subject, operation: Operation) -> Sequence[Fault]:
    """The faults that hit each request: the profile quick spares changes of large content those that are alike."""
    return UNLIKE if operation.is_large and subject.profile == "quick" else FAULTS


@requirement("FAULT-1", needs=["wire"])
@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=[name.replace(" ", "-") for name in OPERATIONS])
def test_whichever_request_goes_wrong(
    driver: StorageDriver, subject: Subject, tree: Tree, operation: Operation
) -> None:
    """The operation succeeds or raises BackendError; its state is old or new, whole; the same call again succeeds."""
    if not operation.offered(driver.capabilities):
        not_offered(f"capability {operation.name} is not declared")
    Injector(subject, tree).try_each(operation, _faults(subject, operation))


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
