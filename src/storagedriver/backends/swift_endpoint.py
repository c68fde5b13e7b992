"""A container on a Swift server of our own, with a user made for it, and the proof that it works."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from storagedriver.backends.endpoint import ANSWER_DEADLINE, HOST, http_failure, random_key

SWIFT_DRIVER = "swift"
_SEGMENT_SIZE = 1024 * 1024  # The smallest that the driver takes, so that small files have many segments already.
_PROBE = "storagedriver-probe"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwiftEndpoint:
    """A container on a server that authenticates by tempauth, with a user that was made for it."""

    port: int
    container: str = "storagedriver"
    account: str = "test"
    user: str = "tester"
    password: str = field(default_factory=random_key, repr=False)
    tempurl_key: str = field(default_factory=random_key, repr=False)

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"http://{HOST}:{self.port}"

    def parameters(self) -> dict[str, Any]:
        """Parameters of the swift driver for this container."""
        return {
            "authurl": f"{self.url}/auth/v1.0",
            "username": f"{self.account}:{self.user}",
            "password": self.password,
            "container": self.container,
            "secretkey": self.tempurl_key,
            "chunksize": _SEGMENT_SIZE,
        }

    def prepare(self) -> str | None:
        """Make the container, and write, read and delete an object in it. None if all of that worked, else what did not."""
        unanswered = self.failure()
        if unanswered is not None:
            return unanswered
        try:
            return self._probe()
        except (OSError, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}"

    def _probe(self) -> str | None:
        credentials = {"X-Auth-User": f"{self.account}:{self.user}", "X-Auth-Key": self.password}
        status, headers, _ = self.ask("GET", "/auth/v1.0", credentials)
        if status != 200:
            return f"it answers {status} to the user's credentials"
        token = {"X-Auth-Token": headers.get("x-auth-token", "")}
        container = f"{urlsplit(headers.get('x-storage-url', '')).path}/{self.container}"
        content = _PROBE.encode()
        for method, path, more, body, expected in (
            ("PUT", container, {"X-Container-Meta-Temp-URL-Key": self.tempurl_key}, b"", {201, 202}),
            ("PUT", f"{container}/{_PROBE}", {}, content, {201}),
            ("GET", f"{container}/{_PROBE}", {}, b"", {200}),
            ("DELETE", f"{container}/{_PROBE}", {}, b"", {204}),
        ):
            status, _, told = self.ask(method, path, token | more, body)
            if status not in expected:
                return f"{method} of {path} is answered by {status}"
            if method == "GET" and told != content:
                return f"it read {told!r} where {content!r} was written"
        return None

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers by their small names, and body of one answer."""
        with contextlib.closing(http.client.HTTPConnection(HOST, self.port, timeout=ANSWER_DEADLINE)) as connection:
            connection.request(method, path, body=body or None, headers={**headers, "Content-Length": str(len(body))})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def failure(self) -> str | None:
        return http_failure(self.port)
