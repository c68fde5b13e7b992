"""One request on its way to the server and its answer on the way back: what a fault can do to them."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import struct
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from storagedriver.wire.messages import AnswerHead, BrokenOffError, RequestHead, Wire

_PIECE = 64 * 1024
_SPOOLED = 1024 * 1024
"""Bytes of a body that is sent twice that are kept in memory."""

_LOOK = 0.05
"""Seconds between two looks at whether a held request has to be let go."""

SERVER_ENDS = 10.0
"""Seconds that a server may take to be done with a request whose client is gone."""


@dataclass(slots=True)
class Exchange:
    """What the proxy tells of one request.

    Attributes:
        number: Its number since the proxy began to count, from 1 on.
        request: Its head.
        answer: The head of the server's answer; None as long as there is none.
        sent: Bytes that the client sent, the head included.
        received: Bytes of the server's answers that went to the client, heads included.
    """

    number: int
    request: RequestHead
    answer: AnswerHead | None = None
    sent: int = 0
    received: int = 0

    def __post_init__(self) -> None:
        self.sent = len(self.request.raw)

    @property
    def label(self) -> str:
        """Number, method and the names in the query: "3: PUT ?partNumber&uploadId". No path and no value."""
        names = "&".join(self.request.query_names)
        return f"{self.number}: {self.request.method}{f' ?{names}' if names else ''}"


class Passage:
    """The way of one request through the proxy. A fault takes it step by step; what it leaves out does not happen.

    Attributes:
        exchange: The request, and the answer once it has been read.
    """

    def __init__(
        self, exchange: Exchange, client: Wire, connect: Callable[[], Wire], released: threading.Event, here: bytes
    ) -> None:
        """Begin with a request whose head has been read, and nothing else.

        Args:
            exchange: The request.
            client: The connection it came by.
            connect: Opens the connection to the server, or gives the one that is open.
            released: Set when what is held has to be let go.
            here: The authority of the proxy.
        """
        self.exchange = exchange
        self._client = client
        self._connect = connect
        self._released = released
        self._here = here
        self._server: Wire | None = None
        self._told_to_continue = False
        self._body_read = False
        self._owes_answer = False
        self.client_lives = True

    # --- the request

    def send_request(self, change: Callable[[Iterator[bytes]], Iterable[bytes]] = lambda body: body) -> None:
        """Send the request on to the server.

        Args:
            change: Makes the pieces of the body that are sent of those that came.
        """
        server = self._begin_at_server(self.exchange.request.raw)
        if not self.exchange.request.has_body:
            self._body_read = True
            return
        if self.exchange.request.awaits_continue and not self._told_to_continue and not self._continued(server):
            return
        self._send(server, change(self._request_body()))

    def send_half_of_request(self) -> None:
        """Send the head and half of the body on, so that the server waits for the rest."""
        self.send_request(self._half_of_body)

    def drop_request(self) -> None:
        """Read the rest of the request, for nobody: a client that is still sending would not see an answer."""
        if not self.exchange.request.awaits_continue or self._told_to_continue:
            for _ in self._request_body():
                pass

    def send_without_body(self) -> None:
        """Send the request on as one of no bytes."""
        for _ in self._wanted_body():
            pass
        raw = re.sub(rb"(?i)(\r\ncontent-length:)[^\r\n]*", rb"\1 0", self.exchange.request.raw)
        self._begin_at_server(re.sub(rb"(?i)\r\nexpect:[^\r\n]*", b"", raw))

    def send_twice(self) -> None:
        """Send the request on, drop the answer, and send it on again."""
        with tempfile.SpooledTemporaryFile(_SPOOLED) as kept:
            for piece in self._wanted_body():
                kept.write(piece)
            for last in (False, True):
                server = self._begin_at_server(self.exchange.request.raw)
                kept.seek(0)
                self._send(server, iter(lambda: kept.read(_PIECE), b""))
                if not last:
                    self.drop_answer()
                    self._forget_answer()

    def _wanted_body(self) -> Iterator[bytes]:
        if self.exchange.request.awaits_continue and not self._told_to_continue:
            self._told_to_continue = True
            self._client.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        yield from self._request_body()

    def _request_body(self) -> Iterator[bytes]:
        if not self._body_read:
            self._body_read = True
            for piece in self._client.body(self.exchange.request, until_end=False):
                self.exchange.sent += len(piece)
                yield piece

    def _half_of_body(self, body: Iterator[bytes]) -> Iterator[bytes]:
        return _half(body, self.exchange.request.length)

    def _continued(self, server: Wire) -> bool:
        """Whether the server wants the body; else its answer has been read."""
        while True:
            head = self._read_head(server)
            if not head.is_interim:
                self.exchange.answer = head
                return False
            self._client.socket.sendall(head.raw)
            if head.status == 100:
                self._told_to_continue = True
                return True

    def _send(self, server: Wire, body: Iterable[bytes]) -> None:
        listens = True
        for piece in body:
            try:
                if listens:
                    server.socket.sendall(piece)
            except OSError:
                # A server may refuse a request before it has read it: its answer tells, and the rest is for nobody.
                listens = False

    def _begin_at_server(self, head: bytes) -> Wire:
        server = self._to_server()
        self._owes_answer = True
        server.socket.sendall(head)
        return server

    # --- the answer

    def read_answer(self) -> AnswerHead:
        """Read the head of the server's answer."""
        if self.exchange.answer is None:
            while True:
                head = self._read_head(self._to_server())
                if not head.is_interim:
                    break
                if not (head.status == 100 and self._told_to_continue):
                    self._client.socket.sendall(head.raw)
            self.exchange.answer = head
        return self.exchange.answer

    def answer_body(self) -> Iterator[bytes]:
        """The pieces of the answer's body, as the server sends them."""
        answer = self.read_answer()
        if answer.has_body(self.exchange.request):
            yield from self._to_server().body(answer, until_end=True)

    def deliver(self, change: Callable[[Iterator[bytes]], Iterable[bytes]] = lambda body: body) -> None:
        """Send the server's answer to the client.

        Args:
            change: Makes the pieces of the body that are sent of those that came.
        """
        answer = self.read_answer()
        self._give(self._readdressed(answer))
        for piece in change(self.answer_body()):
            self._give(piece)
        lasts_until_end = answer.has_body(self.exchange.request) and not answer.is_chunked and answer.length is None
        if answer.closes or self.exchange.request.closes or lasts_until_end or not self._body_read:
            self.end()

    def deliver_head(self) -> None:
        """Send the head of the server's answer, and nothing more."""
        self._give(self.read_answer().raw)

    def deliver_first_byte(self) -> None:
        """Send the head and the first byte of the body of the server's answer, and nothing more."""
        self.deliver_head()
        for piece in self.answer_body():
            self._give(piece[:1])
            break

    def deliver_half(self) -> None:
        """Send the head and half of the body of the server's answer, and nothing more."""
        answer = self.read_answer()
        self._give(answer.raw)
        for piece in _half(self.answer_body(), answer.length):
            self._give(piece)

    def deliver_as(self, head: bytes, change: Callable[[Iterator[bytes]], Iterable[bytes]]) -> None:
        """Send the server's answer to the client with another head, and end the connection.

        Args:
            head: What is sent for its head.
            change: Makes the pieces of the body that are sent of those that came.
        """
        self.read_answer()
        self._client.socket.sendall(head)
        for piece in change(self.answer_body()):
            self._client.socket.sendall(piece)
        self.end()

    def drop_answer(self) -> None:
        """Read the whole answer, for nobody: what the server does for this request is done then."""
        for _ in self.answer_body():
            pass

    def answer(self, status: str, headers: str = "", body: bytes = b"") -> None:
        """Answer in the server's place.

        Args:
            status: Number and phrase: "503 Service Unavailable".
            headers: More header lines, each with its line end.
            body: The body; left out where the request is a HEAD.
        """
        self.drop_request()
        keep = self._body_read or not self.exchange.request.has_body
        connection = "" if keep else "Connection: close\r\n"
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{connection}{headers}\r\n".encode("latin-1")
        self._client.socket.sendall(head if self.exchange.request.method == "HEAD" else head + body)
        if not keep:
            self.end()

    # --- the ends

    def end(self) -> None:
        """End the client's connection in order."""
        self.client_lives = False
        self._client.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """End the client's connection by a reset, as a process does that dies with data unread."""
        self.client_lives = False
        reset(self._client.socket)

    def reset_server(self) -> None:
        """End the server's connection by a reset, if there is one."""
        self._owes_answer = False
        if self._server is not None:
            reset(self._server.socket)

    def hold(self) -> None:
        """Say nothing, until the client gives up or what is held is let go; then end the connection."""
        self.client_lives = False
        while not self._released.wait(_LOOK):
            if is_readable(self._client.socket) and not self._client.socket.recv(_PIECE):
                return

    def await_client(self) -> None:
        """Say nothing, until the client ends the connection, or sends what is no part of this request, or is let go."""
        while not self._released.wait(_LOOK):
            if is_readable(self._client.socket):
                return

    def let_server_end(self) -> None:
        """Wait until the server is done with a request that it has seen and not answered.

        It sees what it would see of a client that died: no more of the request. What it does of that it does late, so
        that whoever looks at once finds neither what was before nor what is after.
        """
        if not self._owes_answer or self._server is None:
            return
        self.client_lives = False
        # It is gone, or answers something that is no answer: in either case there is nothing to wait for.
        with contextlib.suppress(OSError):
            self._server.socket.shutdown(socket.SHUT_WR)
            self._server.socket.settimeout(SERVER_ENDS)
            while (head := self._read_head(self._server)).is_interim:
                pass
            if head.has_body(self.exchange.request):
                for _ in self._server.body(head, until_end=True):
                    pass

    def wait(self, seconds: float) -> None:
        """Take time; less of it where what is held is let go."""
        self._released.wait(seconds)

    # --- within

    def _to_server(self) -> Wire:
        if self._server is None:
            self._server = self._connect()
        return self._server

    def _give(self, piece: bytes) -> None:
        # Counted first: the client may be done, and somebody look, before this thread goes on.
        self.exchange.received += len(piece)
        self._client.socket.sendall(piece)

    def _forget_answer(self) -> None:
        answer, self.exchange.answer = self.exchange.answer, None
        if answer is not None and answer.closes:
            self._server = None

    def _read_head(self, server: Wire) -> AnswerHead:
        raw = server.read_head()
        if raw is None:
            raise BrokenOffError("the server ended the connection instead of an answer")
        head = AnswerHead(raw)
        self._owes_answer = self._owes_answer and head.is_interim
        return head

    def _readdressed(self, answer: AnswerHead) -> bytes:
        """The answer's head, in which the server's own address leads to the proxy: Swift tells where its storage is."""
        host, port = self._to_server().socket.getpeername()[:2]
        return answer.raw.replace(f"http://{host}:{port}".encode(), b"http://" + self._here)


def is_readable(connection: socket.socket) -> bool:
    """Whether something can be read at once, the end of the connection among it."""
    # Not select(): it takes no descriptors above 1023, and many trials run at once.
    look = select.poll()
    look.register(connection, select.POLLIN)
    return bool(look.poll(0))


def reset(connection: socket.socket) -> None:
    """End a connection so that the other side sees a reset, not an orderly end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _half(body: Iterator[bytes], length: int | None) -> Iterator[bytes]:
    """The first half of a body; of one of no announced length, half of the first piece that is no size of a chunk."""
    if length is None:
        size = next(body, b"")
        content = next(body, b"")
        yield size
        yield content[: len(content) // 2]
        return
    remaining = length // 2
    for piece in body:
        yield piece[:remaining]
        remaining -= len(piece)
        if remaining <= 0:
            return
