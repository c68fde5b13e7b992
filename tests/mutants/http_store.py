"""A small object store that speaks HTTP, and a driver of it that is right: what the mutants of requests descend from."""

from __future__ import annotations

import atexit
import base64
import contextlib
import functools
import hashlib
import http.client
import io
import secrets
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from xml.etree import ElementTree as ET

from storagedriver import BaseDriver, Capabilities, FileInfo, Limits, PathNotFoundError, StorageDriverError, paths
from storagedriver.base import ByteSource, Upload, put_by_upload
from storagedriver.errors import BackendError
from storagedriver.parameters import DriverParameters
from storagedriver.registry import register_suite
from storagedriver.wire import WireAccess

CHUNK = 64 * 1024

# --- the server


@dataclass(slots=True)
class Stored:
    content: bytes
    etag: str
    written: datetime


@dataclass(slots=True)
class Objects:
    """What the server holds: objects by key, and the parts of unfinished uploads by id."""

    objects: dict[str, Stored] = field(default_factory=dict)
    uploads: dict[str, tuple[str, dict[int, bytes]]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, key: str, content: bytes, etag: str | None = None) -> str:
        stored = Stored(content, etag or secrets.token_hex(8), datetime.now(UTC))
        self.objects[key] = stored
        return stored.etag


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store = Objects()

    def handle_one_request(self) -> None:
        with contextlib.suppress(OSError):
            super().handle_one_request()
            return
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is its own
        """Say nothing."""

    def _answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if not (self.command == "HEAD" and "Content-Length" in (headers or {})):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _document(self, **values: str) -> None:
        document = ET.tostring(ET.Element("Result", values))
        self._answer(200, document, {"Content-Type": "application/xml"})

    def _serve(self) -> None:
        address = urlsplit(self.path)
        kind, _, name = address.path.strip("/").partition("/")
        query = {key: values[0] for key, values in parse_qs(address.query, keep_blank_values=True).items()}
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length and kind != "deletes":
            self.close_connection = True
            return
        digest = self.headers.get("Content-MD5")
        if digest and base64.b64decode(digest) != hashlib.md5(body).digest():
            self._answer(400)
            return
        with self.store.lock:
            getattr(self, f"_{self.command.lower()}_{kind}")(f"/{name}", query, body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815

    def _get_object(self, key: str, query: Mapping[str, str], body: bytes) -> None:
        stored = self.store.objects.get(key)
        if stored is None:
            self._answer(404, b'<Error code="NoSuchObject"/>', {"Content-Type": "application/xml"})
            return
        headers = {"ETag": stored.etag, "X-Written": stored.written.isoformat()}
        start, size = int(query.get("start", 0)), len(stored.content)
        if 0 < start < size:
            headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
            self._answer(206, stored.content[start:], headers)
            return
        if self.command == "HEAD":
            headers["Content-Length"] = str(len(stored.content))
        self._answer(200, stored.content, headers)

    _head_object = _get_object

    def _put_object(self, key: str, query: Mapping[str, str], body: bytes) -> None:
        self._answer(201, headers={"ETag": self.store.put(key, body)})

    def _post_object(self, key: str, query: Mapping[str, str], body: bytes) -> None:
        """Append to an object, wherever it ends."""
        self._answer(201, headers={"ETag": self.store.put(key, self.store.objects[key].content + body)})

    def _delete_object(self, key: str, query: Mapping[str, str], body: bytes) -> None:
        self._answer(404 if self.store.objects.pop(key, None) is None else 204)

    def _post_deletes(self, key: str, query: Mapping[str, str], body: bytes) -> None:
        """Delete what a list names, as much of it as there is: Swift does that."""
        for name in body.decode().splitlines():
            self.store.objects.pop(name, None)
        self._answer(204)

    def _get_list(self, key: str, query: Mapping[str, str], body: bytes) -> None:
        prefix, delimiter = query["prefix"], query.get("delimiter", "")
        found = (each for each in self.store.objects if each.startswith(prefix))
        if delimiter:
            found = (prefix + each.removeprefix(prefix).partition(delimiter)[0] for each in found)
        keys = sorted(set(found))
        uploads = sorted(upload for upload, (each, _) in self.store.uploads.items() if each.startswith(query["prefix"]))
        self._document(keys=" ".join(keys), uploads=" ".join(uploads))

    def _post_copy(self, key: str, query: Mapping[str, str], body: bytes) -> None:
        source = self.store.objects.get(query["source"])
        if source is None:
            self._answer(404)
        else:
            self._document(etag=self.store.put(key, source.content))

    def _post_begin(self, key: str, query: Mapping[str, str], body: bytes) -> None:
        self.store.uploads.setdefault(query["upload"], (key, {}))
        self._document(upload=query["upload"])

    def _put_part(self, key: str, query: Mapping[str, str], body: bytes) -> None:
        if query["upload"] not in self.store.uploads:
            self._answer(404)
            return
        self.store.uploads[query["upload"]][1][int(query["number"])] = body
        self._answer(201)

    def _post_complete(self, key: str, query: Mapping[str, str], body: bytes) -> None:
        begun = self.store.uploads.pop(query["upload"], None)
        if begun is None:
            self._answer(404)
            return
        content = b"".join(part for _, part in sorted(begun[1].items()))
        self._document(etag=self.store.put(begun[0], content, etag=query["upload"]))

    def _delete_upload(self, key: str, query: Mapping[str, str], body: bytes) -> None:
        self._answer(404 if self.store.uploads.pop(query["upload"], None) is None else 204)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


@functools.cache
def server() -> str:
    """The URL of a server in this process."""
    made = _Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True).start()

    def stop() -> None:
        made.shutdown()
        made.server_close()

    atexit.register(stop)
    return f"http://127.0.0.1:{made.server_port}"


# --- the driver


class HttpStoreParameters(DriverParameters):
    url: str
    retries: int = 2
    timeout: float = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def value(self, name: str) -> str:
        """A value of the document in the body. An error can come with status 200."""
        try:
            return ET.fromstring(self.body).attrib[name]
        except (ET.ParseError, KeyError) as error:
            raise BackendError("an answer of success is no success") from error


class HttpStoreDriver(BaseDriver):
    """Files as objects of the store: right, as far as its mutants do not say otherwise."""

    name = "httpstore"
    Parameters = HttpStoreParameters
    capabilities = Capabilities(
        append=True,
        atomic_put=True,
        atomic_write=True,
        eager_open=True,
        consistent_list=True,
        shared=True,
        limits=Limits(chunk_size=CHUNK),
    )
    transient = frozenset({429, 500, 503})
    repeats = True

    def __init__(self, parameters: HttpStoreParameters) -> None:
        self.parameters = parameters
        address = urlsplit(parameters.url)
        self._host, self._port = address.hostname or "", address.port or 80

    def _translate(self, error: Exception, path: str | None) -> StorageDriverError | None:
        if isinstance(error, (OSError, http.client.HTTPException)):
            return BackendError(f"the connection failed: {type(error).__name__}")
        return None

    # --- requests

    def ask(self, method: str, target: str, body: bytes = b"", *, also: Sequence[int] = (), **query: str) -> Answer:
        """The answer, after retries; statuses of failure but those of `also` are errors."""
        retries = self.parameters.retries if self.repeats else 0
        for attempt in range(retries + 1):
            last = attempt == retries
            try:
                answer = self.send(method, target, body, **query)
            except (OSError, http.client.HTTPException):
                if last:
                    raise
            else:
                if answer.status not in self.transient or last:
                    break
            time.sleep(0.02)
        if answer.status >= 300 and answer.status not in also:
            raise BackendError(f"answered {answer.status}")
        return answer

    def send(self, method: str, target: str, body: bytes = b"", **query: str) -> Answer:
        """The answer to one request."""
        written = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self.parameters.timeout)
        with contextlib.closing(connection):
            connection.request(method, f"{target}?{written}" if written else target, body or None, self.headers(body))
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), self.receive(answer))

    def headers(self, body: bytes) -> dict[str, str]:
        return {"Content-MD5": base64.b64encode(hashlib.md5(body).digest()).decode()} if body else {}

    def receive(self, answer: http.client.HTTPResponse) -> bytes:
        """The whole body; http.client raises where it is cut short."""
        return answer.read()

    def listed(self, prefix: str, delimiter: str = "") -> list[str]:
        return self.ask("GET", "/list", prefix=prefix, delimiter=delimiter).value("keys").split()

    def children(self, prefix: str) -> list[str]:
        return self.listed(prefix, delimiter="/")

    # --- hooks

    def _get_content(self, path: str) -> bytes:
        answer = self.ask("GET", f"/object{path}", also=(404,))
        if answer.status == 404:
            raise PathNotFoundError
        return answer.body

    def _put_content(self, path: str, content: bytes) -> None:
        if len(content) <= CHUNK:
            self.ask("PUT", f"/object{path}", content)
            return
        put_by_upload(self.upload(path), content)

    def _reader(self, path: str, offset: int) -> ByteSource:
        answer = self.ask("GET", f"/object{path}", also=(404,), start=str(offset))
        if answer.status == 404:
            raise PathNotFoundError
        return io.BytesIO(self.part(answer, offset))

    def part(self, answer: Answer, offset: int) -> bytes:
        """What was asked for: a server may send the whole instead."""
        return answer.body if answer.status == 206 else answer.body[offset:]

    def _writer(self, path: str, *, append: bool) -> Upload:
        old = self._get_content(path) if append else b""
        upload = self.upload(path)
        upload.write(memoryview(old))
        return upload

    def upload(self, path: str) -> HttpStoreUpload:
        return HttpStoreUpload(self, path)

    def _stat(self, path: str) -> FileInfo:
        answer = self.ask("HEAD", f"/object{path}", also=(404,)) if path != paths.ROOT else None
        if answer is not None and answer.status == 200:
            written = datetime.fromisoformat(answer.headers["X-Written"])
            return FileInfo(path, int(answer.headers["Content-Length"]), written, is_dir=False)
        if path != paths.ROOT and not self.listed(f"{path}/"):
            raise PathNotFoundError
        return FileInfo(path, 0, None, is_dir=True)

    def _list(self, path: str) -> Iterable[str]:
        prefix = "/" if path == paths.ROOT else f"{path}/"
        found = self.children(prefix)
        if not found and path != paths.ROOT:
            raise PathNotFoundError
        return found

    def _move(self, source: str, dest: str) -> None:
        answer = self.ask("POST", f"/copy{dest}", source=source, also=(404,))
        if answer.status == 404:
            raise PathNotFoundError
        answer.value("etag")
        if source != dest:
            self.ask("DELETE", f"/object{source}", also=(404,))

    def _delete(self, path: str) -> None:
        self.end_uploads(path)
        found = [key for key in self.listed(path) if key == path or paths.is_below(key, path)]
        if not found:
            raise PathNotFoundError
        for key in found:
            self.ask("DELETE", f"/object{key}", also=(404,))

    def end_uploads(self, path: str) -> None:
        for prefix in (path, f"{path}/"):
            for upload in self.ask("GET", "/list", prefix=prefix).value("uploads").split():
                self.ask("DELETE", "/upload", upload=upload, also=(404,))


class HttpStoreUpload:
    """A stream: whole chunks go up as parts, and become the object at the end."""

    def __init__(self, driver: HttpStoreDriver, path: str) -> None:
        self.driver = driver
        self.path = path
        self.upload: str | None = None
        self.parts = 0
        self.buffer = bytearray()

    @property
    def size(self) -> int:
        return self.parts * CHUNK + len(self.buffer)

    def write(self, data: memoryview, /) -> None:
        """Take all of it. After a failure nothing of it is taken: its parts are sent again under their numbers."""
        held, parts = self.buffer, self.parts
        self.buffer = held + data
        try:
            while len(self.buffer) > CHUNK:
                self.send_part(bytes(self.buffer[:CHUNK]))
                self.parts += 1
                del self.buffer[:CHUNK]
        except BaseException:
            self.buffer, self.parts = held, parts
            raise

    def begin(self) -> str:
        """The id of the upload, which is this side's to choose: a second begin is the same upload."""
        if self.upload is None:
            self.upload = secrets.token_hex(8)
            self.driver.ask("POST", f"/begin{self.path}", upload=self.upload)
        return self.upload

    def send_part(self, content: bytes) -> None:
        self.driver.ask("PUT", "/part", content, upload=self.begin(), number=str(self.parts + 1))

    def commit(self) -> None:
        if self.upload is None:
            self.driver.ask("PUT", f"/object{self.path}", bytes(self.buffer))
            return
        if self.buffer:
            self.send_part(bytes(self.buffer))
        answer = self.driver.ask("POST", "/complete", upload=self.upload, also=(404,))
        if answer.status != 404:
            answer.value("etag")
            return
        # It was done by an earlier try whose answer was lost, or it was never there.
        found = self.driver.ask("HEAD", f"/object{self.path}", also=(404,))
        if found.headers.get("ETag") != self.upload:
            raise BackendError("the upload is not there")

    def suspend(self) -> None:
        self.discard()

    def discard(self) -> None:
        if self.upload is not None:
            self.driver.ask("DELETE", "/upload", upload=self.upload, also=(404,))
            self.upload = None


def inspect(parameters: Mapping[str, Any], path: str = paths.ROOT) -> Sequence[str]:
    store = Handler.store
    with store.lock:
        return [*store.objects, *(f"upload of {key}" for key, _ in store.uploads.values())]


def _parameters(folder: Path) -> Mapping[str, Any]:
    return {"url": server()}


register_suite(
    HttpStoreDriver.name,
    HttpStoreDriver.from_parameters,
    parameters=_parameters,
    inspect=inspect,
    wire=WireAccess(addresses=("url",), parameters={"timeout": 0.2}, seconds=4.0),
)
