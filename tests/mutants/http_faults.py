"""Drivers of a server that are right as long as every request is answered."""

from __future__ import annotations

import contextlib
import http.client
import io
import secrets
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import quote
from xml.etree import ElementTree as ET

from mutants.http_store import Answer, HttpStoreDriver, HttpStoreParameters, HttpStoreUpload
from mutants.model import mutant
from storagedriver import PathNotFoundError, paths
from storagedriver.base import Upload
from storagedriver.errors import BackendError

if TYPE_CHECKING:
    from typing_extensions import Buffer


# --- writing anew


class _TakesTheBuffer(HttpStoreUpload):
    def commit(self) -> None:
        if self.upload is not None:
            super().commit()
            return
        held, self.buffer = self.buffer, bytearray()
        self.driver.ask("PUT", f"/object{self.path}", bytes(held))


@mutant(
    "FAULT-1", bug="a commit takes what was written from its writer, and a second one after a failure publishes nothing"
)
class CommitTakesTheBuffer(HttpStoreDriver):
    def upload(self, path: str) -> HttpStoreUpload:
        return _TakesTheBuffer(self, path)


@mutant("FAULT-1", bug="what was put is looked at, and deleted where the look fails")
class DeletesWhatItCannotLookAt(HttpStoreDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        try:
            self.ask("HEAD", f"/object{path}")
        except BackendError:
            self.ask("DELETE", f"/object{path}", also=(404,))
            raise


# --- reading


@mutant("FAULT-1", rows=("B04",), bug="a failure that was not foreseen gives no bytes")
class NoBytesOnFailure(HttpStoreDriver):
    repeats = False

    def _get_content(self, path: str) -> bytes:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return super()._get_content(path)
        return b""


@mutant("FAULT-1", rows=("B89",), bug="the end of the connection is the end of the content")
class EndOfConnectionIsTheEnd(HttpStoreDriver):
    def receive(self, answer: http.client.HTTPResponse) -> bytes:
        pieces = []
        with contextlib.suppress(http.client.IncompleteRead):
            while piece := answer.read1(1 << 16):
                pieces.append(piece)
        return b"".join(pieces)


@mutant("FAULT-1", bug="an answer that ends before its body has none")
class UnbegunBodyIsEmpty(HttpStoreDriver):
    def receive(self, answer: http.client.HTTPResponse) -> bytes:
        try:
            return answer.read()
        except http.client.IncompleteRead as broken:
            if broken.partial:
                raise
            return b""


@mutant("FAULT-1", bug="the whole, which a server sends instead of a part, is the part")
class WholeForThePart(HttpStoreDriver):
    def part(self, answer: Answer, offset: int) -> bytes:
        return answer.body


class _Forgetful(io.RawIOBase):
    """The pieces of a file, each by a request."""

    def __init__(self, driver: HttpStoreDriver, path: str) -> None:
        super().__init__()
        self.driver = driver
        self.path = path
        self.position = 0
        self.is_over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer).cast("B")
        if self.is_over:
            return 0
        self.is_over = True
        with self.driver.translated(self.path):
            answer = self.driver.ask("GET", f"/object{self.path}", start=str(self.position))
        data = self.driver.part(answer, self.position)[: len(view)]
        view[: len(data)] = data
        self.position += len(data)
        self.is_over = not data
        return len(data)


@mutant("FAULT-1", bug="a reader that failed is at its end when it is read on")
class FailureIsForgotten(HttpStoreDriver):
    def reader(self, path: str, offset: int = 0) -> BinaryIO:
        return cast("BinaryIO", io.BufferedReader(_Forgetful(self, path), 1 << 20))


@mutant("FAULT-1", bug="an error that comes without a body is a crash")
class ErrorsHaveBodies(HttpStoreDriver):
    def _get_content(self, path: str) -> bytes:
        answer = self.ask("GET", f"/object{path}", also=(404,))
        if answer.status == 404 and ET.fromstring(answer.body).attrib["code"] == "NoSuchObject":
            raise PathNotFoundError
        return answer.body


@mutant("FAULT-1", rows=("B63",), bug="a listing that fails is a directory that is absent")
class FailedPageIsAbsence(HttpStoreDriver):
    repeats = False

    def _list(self, path: str) -> Iterable[str]:
        try:
            return super()._list(path)
        except (BackendError, OSError, http.client.HTTPException) as error:
            raise PathNotFoundError from error


@mutant("FAULT-1", rows=("B73",), bug="429 is neither repeated nor taken for a failure")
class OverloadIsNoFailure(HttpStoreDriver):
    transient = frozenset({500, 503})

    def listed(self, prefix: str, delimiter: str = "") -> list[str]:
        answer = self.ask("GET", "/list", prefix=prefix, delimiter=delimiter, also=(429,))
        return [] if answer.status == 429 else answer.value("keys").split()


# --- writing


@mutant("FAULT-1", rows=("B25",), bug="an append whose answer was lost is repeated as it is")
class AppendIsRepeated(HttpStoreDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        if len(content) > 1000 or not content:
            super()._put_content(path, content)
            return
        half = len(content) // 2
        temporary = f"{path}~new"
        self.ask("PUT", f"/object{temporary}", content[:half])
        self.ask("POST", f"/object{temporary}", content[half:])
        self.ask("POST", f"/copy{path}", source=temporary)
        self.ask("DELETE", f"/object{temporary}", also=(404,))


@mutant(
    "FAULT-1",
    rows=("B27",),
    bug="no checksum is sent: a damaged body is accepted",
)
class NoChecksum(HttpStoreDriver):
    def headers(self, body: bytes) -> dict[str, str]:
        return {}


class LostParts(HttpStoreUpload):
    """Goes on where a part failed."""

    def send_part(self, content: bytes) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            super().send_part(content)


@mutant("FAULT-1", rows=("B13",), bug="an error of a part is lost in the loop")
class FailedPartIsLeftOut(HttpStoreDriver):
    repeats = False

    def upload(self, path: str) -> HttpStoreUpload:
        return LostParts(self, path)


class TakenFirst(HttpStoreUpload):
    """Holds what a write brings, whether its part arrives or not."""

    def write(self, data: memoryview, /) -> None:
        self.buffer += data
        super().write(memoryview(b""))


@mutant("FAULT-1", bug="what a write that failed brought is held, and there twice where the stream goes on")
class FailedWriteIsHeld(HttpStoreDriver):
    def upload(self, path: str) -> HttpStoreUpload:
        return TakenFirst(self, path)


class SentOnce(HttpStoreUpload):
    """Lets go of what it holds as it is sent."""

    def write(self, data: memoryview, /) -> None:
        held = self.buffer
        try:
            super().write(data)
        except BaseException:
            held.clear()
            raise


@mutant("FAULT-1", bug="a part whose request failed is let go of, with what earlier writes brought to it")
class FailedPartIsLetGo(HttpStoreDriver):
    def upload(self, path: str) -> HttpStoreUpload:
        return SentOnce(self, path)


class LoggedEnd(HttpStoreUpload):
    """Tells nobody that the end failed."""

    def commit(self) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            super().commit()


@mutant("FAULT-1", rows=("B100",), bug="the error of the last request is logged")
class LastErrorIsLogged(HttpStoreDriver):
    repeats = False

    def upload(self, path: str) -> HttpStoreUpload:
        return LoggedEnd(self, path)


class QuietDiscard(HttpStoreUpload):
    """Tells nobody that an upload was not ended."""

    def discard(self) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            super().discard()


@mutant("FAULT-1", bug="a cancel whose request fails says nothing, and the upload stays")
class FailedCancelIsQuiet(HttpStoreDriver):
    def upload(self, path: str) -> HttpStoreUpload:
        return QuietDiscard(self, path)


@mutant("FAULT-1", rows=("B40",), bug="an error names the server's form of the path")
class ErrorNamesTheObject(HttpStoreDriver):
    repeats = False

    @contextlib.contextmanager
    def translated(self, path: str | None) -> Iterator[None]:
        try:
            with super().translated(path):
                yield
        except BackendError as error:
            error.path = f"/object{path}"
            raise


class CrashingDiscard(HttpStoreUpload):
    """Takes for granted that the upload has begun."""

    began = ""

    def begin(self) -> str:
        upload = super().begin()
        self.began = upload
        return upload

    def discard(self) -> None:
        if not self.began:
            raise TypeError("no upload to be aborted")
        super().discard()


@mutant("FAULT-1", rows=("B102",), bug="the clean-up of what never began crashes")
class CleanUpCrashes(HttpStoreDriver):
    def upload(self, path: str) -> HttpStoreUpload:
        return CrashingDiscard(self, path)


@mutant(
    "FAULT-1",
    rows=("B99",),
    bug="an error within an answer of status 200 to a copy is a success",
)
class ErrorWithinSuccess(HttpStoreDriver):
    def _move(self, source: str, dest: str) -> None:
        if self.ask("POST", f"/copy{dest}", source=source, also=(404,)).status == 404:
            raise PathNotFoundError
        self.ask("DELETE", f"/object{source}", also=(404,))


@mutant("FAULT-1", rows=("B114",), bug="a move ignores that its copy failed")
class FailedCopyIsIgnored(HttpStoreDriver):
    repeats = False

    def _move(self, source: str, dest: str) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if self.ask("POST", f"/copy{dest}", source=source, also=(404,)).status == 404:
                raise PathNotFoundError
        self.ask("DELETE", f"/object{source}", also=(404,))


# --- appending


@mutant("FAULT-1", rows=("B11",), bug="an error while the old content is read is dropped")
class OldContentIsDropped(HttpStoreDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        upload = self.upload(path)
        if append:
            answer: Answer | None = None
            with contextlib.suppress(OSError, http.client.HTTPException):
                answer = self.send("GET", f"/object{path}")
            if answer is not None and answer.status == 404:
                raise PathNotFoundError
            if answer is not None and answer.status == 200:
                upload.write(memoryview(answer.body))
        return upload


@mutant("FAULT-1", rows=("B12",), bug="an answer is used before its error is looked at")
class AnswerBeforeItsError(HttpStoreDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        if append:
            answer: Answer | None = None
            with contextlib.suppress(OSError, http.client.HTTPException):
                answer = self.send("HEAD", f"/object{path}")
            if int(answer.headers["Content-Length"]) > 1 << 30:  # type: ignore[union-attr]  # that is the bug
                raise BackendError("too large")
        return super()._writer(path, append=append)


# --- outages


@mutant("FAULT-2", rows=("B72",), bug="after the last retry the call says success")
class SuccessAfterTheLastRetry(HttpStoreDriver):
    def ask(self, method: str, target: str, body: bytes = b"", *, also: Iterable[int] = (), **query: str) -> Answer:
        return super().ask(method, target, body, also=(*also, 500, 503), **query)


@mutant("FAULT-2", bug="what fails is repeated again and again, long after anybody waits")
class RepeatsAndRepeats(HttpStoreDriver):
    def send(self, method: str, target: str, body: bytes = b"", **query: str) -> Answer:
        until = time.monotonic() + 5
        while True:
            try:
                answer = super().send(method, target, body, **query)
            except (OSError, http.client.HTTPException):
                if time.monotonic() > until:
                    raise
            else:
                if answer.status < 500 or time.monotonic() > until:
                    return answer
            time.sleep(0.05)


# --- crashes


@mutant("DUR-1", bug="a put deletes the old file first")
class DeletesBeforeThePut(HttpStoreDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        self.ask("DELETE", f"/object{path}", also=(404,))
        super()._put_content(path, content)


# --- connections


@mutant(
    "FAULT-1",
    bug="a connection goes on after a timeout: the answer that comes too late is taken for the next one's",
)
class GoesOnAfterTimeout(HttpStoreDriver):
    """It sends on, and reads what comes."""

    def __init__(self, parameters: HttpStoreParameters) -> None:
        super().__init__(parameters)
        self._kept: list[http.client.HTTPConnection] = []

    def send(self, method: str, target: str, body: bytes = b"", **query: str) -> Answer:
        written = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
        if self._kept:
            connection = self._kept.pop()
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=self.parameters.timeout)
        try:
            connection.request(method, f"{target}?{written}" if written else target, body or None, self.headers(body))
            answer = connection.getresponse()
            received = self.receive(answer)
        except TimeoutError:
            self._keep(connection)
            raise
        except BaseException:
            connection.close()
            raise
        self._keep(connection)
        return Answer(answer.status, dict(answer.getheaders()), received)

    def close(self) -> None:
        for connection in self._kept:
            connection.close()
        super().close()

    def _keep(self, connection: http.client.HTTPConnection) -> None:
        vars(connection).update({"_HTTPConnection__state": "Idle", "_HTTPConnection__response": None})
        self._kept.append(connection)


# --- deleting


@mutant(
    "FAULT-1",
    bug="names to delete are sent as a list: of one that breaks off the server takes half a name for a whole one",
)
class NamesAreCutShort(HttpStoreDriver):
    def headers(self, body: bytes) -> dict[str, str]:
        return {}

    def _delete(self, path: str) -> None:
        self.end_uploads(path)
        found = [key for key in self.listed(path) if key == path or paths.is_below(key, path)]
        if not found:
            raise PathNotFoundError
        self.ask("POST", "/deletes", "\n".join(found).encode())


# --- moving


@mutant(
    "FAULT-1",
    bug="a move that failed leaves two files of one content",
)
class SharesContents(HttpStoreDriver):
    """A file is the name of an object with its content: a move gives that name to another file, and removes the first."""

    def content_of(self, path: str) -> str:
        return super()._get_content(path).decode()

    def _get_content(self, path: str) -> bytes:
        return super()._get_content(self.content_of(path))

    def _put_content(self, path: str, content: bytes) -> None:
        with contextlib.suppress(PathNotFoundError):
            self._delete(path)
        kept = f"/~contents/{secrets.token_hex(8)}"
        self.ask("PUT", f"/object{kept}", content)
        self.ask("PUT", f"/object{path}", kept.encode())

    def _move(self, source: str, dest: str) -> None:
        with contextlib.suppress(PathNotFoundError):
            self._delete(dest)
        super()._move(source, dest)

    def _delete(self, path: str) -> None:
        contents = [self.content_of(key) for key in self.listed(path) if key == path or paths.is_below(key, path)]
        super()._delete(path)
        for kept in contents:
            self.ask("DELETE", f"/object{kept}", also=(404,))


# --- errors


@mutant("FAULT-1", bug="the error of a dead server forgets what the connection failed of")
class ForgetsTheCause(HttpStoreDriver):
    def send(self, method: str, target: str, body: bytes = b"", **query: str) -> Answer:
        try:
            return super().send(method, target, body, **query)
        except (OSError, http.client.HTTPException):
            raise BackendError("the server is not there") from None
