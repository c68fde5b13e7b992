"""Streams cut into chunks that go up a few at once."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import pytest

from storagedriver.chunking import CHUNKS_AT_ONCE, Chunks
from storagedriver.parallel import together

SIZE = 8


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

    def begin(self, number: int) -> Callable[[bytearray], tuple[int, bytes]]:
        caller = threading.current_thread()

        def send(content: bytearray) -> tuple[int, bytes]:
            with self._lock:
                self.under_way += 1
                self.most = max(self.most, self.under_way)
                refused = self.refusals.pop(0) if self.refusals else False
                if threading.current_thread() is not caller:
                    self.threads.add(threading.current_thread().name)
            time.sleep(0)
            with self._lock:
                self.under_way -= 1
                if refused:
                    # As a failure does whose frames are kept.
                    self.views.append(memoryview(content))
                    raise ConnectionError(f"chunk {number}")
                self.kept[number] = bytes(content)
            return number, bytes(content)

        return send


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def chunks(server: Server) -> Chunks[tuple[int, bytes]]:
    return Chunks(SIZE, server.begin, name="chunk")


def content_of(parts: list[tuple[int, bytes]]) -> bytes:
    assert [number for number, _ in parts] == list(range(1, len(parts) + 1))
    assert all(len(content) == SIZE for _, content in parts[:-1])
    return b"".join(content for _, content in parts)


@pytest.mark.parametrize("seed", range(20))
def test_any_pieces_and_refusals_make_the_content(seed: int, chunks: Chunks[tuple[int, bytes]], server: Server) -> None:
    """A call that failed took nothing, and is made again; whichever chunks arrived."""
    chance = random.Random(seed)
    written = b""
    for _ in range(chance.randrange(1, 12)):
        piece = chance.randbytes(chance.choice([0, 1, SIZE - 1, SIZE, SIZE + 1, 5 * SIZE, 9 * SIZE + 3]))
        server.refusals = [chance.random() < 0.3 for _ in range(4)]
        while True:
            try:
                chunks.write(memoryview(piece))
                break
            except ConnectionError:
                assert chunks.size == len(written)
        written += piece
        assert chunks.size == len(written)
        assert chunks.held <= (CHUNKS_AT_ONCE + 1) * SIZE
        assert server.under_way == 0
    server.refusals = []

    assert content_of(chunks.finished()) == written
    assert content_of(chunks.finished()) == written
    assert server.most <= CHUNKS_AT_ONCE


def test_chunks_go_up_at_once(chunks: Chunks[tuple[int, bytes]]) -> None:
    """Each waits for the others to have begun."""
    meeting = threading.Barrier(CHUNKS_AT_ONCE)

    def begin(number: int) -> Callable[[bytearray], tuple[int, bytes]]:
        def send(content: bytearray) -> tuple[int, bytes]:
            meeting.wait(30)
            return number, bytes(content)

        return send

    met: Chunks[tuple[int, bytes]] = Chunks(SIZE, begin, name="chunk")
    content = bytes(range(CHUNKS_AT_ONCE * SIZE))
    met.write(memoryview(content))

    assert content_of(met.parts) == content


def test_a_stream_of_one_chunk_is_told(chunks: Chunks[tuple[int, bytes]], server: Server) -> None:
    """It can be put whole; one byte more cannot."""
    chunks.write(memoryview(bytes(SIZE)))
    assert chunks.one == bytearray(SIZE)

    chunks.write(memoryview(b"x"))

    assert chunks.one is None
    assert server.kept == {}


def test_what_is_written_after_a_failed_end_comes_after_the_rest(
    chunks: Chunks[tuple[int, bytes]], server: Server
) -> None:
    """Though who failed may still look at what it was given."""
    chunks.write(memoryview(b"rest"))
    server.refusals = [True]
    with pytest.raises(ConnectionError):
        chunks.finished()
    server.refusals = [True] * CHUNKS_AT_ONCE
    with pytest.raises(ConnectionError):
        chunks.write(memoryview(bytes(CHUNKS_AT_ONCE * SIZE)))
    server.refusals = []
    chunks.write(memoryview(b" and more"))

    assert content_of(chunks.finished()) == b"rest and more"
    assert server.views


def test_it_goes_on_where_another_ended(server: Server) -> None:
    """With a rest that fills several chunks of the new size."""
    chunks: Chunks[tuple[int, bytes]] = Chunks(SIZE, server.begin, name="chunk")
    rest = bytes(range(200))
    chunks.resume([(1, bytes(SIZE))], SIZE, rest)
    chunks.write(memoryview(b"end"))

    assert chunks.size == SIZE + len(rest) + 3
    assert content_of(chunks.finished()) == bytes(SIZE) + rest + b"end"


def test_parts_got_in_another_way_come_first(chunks: Chunks[tuple[int, bytes]]) -> None:
    """Of any size: what a server copies need not be as long as what it is sent."""
    chunks.add((1, b"copied"), 6)
    chunks.write(memoryview(b"written"))

    assert chunks.size == 13
    assert chunks.one is None
    assert chunks.finished() == [(1, b"copied"), (2, b"written")]


def test_flush_leaves_less_than_a_chunk(chunks: Chunks[tuple[int, bytes]], server: Server) -> None:
    chunks.write(memoryview(bytes(SIZE + 3)))
    assert server.kept == {}

    chunks.flush()

    assert content_of(chunks.parts) == bytes(SIZE)
    assert chunks.rest == bytes(3)


def test_a_single_chunk_is_sent_by_the_caller(chunks: Chunks[tuple[int, bytes]], server: Server) -> None:
    """No thread is made for it."""
    chunks.write(memoryview(bytes(SIZE)))
    chunks.flush()

    assert server.threads == set()


def test_the_first_failure_ends_the_others() -> None:
    """What has not begun does not begin, and all that did has ended."""
    began = []

    def call(number: int) -> int:
        began.append(number)
        if number == 0:
            raise ConnectionError
        return number

    with pytest.raises(ConnectionError):
        together([lambda number=number: call(number) for number in range(50)], 1, name="call")  # type: ignore[misc]

    assert len(began) < 50
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("call")]
