"""The client of a driver: credentials, timeouts, TLS, what is repeated, and what may be logged."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from storagedriver.dependencies import require
from storagedriver.redaction import LogRedaction
from storagedriver_drivers.gcs.access import secrets_of
from storagedriver_drivers.gcs.errors import is_transient
from storagedriver_drivers.gcs.parameters import GCSParameters

T = TypeVar("T")

_logger = logging.getLogger("storagedriver.gcs")

_CONNECTIONS = 64
"""Connections that are kept, at least; each request in flight and each open reader holds one."""

_FIRST_DELAY, _LONGEST_DELAY = 0.25, 20.0
"""Seconds before the first repetition, and before any, at most: the backoff doubles, with full jitter."""

_LOGGERS = (
    "google.auth.transport.requests",
    "google.auth._default",
    "google.auth.compute_engine._metadata",
    "google.cloud.storage._http",
    "google.cloud.storage.blob",
    "google.oauth2._client",
    "requests",
    "urllib3.connectionpool",
    "urllib3.util.retry",
)
"""The loggers that may print a request."""


@dataclass(slots=True)
class Attempts:
    """How a request may be made, and what became of it.

    Attributes:
        may_repeat: Whether it may be made more than once.
        in_doubt: Whether a try failed in a way that leaves open whether the server acted.
    """

    may_repeat: bool = True
    in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class Client:
    """Google's client with the session that it uses, and the one way by which requests are made.

    Attributes:
        storage: The google.cloud.storage.Client. It repeats nothing by itself: ask() does, and knows how often.
        session: For the content of objects, as a stream.
        credentials: What both are authorized by.
        timeout: Seconds to connect, and to wait for the next bytes.
        retries: Times that a request is repeated.
    """

    storage: Any
    session: Any
    credentials: Any
    timeout: tuple[float, float]
    retries: int
    _slots: threading.Semaphore = field(repr=False)

    def ask(self, request: Callable[[], T], attempts: Attempts | None = None) -> T:
        """What `request` returns; it is repeated after failures that may pass, a bounded number of times.

        Never called within a request: each waits for its turn, and holds it. Raises the library's errors: the last one.
        """
        tries, told = 0, attempts or Attempts()

        def again(error: BaseException) -> bool:
            nonlocal tries
            tries += 1
            if not is_transient(error):
                return False
            told.in_doubt = True
            return told.may_repeat and tries <= self.retries

        retry = require("google.api_core.retry", extra="gcs", driver_name="gcs").Retry
        policy = retry(predicate=again, initial=_FIRST_DELAY, maximum=_LONGEST_DELAY, multiplier=2.0, timeout=None)

        def once() -> T:
            # Held by a request alone, never while others are waited for, nor by an open reader.
            with self._slots:
                return request()

        answer: T = policy(once)()
        return answer

    def close(self) -> None:
        """Release the connections."""
        self.storage.close()
        self.session.close()


def make_client(parameters: GCSParameters, credentials: Any) -> Client:
    """A client of its own connections; it is safe between threads. No request is made."""
    if parameters.skipverify:
        _logger.warning("skipverify: the TLS certificate of %s is not verified", parameters.url)
    session = _session(parameters, credentials)
    info = require("google.api_core.client_info", extra="gcs", driver_name="gcs").ClientInfo(
        user_agent=parameters.useragent
    )
    session.headers["User-Agent"] = info.to_user_agent()
    storage = require("google.cloud.storage", extra="gcs", driver_name="gcs").Client(
        project="storagedriver",  # Of no use to requests about objects; without one the environment would be asked.
        credentials=credentials,
        _http=session,
        client_info=info,
        # Always given: else variables of the environment lead elsewhere.
        client_options={"api_endpoint": parameters.url},
    )
    # For its traces it would ask for the bucket's own settings: unasked, in threads of its own, and again after each 404.
    storage._bucket_metadata_cache = None  # noqa: SLF001  there is no other way; older versions have no such thing
    timeout = (parameters.connect_timeout, parameters.read_timeout)
    slots = threading.Semaphore(parameters.maxconcurrency)
    return Client(storage, session, credentials, timeout, parameters.maxretries, slots)


def redaction(parameters: GCSParameters, credentials: Any) -> LogRedaction:
    """What takes the credentials of these parameters out of what the libraries log, until it is closed."""
    return LogRedaction(_LOGGERS, (), passing=lambda: secrets_of(parameters, credentials))


def _session(parameters: GCSParameters, credentials: Any) -> Any:
    requests = require("requests", extra="gcs", driver_name="gcs")
    if parameters.anonymous:
        session = requests.Session()
    else:
        transport = require("google.auth.transport.requests", extra="gcs", driver_name="gcs")
        session = transport.AuthorizedSession(credentials)
    adapter = _adapter(requests)(_verify(parameters), max(_CONNECTIONS, parameters.maxconcurrency))
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)
    return session


def _adapter(requests: Any) -> Any:
    """The class of what sends requests.

    It takes no compressed answer but the content of an object, which is never unpacked: listings and errors are read
    whole, whatever they grow to. And it follows no redirect, as the service makes none.
    """

    class Adapter(requests.adapters.HTTPAdapter):  # type: ignore[misc]  # imported late, untyped
        def __init__(self, verify: bool | str, connections: int) -> None:
            super().__init__(pool_maxsize=connections, max_retries=0)
            self._verify = verify

        def send(self, request: Any, **arguments: Any) -> Any:
            if not _is_content(request):
                request.headers["Accept-Encoding"] = "identity"
            # Variables of the environment would have their say before the session's own setting.
            return super().send(request, **{**arguments, "verify": self._verify})

        def build_response(self, request: Any, response: Any) -> Any:
            encoding = response.headers.get("Content-Encoding", "identity")
            if encoding != "identity" and not (_is_content(request) and response.status < 300):
                problem = "the server compressed what was asked for as it is"
            elif response.status in {301, 302, 303, 307} and "Location" in response.headers:
                problem = "the server leads elsewhere"
            else:
                return super().build_response(request, response)
            response.release_conn()
            response.close()
            raise requests.exceptions.InvalidHeader(problem)

    return Adapter


def _is_content(request: Any) -> bool:
    return request.method == "GET" and "alt=media" in (request.url or "")


def _verify(parameters: GCSParameters) -> bool | str:
    if parameters.skipverify:
        return False
    return True if parameters.ca_bundle is None else str(parameters.ca_bundle)
