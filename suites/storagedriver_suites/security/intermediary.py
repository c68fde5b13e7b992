"""Somebody between a driver and its server: sees what is asked, and answers as it likes, by TLS or without."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

HOST = "127.0.0.1"

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "expect", "content-length", "te", "upgrade"})
_SECONDS = 30.0

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request.

    Attributes:
        method: GET, PUT and so on.
        target: Path and query, as they were written.
        headers: In their order.
        body: All of it.
    """

    method: str
    target: str
    headers: Headers
    body: bytes = field(repr=False)

    def names(self, text: str) -> bool:
        """Whether it is about what is called so: by its target, its headers or its body."""
        return text in self.target or text.encode() in self.body or any(text in value for _, value in self.headers)

    @property
    def is_listing(self) -> bool:
        """Whether it looks like the question for a listing: what is asked for stands in the query."""
        return self.method == "GET" and "?" in self.target


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of ordinary form; its length is announced as it is."""

    status: int
    headers: Headers
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer of any form: what is sent, piece by piece, until the connection is closed."""

    pieces: Callable[[], Iterable[bytes]]


Proceed = Callable[[], Answer]
Behave = Callable[[Asked, Proceed], Answer | Raw]
"""What is answered to a request; the second argument asks the server."""


def honest(_: Asked, proceed: Proceed) -> Answer:
    """What the server answers."""
    return proceed()


class Intermediary:
    """Listens on a port of this machine. Where nothing else is said, it passes everything on.

    Attributes:
        asked: The requests that came, in their order. One that came over a connection that was not trusted counts too.
        answers: The heads of what the server answered.
    """

    def __init__(
        self, server: tuple[str, int], behave: Behave = honest, *, certificate: ssl.SSLContext | None = None
    ) -> None:
        """Listen.

        Args:
            server: Host and port to which requests are passed on.
            behave: What is answered.
            certificate: With it, TLS is spoken to the driver; the server is asked without.
        """
        self.asked: list[Asked] = []
        self.answers: list[Headers] = []
        self._server = server
        self._behave = behave
        self._scheme = "http" if certificate is None else "https"
        self._stopped = threading.Event()
        self._listener = _Listener((HOST, 0), _handler(self))
        if certificate is not None:
            # The handshake is done by the thread of the connection: one that fails hinders no other.
            self._listener.socket = certificate.wrap_socket(
                self._listener.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(
            target=self._listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    @property
    def authority(self) -> str:
        """Host and port, as in URLs."""
        return f"{HOST}:{self._listener.server_address[1]}"

    def stop(self) -> None:
        """Close the port; what is being answered breaks off."""
        self._stopped.set()
        self._listener.shutdown()
        self._listener.server_close()
        self._listener.break_off()
        self._thread.join(_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def answer(self, asked: Asked) -> Answer | Raw:
        """What is answered to a request."""
        self.asked.append(asked)
        return self._behave(asked, lambda: self._passed_on(asked))

    def going_on(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces, as long as this one is not stopped."""
        for piece in pieces:
            if self._stopped.is_set():
                return
            yield piece

    def _passed_on(self, asked: Asked) -> Answer:
        connection = http.client.HTTPConnection(*self._server, timeout=_SECONDS)
        with contextlib.closing(connection):
            connection.putrequest(asked.method, asked.target, skip_host=True, skip_accept_encoding=True)
            for name, value in asked.headers:
                if name.lower() not in _HOP_BY_HOP:
                    connection.putheader(name, value)
            if asked.body or asked.method in {"PUT", "POST"}:
                connection.putheader("Content-Length", str(len(asked.body)))
            connection.endheaders(asked.body or None)
            response = connection.getresponse()
            body = response.read()
            headers = tuple((name, self._own(value)) for name, value in response.getheaders())
        self.answers.append(headers)
        return Answer(response.status, headers, body)

    def _own(self, value: str) -> str:
        # Servers name their own address in some answers; the driver is to come back here.
        upstream = f"{self._server[0]}:{self._server[1]}"
        for authority in (upstream, self.authority):
            value = value.replace(f"http://{authority}", f"{self._scheme}://{self.authority}")
        return value


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._open: set[Any] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def break_off(self) -> None:
        """End the connections that are open: their threads notice, and close them."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: that a driver breaks off is what is wanted of it."""


def _handler(between: Intermediary) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = _SECONDS

        def _serve(self) -> None:
            body = self._body()
            asked = Asked(self.command, self.path, tuple(self.headers.items()), body)
            answer = between.answer(asked)
            if isinstance(answer, Raw):
                self.close_connection = True
                with contextlib.suppress(OSError):
                    for piece in between.going_on(answer.pieces()):
                        self.connection.sendall(piece)
                return
            self.send_response_only(answer.status)
            told = [(name, value) for name, value in answer.headers if name.lower() not in _HOP_BY_HOP]
            for name, value in told:
                self.send_header(name, value)
            self._announce(answer)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

        def _announce(self, answer: Answer) -> None:
            if self.command == "HEAD":
                for name, value in answer.headers:
                    if name.lower() == "content-length":
                        self.send_header(name, value)
            elif answer.status not in {204, 304}:
                self.send_header("Content-Length", str(len(answer.body)))

        def _body(self) -> bytes:
            if "chunked" not in (self.headers.get("Transfer-Encoding") or ""):
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            pieces = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_COPY = _serve  # noqa: N815  the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Say nothing: the output is pytest's."""

    return Handler
