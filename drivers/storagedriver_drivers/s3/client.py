"""The boto3 client of a driver: endpoint, credentials, timeouts, retries, checksums and what may be logged."""

from __future__ import annotations

import base64
import copy
import functools
import hashlib
import logging
import random
from typing import TYPE_CHECKING, Any

from storagedriver.dependencies import require
from storagedriver.redaction import LogRedaction
from storagedriver_drivers.s3.parameters import S3Parameters

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_logger = logging.getLogger("storagedriver.s3")

_LOGGERS = (
    "botocore.auth",
    "botocore.awsrequest",
    "botocore.client",
    "botocore.endpoint",
    "botocore.hooks",
    "botocore.httpchecksum",
    "botocore.httpsession",
    "botocore.parsers",
    "botocore.regions",
    "botocore.retries.standard",
    "botocore.signers",
    "botocore.utils",
    "urllib3.connectionpool",
)
"""The loggers that may print a request: at debug level they print its headers, session token included."""


def make_client(parameters: S3Parameters) -> S3Client:
    """A client of its own session; it is safe between threads. No request is made."""
    config = require("botocore.config", extra="s3", driver_name="s3").Config
    # boto3's client without boto3's session, which adds its path to the loader each time it is made.
    session = _session(event_hooks=copy.copy(_handlers()), include_builtin_handlers=False)
    session.register_component("data_loader", _models())
    if parameters.skipverify:
        _logger.warning("skipverify: the TLS certificate of %s is not verified", parameters.endpoint_url or "Amazon S3")
    client: S3Client = session.create_client(
        "s3",
        region_name=parameters.region,
        endpoint_url=parameters.endpoint_url,
        use_ssl=parameters.secure,
        verify=_verify(parameters),
        aws_access_key_id=_revealed(parameters.accesskey),
        aws_secret_access_key=_revealed(parameters.secretkey),
        aws_session_token=_revealed(parameters.sessiontoken),
        config=config(
            signature_version="s3v4",
            s3={"addressing_style": _addressing_style(parameters), "use_accelerate_endpoint": parameters.accelerate},
            use_dualstack_endpoint=parameters.usedualstack,
            connect_timeout=parameters.connect_timeout,
            read_timeout=parameters.read_timeout,
            retries={"mode": "standard", "max_attempts": parameters.maxretries},
            # Readers hold a connection each; a pool that is too small would throw connections away.
            max_pool_connections=max(32, parameters.multipartcopymaxconcurrency),
            # Bodies carry Content-MD5, which every server checks. The newer checksums travel as trailers over https,
            # and many servers refuse those.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_supported",
        ),
    )
    client.meta.events.register("before-call.s3.DeleteObjects", _add_content_md5)
    retry: Any = _RetryTooManyRequests(parameters.maxretries)
    client.meta.events.register("needs-retry.s3", retry)
    return client


@functools.cache
def _models() -> Any:
    """What reads boto3's models of Amazon's services, and keeps them: parsing them is nine tenths of making a client."""
    return require("botocore.loaders", extra="s3", driver_name="s3").create_loader()


@functools.cache
def _handlers() -> Any:
    """The events that botocore's own functions serve, for copies: registering them is half of the rest."""
    served = require("botocore.hooks", extra="s3", driver_name="s3").HierarchicalEmitter()
    _session(event_hooks=served)
    return served


def _session(**arguments: Any) -> Any:
    return require("botocore.session", extra="s3", driver_name="s3").Session(**arguments)


def content_md5(content: bytes | bytearray) -> str:
    """The value of the header by which the server notices a damaged body."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def redaction(parameters: S3Parameters) -> LogRedaction:
    """What takes the credentials of these parameters out of what boto3 logs, until it is closed."""
    given = (parameters.accesskey, parameters.secretkey, parameters.sessiontoken)
    secrets = [_revealed(secret) for secret in given]
    # Without any there is nothing to look for.
    return LogRedaction(_LOGGERS if any(secrets) else (), secrets)


class _RetryTooManyRequests:
    """Repeats what was answered by a bare 429: boto3's standard mode knows throttling by error code alone."""

    def __init__(self, maxretries: int) -> None:
        self._maxretries = maxretries

    def __call__(self, response: Any, attempts: int, **_: Any) -> float | None:
        if response is None or response[0].status_code != 429 or attempts > self._maxretries:
            return None
        # Exponential backoff with full jitter, as boto3's own.
        return random.random() * min(1 << (attempts - 1), 20)  # noqa: S311  nothing secret depends on it


def _add_content_md5(params: dict[str, Any], **_: Any) -> None:
    # Servers older than the newer checksums demand this header for batch deletes.
    body = params.get("body")
    if isinstance(body, bytes):
        params["headers"].setdefault("Content-MD5", content_md5(body))


def _verify(parameters: S3Parameters) -> bool | str | None:
    if parameters.skipverify:
        return False
    return None if parameters.ca_bundle is None else str(parameters.ca_bundle)


def _addressing_style(parameters: S3Parameters) -> str:
    if parameters.forcepathstyle is None:
        # boto3 knows where the host name cannot take the bucket's. Its "auto" would presign URLs of Amazon's global
        # endpoint, which redirects for buckets of other regions.
        return "path" if parameters.regionendpoint else "virtual"
    return "path" if parameters.forcepathstyle else "virtual"


def _revealed(secret: Any) -> str | None:
    return None if secret is None else str(secret.get_secret_value())
