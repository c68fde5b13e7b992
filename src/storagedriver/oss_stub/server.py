"""The stub's HTTP: requests are read whole, their signature is verified, and they are answered as OSS does."""

from __future__ import annotations

import base64
import secrets
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from storagedriver.oss_stub.documents import document
from storagedriver.oss_stub.errors import RefusalError
from storagedriver.oss_stub.operations import answer
from storagedriver.oss_stub.requests import Answer, Request
from storagedriver.oss_stub.signature import Keys, SignedRequest, verify
from storagedriver.oss_stub.store import Store

SERVER = "StoragedriverOSSStub"
"""The header Server: who looks at it sees that it is not Alibaba's, which is AliyunOSS."""

_LARGEST_BODY = 5 << 30


class StubServer(ThreadingHTTPServer):
    """A stub that serves until shutdown()."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, keys: Keys) -> None:
        """Listen; serve_forever() answers."""
        self.keys = keys
        self.store = Store()
        super().__init__((host, port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: StubServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Headers and body go out together.
    wbufsize = -1

    def _serve(self) -> None:
        self._request_id = secrets.token_hex(12).upper()
        body = self._body()
        if body is None:
            return
        try:
            request = self._request(body)
            signed = SignedRequest(
                method=self.command,
                resource=f"/{request.bucket}/{request.key}" if request.bucket else "/",
                query=request.pairs,
                headers=request.headers,
            )
            verify(signed, self.server.keys)
            self._send(answer(self.server.store, request))
        except RefusalError as refusal:
            self._refuse(refusal)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815  as http.server names them

    def _body(self) -> bytes | None:
        """The body; None where none came that could be answered."""
        if "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._refuse(RefusalError("MissingContentLength", "A body comes with its Content-Length."))
            return None
        told = self.headers.get("Content-Length", "0")
        if not (told.isascii() and told.isdigit()) or int(told) > _LARGEST_BODY:
            self.close_connection = True
            self._refuse(RefusalError("InvalidArgument", "The Content-Length is no number of bytes up to 5 GiB."))
            return None
        length = int(told)
        body = self.rfile.read(length)
        if len(body) < length:
            # The client went away: what came is not the request that was meant.
            self.close_connection = True
            return None
        return body

    def _request(self, body: bytes) -> Request:
        place, _, query = self.path.partition("?")
        bucket, _, key = place.removeprefix("/").partition("/")
        pairs = []
        for pair in query.split("&") if query else []:
            name, _, value = pair.partition("=")
            pairs.append((name, value))
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, unquote(bucket), unquote(key), pairs, headers, body)

    def _send(self, answered: Answer) -> None:
        length = len(answered.body) if answered.length is None else answered.length
        self._head(answered.status, {**answered.headers, "Content-Length": str(length)})
        if self.command != "HEAD":
            self.wfile.write(answered.body)

    def _refuse(self, refusal: RefusalError) -> None:
        body = document(
            "Error",
            [
                ("Code", refusal.code),
                ("Message", refusal.message),
                ("RequestId", self._request_id),
                ("HostId", self.headers.get("Host", "")),
            ],
        )
        headers = {"Content-Type": "application/xml", "Content-Length": str(len(body))}
        if self.command == "HEAD":
            # A HEAD has no body: OSS tells of the error in a header.
            self._head(refusal.status, {**headers, "x-oss-err": base64.b64encode(body).decode()})
        elif refusal.status == 304:
            self._head(304, {})
        else:
            self._head(refusal.status, headers)
            self.wfile.write(body)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("x-oss-request-id", self._request_id)
        self.end_headers()

    def version_string(self) -> str:
        return SERVER

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: a URL may hold a signature."""
