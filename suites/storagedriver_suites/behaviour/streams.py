"""Streams as callers use them: written in pieces of every cut, read in pieces, and by many threads at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from storagedriver import FileWriter, StorageDriver
from storagedriver.testing import Content, content, expect, size_of

T = TypeVar("T")

HANG_SECONDS = 30
"""How long calls that wait for nothing may take before they count as hung."""

CUTS = ("one-write", "tiny-writes", "odd-writes", "empty-writes", "halves", "growing-writes")
"""Ways to cut content into writes, as `cut` knows them."""

_MOST_WRITES = 400


def cut(data: Content, way: str) -> Iterator[Content]:
    """`data` in the pieces of one of CUTS, in order.

    However large the data is, the pieces are not more than a few hundred.
    """
    if way == "one-write":
        yield data
    elif way == "tiny-writes":
        # As many single bytes as there may be, at both ends, where they matter; the rest at once.
        head = min(len(data), _MOST_WRITES // 2)
        tail = max(len(data) - _MOST_WRITES // 2, head)
        yield from (data[position : position + 1] for position in range(head))
        if tail > head:
            yield data[head:tail]
        yield from (data[position : position + 1] for position in range(tail, len(data)))
    elif way == "odd-writes":
        # No multiple of it is a boundary of any driver's.
        yield from pieces(data, max(997, len(data) // 37 | 1))
    elif way == "empty-writes":
        yield data[:0]
        for piece in pieces(data, max(1, len(data) // 3)):
            yield piece
            yield data[:0]
    elif way == "halves":
        yield from pieces(data, max(1, (len(data) + 1) // 2))
    elif way == "growing-writes":
        position, length = 0, 1
        while position < len(data):
            yield data[position : position + length]
            position, length = position + length, length * 3
    else:
        raise ValueError(way)


def pieces(data: Content, length: int) -> Iterator[Content]:
    """`data` in pieces of `length` bytes; the last may be shorter."""
    return (data[position : position + length] for position in range(0, len(data), length))


def write_stream(driver: StorageDriver, path: str, data: Iterable[bytes], *, append: bool = False) -> None:
    """Write the pieces as one stream, and commit it."""
    with driver.writer(path, append=append) as writer:
        for piece in data:
            writer.write(piece)
        writer.commit()


def stage(driver: StorageDriver, path: str, data: bytes, *, append: bool = False) -> None:
    """Leave a stream of `data` closed and not committed."""
    with driver.writer(path, append=append) as writer:
        if data:
            writer.write(data)


def stage_many(driver: StorageDriver, contents: Mapping[str, bytes]) -> None:
    """Leave a stream of each content closed and not committed, by path, several at a time."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        for done in [pool.submit(stage, driver, path, data) for path, data in contents.items()]:
            done.result()


def opened(driver: StorageDriver, path: str, data: bytes, *, append: bool = False) -> FileWriter:
    """A writer that `data` was written to, still open."""
    writer = driver.writer(path, append=append)
    if data:
        writer.write(data)
    return writer


def read_from(driver: StorageDriver, path: str, offset: int = 0) -> bytes:
    """All that a reader gives from `offset` on."""
    with driver.reader(path, offset) as stream:
        return stream.read()


def put_old(driver: StorageDriver, path: str, words: str) -> Content | None:
    """Put what a stream is to replace or to leave, of the size that `words` mean; "absent" puts nothing."""
    if words == "absent":
        return None
    old = content(size_of(words, driver), seed=77)
    driver.put_content(path, old)
    return old


def expect_old(driver: StorageDriver, path: str, old: bytes | None, what: str) -> None:
    """At `path` is what `put_old` left there, to each method that reads."""
    __tracebackhide__ = True
    if old is None:
        expect.absent(driver, path, what)
        return
    expect.file(driver, path, old, what)
    expect.equal(read_from(driver, path), old, f"by a reader: {what}")


def expect_no_stage(driver: StorageDriver, path: str, old: bytes | None, what: str) -> None:
    """Nothing is staged for `path`: an append, where it is offered, continues `old` or finds nothing."""
    __tracebackhide__ = True
    if not driver.capabilities.append:
        return
    if old is None:
        expect.not_found(lambda: driver.writer(path, append=True).cancel(), f"append: {what}")
        return
    with driver.writer(path, append=True) as writer:
        expect.equal(writer.size, len(old), f"size of an append: {what}")
        writer.commit()
    expect.file(driver, path, old, f"content after an append of nothing: {what}")


CALLS: Mapping[str, Callable[[FileWriter], object]] = {
    "write": lambda writer: writer.write(b"too late"),
    "write-nothing": lambda writer: writer.write(b""),
    "commit": lambda writer: writer.commit(),
    "cancel": lambda writer: writer.cancel(),
    "close": lambda writer: writer.close(),
}
"""What may be called on a writer."""


def call_all(writer: FileWriter, calls: str) -> None:
    """Make calls of CALLS, named with spaces between, on a writer."""
    for call in calls.split():
        CALLS[call](writer)


WRITTEN = ("put", "stream", "append")
"""Ways in which a file can come to be, as `write_as` knows them."""


def write_as(written: str, driver: StorageDriver, path: str, data: Content) -> None:
    """Make `data` the whole content of a file in one of the ways of WRITTEN; one that is not offered becomes a stream."""
    if written == "put":
        driver.put_content(path, data)
    elif written == "append" and driver.capabilities.append:
        half = len(data) // 2
        write_stream(driver, path, [data[:half]])
        write_stream(driver, path, [data[half:]], append=True)
    else:
        write_stream(driver, path, [data])


def made(words: str, driver: StorageDriver, seed: int) -> Content:
    """Content of the size that `words` mean for the driver."""
    return content(size_of(words, driver), seed=seed)


def bounded(action: Callable[[], T], what: str) -> T:
    """What `action` returns or raises; that it returns at all, within a generous time, is judged."""
    (result,) = together([action], what)
    return result


def together(actions: Sequence[Callable[[], T]], what: str) -> list[T]:
    """What `actions` return, released at once in a thread each.

    Raises:
        ContractViolation: One has not returned within a generous time.
        Exception: The first that an action raised.
    """
    barrier = threading.Barrier(len(actions))
    futures: list[Future[T]] = [Future() for _ in actions]

    def run(action: Callable[[], T], future: Future[T]) -> None:
        try:
            barrier.wait(HANG_SECONDS)
            result = action()
        except BaseException as error:  # noqa: BLE001  handed to the caller
            future.set_exception(error)
        else:
            future.set_result(result)

    threads = [
        threading.Thread(target=run, args=pair, daemon=True, name=f"check-{number}")
        for number, pair in enumerate(zip(actions, futures, strict=True))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANG_SECONDS)
    hung = [thread.name for thread in threads if thread.is_alive()]
    expect.true(not hung, what, expected=f"all return within {HANG_SECONDS} s", seen=f"{', '.join(hung)} hang")
    return [future.result() for future in futures]
