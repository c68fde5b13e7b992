"""The one place where failures of boto3 and of the server become the driver's errors (ERR-1 to ERR-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storagedriver.dependencies import require
from storagedriver.errors import BackendError, PathNotFoundError, StorageDriverError
from storagedriver.library_failures import is_unforeseen

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError, FlexibleChecksumError
    from urllib3.exceptions import HTTPError
else:
    _botocore = require("botocore.exceptions", extra="s3", driver_name="s3")
    BotoCoreError = _botocore.BotoCoreError
    ClientError = _botocore.ClientError
    FlexibleChecksumError = _botocore.FlexibleChecksumError
    HTTPError = require("urllib3.exceptions", extra="s3", driver_name="s3").HTTPError

_READS = frozenset({"HeadObject", "GetObject", "CopyObject", "UploadPartCopy"})
"""The operations whose 404 may be about the object they read."""

_ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})
"""Codes of an absent object. A HEAD answer has no body, so its code is the status."""

BODY_FAILURES = (BotoCoreError, HTTPError, OSError)
"""What reading a response's body may raise when the connection fails."""

_HINTS = {
    "NoSuchBucket": ": the bucket does not exist; make it, or name another with bucket",
    "InvalidAccessKeyId": ": the server knows no such accesskey",
    "SignatureDoesNotMatch": ": check secretkey, and region if the server has several",
    "AuthorizationHeaderMalformed": ": check region",
    "PermanentRedirect": ": the bucket is in another region; check region and regionendpoint",
    "IllegalLocationConstraintException": ": check region and regionendpoint",
    "ExpiredToken": ": the sessiontoken has expired; get new credentials",
    "InvalidToken": ": check sessiontoken",
    "RequestTimeTooSkewed": ": the clock of this machine differs from the server's; set it",
    "AccessDenied": ": these keys may not do this in this bucket",
    # Answers to HEAD have no body: what they are about is not told.
    "403": ": check accesskey, secretkey, the clock of this machine, and what the keys may do in the bucket",
    "400": ": check region and sessiontoken",
    "301": ": the bucket is in another region; check region and regionendpoint",
}
"""What puts right what the server refused, by its error code."""

_CONNECTION_HINTS = {
    "EndpointConnectionError": ": nothing answers there; check regionendpoint and the network",
    "ConnectTimeoutError": ": nothing answers there in time; check regionendpoint, the network and connect_timeout",
    "SSLError": ": the server's TLS certificate could not be verified; give its authority as ca_bundle",
    "NoCredentialsError": "; give accesskey and secretkey, or set up one of boto3's other sources",
}
"""What puts right what boto3 could not do, by its error."""

_LIBRARIES = frozenset({"botocore", "codecs", "dateutil", "email", "encodings", "http", "json", "urllib3", "xml"})
"""What parses answers."""

__all__ = ["BODY_FAILURES", "ClientError", "FlexibleChecksumError", "code", "is_absent", "status", "translate"]


def code(error: Exception) -> str | None:
    """The server's error code, such as "NoSuchUpload"; None if the server did not answer."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else None


def status(error: Exception) -> int | None:
    """The HTTP status of the server's answer; None if the server did not answer."""
    if not isinstance(error, ClientError):
        return None
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")


def is_repeated(error: ClientError) -> bool:
    """Whether the request was sent more than once: an earlier try may have been acted upon, and its answer lost."""
    return bool(error.response.get("ResponseMetadata", {}).get("RetryAttempts"))


def is_absent(error: Exception) -> bool:
    """Whether the server said that the object itself is not there. An absent bucket or upload is a failure."""
    return isinstance(error, ClientError) and error.operation_name in _READS and code(error) in _ABSENT


def translate(error: Exception) -> StorageDriverError | None:
    """The driver's error for one of boto3, or None for what is not the backend's doing.

    Messages of the server and of boto3 stay in the cause: they name keys, hosts and request headers.
    """
    if isinstance(error, ClientError):
        detail = f"{error.operation_name} was answered by {code(error) or 'an error'} (HTTP {status(error)})"
        return (
            PathNotFoundError(detail) if is_absent(error) else BackendError(detail + _HINTS.get(code(error) or "", ""))
        )
    if isinstance(error, BotoCoreError):
        # The template of the message is safe where nothing is filled in.
        template = getattr(error, "fmt", "")
        detail = type(error).__name__
        hint = _CONNECTION_HINTS.get(detail, "")
        return BackendError((f"{detail}: {template}" if template and "{" not in template else detail) + hint)
    if isinstance(error, (HTTPError, OSError)):
        return BackendError(f"the connection failed: {type(error).__name__}")
    if is_unforeseen(error, _LIBRARIES):
        return BackendError(f"the server's answer makes no sense to boto3: {type(error).__name__}")
    return None
