"""A proxy between one driver and its server, which counts requests and lets the k-th of them go wrong."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

from storagedriver.wire.faults import Fault, Refused, Undisturbed
from storagedriver.wire.messages import RequestHead, Wire
from storagedriver.wire.passage import SERVER_ENDS, Exchange, Passage, is_readable, reset

F = TypeVar("F")
"""What goes wrong, in the terms of whoever makes it happen."""

HOST = "127.0.0.1"

_BACKLOG = 64
_LONGEST_SILENCE = 120.0
"""Seconds after which a connection without a byte is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection(Generic[F]):
    """A fault, and the requests that it hits.

    Attributes:
        fault: What goes wrong.
        at: The number of the request that it hits, from 1 on.
        lasting: Whether it hits all later requests too.
    """

    fault: F
    at: int = 1
    lasting: bool = False

    def hits(self, number: int) -> bool:
        """Whether the request of this number is hit."""
        return number == self.at or (self.lasting and number > self.at)


class FaultProxy:
    """Listens on a port of 127.0.0.1 and passes HTTP/1.1 on to a server, byte for byte but for the faults.

    Requests are counted in the order in which their heads arrive; a retry is a request of its own.

    Attributes:
        port: Where it listens.
        struck: Set once a request was hit.
    """

    def __init__(self, host: str, port: int) -> None:
        """Listen, and pass on to the server at `host` and `port`."""
        self._upstream = (host, port)
        # Bound and never listening, it keeps the port while nobody listens there.
        self._keeper = _bound(0)
        self.port: int = self._keeper.getsockname()[1]
        self.struck = threading.Event()
        self._lock = threading.RLock()
        self._injection: Injection[Fault] | None = None
        self._exchanges: list[Exchange] = []
        self._passed = 0
        self._released = threading.Event()
        self._connections: set[socket.socket] = set()
        self._upstreams: set[_Upstream] = set()
        self._threads: set[threading.Thread] = set()
        self._listener: socket.socket | None = None
        self._listening_again: threading.Timer | None = None
        self._stopped = False
        self._listen()

    @property
    def authority(self) -> str:
        """Host and port of the proxy, as in URLs."""
        return f"{HOST}:{self.port}"

    @property
    def exchanges(self) -> list[Exchange]:
        """The requests since begin(), in their order."""
        with self._lock:
            return list(self._exchanges)

    def begin(self, injection: Injection[Fault] | None = None) -> None:
        """Count from 1 again, and let `injection` happen, or nothing. What was held is let go; connections live on."""
        with self._lock:
            self._injection = injection
            self._exchanges.clear()
            self._passed = 0
            self.struck.clear()
            self._released.set()
            self._released = threading.Event()
            if self._listening_again is not None:
                self._listening_again.cancel()
                self._listening_again = None
            self._listen()
            self._refuse_if_next()

    def stop(self) -> None:
        """End all connections and threads, once the server is done with what it was asked. Stopping twice is fine."""
        with self._lock:
            self._stopped = True
            self._released.set()
            if self._listening_again is not None:
                self._listening_again.cancel()
            self._close_listener()
            self._drop_clients()
            threads = list(self._threads)
        # A server that answers nobody is left alone after a while.
        deadline = time.monotonic() + SERVER_ENDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        with self._lock:
            self._drop_upstreams()
        for thread in threads:
            thread.join(_LONGEST_SILENCE)
        self._keeper.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- connections

    def _listen(self) -> None:
        with self._lock:
            if self._stopped or self._listener is not None:
                return
            self._listener = _bound(self.port)
            self._listener.listen(_BACKLOG)
            self._run(self._accept, self._listener)

    def _close_listener(self) -> None:
        if self._listener is not None:
            # Its thread looks for that; only then nobody listens for sure.
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def _drop_clients(self) -> None:
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _drop_upstreams(self) -> None:
        for upstream in self._upstreams:
            upstream.break_off()

    def _run(self, function: object, connection: socket.socket) -> None:
        thread = threading.Thread(target=function, args=(connection,), daemon=True, name="fault-proxy")  # type: ignore[arg-type]
        self._threads = {each for each in self._threads if each.is_alive()} | {thread}
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                if self._stopped or listener is not self._listener:
                    reset(connection)
                    return
                connection.settimeout(_LONGEST_SILENCE)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._connections.add(connection)
                self._run(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        client = Wire(connection)
        upstream = _Upstream(self._upstream)
        with self._lock:
            self._upstreams.add(upstream)
        try:
            # What breaks off on one side ends on the other; who is right about it is the driver's to say.
            with contextlib.suppress(OSError):
                while (raw := client.read_head()) is not None and self._pass(RequestHead(raw), client, upstream):
                    pass
        finally:
            upstream.close()
            with self._lock:
                self._upstreams.discard(upstream)
                self._connections.discard(connection)
                connection.close()

    def _pass(self, request: RequestHead, client: Wire, upstream: _Upstream) -> bool:
        """Pass a request through; tells whether the client's connection lives on."""
        with self._lock:
            exchange = Exchange(len(self._exchanges) + 1, request)
            self._exchanges.append(exchange)
            injection, released = self._injection, self._released
            fault: Fault = Undisturbed()
            if injection is not None and injection.hits(exchange.number):
                fault = injection.fault
                self.struck.set()
        passage = Passage(exchange, client, upstream.connection, released, self.authority.encode())
        try:
            fault.pass_through(passage)
        finally:
            passage.let_server_end()
            with self._lock:
                if released is self._released:
                    self._passed += 1
                    self._refuse_if_next()
        return passage.client_lives

    # --- refusing

    def _refuse_if_next(self) -> None:
        injection = self._injection
        if injection is None or not isinstance(injection.fault, Refused) or self._passed + 1 != injection.at:
            return
        self._close_listener()
        self._drop_clients()
        self._drop_upstreams()
        self.struck.set()
        if injection.lasting:
            return
        # Whoever comes later finds an ordinary server: nobody can tell here when a connection was refused.
        self._injection = None
        self._listening_again = threading.Timer(injection.fault.seconds, self._listen)
        self._listening_again.daemon = True
        self._listening_again.start()


class _Upstream:
    """The connection to the server that goes with one of a client."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._wire: Wire | None = None

    def connection(self) -> Wire:
        """The connection that is open, or a new one where the server ended it meanwhile."""
        if self._wire is not None and is_readable(self._wire.socket):
            self.close()
        if self._wire is None:
            connection = socket.create_connection(self._address, _LONGEST_SILENCE)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._wire = Wire(connection)
        return self._wire

    def break_off(self) -> None:
        """Let whoever reads from it see its end."""
        if self._wire is not None:
            with contextlib.suppress(OSError):
                self._wire.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._wire is not None:
            self._wire.socket.close()
            self._wire = None


def _bound(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((HOST, port))
    return made
