"""Streams of multipart uploads on a service that loses answers, of blocking drivers and of asynchronous ones."""

from __future__ import annotations

import asyncio
import inspect
import io
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from storagedriver import multipart_upload as blocking
from storagedriver.asynchronous import multipart_upload as awaited
from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver.multipart_service import CommittedFile, PartLimit

CHUNK = 4


class ReplacedError(Exception):
    """The object is another one by now."""


@dataclass
class Service:
    """One object with its state and its uploads. What is named in `lost` is done, and its answer is lost once."""

    file: tuple[bytes, CommittedFile] | None = None
    state: tuple[bytes, str] | None = None
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    serial: Iterator[int] = field(default_factory=itertools.count)

    key, name, limit, copies_at_once = "key", "part", PartLimit("the service", 50), 2

    def answer(self, call: str) -> None:
        if call in self.lost:
            self.lost.remove(call)
            raise ConnectionError(call)

    def store(self, content: bytes, mark: str | None) -> None:
        self.file = content, CommittedFile(len(content), f"etag{next(self.serial)}", mark)

    def head(self) -> CommittedFile | None:
        return None if self.file is None else self.file[1]

    def put(self, content: bytes | bytearray, mark: str) -> None:
        self.store(bytes(content), mark)
        self.answer("put")

    def read(self, start: int, etag: str) -> bytes:
        return self.content(etag)[start:]

    def content(self, etag: str) -> bytes:
        if self.file is None or self.file[1].etag != etag:
            raise ReplacedError
        return self.file[0]

    def is_replaced(self, error: Exception) -> bool:
        return isinstance(error, ReplacedError)

    def begin(self, mark: str) -> Upload:
        upload_id = f"upload{next(self.serial)}"
        self.uploads[upload_id] = {}
        self.answer("begin")
        return Upload(self, upload_id, mark)

    def begun(self, upload_id: str, mark: str) -> Upload:
        return Upload(self, upload_id, mark)

    def sweep(self, keep: str | None) -> None:
        for upload_id in [each for each, parts in self.uploads.items() if not parts and each != keep]:
            del self.uploads[upload_id]

    def open_state(self) -> State | None:
        return None if self.state is None else State(*self.state)

    def save_state(self, content: bytes) -> str:
        self.state = content, f"etag{next(self.serial)}"
        return self.state[1]

    def remove_state(self) -> None:
        self.answer("remove_state")
        self.state = None


@dataclass
class Upload:
    service: Service
    upload_id: str
    mark: str
    repeated = False

    def part(self, number: int, content: bytes | bytearray) -> str:
        self.service.uploads[self.upload_id][number] = bytes(content)
        self.service.answer("part")
        return f"{number}:{len(content)}"

    def copied_parts(self, source: str, etag: str, size: int, part_size: int, concurrency: int) -> list[str]:
        assert (source, concurrency) == ("key", 2)
        content = self.service.content(etag)[:size]
        pieces = [content[start : start + part_size] for start in range(0, size, part_size)]
        return [self.part(number, piece) for number, piece in enumerate(pieces, 1)]

    def complete(self, etags: Sequence[str], *, again: bool = False) -> None:
        parts = self.service.uploads.pop(self.upload_id)
        pieces = [parts[number] for number in range(1, len(etags) + 1)]
        assert [f"{number}:{len(piece)}" for number, piece in enumerate(pieces, 1)] == list(etags)
        assert {len(piece) for piece in pieces[:-1]} <= {CHUNK}
        self.service.store(b"".join(pieces), self.mark)

    def abort(self) -> None:
        self.service.uploads.pop(self.upload_id, None)


class State(io.BytesIO):
    def __init__(self, content: bytes, etag: str) -> None:
        super().__init__(content)
        self.etag = etag

    def read_all(self) -> bytes:
        return self.read()


class Awaiting:
    """A service, an upload or a reader whose requests are awaited."""

    def __init__(self, inner: Service | Upload | State) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.inner, name)
        if not callable(value) or name == "is_replaced":
            return value

        def made(*arguments: Any, **named: Any) -> Any:
            result = value(*arguments, **named)
            return Awaiting(result) if isinstance(result, Upload | State) else result

        async def call(*arguments: Any, **named: Any) -> Any:
            await asyncio.sleep(0)
            return made(*arguments, **named)

        return made if name == "begun" else call


class Run:
    """What blocks until an asynchronous stream has done as it was asked."""

    def __init__(self, inner: Any, runner: asyncio.Runner) -> None:
        self.inner, self.runner = inner, runner

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.inner, name)
        return (lambda *given: self.runner.run(value(*given))) if inspect.iscoroutinefunction(value) else value


@dataclass(frozen=True)
class Kind:
    """How streams of one kind are made."""

    begun: Callable[[Service], Any]
    continued: Callable[..., Any]
    end_stage: Callable[[Service], None]


@pytest.fixture(params=["blocking", "awaited"])
def kind(request: pytest.FixtureRequest) -> Iterator[Kind]:
    if request.param == "blocking":
        yield Kind(
            lambda service: blocking.MultipartUpload(service, chunk_size=CHUNK),
            lambda service, chunk_size=CHUNK: blocking.continued(service, chunk_size=chunk_size),
            blocking.end_stage,
        )
        return
    with asyncio.Runner() as runner:

        def target(service: Service) -> Any:
            return Awaiting(service)

        yield Kind(
            lambda service: Run(awaited.AsyncMultipartUpload(target(service), chunk_size=CHUNK), runner),
            lambda service, chunk_size=CHUNK: Run(
                runner.run(awaited.continued(target(service), chunk_size=chunk_size)), runner
            ),
            lambda service: runner.run(awaited.end_stage(target(service))),
        )


def write(stream: Any, content: bytes) -> None:
    stream.write(memoryview(content))


def kept(service: Service) -> bytes:
    """The committed content, once nothing else is there."""
    assert (service.state, service.uploads) == (None, {})
    assert service.file is not None
    return service.file[0]


LONG = b"0123456789abcdefghijk"


@pytest.mark.parametrize("content", [b"", b"abc", b"abcd", LONG])
def test_a_stream_becomes_the_object(kind: Kind, content: bytes) -> None:
    service = Service()
    stream = kind.begun(service)
    write(stream, content)
    assert service.file is None
    stream.commit()

    assert kept(service) == content


def test_an_upload_whose_beginning_was_not_answered_is_swept(kind: Kind) -> None:
    service = Service(lost=["begin"])
    stream = kind.begun(service)
    with pytest.raises(ConnectionError):
        write(stream, LONG)
    assert stream.size == 0
    write(stream, LONG)
    assert len(service.uploads) == 2
    stream.commit()

    assert kept(service) == LONG


def test_an_upload_begun_for_a_write_that_failed_is_aborted(kind: Kind) -> None:
    """What is committed then fits in one chunk."""
    service = Service(lost=["part"])
    stream = kind.begun(service)
    with pytest.raises(ConnectionError):
        write(stream, LONG)
    write(stream, b"abc")
    stream.commit()

    assert kept(service) == b"abc"


def test_a_stage_goes_on_in_its_own_chunk_size(kind: Kind) -> None:
    service = Service()
    stream = kind.begun(service)
    write(stream, LONG[:9])
    stream.suspend()
    stream = kind.continued(service, 2 * CHUNK)
    assert stream.size == 9
    write(stream, LONG[9:])
    stream.commit()

    assert kept(service) == LONG


def test_a_stage_that_another_stream_left_keeps_the_upload_of_both(kind: Kind) -> None:
    """The older one is discarded: what the newer one staged is not its own."""
    service = Service()
    stream = kind.begun(service)
    write(stream, LONG[:9])
    stream.suspend()
    older, newer = kind.continued(service), kind.continued(service)
    write(newer, LONG[9:])
    newer.suspend()
    older.discard()
    kind.continued(service).commit()

    assert kept(service) == LONG


def test_a_stage_gives_way_to_a_newer_one(kind: Kind) -> None:
    service = Service()
    older, newer = kind.begun(service), kind.begun(service)
    for stream, content in ((older, LONG), (newer, b"other content")):
        write(stream, content)
        stream.suspend()
    assert len(service.uploads) == 1
    kind.continued(service).commit()

    assert kept(service) == b"other content"


def test_a_committed_stage_is_not_used_again(kind: Kind) -> None:
    """It was committed by a process that ended before it could remove the state."""
    service = Service()
    stream = kind.begun(service)
    write(stream, LONG)
    stream.suspend()
    stream = kind.continued(service)
    service.lost = ["remove_state"]
    with pytest.raises(ConnectionError):
        stream.commit()
    stream = kind.continued(service)
    assert stream.size == len(LONG)
    write(stream, b"!")
    stream.commit()

    assert kept(service) == LONG + b"!"


def test_a_file_that_is_replaced_is_looked_at_anew(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service()
    service.store(LONG, None)
    head = Service.head

    def replaced(self: Service) -> CommittedFile | None:
        seen = head(self)
        monkeypatch.undo()
        self.store(b"something else", None)
        return seen

    monkeypatch.setattr(Service, "head", replaced)
    stream = kind.continued(service)
    write(stream, b"!")
    stream.commit()

    assert kept(service) == b"something else!"


def test_what_ended_is_gone(kind: Kind) -> None:
    service = Service()
    for end in (lambda stream: stream.discard(), lambda _: kind.end_stage(service)):
        stream = kind.begun(service)
        write(stream, LONG)
        stream.suspend()
        end(stream)

        assert (service.file, service.state, service.uploads) == (None, None, {})
        with pytest.raises(PathNotFoundError):
            kind.continued(service)


def test_a_stream_of_too_many_parts_is_refused(kind: Kind) -> None:
    service = Service()
    stream = kind.begun(service)
    write(stream, bytes(50 * CHUNK))
    with pytest.raises(BackendError, match="the service takes 50 parts"):
        write(stream, b"x")
    stream.commit()
    assert kept(service) == bytes(50 * CHUNK)

    service.store(bytes(51 * CHUNK), None)
    with pytest.raises(BackendError, match="more than 50 chunks"):
        kind.continued(service)
    assert service.uploads == {}


def test_a_damaged_state_is_an_error(kind: Kind) -> None:
    service = Service()
    stream = kind.begun(service)
    write(stream, LONG)
    stream.suspend()
    assert service.state is not None
    whole = service.state[0]
    for damage in (b"", b"no line", b"{}\n", whole + b"more", whole[:-1]):
        service.state = damage, "etag"
        with pytest.raises(BackendError, match="staged stream"):
            kind.continued(service)
