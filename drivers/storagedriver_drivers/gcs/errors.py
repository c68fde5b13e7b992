"""The one place where failures of the client library and of the server become the driver's errors (ERR-1 to ERR-3)."""

from __future__ import annotations

from typing import Any

from storagedriver.dependencies import require
from storagedriver.errors import BackendError, StorageDriverError
from storagedriver.library_failures import is_unforeseen

_api = require("google.api_core.exceptions", extra="gcs", driver_name="gcs")
_auth = require("google.auth.exceptions", extra="gcs", driver_name="gcs")
_storage = require("google.cloud.storage.exceptions", extra="gcs", driver_name="gcs")
_requests = require("requests.exceptions", extra="gcs", driver_name="gcs")
_urllib3 = require("urllib3.exceptions", extra="gcs", driver_name="gcs")

_MAY_PASS = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses after which Google asks to repeat the request."""

_HINTS = {
    400: "check the parameters; a checksum that does not fit is told so too",
    401: "the credentials were refused; check keyfile or credentials, and the clock of this machine",
    403: "these credentials may not do this in this bucket",
    404: "the bucket {bucket!r} does not exist; make it, or name another with bucket",
    412: "others replace the file faster than it can be written",
    429: "the server is asked too much; a smaller maxconcurrency helps, and one object takes one write a second",
}
"""What puts right what the server refused, by its status."""

_LIBRARIES = frozenset(
    {"codecs", "datetime", "email", "encodings", "google", "google_crc32c", "http", "json", "requests", "urllib3"}
)
"""What parses answers."""


class ReplacedError(BackendError):
    """Others replaced or deleted the file between two requests about it."""


def status(error: BaseException) -> int | None:
    """The HTTP status of the server's answer; None if the server did not answer."""
    code = getattr(error, "code", None) if isinstance(error, _api.GoogleAPICallError) else None
    return None if code is None else int(code)


def is_not_found(error: BaseException) -> bool:
    """Whether the server knows no such thing: the object, that generation of it, or the bucket."""
    return status(error) == 404


def is_replaced(error: BaseException) -> bool:
    """Whether the server said that the object is not of the generation that was named."""
    return status(error) == 412


def is_transient(error: BaseException) -> bool:
    """Whether the same request may succeed later."""
    if status(error) is not None:
        return status(error) in _MAY_PASS
    if isinstance(error, _auth.GoogleAuthError):
        return isinstance(error, _auth.TransportError) or bool(error.retryable)
    return breaks_off(error) and "SSL" not in type(error).__name__


def breaks_off(error: BaseException) -> bool:
    """Whether an error is one of the connection, and not of what came by it."""
    kinds = (_requests.RequestException, _urllib3.HTTPError, OSError)
    return isinstance(error, kinds) and not isinstance(error, (ValueError, StorageDriverError))


def answer_of(code: int) -> Exception:
    """The library's error for an answer of this status."""
    error: Exception = _api.from_http_status(code, "")
    return error


def translate(error: Exception, bucket: str) -> StorageDriverError | None:
    """The driver's error for one of the library, or None for what is not the backend's doing.

    Messages of the server and of the library stay in the cause: they name keys, hosts and request headers.
    """
    code = status(error)
    if code is not None:
        return BackendError(_hinted(f"the server answered HTTP {code}", _HINTS.get(code, ""), bucket))
    if isinstance(error, _auth.GoogleAuthError):
        return BackendError(
            f"no access token could be had ({type(error).__name__}); check keyfile or credentials, or set up one of "
            "Google's other sources"
        )
    if isinstance(error, (_api.GoogleAPIError, _storage.InvalidResponse, _storage.DataCorruption)):
        return BackendError(f"the request failed: {type(error).__name__}")
    if breaks_off(error):
        names = _kinds(error)
        if any("SSL" in name for name in names):
            return BackendError("the server's TLS certificate could not be verified; give its authority as ca_bundle")
        return BackendError(f"the connection failed ({names[0]}); check endpoint and the network")
    if isinstance(error, _requests.RequestException) or is_unforeseen(error, _LIBRARIES):
        return BackendError(f"the server's answer makes no sense to the client library: {type(error).__name__}")
    return None


def _hinted(told: str, hint: str, bucket: str) -> str:
    return f"{told}: {hint.format(bucket=bucket)}" if hint else told


def _kinds(error: Any) -> list[str]:
    """The types of an error and of what caused it, the outermost first."""
    names: list[str] = []
    while isinstance(error, BaseException) and len(names) < 10:
        names.append(type(error).__name__)
        inner = error.args[0] if error.args and isinstance(error.args[0], BaseException) else None
        error = inner or error.__cause__ or getattr(error, "reason", None)
    return names
