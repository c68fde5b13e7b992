"""The one place where failures of the client and of the server become the driver's errors (ERR-1 to ERR-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storagedriver.dependencies import require
from storagedriver.errors import BackendError, PathNotFoundError, StorageDriverError
from storagedriver.library_failures import is_unforeseen

if TYPE_CHECKING:
    from urllib3.exceptions import HTTPError

    ClientException = Exception
    RequestException = OSError
else:
    ClientException = require("swiftclient.exceptions", extra="swift", driver_name="swift").ClientException
    RequestException = require("requests.exceptions", extra="swift", driver_name="swift").RequestException
    HTTPError = require("urllib3.exceptions", extra="swift", driver_name="swift").HTTPError

TRANSFER_FAILURES = (RequestException, HTTPError, OSError)
"""What a request, and reading its answer, may raise when the connection fails."""

__all__ = [
    "TRANSFER_FAILURES",
    "AbsentError",
    "AnswerError",
    "ClientException",
    "ContainerAbsentError",
    "is_lasting",
    "translate",
]


class AnswerError(Exception):
    """The server answered a request by an error.

    Attributes:
        operation: What was asked, as "PUT of an object".
        status: The HTTP status.
        body: The beginning of the answer. It names objects, so it stays out of messages.
    """

    def __init__(self, operation: str, status: int, body: bytes = b"") -> None:
        super().__init__(f"{operation} was answered by HTTP {status}")
        self.operation = operation
        self.status = status
        self.body = body


class AbsentError(AnswerError):
    """There is no such object, in a container that exists."""


class ContainerAbsentError(AnswerError):
    """There is no such container."""

    def __init__(self, operation: str, container: str) -> None:
        super().__init__(operation, 404)
        self.container = container


def is_lasting(failure: BaseException) -> bool:
    """Whether a failed connection will fail in the same way each time: the certificate is not trusted."""
    seen: BaseException | None = failure
    while seen is not None:
        if "SSLCertVerificationError" in f"{type(seen).__name__} {seen.args!r}":
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def translate(error: Exception) -> StorageDriverError | None:
    """The driver's error for one of the client, or None for what is not the backend's doing.

    Messages of the server and of the client stay in the cause: they name objects and hosts.
    """
    if isinstance(error, AbsentError):
        return PathNotFoundError(str(error))
    if isinstance(error, ContainerAbsentError):
        return BackendError(
            f"the container {error.container!r} does not exist; create it, for example with: "
            f"swift post {error.container}"
        )
    if isinstance(error, AnswerError):
        return BackendError(f"{error}{_HINTS.get(error.status, '')}")
    if isinstance(error, TRANSFER_FAILURES):
        hint = "; the server's certificate is not trusted: give its authority as ca_bundle" if is_lasting(error) else ""
        return BackendError(f"the connection failed: {type(error).__name__}{hint}")
    if is_unforeseen(error, _LIBRARIES):
        return BackendError(f"the server's answer makes no sense to the client: {type(error).__name__}")
    return None


_LIBRARIES = frozenset({"codecs", "email", "encodings", "http", "json", "requests", "swiftclient", "urllib3"})
"""What parses answers."""


_HINTS = {
    401: ": check username, password and tenant",
    403: ": the user may not do this in this container",
    413: ": the server takes no content as large as that, or the quota is used up",
    507: ": the server has no room left",
}
