"""What aiohttp adds to the failures of boto3's libraries; all else is as in the s3 driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storagedriver.dependencies import require
from storagedriver.errors import BackendError, StorageDriverError
from storagedriver.library_failures import is_unforeseen
from storagedriver_drivers.s3 import errors

if TYPE_CHECKING:
    from aiohttp import ClientError as HTTPClientError
else:
    HTTPClientError = require("aiohttp", extra="s3-async", driver_name="s3-async").ClientError

_LIBRARIES = frozenset({"aiobotocore", "aiohttp", "multidict", "yarl"})
"""What parses answers, besides boto3's."""

BODY_FAILURES = (*errors.BODY_FAILURES, HTTPClientError)
"""What reading a response's body may raise when the connection fails."""


def translate(error: Exception) -> StorageDriverError | None:
    """The driver's error for one of aiobotocore, or None for what is not the backend's doing."""
    if isinstance(error, HTTPClientError):
        return BackendError(f"the connection failed: {type(error).__name__}")
    if is_unforeseen(error, _LIBRARIES):
        return BackendError(f"the server's answer makes no sense to aiobotocore: {type(error).__name__}")
    return errors.translate(error)
