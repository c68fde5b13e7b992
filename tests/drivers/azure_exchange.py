"""What goes between an azure driver and its server, for its tests: counted, answered in the server's place, or changed.

`like_azure` has the exchange do what the service does and Azurite does not: it takes no block blob over an append blob
or the other way round, and calls a blob of uncommitted blocks absent when it is to be deleted. It makes blocks from URLs,
which it refuses without `like_azure`, as older Azurites do.
"""

from __future__ import annotations

import base64
import io
import threading
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import requests
import urllib3
from azure.core.exceptions import ResourceNotFoundError, ServiceResponseError
from azure.core.pipeline.transport._requests_basic import RequestsTransportResponse
from azure.core.rest import HttpRequest
from azure.core.rest._requests_basic import RestRequestsTransportResponse
from azure.storage.blob import ContainerClient

from storagedriver_drivers.azure import AzureDriver


@dataclass(frozen=True)
class Answer:
    """What is answered in the server's place."""

    status: int
    code: str = ""
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def response(self, request: Any) -> Any:
        headers = {"Content-Length": str(len(self.body)), **self.headers}
        if self.code:
            headers["x-ms-error-code"] = self.code
        made = requests.Response()
        made.status_code = self.status
        made.reason = "said so"
        made.url = request.url
        made.headers.update(headers)
        made.raw = urllib3.HTTPResponse(io.BytesIO(self.body), headers, self.status, preload_content=False)
        if not isinstance(request, HttpRequest):
            return RequestsTransportResponse(request, made)  # type: ignore[no-untyped-call]
        # The SDK has requests of two kinds, and so of responses.
        return RestRequestsTransportResponse(  # type: ignore[no-untyped-call]
            request=request, internal_response=made, block_size=4096
        )


LOST = "lost"
"""The server acts, and its answer does not arrive."""

CUT = "cut"
"""The connection breaks before the server has the request."""

Chosen = Answer | str | Callable[[Any], Any] | None


def operation_of(request: Any) -> str:
    """The name of the service's operation that a request is."""
    query = parse_qs(urlsplit(request.url).query, keep_blank_values=True)
    comp = query.get("comp", [""])[0]
    headers = {name.lower() for name in request.headers}
    if comp == "block":
        return "PutBlockFromUrl" if "x-ms-copy-source" in headers else "PutBlock"
    named = {
        "blocklist": "PutBlockList",
        "appendblock": "AppendBlock",
        "copy": "AbortCopy",
        "list": "List",
        "batch": "Batch",
    }
    if comp in named:
        return named[comp]
    if "x-ms-copy-source" in headers:
        return "CopyBlobFromUrl" if "x-ms-requires-sync" in headers else "CopyBlob"
    return {"PUT": "PutBlob", "GET": "GetBlob", "HEAD": "GetProperties", "DELETE": "DeleteBlob"}[request.method]


class Exchange:
    """Sits below the SDK's retries of one driver."""

    def __init__(self, driver: AzureDriver, raw: ContainerClient, *, like_azure: bool = False) -> None:
        self.raw = raw
        self.like_azure = like_azure
        self.seen: list[str] = []
        self.urls: list[str] = []
        self._lock = threading.Lock()
        self._waiting: dict[str, Iterator[Chosen]] = defaultdict(lambda: iter(()))
        transport: Any = driver._container.service._pipeline._transport
        self._send = transport.send
        transport.send = self._intervene

    def taken(self) -> Counter[str]:
        """What was asked since the last call, by operation."""
        with self._lock:
            counted = Counter(self.seen)
            self.seen.clear()
            self.urls.clear()
        return counted

    def answer(self, operation: str, *answers: Chosen) -> None:
        """The next requests of `operation` get these in turn; None lets one pass, a function changes the response."""
        self._waiting[operation] = iter(answers)

    def _intervene(self, request: Any, **arguments: Any) -> Any:
        operation = operation_of(request)
        with self._lock:
            self.seen.append(operation)
            self.urls.append(request.url)
            chosen = next(self._waiting[operation], None)
        if isinstance(chosen, Answer):
            return chosen.response(request)
        if chosen == CUT:
            raise ServiceResponseError("the connection was cut")
        instead = self._as_azure(operation, request) if self.like_azure else self._as_old_azurite(operation, request)
        response = instead or self._send(request, **arguments)
        if chosen == LOST:
            raise ServiceResponseError("the answer was lost")
        if callable(chosen):
            chosen(response)
        return response

    @staticmethod
    def _as_old_azurite(operation: str, request: Any) -> Any:
        """Azurite has blocks from URLs since 3.36 or so: what the driver does without them is tested on any."""
        return Answer(501).response(request) if operation == "PutBlockFromUrl" else None

    # --- what the service does and Azurite does not

    def _as_azure(self, operation: str, request: Any) -> Any:
        name = self.name_of(request.url)
        if operation == "PutBlockFromUrl":
            return self._block_from_url(request, name)
        kind = self.kind_of(name)
        comes = {"PutBlob": request.headers.get("x-ms-blob-type"), "CopyBlobFromUrl": "BlockBlob"}.get(operation)
        if operation in {"CopyBlob", "CopyBlobFromUrl"}:
            source = self.kind_of(self.name_of(request.headers["x-ms-copy-source"]))
            if operation == "CopyBlobFromUrl" and source != "BlockBlob":
                return Answer(409, "InvalidBlobType").response(request)
            comes = source
        if comes and kind and comes != kind:
            return Answer(409, "InvalidBlobType").response(request)
        if operation == "DeleteBlob" and kind is None:
            return Answer(404, "BlobNotFound").response(request)
        return None

    def _block_from_url(self, request: Any, name: str) -> Any:
        source = request.headers["x-ms-copy-source"]
        ranged = urllib.request.Request(source, headers={"x-ms-range": request.headers["x-ms-source-range"]})
        with urllib.request.urlopen(ranged, timeout=30) as answer:
            if answer.headers["ETag"] != request.headers["x-ms-source-if-match"]:
                return Answer(412, "CannotVerifyCopySource").response(request)
            data = answer.read()
        block = parse_qs(urlsplit(request.url).query)["blockid"][0]
        # Given encoded, and encoded by the SDK once more.
        self.raw.get_blob_client(name).stage_block(base64.b64decode(block).decode(), data, length=len(data))
        return Answer(201).response(request)

    def name_of(self, url: str) -> str:
        """The name of the blob that a URL is of."""
        return unquote(urlsplit(url).path).partition(f"/{self.raw.container_name}/")[2]

    def kind_of(self, name: str) -> str | None:
        """The type of a committed blob; None if there is none."""
        if not name:
            return None
        try:
            kind: Any = self.raw.get_blob_client(name).get_blob_properties().blob_type
        except ResourceNotFoundError:
            return None
        return str(kind.value)
