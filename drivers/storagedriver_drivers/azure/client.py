"""The SDK's client of a driver: credential, timeouts, retries, TLS and what may be logged."""

from __future__ import annotations

import logging
import random
import re
import sys
import time
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from storagedriver.dependencies import require
from storagedriver.redaction import HIDDEN, LogRedaction
from storagedriver_drivers.azure.access import Access
from storagedriver_drivers.azure.errors import AzureError
from storagedriver_drivers.azure.parameters import LARGEST_BLOCK, AzureParameters

if TYPE_CHECKING:
    from azure.core.pipeline.transport import RequestsTransport
    from azure.storage.blob import BlobServiceClient, ExponentialRetry
else:
    RequestsTransport = require("azure.core.pipeline.transport", extra="azure", driver_name="azure").RequestsTransport
    _blob = require("azure.storage.blob", extra="azure", driver_name="azure")
    BlobServiceClient = _blob.BlobServiceClient
    ExponentialRetry = _blob.ExponentialRetry

_logger = logging.getLogger("storagedriver.azure")

_CONNECTIONS = 64
"""Connections that are kept; each request in flight holds one."""

_BODY_PIECE = 256 << 10
_LONGEST_DELAY = 20.0
_TOO_MANY_REQUESTS = 429
_ERRORS_FROM = 300
"""Statuses of answers that are no success."""

_LOGGERS = (
    "azure.core.pipeline.policies.http_logging_policy",
    "azure.core.pipeline.policies._universal",
    "azure.core.pipeline.transport._base",
    "azure.identity._internal.get_token_mixin",
    "azure.storage.blob._shared.authentication",
    "azure.storage.blob._shared.base_client",
    "azure.storage.blob._shared.policies",
    "msal.application",
    "msal.oauth2cli.oauth2",
    "msal.token_cache",
    "requests",
    "urllib3.connectionpool",
    "urllib3.util.retry",
)
"""The loggers that may print a request: at debug level they print its URL, a shared access signature included."""

_SIGNATURE = re.compile(r"(\bsig=)[^&\s\"']+", re.IGNORECASE)


_MAKING_IDS = ("azure.storage.blob._shared.policies", "azure.storage.blob._shared.base_client")
"""The SDK's modules that make ids of requests and batches."""


def make_service(parameters: AzureParameters, access: Access) -> BlobServiceClient:
    """A client of its own connections; it is safe between threads. No request is made."""
    _make_ids_at_random()
    if parameters.skipverify:
        _logger.warning("skipverify: the TLS certificate of %s is not verified", access.url)
    return BlobServiceClient(
        access.url,
        credential=access.credential,
        transport=_transport(parameters),
        retry_policy=_Retries(
            retry_total=parameters.max_retries,
            retry_connect=parameters.max_retries,
            retry_read=parameters.max_retries,
            retry_status=parameters.max_retries,
            delay=parameters.retry_delay,
        ),
        # What is put is one request, which replaces a blob whole. The SDK's own blocks bear the same ids in every
        # upload: two at once would mix.
        max_single_put_size=LARGEST_BLOCK,
    )


def _make_ids_at_random() -> None:
    """Let the SDK's ids be random ones.

    Its own are made of the time, for which libuuid keeps a file open in each thread, also when the thread has ended; and
    each batch of deletes has threads of its own (LEAK-1).
    """
    for name in _MAKING_IDS:
        module: Any = sys.modules.get(name)
        if getattr(module, "uuid", None) is uuid:
            # The SDK takes an id of ours for plain requests alone. No other module sees this one's name.
            module.uuid = _RandomIds


class _RandomIds:
    """What the SDK uses of the module uuid."""

    uuid1 = uuid4 = staticmethod(uuid.uuid4)


class _Transport(RequestsTransport):  # type: ignore[misc]  # the SDK loads it lazily, untyped
    """Requests over HTTP, whose failures do not show the signature of the URL."""

    def send(self, request: Any, **arguments: Any) -> Any:
        try:
            return super().send(request, **arguments)
        except AzureError as error:
            text = str(error)
            if not _SIGNATURE.search(text):
                raise
            failure = type(error)(_without_signature(text))
        # Not from it: its causes print the URL too.
        try:
            raise failure
        finally:
            # An error that its own traceback's frame holds is kept until the next garbage collection.
            del failure


class _Retries(ExponentialRetry):
    """The SDK's retries with a backoff of full jitter, which also repeat what was answered by 429."""

    def __init__(self, *, delay: float, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._delay = delay

    def get_backoff_time(self, settings: Mapping[str, Any]) -> float:
        return self._jittered(int(settings["count"]))

    def send(self, request: Any) -> Any:
        for attempt in range(self.total_retries + 1):
            if attempt:
                time.sleep(self._jittered(attempt - 1))
            response: Any = super().send(request)  # type: ignore[no-untyped-call]
            if response.http_response.status_code != _TOO_MANY_REQUESTS:
                break
        return response

    def _jittered(self, count: int) -> float:
        return random.uniform(0, min(self._delay * (1 << min(count, 16)), _LONGEST_DELAY))  # noqa: S311  no secret


def _transport(parameters: AzureParameters) -> RequestsTransport:
    sessions = require("requests", extra="azure", driver_name="azure")
    session = sessions.Session()
    # Listings and errors are read whole, whatever they grow to.
    session.headers["Accept-Encoding"] = "identity"
    adapter = _adapter(sessions)(pool_maxsize=_CONNECTIONS, max_retries=0)
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)
    return _Transport(
        session=session,
        connection_timeout=parameters.connect_timeout,
        read_timeout=parameters.read_timeout,
        connection_verify=_verify(parameters),
        connection_data_block_size=_BODY_PIECE,
    )


def _adapter(sessions: Any) -> Any:
    """The class of what sends requests: it takes no compressed answer but the content of a blob, which is never unpacked."""

    class Adapter(sessions.adapters.HTTPAdapter):  # type: ignore[misc]  # imported late, untyped
        def build_response(self, request: Any, response: Any) -> Any:
            encoding = response.headers.get("Content-Encoding", "identity")
            is_content = request.method == "HEAD" or (request.method == "GET" and "comp=" not in request.url)
            if encoding != "identity" and not (is_content and response.status < _ERRORS_FROM):
                response.release_conn()
                response.close()
                raise sessions.exceptions.ContentDecodingError("the server compressed what was asked for as it is")
            return super().build_response(request, response)

    return Adapter


def _verify(parameters: AzureParameters) -> bool | str:
    if parameters.skipverify:
        return False
    return True if parameters.ca_bundle is None else str(parameters.ca_bundle)


def _without_signature(text: str) -> str:
    return _SIGNATURE.sub(rf"\1{HIDDEN}", text)


def redaction(parameters: AzureParameters, access: Access) -> LogRedaction:
    """What takes the credentials of these parameters out of what the SDK logs, until it is closed."""
    secret = parameters.clientsecret
    signatures = parse_qs(access.sas or "").get("sig", [])
    secrets = [access.key, access.sas, secret.get_secret_value() if secret else None, *signatures]
    return LogRedaction(_LOGGERS, secrets, rewrite=_without_signature)
