"""How a client of S3 is made of the parameters: endpoint, credentials, timeouts, retries, checksums and what may be logged."""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from typing import Any

from storagedriver.dependencies import require
from storagedriver.errors import BackendError
from storagedriver.redaction import LogRedaction
from storagedriver_drivers.s3.arguments import content_md5
from storagedriver_drivers.s3.parameters import S3Parameters
from storagedriver_drivers.s3.retries import Repeats

_logger = logging.getLogger("storagedriver.s3")

LOGGERS = (
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


def client_arguments(parameters: S3Parameters) -> dict[str, Any]:
    """What a session makes the client of, but for its configuration. With skipverify, a warning is logged."""
    if parameters.skipverify:
        _logger.warning("skipverify: the TLS certificate of %s is not verified", parameters.endpoint_url or "Amazon S3")
    return {
        "region_name": parameters.region,
        "endpoint_url": parameters.endpoint_url,
        "use_ssl": parameters.secure,
        "verify": _verify(parameters),
        "aws_access_key_id": _revealed(parameters.accesskey),
        "aws_secret_access_key": _revealed(parameters.secretkey),
        "aws_session_token": _revealed(parameters.sessiontoken),
    }


def config_arguments(parameters: S3Parameters) -> dict[str, Any]:
    """What the client's configuration is made of, but for the size of its pool of connections."""
    return {
        "signature_version": "s3v4",
        "s3": {
            "addressing_style": _addressing_style(parameters),
            "use_accelerate_endpoint": parameters.accelerate,
            # Else botocore spares bodies that go over https with a Content-MD5.
            **({"payload_signing_enabled": True} if parameters.checksum == "sha256" else {}),
        },
        "use_dualstack_endpoint": parameters.usedualstack,
        "connect_timeout": parameters.connect_timeout,
        "read_timeout": parameters.read_timeout,
        # Without one of ours botocore composes its own for each request, anew: 2 % of a small one.
        "user_agent": parameters.useragent,
        "retries": {"mode": "standard", "max_attempts": parameters.maxretries},
        # Bodies have the checksum of the parameters. The newer ones of S3 travel as trailers over https, and many servers
        # refuse those.
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_supported",
    }


def register_events(client: Any, parameters: S3Parameters) -> None:
    """Have the client add what batch deletes need, repeat what it would not, and ask no server for ever where to go."""
    client.meta.events.register("before-call.s3.DeleteObjects", _add_content_md5)
    if parameters.regionendpoint is not None:
        client.meta.events.register("before-parameter-build.s3.HeadBucket", _refuse_redirect)
    repeats = Repeats(parameters.maxretries)
    client.meta.events.register("needs-retry.s3", repeats.too_many_requests)
    # Not the completion of an upload: there MinIO has lost the parts, and says InvalidPart from then on.
    for operation in ("PutObject", "CopyObject"):
        client.meta.events.register(f"needs-retry.s3.{operation}", repeats.refused_by_a_race)


@functools.cache
def models() -> Any:
    """What reads boto3's models of Amazon's services, and keeps them: parsing them is nine tenths of making a client."""
    return require("botocore.loaders", extra="s3", driver_name="s3").create_loader()


def redaction(parameters: S3Parameters, loggers: Sequence[str] = LOGGERS) -> LogRedaction:
    """What takes the credentials of these parameters out of what boto3 logs, until it is closed."""
    given = (parameters.accesskey, parameters.secretkey, parameters.sessiontoken)
    secrets = [_revealed(secret) for secret in given]
    # Without any there is nothing to look for.
    return LogRedaction(loggers if any(secrets) else (), secrets)


def _add_content_md5(params: dict[str, Any], **_: Any) -> None:
    # Servers older than the newer checksums demand this header for batch deletes.
    body = params.get("body")
    if isinstance(body, bytes):
        params["headers"].setdefault("Content-MD5", content_md5(body))


def _refuse_redirect(**_: Any) -> None:
    # The driver never asks for a bucket. boto3 does where an answer redirects and names no region; of a server that answers
    # that by a redirect too it asks again, as deep as Python's stack goes.
    raise BackendError("the server redirects to another one, and names no region")


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
