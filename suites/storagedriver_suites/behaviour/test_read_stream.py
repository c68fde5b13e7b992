"""READ: readers as the binary streams that library code takes them for."""

from __future__ import annotations

import array
import gzip
import hashlib
import io
import shutil
import tarfile
from collections.abc import Callable, Mapping
from typing import BinaryIO

import pytest

from storagedriver import StorageDriver
from storagedriver.testing import Tree, content, expect, full, requirement, size_of
from storagedriver_suites.behaviour.contents import LINES
from storagedriver_suites.behaviour.readers import (
    MANY_READERS,
    bare,
    expect_closed,
    expect_end,
    read_in_pieces,
    read_into,
    read_into_pieces,
)
from storagedriver_suites.behaviour.streams import bounded, made, read_from

# --- read


@requirement("READ-5")
@pytest.mark.parametrize("k", [1, 2, 7, 100, 499, 500, 999, 1000, 1001, 65_536, 2**31 - 1])
def test_read_in_pieces_of_any_size(driver: StorageDriver, tree: Tree, k: int) -> None:
    """read(k) gives at most k bytes, and together all, each byte once, then nothing again and again."""
    data = content(1000, seed=1)
    driver.put_content(tree.path("file"), data)

    for offset in (0, 500):
        with driver.reader(tree.path("file"), offset) as reader:
            seen = read_in_pieces(reader, k, len(data))
            expect.equal(seen, data[offset:], f"content read by read({k})")
            expect_end(reader, f"after read({k})")


@requirement("READ-5")
@pytest.mark.parametrize(
    "k",
    [
        "65536",
        "chunk-1",
        "chunk",
        "chunk+1",
        pytest.param("65537", marks=full),
        pytest.param("1048576", marks=full),
        pytest.param("2*chunk", marks=full),
        pytest.param("4095", marks=full),
        pytest.param("8192", marks=full),
    ],
)
@pytest.mark.parametrize(
    "size", ["chunk+1", pytest.param("2*chunk", marks=full), pytest.param("3*chunk-1", marks=full)]
)
def test_read_large_content_in_pieces(driver: StorageDriver, tree: Tree, size: str, k: str) -> None:
    """Pieces around the sizes of buffers and chunks lose nothing where they meet."""
    data = made(size, driver, seed=2)
    driver.put_content(tree.path("file"), data)

    with driver.reader(tree.path("file")) as reader:
        seen = read_in_pieces(reader, size_of(k, driver), len(data))
        expect.equal(seen, data, f"content read by read({k})")
        expect.equal(reader.read(), b"", "the end")


@requirement("READ-5")
def test_read_in_mixed_pieces(driver: StorageDriver, tree: Tree) -> None:
    """Pieces of nothing, of one byte, lines and buffers follow each other without a gap; what is left comes at last."""
    data = content(5000, seed=3)[:4000] + b"\nend\n" + content(70_000, seed=4)
    driver.put_content(tree.path("file"), data)

    with driver.reader(tree.path("file")) as reader:
        seen = reader.read(0)
        expect.equal(seen, b"", "read(0) at the start")
        seen += reader.read(1) + reader.read(0) + reader.read(17)
        buffer = bytearray(30)
        seen += buffer[: read_into(reader, buffer)]
        seen += reader.readline()
        seen += reader.read(0)
        seen += reader.readline(5)
        seen += reader.read(40)
        rest = reader.read(-1)
        expect.equal(seen + rest, data, "content in mixed pieces")
        expect.equal(reader.read(0), b"", "read(0) at the end")
        expect_end(reader, "after mixed pieces")


@requirement("READ-5")
@pytest.mark.parametrize("taken", [0, 1, 300, 65_536, 100_000])
def test_read_without_a_size_gives_the_rest(driver: StorageDriver, tree: Tree, taken: int) -> None:
    """read(), read(-1) and read(None) give all that was not read yet, as bytes."""
    data = content(100_000, seed=5)
    driver.put_content(tree.path("file"), data)
    reads: Mapping[str, Callable[[BinaryIO], bytes]] = {
        "read": lambda stream: stream.read(),
        "read-all": lambda stream: stream.read(-1),
        "read-none": lambda stream: stream.read(None),  # type: ignore[arg-type]  # binary files take it
    }

    for rest, read in reads.items():
        with driver.reader(tree.path("file")) as reader:
            first = _exactly(reader, taken)
            second = read(reader)

        expect.equal(second, data[taken:], f"the rest, by {rest}")
        expect.equal((type(first), type(second)), (bytes, bytes), "types of what is read")
        expect.equal(first, data[:taken], "what was read before")


def _exactly(reader: BinaryIO, count: int) -> bytes:
    """`count` bytes, in as many pieces as they come in."""
    seen = b""
    while len(seen) < count:
        piece = reader.read(count - len(seen))
        expect.true(piece, f"{count} bytes", expected="more of them", seen=seen)
        seen += piece
    return seen


@requirement("READ-5")
def test_reader_that_says_that_it_can_seek_does(driver: StorageDriver, tree: Tree) -> None:
    """Where seekable() is true, what is read after a seek is what lies there, and tell() says where that is."""
    data = content(100_000, seed=10)
    driver.put_content(tree.path("file"), data)
    places = [(500, 0, 500), (0, 0, 0), (-7, 2, 99_993), (0, 2, 100_000), (3, 0, 3), (10, 1, 13), (65_536, 0, 65_536)]

    with driver.reader(tree.path("file")) as recorded:
        reader = bare(recorded)
        for offset, whence, position in places if reader.seekable() else ():
            what = f"after seek({offset}, {whence})"
            reader.seek(offset, whence)
            expect.equal(reader.tell(), position, f"tell {what}")
            expect.equal(_exactly(reader, min(100, len(data) - position)), data[position : position + 100], what)
            reader.seek(position)


# --- readinto


@requirement("READ-5")
@pytest.mark.parametrize("length", [1, 7, 100, 999, 1000, 1001, 4096])
def test_readinto_buffers_of_any_size(driver: StorageDriver, tree: Tree, length: int) -> None:
    """Readinto fills as much of a buffer as it says, leaves the rest alone, and says 0 at the end."""
    data = content(1000, seed=6)
    driver.put_content(tree.path("file"), data)

    for offset in (0, 1, 999):
        with driver.reader(tree.path("file"), offset) as reader:
            seen = read_into_pieces(reader, length, len(data))
            expect.equal(seen, data[offset:], f"content read into buffers of {length} bytes")
            expect_end(reader, "after readinto")


@requirement("READ-5")
@pytest.mark.parametrize("length", ["65536", "chunk", "2*chunk"])
def test_readinto_large_buffers(driver: StorageDriver, tree: Tree, length: str) -> None:
    """Buffers around the chunk size are filled without loss where they meet."""
    data = made("chunk+1", driver, seed=7)
    driver.put_content(tree.path("file"), data)

    with driver.reader(tree.path("file")) as reader:
        seen = read_into_pieces(reader, size_of(length, driver), len(data))

    expect.equal(seen, data, f"content read into buffers of {length} bytes")


@requirement("READ-5")
def test_readinto_part_of_a_buffer(driver: StorageDriver, tree: Tree) -> None:
    """Into a view of the middle of a buffer nothing is written beside it; into an empty one nothing is read."""
    data = content(1000, seed=8)
    driver.put_content(tree.path("file"), data)
    buffer = bytearray(b"\xaa" * 500)

    with driver.reader(tree.path("file")) as reader:
        nothing = read_into(reader, bytearray())
        count = read_into(reader, memoryview(buffer)[100:400])
        rest = reader.read()

    expect.equal(nothing, 0, "readinto of an empty buffer")
    expect.equal(bytes(buffer[100 : 100 + count]), data[:count], "what was read into the middle of a buffer")
    beside = bytes(buffer[:100] + buffer[100 + count :])
    expect.equal(beside, b"\xaa" * (500 - count), "what lies beside it")
    expect.equal(rest, data[count:], "the rest")


ITEMS: Mapping[str, Callable[[], array.array[int] | memoryview]] = {
    "two-byte-items": lambda: array.array("H", bytes(240)),
    "four-byte-items": lambda: array.array("I", bytes(240)),
    "eight-byte-items": lambda: array.array("Q", bytes(240)),
    "signed-bytes": lambda: memoryview(bytearray(240)).cast("b"),
    "rows": lambda: memoryview(bytearray(240)).cast("B", shape=[30, 8]),
    "slice-of-items": lambda: memoryview(array.array("I", bytes(480)))[10:70],
}
"""Buffers of 240 bytes that are no bytes to Python."""


@requirement("READ-5")
@pytest.mark.parametrize("kind", ITEMS)
def test_readinto_any_buffer(driver: StorageDriver, tree: Tree, kind: str) -> None:
    """Whatever items a buffer has, it is filled with bytes, as many as readinto says, and its owner goes on with it."""
    data = content(1000, seed=9)
    driver.put_content(tree.path("file"), data)
    buffer = ITEMS[kind]()

    with driver.reader(tree.path("file"), 3) as reader:
        count: int = reader.readinto(buffer)  # type: ignore[attr-defined]
        rest = reader.read()

    expect.true(0 < count <= 240, f"what readinto of {kind} returns", expected="1 to 240", seen=count)
    expect.equal(memoryview(buffer).tobytes()[:count], data[3 : 3 + count], f"what was read into {kind}")
    expect.equal(rest, data[3 + count :], "the rest")


# --- lines


@requirement("READ-5")
@pytest.mark.parametrize("kind", LINES)
def test_lines_end_at_line_feeds(driver: StorageDriver, tree: Tree, kind: str) -> None:
    """Lines come whole, with their line feeds, the last one without it too; a carriage return ends none."""
    data = LINES[kind]
    driver.put_content(tree.path("file"), data)
    ways: Mapping[str, Callable[[BinaryIO], list[bytes]]] = {
        "readline": lambda stream: list(iter(stream.readline, b"")),
        "iteration": lambda stream: list(bare(stream)),
        "readlines": lambda stream: stream.readlines(),
    }

    for way, read in ways.items():
        with driver.reader(tree.path("file")) as reader:
            lines = bounded(lambda: read(reader), f"{way} to the end")  # noqa: B023  called at once
            expect.equal(lines, io.BytesIO(data).readlines(), f"lines by {way}")
            expect_end(reader, f"after {way}")


@requirement("READ-5")
def test_readline_of_a_size_gives_no_more(driver: StorageDriver, tree: Tree) -> None:
    """readline(k) gives at most k bytes of a line, and goes on in it; readline(-1) gives it whole."""
    data = b"first\nsecond\n\nlast"
    driver.put_content(tree.path("file"), data)

    for k in (0, 1, 2, 3, 100, -1):
        expected = io.BytesIO(data)
        with driver.reader(tree.path("file")) as reader:
            for _ in range(20):
                expect.equal(reader.readline(k), expected.readline(k), f"readline({k})")
            expect.equal(reader.read(), expected.read(), "the rest")


@requirement("READ-5")
def test_lines_from_an_offset(driver: StorageDriver, tree: Tree) -> None:
    """From an offset in a line, the first line is the rest of it, also after some bytes were read."""
    driver.put_content(tree.path("file"), b"first\nsecond\nthird")

    with driver.reader(tree.path("file"), 2) as reader:
        seen = [reader.read(1), *reader]

    expect.equal(seen, [b"r", b"st\n", b"second\n", b"third"], "lines from an offset")


# --- in the hands of a library


def _tar(data: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for number, part in enumerate((data[:100], b"", data)):
            member = tarfile.TarInfo(f"member{number}")
            member.size = len(part)
            archive.addfile(member, io.BytesIO(part))
    return packed.getvalue()


def _last_of_tar(stream: BinaryIO) -> bytes:
    found = b""
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            extracted = archive.extractfile(member)
            found = b"" if extracted is None else extracted.read()
    return found


def _copied(stream: BinaryIO) -> bytes:
    target = io.BytesIO()
    shutil.copyfileobj(stream, target, 1000)
    return target.getvalue()


LIBRARIES: Mapping[str, tuple[Callable[[bytes], bytes], Callable[[BinaryIO], bytes], Callable[[bytes], bytes]]] = {
    "copyfileobj": (bytes, _copied, bytes),
    "file_digest": (
        bytes,
        lambda stream: hashlib.file_digest(stream, "sha256").digest(),  # type: ignore[arg-type]  # it has readinto
        lambda data: hashlib.sha256(data).digest(),
    ),
    "gzip": (gzip.compress, lambda stream: gzip.GzipFile(fileobj=stream).read(), bytes),
    "tarfile": (_tar, _last_of_tar, bytes),
    "buffered": (bytes, lambda stream: io.BufferedReader(stream).read(), bytes),  # type: ignore[type-var]  # it has readinto
    "bytes-joined": (bytes, b"".join, bytes),
}
"""What packs content, what reads it from a stream with functions of the standard library, and what that must give."""


@requirement("READ-5")
@pytest.mark.parametrize("library", LIBRARIES)
def test_reader_serves_library_code(driver: StorageDriver, tree: Tree, library: str) -> None:
    """The standard library reads a file through it as it does through one of its own."""
    pack, read, expected = LIBRARIES[library]
    data = content(150_000, seed=9)
    driver.put_content(tree.path("file"), pack(data))

    with driver.reader(tree.path("file")) as reader:
        seen = read(reader)

    expect.equal(seen, expected(data), f"what {library} reads")


# --- the end of a reader


@requirement("READ-5")
@pytest.mark.parametrize("read", [0, 1, 500, 1000])
def test_closed_reader_raises(driver: StorageDriver, tree: Tree, read: int) -> None:
    """Closed by itself, or by `with`, before, amid or at the end: every way to read raises ValueError."""
    driver.put_content(tree.path("file"), content(1000))

    reader = driver.reader(tree.path("file"))
    reader.read(read)
    reader.close()
    expect_closed(reader, f"close after {read} bytes")

    with driver.reader(tree.path("file")) as reader:
        reader.read(read)
    expect_closed(reader, f"the end of `with` after {read} bytes")

    # Recording leaves by itself what `with` began; what the driver's own reader does is judged on that.
    with bare(driver.reader(tree.path("file"))) as own:
        own.read(read)
    expect_closed(own, f"the end of its own `with` after {read} bytes")

    opened = bare(driver.reader(tree.path("file")))
    opened.read(read)
    with pytest.raises(KeyError, match="the caller's"), opened:
        raise KeyError("the caller's")
    expect_closed(opened, f"an error in `with` after {read} bytes")


@requirement("READ-5")
@pytest.mark.parametrize("size", ["0", "1000", "chunk+1"])
def test_reader_can_be_closed_twice(driver: StorageDriver, tree: Tree, size: str) -> None:
    """A second and a third close do nothing, not after `with` either; it is open before and closed after."""
    driver.put_content(tree.path("file"), made(size, driver, seed=1))

    for read in (0, 1, 1000):
        with driver.reader(tree.path("file")) as recorded:
            reader = bare(recorded)
            expect.equal((reader.closed, reader.readable()), (False, True), "whether a reader is closed, or readable")
            reader.read(read)
            reader.close()
            reader.close()
        reader.close()

        expect_closed(recorded, f"closed many times after {read} bytes")


@requirement("READ-5")
@pytest.mark.parametrize(("size", "read"), [("1000", 0), ("chunk+1", 1)])
def test_half_read_reader_returns_its_connection(driver: StorageDriver, tree: Tree, size: str, read: int) -> None:
    """More readers than any pool has connections are opened, read a little, and closed; the driver works as before."""
    path = tree.path("file")
    data = made(size, driver, seed=2)
    driver.put_content(path, data)

    for _ in range(MANY_READERS):
        with driver.reader(path) as reader:
            expect.equal(reader.read(read), data[:read], "the first bytes")

    expect.file(driver, path, data, "content after many readers that were closed half-read")
    expect.equal(bounded(lambda: read_from(driver, path), "one more reader"), data, "content by one more reader")
    driver.put_content(path, b"new")
    expect.file(driver, path, b"new", "content that was put after it")


@requirement("READ-5")
@pytest.mark.parametrize("size", ["3000", "chunk+1"])
@pytest.mark.parametrize("read", [0, 10])
def test_next_reader_has_nothing_of_a_half_read_one(driver: StorageDriver, tree: Tree, size: str, read: int) -> None:
    """What a closed reader left unread is in no other, of the same file or another, from wherever that begins."""
    path, other = tree.paths("file", "other")
    files = {path: made(size, driver, seed=1), other: content(3000, seed=2)}
    for each, data in files.items():
        driver.put_content(each, data)

    for offset in (0, 1, 1500, 2999, 3000):
        for each, data in files.items():
            with driver.reader(path, offset) as reader:
                reader.read(read)

            expect.equal(read_from(driver, each, offset), data[offset:], "content by a reader after a half-read one")


@requirement("READ-5")
def test_what_is_read_stays_when_the_reader_is_closed(driver: StorageDriver, tree: Tree) -> None:
    """Bytes that were read are the caller's: later reads, and the close, don't change them."""
    data = content(3000, seed=3)
    driver.put_content(tree.path("file"), data)

    with driver.reader(tree.path("file")) as reader:
        first = reader.read(1000)
        second = reader.read(1000)
        buffer = bytearray(1000)
        count = read_into(reader, buffer)
    driver.put_content(tree.path("file"), b"new")

    expect.equal((first, second), (data[:1000], data[1000:2000]), "what was read before the close")
    expect.equal(bytes(buffer[:count]), data[2000 : 2000 + count], "what was read into a buffer before the close")
