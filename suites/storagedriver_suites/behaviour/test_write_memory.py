"""WRITE: the memory that a stream takes."""

from __future__ import annotations

import gc
import itertools
import tracemalloc
from collections.abc import Callable

import pytest

from storagedriver import StorageDriver
from storagedriver.backends.model import IN_PROCESS_MODE
from storagedriver.testing import Subject, Tree, chunk_size, expect, full, lengthy, requirement
from storagedriver_suites.behaviour.contents import need_files_of
from storagedriver_suites.behaviour.streams import (
    write_stream,
)

pytestmark = lengthy

MIB = 1024 * 1024


def _traced(action: Callable[[], object]) -> tuple[int, int]:
    """How much more memory was held at the most while `action` ran, and is held after it."""
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        action()
        _, peak = tracemalloc.get_traced_memory()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        if not running:
            tracemalloc.stop()
    return peak - before, after - before


def _write_much(driver: StorageDriver, path: str, size: int, *, append: bool = False) -> None:
    """A stream of `size` bytes in pieces that are each made anew, and so not kept by anyone but the driver."""
    length = min(max(chunk_size(driver) // 2 + 1, 1 << 16), MIB)
    with driver.writer(path, append=append) as writer:
        written = 0
        for number in itertools.count():
            if written >= size:
                break
            written += writer.write(bytes([number % 256]) * min(length, size - written))
        writer.commit()


def _expect_less(seen: int, most: int, what: str) -> None:
    __tracebackhide__ = True
    expect.true(seen < most, what, expected=f"less than {most:,} bytes", seen=f"{seen:,} bytes")


def _need_a_server_elsewhere(subject: Subject) -> None:
    if subject.target.backend is not None and subject.target.backend.mode == IN_PROCESS_MODE:
        pytest.skip("the server is in this process, so its memory cannot be told from the driver's")


def _stream_size(driver: StorageDriver, subject: Subject) -> int:
    """A size of which half is more than a few chunks, and more than what else a process needs meanwhile."""
    chunks = 16 if subject.profile == "quick" else 64
    return max(chunks * chunk_size(driver), 24 * MIB)


@requirement("WRITE-7", needs=["shared"])
@pytest.mark.parametrize("way", ["new", pytest.param("append", marks=full)])
def test_stream_of_many_chunks_is_not_held_in_memory(
    driver: StorageDriver, tree: Tree, subject: Subject, way: str
) -> None:
    """While a stream of many chunks is written, not half of it is ever in memory at once.

    A store that is the memory of this process keeps each file there, and is not judged.
    """
    _need_a_server_elsewhere(subject)
    path = tree.path("file")
    size = _stream_size(driver, subject)
    # Not recorded: the record would hold what was written.
    writing = subject.construct(subject.parameters)
    appending = way == "append" and driver.capabilities.append
    if appending:
        write_stream(driver, path, [b"old"])

    peak, _ = _traced(lambda: _write_much(writing, path, size, append=appending))
    writing.close()

    expect.equal(driver.stat(path).size, size + 3 * appending, "size of the stream")
    _expect_less(
        peak, size // 2, f"memory held at most while {size:,} bytes were written in chunks of {chunk_size(driver):,}"
    )


@requirement("WRITE-7", capability="append", needs=["shared"])
def test_what_is_continued_is_not_held_in_memory(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """A stream that continues a large file does not take half of it into memory, and keeps less."""
    _need_a_server_elsewhere(subject)
    path = tree.path("file")
    size = _stream_size(driver, subject)
    writing = subject.construct(subject.parameters)
    _write_much(writing, path, size)

    peak, _ = _traced(lambda: write_stream(writing, path, [b"more"], append=True))
    writing.close()

    expect.equal(driver.stat(path).size, size + 4, "size of the file that was continued")
    _expect_less(peak, size // 2, f"memory held at most while a file of {size:,} bytes was continued")


@requirement("WRITE-7", capability="resumable_writes", needs=["shared"])
def test_stage_is_not_held_in_memory(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """Nor does one that continues a large stage, and leaves it again."""
    _need_a_server_elsewhere(subject)
    path = tree.path("file")
    size = _stream_size(driver, subject)
    writing = subject.construct(subject.parameters)
    with writing.writer(path) as writer:
        piece = bytes(min(MIB, chunk_size(driver)))
        while writer.size < size:
            writer.write(piece)

    def leave_again() -> None:
        with writing.writer(path, append=True) as continued:
            continued.write(b"more")

    peak, _ = _traced(leave_again)

    with writing.writer(path, append=True) as writer:
        staged = writer.size
        writer.cancel()
    writing.close()
    expect.true(staged > size, "size of the stage", expected=f"more than {size:,}", seen=staged)
    _expect_less(peak, size // 2, f"memory held at most while a stage of {size:,} bytes was continued")


@requirement("WRITE-7", needs=["shared"])
def test_many_writes_take_no_memory_each(tree: Tree, subject: Subject) -> None:
    """Tens of thousands of writes of a byte take no more than what they wrote."""
    _need_a_server_elsewhere(subject)
    writing = subject.construct(subject.parameters)
    count = 20_000
    with writing.writer(tree.path("file")) as writer:
        writer.write(b"first")

        def write() -> None:
            for _ in range(count):
                writer.write(b"x")

        _, held = _traced(write)
        writer.cancel()
    writing.close()
    _expect_less(held, 30 * count, f"memory held after {count:,} writes of a byte")


@requirement("WRITE-7")
def test_memory_of_a_stream_is_given_back(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """After the commit, and the delete of the file, the driver holds nothing of a large stream, wherever its store is."""
    _need_a_server_elsewhere(subject)
    path = tree.path("file")
    size = 8 * MIB
    need_files_of(driver, size)
    writing = subject.construct(subject.parameters)
    # What is made once and kept, as connections are, is made before the count.
    _write_much(writing, path, size // 4)

    def write_and_delete() -> None:
        for _ in range(2):
            _write_much(writing, path, size)
            writing.delete(path)

    _, held = _traced(write_and_delete)
    writing.close()

    _expect_less(held, size // 2, f"memory held after streams of {size:,} bytes were committed and deleted")
