"""The SDK's client of a driver: endpoint, credentials, timeouts, retries, checksums and what may be logged."""

from __future__ import annotations

import base64
import hashlib
import logging
import os
from dataclasses import dataclass
from typing import Any

from storagedriver.dependencies import require
from storagedriver.errors import ParameterError
from storagedriver.redaction import LogRedaction
from storagedriver_drivers.oss.parameters import OSSParameters
from storagedriver_drivers.oss.transport import Transport

sdk: Any = require("alibabacloud_oss_v2", extra="oss", driver_name="oss")
_retry: Any = require("alibabacloud_oss_v2.retry", extra="oss", driver_name="oss")

_logger = logging.getLogger("storagedriver.oss")

_LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry")
"""The loggers that may print a request; the SDK itself has none."""

_ENVIRONMENT = ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN")


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """Keys as they were given, or as the environment has them."""

    key_id: str
    secret: str
    token: str | None


def credentials_of(parameters: OSSParameters) -> Credentials:
    """The credentials.

    Raises:
        ParameterError: There are none.
    """
    if parameters.accesskeyid is not None and parameters.accesskeysecret is not None:
        token = parameters.securitytoken
        return Credentials(
            parameters.accesskeyid.get_secret_value(),
            parameters.accesskeysecret.get_secret_value(),
            None if token is None else token.get_secret_value(),
        )
    key_id, secret, token_of_environment = (os.environ.get(name) or None for name in _ENVIRONMENT)
    if key_id is None or secret is None:
        raise ParameterError(
            f"needed, as the environment has no {_ENVIRONMENT[0]} and {_ENVIRONMENT[1]}",
            parameter="accesskeyid",
            driver_name="oss",
        )
    return Credentials(key_id, secret, token_of_environment)


@dataclass(frozen=True, slots=True)
class Client:
    """The SDK's client, with the transport that it uses.

    Attributes:
        api: An alibabacloud_oss_v2.Client. It repeats what may pass by itself.
    """

    api: Any
    transport: Transport

    def close(self) -> None:
        """Release the connections."""
        self.transport.close()


class CountingRetryer(_retry.StandardRetryer):  # type: ignore[misc]  # imported late, untyped
    """The SDK's own rules of what is repeated, for one request: tells whether it was."""

    def __init__(self) -> None:
        super().__init__()
        self.repeated = False

    def is_error_retryable(self, error: Exception) -> bool:
        retryable = bool(super().is_error_retryable(error))
        # The failed try may have reached the server all the same.
        self.repeated |= retryable
        return retryable


def make_client(parameters: OSSParameters, credentials: Credentials) -> Client:
    """A client of its own connections; it is safe between threads. No request is made."""
    if parameters.skipverify:
        _logger.warning("skipverify: the TLS certificate of %s is not verified", parameters.endpoint or "Alibaba's OSS")
    transport = Transport(parameters)
    config = sdk.config.load_default()
    config.region = parameters.region
    config.endpoint = parameters.endpoint
    config.use_internal_endpoint = parameters.internal
    config.use_accelerate_endpoint = parameters.accelerate
    config.use_path_style = parameters.forcepathstyle
    config.credentials_provider = sdk.credentials.StaticCredentialsProvider(
        credentials.key_id, credentials.secret, credentials.token
    )
    config.http_client = transport
    config.retry_max_attempts = parameters.maxretries + 1
    # Bodies carry Content-MD5, by which the server refuses a damaged one. The SDK's own check would find it afterwards.
    config.disable_upload_crc64_check = True
    config.disable_download_crc64_check = True
    return Client(sdk.Client(config), transport)


def content_md5(content: bytes | bytearray) -> str:
    """The value of the header by which the server notices a damaged body."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def redaction(credentials: Credentials) -> LogRedaction:
    """What takes the credentials out of what the libraries log, until it is closed."""
    return LogRedaction(_LOGGERS, [credentials.key_id, credentials.secret, credentials.token])
