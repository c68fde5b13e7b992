"""The one place where failures of the SDK and of the server become the driver's errors (ERR-1 to ERR-3)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from storagedriver.dependencies import require
from storagedriver.errors import BackendError, PathNotFoundError, StorageDriverError
from storagedriver.library_failures import is_unforeseen

_sdk: Any = require("alibabacloud_oss_v2.exceptions", extra="oss", driver_name="oss")
SDKError: Any = _sdk.BaseError
HTTPError: Any = require("urllib3.exceptions", extra="oss", driver_name="oss").HTTPError

_READS = frozenset({"HeadObject", "GetObject", "CopyObject", "UploadPartCopy"})
"""The operations whose 404 may be about the object they read."""

BODY_FAILURES = (HTTPError, OSError)
"""What reading a response's body may raise when the connection fails."""

_HINTS = {
    "NoSuchBucket": ": the bucket does not exist; make it, or name another with bucket",
    "InvalidAccessKeyId": ": the server knows no such accesskeyid",
    "SignatureDoesNotMatch": ": check accesskeysecret",
    "SecurityTokenExpired": ": the securitytoken has expired; get new credentials",
    "InvalidSecurityToken": ": check securitytoken",
    "RequestTimeTooSkewed": ": the clock of this machine differs from the server's; set it",
    "AccessDenied": ": check region and endpoint, and what the keys may do in this bucket",
    "SecondLevelDomainForbidden": ": these servers want the bucket in the host name; leave out forcepathstyle",
}
"""What puts right what the server refused, by its error code."""

_CONNECTION_HINTS = {
    "NewConnectionError": ": nothing answers there; check endpoint and the network",
    "ConnectTimeoutError": ": nothing answers there in time; check endpoint, the network and connect_timeout",
    "SSLError": ": the server's TLS certificate could not be verified; give its authority as ca_bundle",
}
"""What puts right what could not be sent, by urllib3's error."""

_UNTOLD = "BadErrorResponse"
"""What the SDK says where the server gave no code."""

_LIBRARIES = frozenset({"alibabacloud_oss_v2", "base64", "email", "http", "json", "urllib3", "xml"})
"""What parses answers."""


def refusal(error: BaseException) -> Any:
    """The SDK's ServiceError that an operation failed with; None if the server did not refuse it."""
    inner = error.unwrap() if isinstance(error, _sdk.OperationError) else error
    return inner if isinstance(inner, _sdk.ServiceError) else None


def code(error: BaseException) -> str | None:
    """The server's error code, such as "NoSuchUpload"; None if the server did not answer."""
    refused = refusal(error)
    return None if refused is None else str(refused.code)


def status(error: BaseException) -> int | None:
    """The HTTP status of the server's answer; None if the server did not answer."""
    refused = refusal(error)
    return None if refused is None else int(refused.status_code)


def is_absent(error: BaseException) -> bool:
    """Whether the server said that the object itself is not there. An absent bucket or upload is a failure."""
    return (
        isinstance(error, _sdk.OperationError)
        and _operation(error) in _READS
        and status(error) == 404
        and code(error) in {"NoSuchKey", _UNTOLD}
    )


def translate(error: Exception) -> StorageDriverError | None:
    """The driver's error for one of the SDK, or None for what is not the backend's doing.

    Messages of the server and of the SDK stay in the cause: they name keys, hosts and what was signed.
    """
    if isinstance(error, _sdk.OperationError):
        operation, refused = _operation(error), refusal(error)
        if refused is None:
            return BackendError(f"{operation} failed: {_kind(error.unwrap())}")
        detail = f"{operation} was answered by {refused.code} (HTTP {refused.status_code})"
        return (
            PathNotFoundError(detail) if is_absent(error) else BackendError(detail + _HINTS.get(str(refused.code), ""))
        )
    if isinstance(error, SDKError):
        return BackendError(f"the server's answer makes no sense to the SDK: {type(error).__name__}")
    if isinstance(error, BODY_FAILURES):
        return BackendError(f"the connection failed: {type(error).__name__}")
    if isinstance(error, ET.ParseError) or is_unforeseen(error, _LIBRARIES):
        return BackendError(f"the server's answer makes no sense to the SDK: {type(error).__name__}")
    return None


def _operation(error: Any) -> str:
    return str(error.kwargs.get("name", "the request"))


def _kind(inner: Any) -> str:
    """What happened, by the names of types: those of urllib3 tell more than the SDK's that they came in."""
    cause = inner.__cause__
    name = type(inner if cause is None else cause).__name__
    return name + _CONNECTION_HINTS.get(name, "")
