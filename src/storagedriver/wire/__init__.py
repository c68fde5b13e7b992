"""Between a driver and its server: a proxy that counts requests, and faults that hit the k-th of them."""

from storagedriver.wire.access import NO_SERVER, NoServer, WireAccess
from storagedriver.wire.faults import (
    Answered,
    BareError,
    ChangedByte,
    CopyNotDone,
    Duplicated,
    ErrorInSuccess,
    Fault,
    HalfSent,
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
    Undisturbed,
)
from storagedriver.wire.messages import AnswerHead, RequestHead
from storagedriver.wire.passage import Exchange, Passage
from storagedriver.wire.proxy import FaultProxy, Injection

__all__ = [
    "NO_SERVER",
    "AnswerHead",
    "Answered",
    "BareError",
    "ChangedByte",
    "CopyNotDone",
    "Duplicated",
    "ErrorInSuccess",
    "Exchange",
    "Fault",
    "FaultProxy",
    "HalfSent",
    "Injection",
    "LostBody",
    "NoServer",
    "Passage",
    "RangeIgnored",
    "Refused",
    "RequestHead",
    "ResetAfter",
    "ResetBefore",
    "ResetDuring",
    "Silent",
    "Slow",
    "StalledBody",
    "TruncatedBody",
    "Undisturbed",
    "WireAccess",
]
