"""Readers as callers use them: read in pieces and lines, closed half-way, watched while their file changes."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, cast

from storagedriver import StorageDriver, paths
from storagedriver.testing import Content, Subject, expect
from storagedriver_suites.behaviour.streams import together, write_stream

MANY_READERS = 130
"""More readers than a pool of connections commonly holds."""

MOST_PUTS = 20_000


def bare(stream: BinaryIO) -> BinaryIO:
    """The stream that the driver itself gave: recording has ways of its own to iterate and to leave `with`."""
    return cast("BinaryIO", getattr(stream, "inner", stream))


def read_into(stream: BinaryIO, buffer: bytearray | memoryview) -> int:
    """What readinto says that it read; typing knows no readinto of a binary stream."""
    count: int = stream.readinto(buffer)  # type: ignore[attr-defined]
    return count


def read_in_pieces(stream: BinaryIO, size: int, most: int) -> bytes:
    """All that read(size) gives until the end, which must come within `most` bytes; no piece is too long."""
    __tracebackhide__ = True
    pieces = []
    left = most
    while piece := stream.read(size):
        pieces.append(piece)
        left -= len(piece)
        expect.true(len(piece) <= size, f"read({size})", expected=f"at most {size} bytes", seen=piece)
        expect.true(left >= 0, f"read({size}) until the end", expected=f"{most} bytes", seen=b"".join(pieces))
    return b"".join(pieces)


def read_into_pieces(stream: BinaryIO, size: int, most: int) -> bytes:
    """All that readinto() of a buffer of `size` bytes gives until it says 0; what it did not read is not touched."""
    __tracebackhide__ = True
    found = bytearray()
    while True:
        buffer = bytearray(b"\xaa" * size)
        count = read_into(stream, buffer)
        expect.true(0 <= count <= size, f"what readinto of {size} bytes returns", expected=f"0 to {size}", seen=count)
        rest = bytes(buffer[count:])
        expect.equal(rest, b"\xaa" * (size - count), f"the rest of a buffer of which readinto filled {count} bytes")
        if not count:
            return bytes(found)
        found += buffer[:count]
        expect.true(len(found) <= most, "readinto until the end", expected=f"{most} bytes", seen=bytes(found))


def _into(size: int) -> Callable[[BinaryIO], bytes]:
    def read(stream: BinaryIO) -> bytes:
        buffer = bytearray(size)
        return bytes(buffer[: read_into(stream, buffer)])

    return read


READS: Mapping[str, Callable[[BinaryIO], bytes]] = {
    "read": lambda stream: stream.read(),
    "read-all": lambda stream: stream.read(-1),
    "read-one": lambda stream: stream.read(1),
    "read-many": lambda stream: stream.read(1 << 20),
    "readinto": _into(100),
    "readline": lambda stream: stream.readline(),
    "readline-of-one": lambda stream: stream.readline(1),
    "next": lambda stream: next(stream, b""),
    "next-of-its-own": lambda stream: next(bare(stream), b""),
}
"""Calls that read, by name; at the end each gives nothing."""


def expect_end(stream: BinaryIO, what: str) -> None:
    """The stream is at its end: every way to read gives nothing, again and again."""
    __tracebackhide__ = True
    for again in ("", ", again"):
        for name, read in READS.items():
            expect.equal(read(stream), b"", f"{name} at the end{again}: {what}")


def expect_closed(stream: BinaryIO, what: str) -> None:
    """The stream is closed: every way to read raises ValueError."""
    __tracebackhide__ = True
    for name, read in READS.items():
        with expect.raises(ValueError, f"{name} of a closed reader: {what}"):
            read(stream)
    expect.equal((stream.closed, bare(stream).closed), (True, True), f"whether the reader is closed: {what}")


@contextlib.contextmanager
def switching_often() -> Iterator[None]:
    """Let Python change between threads after every few instructions, so that what can come between two steps does."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def enough(subject: Subject) -> tuple[int, int]:
    """How many puts and reads of one file show what comes between them; fewer where each is a server's work."""
    puts, reads = (20, 60) if subject.target.backend is not None else (50, 1500)
    return (puts, reads) if subject.profile == "quick" else (puts * 2, reads * 2)


def watch_puts(
    put: Callable[[bytes], object], read: Callable[[], bytes], contents: tuple[bytes, bytes], often: tuple[int, int]
) -> list[bytes]:
    """What two threads read that is neither of `contents`, while a third puts these in turn until they have read enough.

    Args:
        put: Puts one of the contents.
        read: Reads the file once.
        contents: The contents; the second is there already.
        often: How often the file is put and read at least.
    """
    seen: list[bytes] = []
    done: list[None] = []
    over = threading.Event()

    def change() -> None:
        try:
            for number in range(MOST_PUTS):
                put(contents[number % 2])
                if over.is_set() or (number >= often[0] and len(done) >= often[1]):
                    return
        finally:
            over.set()

    def watch() -> None:
        try:
            while True:
                last = over.is_set()
                data = read()
                done.append(None)
                if data not in contents:
                    seen.append(data)
                if last or seen:
                    return
        finally:
            over.set()

    with switching_often():
        together([change, watch, watch], "puts and reads of one file")
    return seen


def _put_other(driver: StorageDriver, path: str) -> None:
    driver.put_content(f"{path}-source", b"moved onto it")
    driver.move(f"{path}-source", path)


def _put_anew(driver: StorageDriver, path: str, data: bytes) -> None:
    driver.delete(path)
    driver.put_content(path, data)


def move_over(driver: StorageDriver, path: str, data: bytes) -> None:
    """Make `data` the content of a file by the move of another one onto it."""
    driver.put_content(f"{path}-source", data)
    driver.move(f"{path}-source", path)


REPLACEMENTS: Mapping[str, Callable[[StorageDriver, str, Content], None]] = {
    "by-a-shorter-put": lambda driver, path, data: driver.put_content(path, b"short"),  # noqa: ARG005
    "by-an-empty-put": lambda driver, path, data: driver.put_content(path, b""),  # noqa: ARG005
    "by-a-put-of-one-size": lambda driver, path, data: driver.put_content(path, data[::-1]),
    "by-a-longer-put": lambda driver, path, data: driver.put_content(path, data[::-1] + b"behind" * 50),
    "by-a-stream": lambda driver, path, data: write_stream(driver, path, [data[::-1], b"behind"]),
    "by-a-move-onto-it": lambda driver, path, data: _put_other(driver, path),  # noqa: ARG005
    "by-a-move-of-its-size": lambda driver, path, data: move_over(driver, path, data[::-1]),
    "after-a-delete": lambda driver, path, data: _put_anew(driver, path, data[::-1] + b"behind"),
}
"""Ways to replace the content of a file, given what it is: each leaves other bytes at every place."""

REMOVALS: Mapping[str, Callable[[StorageDriver, str], None]] = {
    "deleted": lambda driver, path: driver.delete(path),
    "deleted-with-its-directory": lambda driver, path: driver.delete(paths.parent(path)),
    "moved": lambda driver, path: driver.move(path, f"{path}-moved"),
}
"""Ways in which a file leaves its path."""
