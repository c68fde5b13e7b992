"""What goes wrong with requests: of those that a proxy sees, and of those that a library makes by a protocol of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from storagedriver.testing import Subject
from storagedriver.wire import (
    Answered,
    AnsweredLate,
    BareError,
    CopyNotDone,
    Duplicated,
    ErrorInSuccess,
    Fault,
    HalfSent,
    Killed,
    LateAnswer,
    LibraryFault,
    RangeIgnored,
    Refused,
    ResetAfter,
    ResetBefore,
    ResetDuring,
    Silent,
    Slow,
    StalledBody,
    TruncatedBody,
    WireAccess,
)

Disturbance = Fault | LibraryFault

_ANY: Sequence[Fault] = (
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
    AnsweredLate(),
    Slow(),
    Duplicated(),
    ErrorInSuccess(),
    RangeIgnored(),
    BareError(),
    CopyNotDone("failed"),
    CopyNotDone("pending"),
)

_ALIKE: Sequence[Fault] = (
    ResetBefore(),
    Answered("500 Internal Server Error"),
    Answered("429 Too Many Requests", retry_after=1),
    StalledBody(),
    Silent(),
    Slow(),
)
"""Those of _ANY that leave the server in the same state as another one, and that a driver learns of in the same way."""

_LASTING: Sequence[Fault] = (
    Refused(),
    ResetBefore(),
    Silent(),
    StalledBody(),
    Answered("503 Service Unavailable", retry_after=1),
    Answered("500 Internal Server Error"),
    # As a server answers whose clock or whose store of keys is broken: to sign in again does not help.
    Answered("401 Unauthorized"),
)


REFUSALS: Sequence[Fault] = (Answered("403 Forbidden"), Answered("400 Bad Request"))
"""Answers that tell of no failure that passes: a driver that makes its requests again gives up here."""


def of_one_request(subject: Subject, *, unlike: bool) -> Sequence[Disturbance]:
    """What hits each request of each operation that it makes a difference to.

    Args:
        subject: The driver.
        unlike: Leave out those that are alike, where each trial costs the server much.
    """
    access = subject.access
    if isinstance(access, WireAccess):
        return [fault for fault in _ANY if not (unlike and fault in _ALIKE)]
    return [*access.lost_requests(), *access.lost_answers(), LateAnswer()]


def lasting(subject: Subject) -> Sequence[Disturbance]:
    """What may last: no server, one that takes requests and never answers, one that is overloaded for good."""
    access = subject.access
    return _LASTING if isinstance(access, WireAccess) else access.lost_requests()


def gone(subject: Subject) -> Disturbance:
    """The server is not there."""
    access = subject.access
    return Refused() if isinstance(access, WireAccess) else access.lost_requests()[0]


def killing(subject: Subject) -> Mapping[str, Disturbance]:
    """By what happens to the driver's process: what is done to its request meanwhile."""
    if isinstance(subject.access, WireAccess):
        return {"killed before a request": Silent(), "killed within a request": HalfSent()}
    return {each.condition: each for each in (Killed(), Killed(after=True))}
