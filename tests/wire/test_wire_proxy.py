"""The proxy between driver and server: what it passes on, what it counts, and what each fault does to whom."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from storagedriver.wire import (
    Answered,
    AnsweredLate,
    BareError,
    ChangedByte,
    CutOff,
    Duplicated,
    ErrorInSuccess,
    Fault,
    FaultProxy,
    HalfSent,
    Injection,
    LostBody,
    Overheard,
    RangeIgnored,
    Refused,
    ResetAfter,
    ResetBefore,
    ResetDuring,
    Silent,
    Slow,
    StalledBody,
    TruncatedBody,
    WireAccess,
)

CONTENT = bytes(range(256)) * 40
REDIRECT = "/elsewhere"
LARGE = 48 * 1024 * 1024


@dataclass
class Seen:
    """What reached the server: of each request the method, the target, the headers as written, and the body.

    Attributes:
        requests: Those that came whole.
        broken: The targets of the others.
        halves: What came of their bodies.
    """

    requests: list[tuple[str, str, list[tuple[str, str]], bytes]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    halves: list[bytes] = field(default_factory=list)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    seen: Seen


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is its own
        pass

    def handle_expect_100(self) -> bool:
        if self.path == "/refused":
            self.close_connection = True
            self.send_error(403)
            return False
        return super().handle_expect_100()

    def do_GET(self) -> None:
        self._note(b"")
        if self.path == "/chunks":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"5\r\nfirst\r\n6;odd=1\r\nsecond\r\n0\r\nTrailer: 1\r\n\r\n")
        elif self.path == "/until-the-end":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(CONTENT)
            self.close_connection = True
        elif self.path == "/large":
            self.send_response(200)
            self.send_header("Content-Length", str(LARGE))
            self.end_headers()
            for _ in range(LARGE // 65536):
                self.wfile.write(bytes(65536))
        elif self.path == "/part":
            self.send_response(206)
            self.send_header("Content-Range", f"bytes 100-199/{len(CONTENT)}")
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(CONTENT[100:200])
        elif self.path == "/missing":
            self.send_error(404, explain="no such thing")
        elif self.path == REDIRECT:
            host, port = self.server.server_address[:2]
            self.send_response(302)
            self.send_header("Location", f"http://{host!s}:{port}/there")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._answer(CONTENT)

    def do_HEAD(self) -> None:
        self._note(b"")
        self.send_response(200)
        self.send_header("Content-Length", "12345")
        self.end_headers()

    def do_POST(self) -> None:
        self.do_PUT()

    def do_PUT(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = self._chunks()
        else:
            length = int(self.headers["Content-Length"])
            body = b""
            with contextlib.suppress(OSError):
                if self.path == "/large":
                    for _ in range(length // 65536):
                        body = self.rfile.read(65536)
                else:
                    body = self.rfile.read(length)
            if self.path == "/late":
                time.sleep(0.5)
            if len(body) < length and self.path != "/large":
                self.server.seen.broken.append(self.path)
                self.server.seen.halves.append(body)
                self.close_connection = True
                return
        self._note(body)
        self._answer(b"<Done/>", {"Content-Type": "application/xml"})

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _note(self, body: bytes) -> None:
        self.server.seen.requests.append((self.command, self.path, self.headers.items(), body))

    def _answer(self, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(200)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.seen = Seen()
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def proxy(server: Server) -> Iterator[FaultProxy]:
    with FaultProxy("127.0.0.1", server.server_port) as made:
        yield made


@pytest.fixture
def client(proxy: FaultProxy) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=5)
    yield made
    made.close()


def asked(client: http.client.HTTPConnection, method: str, target: str, body: bytes | None = None) -> tuple[int, bytes]:
    client.request(method, target, body)
    answer = client.getresponse()
    return answer.status, answer.read()


# --- what is passed on


def test_a_request_reaches_the_server_as_it_was_written(
    server: Server, proxy: FaultProxy, client: http.client.HTTPConnection
) -> None:
    """Target, names and order of headers, and Host too: a signature over them still holds."""
    headers = {"X-Second": "2", "x-FIRST": "a, b", "Host": f"127.0.0.1:{proxy.port}"}

    client.request("PUT", "/a%2Fb?x=1&Signature=%3D", CONTENT, headers)
    answer = client.getresponse()

    assert (answer.status, answer.read()) == (200, b"<Done/>")
    ((method, target, seen, body),) = server.seen.requests
    assert (method, target, body) == ("PUT", "/a%2Fb?x=1&Signature=%3D", CONTENT)
    assert [pair for pair in seen if pair[0] in headers] == list(headers.items())


@pytest.mark.parametrize(
    ("target", "expected"), [("/chunks", b"firstsecond"), ("/until-the-end", CONTENT), ("/", CONTENT)]
)
def test_an_answer_comes_whole_however_its_end_is_told(
    client: http.client.HTTPConnection, target: str, expected: bytes
) -> None:
    """By a length, by chunks, by the end of the connection."""
    assert asked(client, "GET", target) == (200, expected)


def test_a_body_in_chunks_goes_through(server: Server, client: http.client.HTTPConnection) -> None:
    """A request of no announced length is passed on to its end, and the connection lives on."""
    client.request("PUT", "/x", iter([b"first", b"second"]), {"Transfer-Encoding": "chunked"}, encode_chunked=True)
    assert client.getresponse().read() == b"<Done/>"

    assert asked(client, "GET", "/") == (200, CONTENT)
    assert server.seen.requests[0][3] == b"firstsecond"


def test_one_connection_serves_many_requests(proxy: FaultProxy, client: http.client.HTTPConnection) -> None:
    """Keep-alive, across answers without bodies."""
    client.connect()
    own = client.sock.getsockname()

    for method in ("GET", "HEAD", "PUT", "HEAD", "GET"):
        asked(client, method, "/", b"content" if method == "PUT" else None)

    assert client.sock.getsockname() == own
    assert [exchange.number for exchange in proxy.exchanges] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(("target", "status"), [("/x", b"200"), ("/refused", b"403")])
def test_a_client_that_waits_to_be_told_to_go_on(server: Server, proxy: FaultProxy, target: str, status: bytes) -> None:
    """100-continue is the server's to say: who is refused sends no body."""
    with socket.create_connection(("127.0.0.1", proxy.port), 5) as client:
        client.sendall(
            f"PUT {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n".encode()
        )
        first = client.recv(4096)
        if b" 100 " in first:
            client.sendall(b"body")
            first = client.recv(4096)

    assert first.split()[1] == status
    # Another process may ask here what it takes for its own: a port that was free a moment ago.
    seen = [body for _, path, _, body in server.seen.requests if path == target]
    assert seen == ([b"body"] if target == "/x" else [])


def test_the_servers_address_in_an_answer_leads_to_the_proxy(
    proxy: FaultProxy, client: http.client.HTTPConnection
) -> None:
    """What the server tells of its own place keeps the driver on this way."""
    client.request("GET", REDIRECT)

    assert client.getresponse().headers["Location"] == f"http://127.0.0.1:{proxy.port}/there"


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_large_bodies_need_little_memory(client: http.client.HTTPConnection, method: str) -> None:
    """Of 48 MiB that pass, a few hundred KiB are held at a time."""
    pieces = (bytes(65536) for _ in range(LARGE // 65536))
    tracemalloc.start()
    try:
        if method == "PUT":
            client.request("PUT", "/large", pieces, {"Content-Length": str(LARGE)})
        else:
            client.request("GET", "/large")
        answer = client.getresponse()
        while answer.read(65536):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 4 * 1024 * 1024


# --- what is counted


def test_an_exchange_is_called_by_its_number_method_and_query(
    proxy: FaultProxy, client: http.client.HTTPConnection
) -> None:
    """Neither a path nor a value is in it: signatures are values, and paths differ from run to run."""
    asked(client, "PUT", "/secret/path?uploadId=secret&partNumber=7", b"part")

    (exchange,) = proxy.exchanges
    assert exchange.label == "1: PUT ?partNumber&uploadId"
    assert exchange.answer is not None
    assert exchange.answer.status == 200


def test_counting_begins_anew(proxy: FaultProxy, client: http.client.HTTPConnection) -> None:
    """begin() forgets what was, and only the request of that number is hit."""
    asked(client, "GET", "/")
    proxy.begin(Injection(fault=Answered("503 Service Unavailable", retry_after=7), at=2))

    assert [asked(client, "GET", "/")[0] for _ in range(3)] == [200, 503, 200]
    assert proxy.struck.is_set()
    assert [exchange.number for exchange in proxy.exchanges] == [1, 2, 3]


def test_a_lasting_fault_hits_all_that_follow(proxy: FaultProxy, client: http.client.HTTPConnection) -> None:
    """From its request on, until begin()."""
    proxy.begin(Injection(fault=Answered("500 Internal Server Error"), at=2, lasting=True))
    assert [asked(client, "GET", "/")[0] for _ in range(4)] == [200, 500, 500, 500]

    proxy.begin()

    assert asked(client, "GET", "/")[0] == 200


# --- what faults do


@pytest.mark.parametrize(
    ("fault", "reaches_the_server"),
    [(ResetBefore(), False), (ResetDuring(), False), (ResetAfter(), True)],
    ids=lambda value: type(value).__name__,
)
def test_a_connection_is_reset(
    server: Server, proxy: FaultProxy, client: http.client.HTTPConnection, fault: Fault, reaches_the_server: bool
) -> None:
    """Before, within or after the request: only in the last case the server acts."""
    proxy.begin(Injection(fault=fault))

    with pytest.raises(ConnectionError):
        asked(client, "PUT", "/x", CONTENT)

    assert [request[3] for request in server.seen.requests] == ([CONTENT] if reaches_the_server else [])
    client.close()
    assert asked(client, "GET", "/") == (200, CONTENT)


def test_a_request_that_breaks_off_is_seen_by_the_server(
    server: Server, proxy: FaultProxy, client: http.client.HTTPConnection
) -> None:
    """Half of the body came, and it is the server's to forget it."""
    proxy.begin(Injection(fault=ResetDuring()))
    with pytest.raises(ConnectionError):
        asked(client, "PUT", "/x", CONTENT)

    deadline = time.monotonic() + 5
    while not server.seen.broken and time.monotonic() < deadline:
        time.sleep(0.01)

    assert server.seen.broken == ["/x"]


def test_nobody_listens_for_a_while(server: Server, proxy: FaultProxy, client: http.client.HTTPConnection) -> None:
    """Before its request connections are refused, and taken again later; what came before went through."""
    proxy.begin(Injection(fault=Refused(seconds=0.2), at=2))
    assert asked(client, "GET", "/") == (200, CONTENT)
    client.close()
    assert proxy.struck.wait(5)

    with pytest.raises(ConnectionRefusedError):
        asked(client, "GET", "/")

    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        client.close()
        with contextlib.suppress(ConnectionRefusedError):
            assert asked(client, "GET", "/") == (200, CONTENT)
            break
    assert len(server.seen.requests) == 2


def test_nobody_listens_any_more(proxy: FaultProxy, client: http.client.HTTPConnection) -> None:
    """A server that is gone for good, until begin()."""
    proxy.begin(Injection(fault=Refused(seconds=0.01), lasting=True))

    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            asked(client, "GET", "/")
        client.close()
        time.sleep(0.03)

    proxy.begin()
    assert asked(client, "GET", "/") == (200, CONTENT)


@pytest.mark.parametrize("target", ["/", "/chunks"])
def test_a_body_is_cut_short(proxy: FaultProxy, client: http.client.HTTPConnection, target: str) -> None:
    """More was announced than comes, and the connection ends in good order."""
    proxy.begin(Injection(fault=TruncatedBody()))
    client.request("GET", target)
    answer = client.getresponse()

    with pytest.raises(http.client.IncompleteRead):
        answer.read()


def test_a_range_is_ignored(proxy: FaultProxy, client: http.client.HTTPConnection) -> None:
    """The answer looks as that to a request for the whole; what the proxy does not have is zeros."""
    for target in ("/part", "/"):
        asked(client, "GET", target)
    assert [RangeIgnored().hits(exchange) for exchange in proxy.exchanges] == [True, False]
    proxy.begin(Injection(fault=RangeIgnored()))

    client.request("GET", "/part")
    answer = client.getresponse()
    body = answer.read()

    assert (answer.status, answer.getheader("Content-Range"), len(body)) == (200, None, len(CONTENT))
    assert body == bytes(100) + CONTENT[100:200] + bytes(len(CONTENT) - 200)
    client.close()
    assert asked(client, "GET", "/") == (200, CONTENT)


def test_an_error_has_no_body(proxy: FaultProxy, client: http.client.HTTPConnection) -> None:
    """Its status is what it was."""
    for target in ("/missing", "/"):
        asked(client, "GET", target)
    assert [BareError().hits(exchange) for exchange in proxy.exchanges] == [True, False]
    proxy.begin(Injection(fault=BareError()))

    assert asked(client, "GET", "/missing") == (404, b"")
    client.close()
    assert asked(client, "GET", "/") == (200, CONTENT)


@pytest.mark.parametrize("fault", [StalledBody(), Silent(), HalfSent()], ids=lambda fault: type(fault).__name__)
def test_nothing_more_comes(proxy: FaultProxy, client: http.client.HTTPConnection, fault: Fault) -> None:
    """The client waits until it gives up; the proxy notices and lets go."""
    proxy.begin(Injection(fault=fault))
    client.timeout = 0.1

    with pytest.raises(TimeoutError):
        asked(client, "PUT", "/x", CONTENT)

    client.close()
    client.timeout = 5
    assert asked(client, "GET", "/") == (200, CONTENT)


def test_an_answer_is_slow_and_whole(proxy: FaultProxy, client: http.client.HTTPConnection) -> None:
    """It comes late, in pieces, and unchanged."""
    proxy.begin(Injection(fault=Slow(seconds=0.05)))

    assert asked(client, "GET", "/") == (200, CONTENT)


def test_a_request_is_delivered_twice(server: Server, proxy: FaultProxy, client: http.client.HTTPConnection) -> None:
    """The server acts twice on the same bytes; the client sees one answer, and its connection lives on."""
    proxy.begin(Injection(fault=Duplicated()))

    assert asked(client, "PUT", "/x", CONTENT) == (200, b"<Done/>")

    assert [request[3] for request in server.seen.requests] == [CONTENT, CONTENT]
    assert asked(client, "GET", "/") == (200, CONTENT)


def test_one_byte_is_another(server: Server, proxy: FaultProxy, client: http.client.HTTPConnection) -> None:
    """The body is as long as it was."""
    proxy.begin(Injection(fault=ChangedByte()))
    asked(client, "PUT", "/x", CONTENT)

    (received,) = [request[3] for request in server.seen.requests]
    assert len(received) == len(CONTENT)
    assert sum(left != right for left, right in zip(received, CONTENT, strict=True)) == 1


@pytest.mark.parametrize("quote", ["", '"'])
def test_one_byte_of_content_after_its_metadata_is_another(
    server: Server, proxy: FaultProxy, client: http.client.HTTPConnection, quote: str
) -> None:
    """As in uploads to Google: what stands before the content is whole, and so are the boundaries."""
    before = b'--cut\r\nContent-Type: application/json\r\n\r\n{"name": "x"}\r\n--cut\r\n\r\n'
    body = before + CONTENT + b"\r\n--cut--"
    headers = {"Content-Type": f"multipart/related; boundary={quote}cut{quote}"}
    proxy.begin()
    for content_type in ({}, headers):
        client.request("POST", "/x", body, content_type)
        client.getresponse().read()
    assert [ChangedByte().hits(exchange) for exchange in proxy.exchanges] == [False, True]
    server.seen.requests.clear()
    proxy.begin(Injection(fault=ChangedByte()))

    client.request("POST", "/x", body, headers)
    client.getresponse().read()

    (received,) = [request[3] for request in server.seen.requests]
    differ = [place for place, (left, right) in enumerate(zip(received, body, strict=True)) if left != right]
    assert differ == [len(before) + len(CONTENT) - 1]


def test_a_body_is_lost(server: Server, proxy: FaultProxy, client: http.client.HTTPConnection) -> None:
    """The server takes it for a request of no bytes."""
    proxy.begin(Injection(fault=LostBody()))

    assert asked(client, "PUT", "/x", CONTENT) == (200, b"<Done/>")
    assert [request[3] for request in server.seen.requests] == [b""]


def test_an_error_is_in_an_answer_of_success(
    server: Server, proxy: FaultProxy, client: http.client.HTTPConnection
) -> None:
    """It hits what is answered by XML, and the server does not act."""
    asked(client, "PUT", "/x", CONTENT)
    asked(client, "GET", "/")
    assert [ErrorInSuccess().hits(exchange) for exchange in proxy.exchanges] == [True, False]
    server.seen.requests.clear()
    proxy.begin(Injection(fault=ErrorInSuccess()))

    status, body = asked(client, "PUT", "/x", CONTENT)

    assert status == 200
    assert b"<Error>" in body
    assert server.seen.requests == []


@pytest.mark.parametrize("fault", [Silent(), AnsweredLate(), StalledBody()], ids=lambda fault: type(fault).__name__)
def test_a_proxy_that_stops_leaves_no_thread(server: Server, fault: Fault) -> None:
    """Not even where a request is held."""
    proxy = FaultProxy("127.0.0.1", server.server_port)
    proxy.begin(Injection(fault=fault))
    with socket.create_connection(("127.0.0.1", proxy.port), 5) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert proxy.struck.wait(5)
        proxy.stop()
        proxy.stop()

    assert [thread for thread in threading.enumerate() if thread.name == "fault-proxy"] == []


@pytest.mark.parametrize(
    ("fault", "sent"),
    [(HalfSent(), CONTENT), (HalfSent(), b""), (None, CONTENT), (None, CONTENT[:10])],
    ids=["half", "half of nothing yet", "whole", "a part"],
)
def test_whoever_looks_after_a_client_died_finds_the_server_done(
    server: Server, fault: Fault | None, sent: bytes
) -> None:
    """A server acts late on what it has of a request: a proxy that stopped has waited for that."""
    proxy = FaultProxy("127.0.0.1", server.server_port)
    proxy.begin(None if fault is None else Injection(fault=fault))
    client = socket.create_connection(("127.0.0.1", proxy.port), 5)
    client.sendall(b"PUT /late HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(CONTENT) + sent)
    while not proxy.exchanges:
        time.sleep(0.01)
    client.close()
    proxy.stop()

    done = [path for _, path, _, _ in server.seen.requests] + server.seen.broken
    assert done == ["/late"]


@pytest.mark.parametrize(("occurrence", "arrived"), [(1, b"/trees/a\n/tree"), (2, b"/trees/a\n/trees/b\n/tree")])
def test_a_request_ends_where_a_name_could(
    server: Server, proxy: FaultProxy, client: http.client.HTTPConnection, occurrence: int, arrived: bytes
) -> None:
    """The server sees the end of the connection there; the client learns nothing but that it broke off."""
    proxy.begin(Injection(fault=CutOff(rb"(?<=\n)/tree(?=s)", occurrence)))

    with pytest.raises(ConnectionError):
        asked(client, "POST", "/", b"/trees/a\n/trees/b\n/trees/c\n")

    assert server.seen.halves == [arrived]
    assert server.seen.requests == []


def test_an_answer_that_is_late_is_the_next_ones(server: Server, proxy: FaultProxy) -> None:
    """The server has acted; a client that goes on with the connection reads what belongs to what it asked before."""
    proxy.begin(Injection(fault=AnsweredLate()))
    with socket.create_connection(("127.0.0.1", proxy.port), 5) as client:
        client.sendall(b"PUT /first HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1")
        while not server.seen.requests:
            time.sleep(0.01)
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(4096)

        client.settimeout(5)
        client.sendall(b"GET /second HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = http.client.HTTPResponse(client)
        answer.begin()

        assert answer.read() == b"<Done/>"


def test_an_answer_that_is_late_finds_nobody(server: Server, proxy: FaultProxy) -> None:
    """A client that ends its connection asks anew on another one, as if nothing had been."""
    proxy.begin(Injection(fault=AnsweredLate()))
    with socket.create_connection(("127.0.0.1", proxy.port), 5) as client:
        client.sendall(b"GET /first HTTP/1.1\r\nHost: x\r\n\r\n")
        while not server.seen.requests:
            time.sleep(0.01)

    second = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=5)
    assert asked(second, "GET", "/second") == (200, CONTENT)
    second.close()


def test_a_request_that_is_not_cut_loses_its_answer(
    server: Server, proxy: FaultProxy, client: http.client.HTTPConnection
) -> None:
    """Where the pattern is not in the body."""
    proxy.begin(Injection(fault=CutOff(rb"absent")))

    with pytest.raises(ConnectionError):
        asked(client, "POST", "/", b"/trees/a\n")

    assert [request[3] for request in server.seen.requests] == [b"/trees/a\n"]


def test_what_was_sent_is_kept(server: Server, proxy: FaultProxy, client: http.client.HTTPConnection) -> None:
    """Of each request, and the server and the client see no difference."""
    overheard = Overheard()
    proxy.begin(Injection(fault=overheard, at=1, lasting=True))

    assert asked(client, "PUT", "/x", b"content") == (200, b"<Done/>")
    assert asked(client, "GET", "/") == (200, CONTENT)

    assert [(exchange.label, body) for exchange, body in overheard.kept] == [("1: PUT", b"content"), ("2: GET", b"")]
    assert server.seen.requests[0][3] == b"content"


# --- how a driver is led through it


def test_addresses_lead_through_the_proxy() -> None:
    """Host and port are the proxy's; path and all other parameters stay, but for the impatient ones."""
    access = WireAccess(addresses=("url", "other"), parameters={"timeout": 1})
    parameters = {"url": "http://127.0.0.1:9000/account?x=1", "timeout": 60, "key": "k"}

    assert access.obstacle(parameters) is None
    assert access.server(parameters) == ("127.0.0.1", 9000)
    assert access.through("127.0.0.1:5", parameters) == {
        "url": "http://127.0.0.1:5/account?x=1",
        "timeout": 1,
        "key": "k",
    }


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({}, "no parameter url"),
        ({"url": None}, "no parameter url"),
        ({"url": "https://127.0.0.1"}, "not of http://"),
        ({"url": "http://"}, "names no host"),
        ({"url": "http://127.0.0.1:1", "other": "http://127.0.0.1:2"}, "several servers"),
    ],
)
def test_what_cannot_be_led_through_says_why(parameters: dict[str, object], told: str) -> None:
    """Encrypted, absent or several addresses."""
    obstacle = WireAccess(addresses=("url", "other")).obstacle(parameters)

    assert obstacle is not None
    assert told in obstacle
