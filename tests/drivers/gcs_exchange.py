"""What goes between a gcs driver and its server, for its tests: counted, answered in the server's place, lost or changed.

`keeping_conditions` has the exchange do what Google does and fake-gcs-server does not: deletes, compositions and copies
of another generation than the one that was named are refused.
"""

from __future__ import annotations

import io
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import requests
import urllib3

from storagedriver_drivers.gcs import GCSDriver

LOST = "lost"
"""The server acts, and its answer does not arrive."""


@dataclass(frozen=True)
class Request:
    """One request, as the driver made it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """What is asked for."""
        if self.path.startswith("/batch/"):
            return "batch"
        if self.path.startswith("/upload/"):
            return "insert"
        if self.path.endswith("/compose"):
            return "compose"
        if "/rewriteTo/" in self.path:
            return "rewrite"
        if self.path.endswith("/o"):
            return "list"
        if self.query.get("alt") == "media":
            return "read"
        return {"GET": "head", "DELETE": "delete"}[self.method]

    @property
    def key(self) -> str:
        """The object that it is about: of a copy the new one."""
        if self.kind == "insert":
            metadata: dict[str, str] = json.loads(self.body.split(b"\r\n\r\n")[1].split(b"\r\n--")[0])
            return metadata["name"]
        return unquote(self.path.removesuffix("/compose").rpartition("/o/")[2])


@dataclass(frozen=True)
class Answer:
    """What is answered in the server's place."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def response(self, request: requests.PreparedRequest) -> requests.Response:
        headers = {"Content-Type": "application/json", **self.headers}
        made = requests.Response()
        made.status_code = self.status
        made.url = request.url or ""
        made.request = request
        made.headers.update(headers)
        made.raw = urllib3.HTTPResponse(io.BytesIO(self.body), headers, status=self.status, preload_content=False)
        return made


Rule = Callable[[Request], Any]
"""What becomes of a request: None lets it pass; an Answer, LOST, an exception, or bytes that take its body's place."""


class Exchange(requests.adapters.BaseAdapter):
    """Between a driver and its server.

    Attributes:
        seen: All requests, in order.
        rules: Asked in order; the first that does not say None is followed.
        most_at_once: How many requests were under way at the same time, at most.
    """

    def __init__(self, driver: GCSDriver) -> None:
        super().__init__()
        session = driver._client.session
        self._real = session.get_adapter(driver._parameters.url)
        self._url = driver._parameters.url
        self.seen: list[Request] = []
        self.rules: list[Rule] = []
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()
        session.mount("http://", self)

    def taken(self) -> Counter[str]:
        """How many requests of each kind there were since the last call."""
        counted = Counter(request.kind for request in self.seen)
        self.seen.clear()
        return counted

    def of(self, kind: str) -> list[Request]:
        """The requests of one kind."""
        return [request for request in self.seen if request.kind == kind]

    def send(self, request: requests.PreparedRequest, *args: Any, **arguments: Any) -> requests.Response:
        body = request.body.encode() if isinstance(request.body, str) else bytes(request.body or b"")
        parts = urlsplit(request.url or "")
        query = {name: values[0] for name, values in parse_qs(str(parts.query)).items()}
        asked = Request(request.method or "", str(parts.path), query, dict(request.headers), body)
        with self._lock:
            self.seen.append(asked)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            return self._answered(asked, request, *args, **arguments)
        finally:
            with self._lock:
                self._now -= 1

    def _answered(
        self, asked: Request, request: requests.PreparedRequest, *args: Any, **arguments: Any
    ) -> requests.Response:
        for rule in self.rules:
            told = rule(asked)
            if isinstance(told, Answer):
                return told.response(request)
            if isinstance(told, Exception):
                raise told
            if told == LOST:
                self._real.send(request, *args, **arguments).close()
                raise requests.ConnectionError("the answer was lost")
            if isinstance(told, bytes):
                request.body = told
                request.headers["Content-Length"] = str(len(told))
                break
        passed: requests.Response = self._real.send(request, *args, **arguments)
        return passed

    def close(self) -> None:
        self._real.close()

    # --- what Google does

    def keeping_conditions(self, request: Request) -> Answer | None:
        """A rule."""
        wanted: list[tuple[str, str]] = []
        generation = request.query.get("ifGenerationMatch")
        if generation is not None and request.kind in {"delete", "compose", "rewrite"}:
            wanted.append((request.key, generation))
        if request.kind == "compose":
            wanted += [
                (source["name"], str(source["objectPreconditions"]["ifGenerationMatch"]))
                for source in json.loads(request.body)["sourceObjects"]
            ]
        bucket = request.path.partition("/b/")[2].partition("/")[0]
        return next((Answer(412) for key, told in wanted if self._generation(bucket, key) != told), None)

    def _generation(self, bucket: str, key: str) -> str:
        found = requests.get(f"{self._url}/storage/v1/b/{bucket}/o/{quote(key, safe='')}", timeout=10)
        return str(found.json()["generation"]) if found.status_code == 200 else "0"


def first(kind: str, outcome: Any, *, times: int = 1) -> Rule:
    """A rule: the first requests of this kind come to this."""
    left = [times]

    def rule(request: Request) -> Any:
        if left[0] and request.kind == kind:
            left[0] -= 1
            return outcome
        return None

    return rule


def always(outcome: Any, kind: str | None = None) -> Rule:
    """A rule: all requests, or those of this kind, come to this."""
    return lambda request: outcome if kind in {None, request.kind} else None
