"""Requests to Swift: authentication, connections, timeouts, retries, and what may be logged."""

from __future__ import annotations

import contextlib
import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from storagedriver.dependencies import require
from storagedriver.errors import BackendError, StorageDriverError
from storagedriver.redaction import LogRedaction
from storagedriver_drivers.swift.authentication import Access, Authenticator
from storagedriver_drivers.swift.errors import TRANSFER_FAILURES, AnswerError, is_lasting
from storagedriver_drivers.swift.parameters import SwiftParameters

_ANSWERS_FOR_GOOD = frozenset({200, 404})
"""Answers to the question for /info that are no refusal."""

_REFUSALS_BELIEVED = 2
"""So many refusals of /info, one after the other, mean that the server tells nobody."""

_PASSING = frozenset({408, 429, 498, 500, 502, 503, 504})
"""Statuses of failures that may pass; 498 is how Swift limits rates."""

_BEGINNING = 2000
_MOST_IDLE = 32

_LOGGERS = (
    "keystoneauth",
    "keystoneauth.discovery",
    "keystoneauth.identity",
    "keystoneauth.session",
    "keystoneauth1",
    "requests",
    "swiftclient",
    "urllib3.connectionpool",
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was read whole.

    Attributes:
        status: The HTTP status.
        headers: By their names in small letters.
        body: All of it.
        repeated: Whether the request was sent more than once: an earlier try may have had its effect.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    repeated: bool = False

    def json(self) -> Any:
        """What the body says.

        Raises:
            BackendError: It is not JSON: the answer is not that of a success, whatever its status.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as damage:
            raise BackendError("the server's answer is not JSON") from damage


@dataclass(frozen=True, slots=True)
class Request:
    """A request to be sent, perhaps more than once. See Session.ask()."""

    method: str
    path: str
    what: str
    query: str
    headers: Mapping[str, str]
    body: bytes | bytearray
    allowed: frozenset[int]
    in_one_chunk: bool = False


class Stream:
    """An answer whose body is still to be read. Holds a connection until it is closed."""

    def __init__(self, status: int, headers: Mapping[str, str], response: Any, release: Callable[[], None]) -> None:
        self.status = status
        self.headers = headers
        self._response = response
        self._release = release

    def read(self, size: int | None = None, /) -> bytes:
        """At most `size` bytes; b"" at the end. Raises one of TRANSFER_FAILURES if the connection fails."""
        data: bytes = self._response.raw.read(size)
        return data

    def close(self) -> None:
        """Give the connection back, also before the end."""
        release, self._release = self._release, _nothing
        try:
            self._response.close()
        finally:
            release()


class Session:
    """One account of one server. Safe between threads: each request, and each open stream, has a connection of its own."""

    def __init__(self, parameters: SwiftParameters) -> None:
        """No request is made."""
        self.retries = parameters.retries
        self._parameters = parameters
        self._client = require("swiftclient.client", extra="swift", driver_name="swift")
        self._authenticator = Authenticator(parameters)
        self._access: Access | None = None
        self._authenticating = threading.Lock()
        self._idle: list[Any] = []
        self._closed = False
        self._info: Mapping[str, Any] | None = None
        self._refusals_of_info = 0
        self._redaction = _redaction(parameters, lambda: self._access)
        if parameters.insecureskipverify:
            logging.getLogger("storagedriver.swift").warning(
                "insecureskipverify: the TLS certificates of %s and of its servers are not verified", parameters.authurl
            )

    def close(self) -> None:
        """Close all connections that are not in use; the others when they are given back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()
        self._redaction.close()

    # --- requests

    @property
    def storage_url(self) -> str:
        """The account's URL; authenticates if that was not done yet."""
        return self._attempts(self._current_access)[0].storage_url

    def ask(
        self,
        method: str,
        path: str,
        *,
        what: str,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | bytearray = b"",
        allowed: frozenset[int] = frozenset(),
        in_one_chunk: bool = False,
    ) -> Answer:
        """Send a request, again after failures that may pass, and read the answer.

        Args:
            method: The HTTP method.
            path: Below the account: "/container/name", not quoted.
            what: What it is for, in messages.
            query: What follows the question mark, quoted.
            headers: Besides the token and Content-Length.
            body: The content sent.
            allowed: Statuses that are no error, besides those from 200 to 299.
            in_one_chunk: Send the body as a chunk instead of with its length. Swift takes a body that breaks off for
                one that ends, unless it is a chunk.

        Raises:
            AnswerError: The answer is an error that does not pass, or did not in as many retries as there are.
        """
        request = Request(method, path, what, query, headers or {}, body, allowed, in_one_chunk)

        def once() -> Answer:
            with contextlib.closing(self._open(request)) as stream:
                # Also of HEAD, which has none: the connection is kept only if it was read to its end.
                content = stream.read()
                announced = stream.headers.get("content-length", "")
                if method != "HEAD" and announced.isdigit() and int(announced) != len(content):
                    raise OSError("the answer broke off")
            return Answer(stream.status, stream.headers, content)

        answer, repeated = self._attempts(once)
        return Answer(answer.status, answer.headers, answer.body, repeated)

    def open(
        self, path: str, *, what: str, query: str = "", headers: Mapping[str, str], allowed: frozenset[int]
    ) -> Stream:
        """Send a GET as ask() does, and leave the body to be read."""
        request = Request("GET", path, what, query, headers, b"", allowed)
        return self._attempts(lambda: self._open(request))[0]

    @property
    def info(self) -> Mapping[str, Any]:
        """What the server says it can do; empty if it does not say. Asked for once, and again where that was refused."""
        if self._info is None:
            told, status = self._attempts(self._ask_info)[0]
            if status not in _ANSWERS_FOR_GOOD:
                self._refusals_of_info += 1
                if self._refusals_of_info < _REFUSALS_BELIEVED:
                    return told
            self._info = told
        return self._info

    @property
    def is_complete(self) -> bool:
        """Whether the server speaks all of the protocol, as far as what /info tells of static manifests shows.

        Swift tells of this setting since it has it. Others take static manifests too, do not tell, and leave parts out:
        Ceph's gateway never shows such a manifest, takes the file for absent when its first segment is, and writes over
        what is there whatever If-None-Match says.
        """
        slo = self.info.get("slo")
        return slo is None or (isinstance(slo, Mapping) and "yield_frequency" in slo)

    def _ask_info(self) -> tuple[Mapping[str, Any], int]:
        """What the server says of itself, and the status of its answer."""
        access = self._current_access()
        # At the root of the server, with what lies before the version in the account's URL.
        root = urlsplit(access.storage_url).path.split("/v1", 1)[0]
        connection = self._take(access.storage_url)
        try:
            with contextlib.closing(connection.request("GET", f"{root}/info", None, {})) as response:
                body, status = response.raw.read(), response.status_code
        finally:
            self._give_back(connection)
        if status in _PASSING:
            raise AnswerError("the question for /info", status)
        try:
            told = json.loads(body) if status == 200 else {}
        except (ValueError, RecursionError):
            # Some servers answer all they do not know by a page for people.
            told = {}
        return (told if isinstance(told, dict) else {}), status

    def _open(self, request: Request) -> Stream:
        access = self._current_access()
        stream = self._send(request, access)
        if stream.status == 401:
            # The token ran out, or was revoked: once more with a new one.
            stream.close()
            stream = self._send(request, self._renewed(access))
        if 200 <= stream.status < 300 or stream.status in request.allowed:
            return stream
        with contextlib.closing(stream):
            beginning = stream.read(_BEGINNING)
        raise AnswerError(f"{request.method} of {request.what}", stream.status, beginning)

    def _send(self, request: Request, access: Access) -> Stream:
        headers = {**request.headers, "X-Auth-Token": access.token}
        body: bytes | Iterator[bytes] | None = bytes(request.body) or None
        if request.in_one_chunk:
            body = iter([bytes(request.body)])
        elif request.method in {"PUT", "POST"}:
            headers["Content-Length"] = str(len(request.body))
        url = urlsplit(access.storage_url).path.rstrip("/") + quote(request.path, safe="/~")
        if request.query:
            url += f"?{request.query}"
        connection = self._take(access.storage_url)
        try:
            response = connection.request(request.method, url, body, headers)
        except BaseException:
            self._give_back(connection)
            raise
        told = {name.lower(): value for name, value in response.headers.items()}
        return Stream(response.status_code, told, response, lambda: self._give_back(connection))

    def _take(self, url: str) -> Any:
        """A connection that nobody else uses until it is given back."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = None
        host = urlsplit(url).netloc
        if connection is None or connection.host != host:
            connection = self._client.http_connection(url, **self._authenticator.transport)[1]
            # Elsewhere the token would be in wrong hands.
            connection.requests_args["allow_redirects"] = False
        return connection

    def _give_back(self, connection: Any) -> None:
        connection.resp = None
        if self._closed or len(self._idle) >= _MOST_IDLE:
            connection.close()
        else:
            self._idle.append(connection)

    # --- retries and access

    def _attempts(self, once: Callable[[], T]) -> tuple[T, bool]:
        """What `once` returns, tried again after failures that may pass; and whether it was tried again."""
        for attempt in range(self.retries + 1):
            try:
                return once(), attempt > 0
            except AnswerError as error:
                if error.status not in _PASSING or attempt == self.retries:
                    raise
            except StorageDriverError:
                raise
            except TRANSFER_FAILURES as failure:
                if attempt == self.retries or is_lasting(failure):
                    raise
            # Exponential backoff with full jitter.
            time.sleep(random.random() * min(0.25 * (1 << attempt), 20))  # noqa: S311  nothing secret depends on it
        raise AssertionError("unreachable")

    def _current_access(self) -> Access:
        return self._access or self._renewed(None)

    def _renewed(self, refused: Access | None) -> Access:
        with self._authenticating:
            # Another thread may have got a new one meanwhile.
            if self._access is None or self._access is refused:
                self._access = self._authenticator.access(renew=refused is not None)
            return self._access


def _redaction(parameters: SwiftParameters, access: Callable[[], Access | None]) -> LogRedaction:
    """What takes the secrets of these parameters, and the token of the moment, out of what the client logs."""

    def token() -> list[str]:
        current = access()
        return [current.token] if current else []

    given = (parameters.password, parameters.secretkey)
    return LogRedaction(_LOGGERS, [secret.get_secret_value() for secret in given if secret is not None], passing=token)


def _nothing() -> None:
    pass
