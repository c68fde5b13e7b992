"""Streams cut into chunks that go up a few at once, of blocking drivers and of asynchronous ones."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Iterator
from typing import Protocol, TypeAlias

import pytest

from storagedriver.asynchronous.chunking import AsyncChunks, AsyncChunkSender
from storagedriver.chunking import CHUNKS_AT_ONCE, Chunks, ChunkSender, CutContent

SIZE = 8

Part: TypeAlias = tuple[int, bytes]


class Server:
    """Keeps the newest chunk of each number; refuses as often as it is told to."""

    def __init__(self) -> None:
        self.kept: dict[int, bytes] = {}
        self.refusals: list[bool] = []
        self.under_way = 0
        self.most = 0
        self.threads: set[str] = set()
        self.views: list[memoryview] = []
        self._lock = threading.Lock()

    def receive(self) -> bool:
        """A request has come; tells whether it will be refused."""
        with self._lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            self.threads.add(threading.current_thread().name)
            return self.refusals.pop(0) if self.refusals else False

    def answer(self, number: int, content: bytearray, *, refused: bool) -> Part:
        with self._lock:
            self.under_way -= 1
            if refused:
                # As a failure does whose frames are kept.
                self.views.append(memoryview(content))
                raise ConnectionError(f"chunk {number}")
            self.kept[number] = bytes(content)
        return number, bytes(content)

    def begin(self, number: int) -> ChunkSender[Part]:
        def send(content: bytearray) -> Part:
            refused = self.receive()
            time.sleep(0)
            return self.answer(number, content, refused=refused)

        return send

    async def begin_awaited(self, number: int) -> AsyncChunkSender[Part]:
        async def send(content: bytearray) -> Part:
            refused = self.receive()
            await asyncio.sleep(0)
            return self.answer(number, content, refused=refused)

        return send


class Stream(Protocol):
    """Chunks whose calls block, whatever kind they are."""

    @property
    def cut(self) -> CutContent[Part]: ...
    def write(self, data: bytes, /) -> None: ...
    def flush(self) -> None: ...
    def finished(self) -> list[Part]: ...


class Blocking:
    def __init__(self, server: Server) -> None:
        self.cut = Chunks(SIZE, server.begin, name="chunk")

    def write(self, data: bytes, /) -> None:
        self.cut.write(memoryview(data))

    def flush(self) -> None:
        self.cut.flush()

    def finished(self) -> list[Part]:
        return self.cut.finished()


class Awaited:
    def __init__(self, server: Server, runner: asyncio.Runner) -> None:
        self.cut = AsyncChunks(SIZE, server.begin_awaited, name="chunk")
        self._runner = runner

    def write(self, data: bytes, /) -> None:
        self._runner.run(self.cut.write(memoryview(data)))

    def flush(self) -> None:
        self._runner.run(self.cut.flush())

    def finished(self) -> list[Part]:
        return self._runner.run(self.cut.finished())


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture(params=["blocking", "awaited"])
def stream(request: pytest.FixtureRequest, server: Server) -> Iterator[Stream]:
    if request.param == "blocking":
        yield Blocking(server)
        return
    with asyncio.Runner() as runner:
        yield Awaited(server, runner)


def content_of(parts: list[Part]) -> bytes:
    assert [number for number, _ in parts] == list(range(1, len(parts) + 1))
    assert all(len(content) == SIZE for _, content in parts[:-1])
    return b"".join(content for _, content in parts)


@pytest.mark.parametrize("seed", range(20))
def test_any_pieces_and_refusals_make_the_content(seed: int, stream: Stream, server: Server) -> None:
    """A call that failed took nothing, and is made again; whichever chunks arrived."""
    chance = random.Random(seed)
    written = b""
    for _ in range(chance.randrange(1, 12)):
        piece = chance.randbytes(chance.choice([0, 1, SIZE - 1, SIZE, SIZE + 1, 5 * SIZE, 9 * SIZE + 3]))
        server.refusals = [chance.random() < 0.3 for _ in range(4)]
        while True:
            try:
                stream.write(piece)
                break
            except ConnectionError:
                assert stream.cut.size == len(written)
                assert server.under_way == 0
        written += piece
        assert stream.cut.size == len(written)
        assert stream.cut.held <= (CHUNKS_AT_ONCE + 1) * SIZE
        assert server.under_way == 0
    server.refusals = []

    assert content_of(stream.finished()) == written
    assert content_of(stream.finished()) == written
    assert server.most <= CHUNKS_AT_ONCE


def test_chunks_go_up_at_once_in_threads() -> None:
    """Each waits for the others to have begun."""
    meeting = threading.Barrier(CHUNKS_AT_ONCE)

    def begin(number: int) -> ChunkSender[Part]:
        def send(content: bytearray) -> Part:
            meeting.wait(30)
            return number, bytes(content)

        return send

    met: Chunks[Part] = Chunks(SIZE, begin, name="chunk")
    content = bytes(range(CHUNKS_AT_ONCE * SIZE))
    met.write(memoryview(content))

    assert content_of(met.parts) == content


def test_chunks_go_up_at_once_in_tasks() -> None:
    """Each waits for the others to have begun."""
    content = bytes(range(CHUNKS_AT_ONCE * SIZE))

    async def written() -> list[Part]:
        begun, all_begun = 0, asyncio.Event()

        async def begin(number: int) -> AsyncChunkSender[Part]:
            async def send(content: bytearray) -> Part:
                nonlocal begun
                begun += 1
                if begun == CHUNKS_AT_ONCE:
                    all_begun.set()
                await asyncio.wait_for(all_begun.wait(), 30)
                return number, bytes(content)

            return send

        met: AsyncChunks[Part] = AsyncChunks(SIZE, begin, name="chunk")
        await met.write(memoryview(content))
        return met.parts

    assert content_of(asyncio.run(written())) == content


def test_a_stream_of_one_chunk_is_told(stream: Stream, server: Server) -> None:
    """It can be put whole; one byte more cannot."""
    stream.write(bytes(SIZE))
    assert stream.cut.one == bytearray(SIZE)

    stream.write(b"x")

    assert stream.cut.one is None
    assert server.kept == {}


def test_what_is_written_after_a_failed_end_comes_after_the_rest(stream: Stream, server: Server) -> None:
    """Though who failed may still look at what it was given."""
    stream.write(b"rest")
    server.refusals = [True]
    with pytest.raises(ConnectionError):
        stream.finished()
    server.refusals = [True] * CHUNKS_AT_ONCE
    with pytest.raises(ConnectionError):
        stream.write(bytes(CHUNKS_AT_ONCE * SIZE))
    server.refusals = []
    stream.write(b" and more")

    assert content_of(stream.finished()) == b"rest and more"
    assert server.views


def test_it_goes_on_where_another_ended(stream: Stream) -> None:
    """With a rest that fills several chunks of the new size."""
    rest = bytes(range(200))
    stream.cut.resume([(1, bytes(SIZE))], SIZE, rest)
    stream.write(b"end")

    assert stream.cut.size == SIZE + len(rest) + 3
    assert content_of(stream.finished()) == bytes(SIZE) + rest + b"end"


def test_parts_got_in_another_way_come_first(stream: Stream) -> None:
    """Of any size: what a server copies need not be as long as what it is sent."""
    stream.cut.add((1, b"copied"), 6)
    stream.write(b"written")

    assert stream.cut.size == 13
    assert stream.cut.one is None
    assert stream.finished() == [(1, b"copied"), (2, b"written")]


def test_flush_leaves_less_than_a_chunk(stream: Stream, server: Server) -> None:
    stream.write(bytes(SIZE + 3))
    assert server.kept == {}

    stream.flush()

    assert content_of(stream.cut.parts) == bytes(SIZE)
    assert stream.cut.rest == bytes(3)


def test_a_single_chunk_is_sent_by_the_caller(server: Server) -> None:
    """No thread is made for it."""
    chunks = Chunks(SIZE, server.begin, name="chunk")
    chunks.write(memoryview(bytes(SIZE)))
    chunks.flush()

    assert server.threads == {threading.current_thread().name}
