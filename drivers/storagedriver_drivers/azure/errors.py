"""The one place where failures of the SDK and of the server become the driver's errors (ERR-1 to ERR-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storagedriver.dependencies import require
from storagedriver.errors import BackendError, PathNotFoundError, StorageDriverError
from storagedriver.library_failures import is_unforeseen

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError, HttpResponseError
else:
    _core = require("azure.core.exceptions", extra="azure", driver_name="azure")
    AzureError = _core.AzureError
    HttpResponseError = _core.HttpResponseError

_CREDENTIALS = (
    "the credential was refused; check accountname and accountkey, sastoken, the clock of this machine, or what the "
    "application may do"
)

_HINTS = {
    "ContainerNotFound": "the container {container!r} does not exist; create it, since the driver never does",
    "ContainerBeingDeleted": "the container {container!r} is being deleted",
    "ResourceNotFound": "there is no such account; check accountname and serviceurl",
    "AuthenticationFailed": _CREDENTIALS,
    "AuthorizationFailure": _CREDENTIALS,
    "AuthorizationPermissionMismatch": _CREDENTIALS,
    "NoAuthenticationInformation": _CREDENTIALS,
    "CannotVerifyCopySource": "it could not read the source of the copy, for which it has to reach serviceurl itself",
    "KeyBasedAuthenticationNotPermitted": "the account takes no keys; use clientsecret or defaultcredentials",
    "PublicAccessNotPermitted": _CREDENTIALS,
}

_LIBRARIES = frozenset({"azure", "codecs", "email", "encodings", "http", "json", "requests", "urllib3", "xml"})
"""What parses answers."""

__all__ = ["AzureError", "HttpResponseError", "code", "is_absent", "status", "translate"]


def code(error: Exception) -> str:
    """The server's error code, such as "BlobNotFound"; empty if it named none, or did not answer."""
    found = getattr(error, "error_code", None) if isinstance(error, HttpResponseError) else None
    return str(getattr(found, "value", found) or "")


def status(error: Exception) -> int | None:
    """The HTTP status of the server's answer; None if the server did not answer."""
    return error.status_code if isinstance(error, HttpResponseError) else None


def is_absent(error: Exception) -> bool:
    """Whether the server said that the blob itself is not there. An absent container or account is a failure."""
    if status(error) != 404:
        return False
    # An answer to HEAD has no body, and a proxy may take its code away.
    return code(error) == "BlobNotFound" or (not code(error) and _asks_for_a_blob(error))


def _asks_for_a_blob(error: Exception) -> bool:
    """Whether what was asked for is a blob, and not a container or a part of the service."""
    request = getattr(getattr(error, "response", None), "request", None)
    query = str(getattr(request, "url", "")).partition("?")[2]
    return getattr(request, "method", "") in {"GET", "HEAD", "DELETE"} and "comp=" not in query


def translate(error: Exception, container: str) -> StorageDriverError | None:
    """The driver's error for one of the SDK, or None for what is not the backend's doing.

    Messages of the server and of the SDK stay in the cause: they name blobs, hosts and what was signed.
    """
    if is_absent(error):
        return PathNotFoundError("the server says that there is no such blob")
    if isinstance(error, HttpResponseError) and error.status_code:
        answered = f"the server answered {code(error) or 'an error'} (HTTP {error.status_code})"
        hint = _HINTS.get(code(error), "")
        return BackendError(f"{answered}: {hint.format(container=container)}" if hint else answered)
    if isinstance(error, AzureError):
        names = _kinds(error)
        if any("SSL" in name for name in names):
            return BackendError("the server's TLS certificate could not be verified; see ca_bundle")
        return BackendError(f"the server could not be asked ({names[-1]}); check serviceurl, realm and the network")
    if isinstance(error, OSError):
        return BackendError(f"the connection failed: {type(error).__name__}")
    if is_unforeseen(error, _LIBRARIES):
        return BackendError(f"the server's answer makes no sense to the SDK: {type(error).__name__}")
    return None


def _kinds(error: BaseException | None) -> list[str]:
    """The types of an error and of what caused it, the outermost first."""
    names: list[str] = []
    while error is not None and len(names) < 10:
        names.append(type(error).__name__)
        error = getattr(error, "inner_exception", None) or error.__cause__ or getattr(error, "reason", None)
        error = error if isinstance(error, BaseException) else None
    return names
