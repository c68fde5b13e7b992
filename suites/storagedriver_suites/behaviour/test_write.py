"""WRITE: streams in; what is seen before the commit, and after it."""

from __future__ import annotations

import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import pytest

from storagedriver import PathNotFoundError, StorageDriver
from storagedriver.testing import (
    BOUNDARY_SIZES,
    Content,
    Subject,
    Tree,
    chunk_size,
    content,
    expect,
    full,
    requirement,
    size_of,
)
from storagedriver_suites.behaviour.contents import need_files_of, nuls
from storagedriver_suites.behaviour.names import finish_walk
from storagedriver_suites.behaviour.shapes import put_all
from storagedriver_suites.behaviour.streams import (
    CUTS,
    bounded,
    cut,
    expect_old,
    made,
    opened,
    pieces,
    put_old,
    write_as,
    write_stream,
)

if TYPE_CHECKING:
    from typing_extensions import Buffer

MANY_CHUNKS_BYTES = 64 * 1024 * 1024
"""About the most that a quick check of many chunks writes."""


# --- WRITE-1: before the commit


@requirement("WRITE-1")
@pytest.mark.parametrize("state", ["open", "closed"])
@pytest.mark.parametrize(
    ("size", "old"),
    [
        pytest.param("0", "absent", marks=full),
        pytest.param("0", "1000", marks=full),
        ("1", "absent"),
        ("1", "1000"),
        ("chunk+1", "absent"),
        ("chunk+1", "1000"),
        ("2000", "0"),
        pytest.param("chunk-1", "absent", marks=full),
        pytest.param("chunk", "absent", marks=full),
        pytest.param("100", "chunk+1", marks=full),
        pytest.param("2*chunk+1", "1000", marks=full),
        pytest.param("2*chunk+1", "2*chunk+1", marks=full),
    ],
)
def test_uncommitted_stream_is_invisible(driver: StorageDriver, tree: Tree, size: str, old: str, state: str) -> None:
    """To get, reader, stat, list and walk a stream is not there, and an old file is as it was, until the commit."""
    beside, path = tree.paths("d/beside", "d/file")
    driver.put_content(beside, b"beside")
    before = put_old(driver, path, old)
    listed = [beside] if before is None else [beside, path]

    writer = opened(driver, path, made(size, driver, seed=1))
    if state == "closed":
        writer.close()

    expect_old(driver, path, before, f"a file whose stream is {state}")
    expect.children(driver, tree.path("d"), listed, f"children beside a stream that is {state}")
    expect.children(driver, tree.root, tree.paths("d"), f"directories beside a stream that is {state}")
    expect.equal(finish_walk(driver, tree.root), [tree.path("d"), *listed], f"walk with a stream that is {state}")
    writer.cancel()


@requirement("WRITE-1")
@pytest.mark.parametrize("size", ["100", "chunk+1"])
@pytest.mark.parametrize("state", ["open", "closed"])
def test_parents_of_an_uncommitted_stream_are_invisible(
    driver: StorageDriver, tree: Tree, size: str, state: str
) -> None:
    """Directories that a new file is to lie in are not there before it is."""
    driver.put_content(tree.path("beside"), b"beside")

    writer = opened(driver, tree.path("n/s/file"), made(size, driver, seed=1))
    if state == "closed":
        writer.close()

    for parent in tree.paths("n", "n/s", "n/s/file"):
        expect.absent(driver, parent, f"the place of a stream that is {state}")
    expect.children(driver, tree.root, tree.paths("beside"), f"children beside a stream that is {state}")
    expect.equal(finish_walk(driver, tree.root), tree.paths("beside"), f"walk with a stream that is {state}")
    writer.cancel()


@requirement("WRITE-1")
@pytest.mark.parametrize(("base", "more"), [("1000", "1"), ("0", "100"), ("1000", "chunk+1"), ("chunk+1", "100")])
def test_uncommitted_append_is_invisible(driver: StorageDriver, tree: Tree, base: str, more: str) -> None:
    """What is appended is not seen before the commit; without append the stream replaces, as unseen."""
    path = tree.path("d/file")
    before = put_old(driver, path, base)

    writer = opened(driver, path, made(more, driver, seed=1), append=driver.capabilities.append)

    expect_old(driver, path, before, "a file that is being appended to")
    expect.children(driver, tree.path("d"), [path], "children while one is appended to")
    expect.equal(finish_walk(driver, tree.root), [tree.path("d"), path], "walk while a file is appended to")
    writer.cancel()


@requirement("WRITE-1")
@pytest.mark.parametrize("way", ["tiny-writes", "halves"])
def test_nothing_shows_between_writes(driver: StorageDriver, tree: Tree, way: str) -> None:
    """After each write, the last one included, nothing shows."""
    path = tree.path("file")
    data = made("20", driver, seed=1) if way == "tiny-writes" else made("chunk+1", driver, seed=1)

    with driver.writer(path) as writer:
        for piece in cut(data, way):
            writer.write(piece)
            expect.not_found(lambda: driver.stat(path), "stat between writes")
            expect.not_found(lambda: driver.get_content(path), "get_content between writes")
        writer.commit()

    expect.file(driver, path, data, "content after the commit")


@requirement("WRITE-1")
@pytest.mark.parametrize("old", ["absent", "1000"])
def test_uncommitted_stream_cannot_be_moved(driver: StorageDriver, tree: Tree, old: str) -> None:
    """Move takes the old file, or finds nothing; the stream goes nowhere."""
    path, dest = tree.paths("file", "dest")
    before = put_old(driver, path, old)
    writer = opened(driver, path, made("100", driver, seed=1))

    if before is None:
        expect.not_found(lambda: driver.move(path, dest), "move of what is not committed")
    else:
        driver.move(path, dest)

    expect_old(driver, dest, before, "what was moved while a stream was open")
    writer.cancel()


@requirement("WRITE-1")
@pytest.mark.parametrize("old", ["absent", "1000"])
@pytest.mark.parametrize("size", ["100", "chunk+1"])
def test_uncommitted_stream_is_invisible_to_another_driver(
    driver: StorageDriver, tree: Tree, subject: Subject, size: str, old: str
) -> None:
    """Another driver on the store sees as little of the stream, before the commit, and all after it."""
    path = tree.path("d/file")
    data = made(size, driver, seed=1)
    before = put_old(driver, path, old)
    another = subject.open()
    writer = opened(driver, path, data)

    expect_old(another, path, before, "an uncommitted file, to another driver")
    writer.commit()

    expect_old(another, path, data, "the committed file, to another driver")


def content_here(driver: StorageDriver, path: str) -> bytes | None:
    """The content as another process reads it, None if there is none; run by Subject.elsewhere."""
    try:
        return driver.get_content(path)
    except PathNotFoundError:
        return None


@requirement("WRITE-1", needs=["shared"])
def test_uncommitted_stream_is_invisible_to_another_process(
    driver: StorageDriver, tree: Tree, subject: Subject
) -> None:
    """Another process sees nothing of the stream."""
    path = tree.path("file")
    writer = opened(driver, path, made("chunk+1", driver, seed=1))

    seen = subject.elsewhere(content_here, path)

    expect.equal(seen, None, "an uncommitted file, in another process")
    writer.cancel()


@requirement("WRITE-1", needs=["root"])
@pytest.mark.parametrize("state", ["open", "closed", "cancelled", "committed"])
@pytest.mark.parametrize("size", ["100", "chunk+1"])
def test_internals_of_a_stream_are_nowhere_in_the_store(subject: Subject, size: str, state: str) -> None:
    """In a store with nothing else, list and walk of `/` show no temporary file, no part and no marker of a stream."""
    store = subject.open_root("store")
    writer = opened(store, "/d/file", made(size, store, seed=1))
    finish: Mapping[str, Callable[[], None]] = {
        "open": lambda: None,
        "closed": writer.close,
        "cancelled": writer.cancel,
        "committed": writer.commit,
    }

    finish[state]()

    expect.children(store, "/", ["/d"] if state == "committed" else [], f"children of the store, the stream {state}")
    expect.equal(
        finish_walk(store, "/"),
        ["/d", "/d/file"] if state == "committed" else [],
        f"walk of the store, the stream {state}",
    )
    if state != "committed":
        writer.cancel()


# --- WRITE-2: the content


def _sizes_and_cuts() -> Iterator[object]:
    quick = {
        "0": ("one-write", "empty-writes"),
        "1": ("one-write", "empty-writes"),
        "1000": CUTS,
        "chunk-1": ("one-write", "odd-writes", "tiny-writes"),
        "chunk": ("one-write", "odd-writes", "tiny-writes", "empty-writes"),
        "chunk+1": ("one-write", "odd-writes", "growing-writes"),
        "2*chunk": ("one-write", "halves"),
        "2*chunk+1": ("odd-writes", "halves"),
    }
    for size in ("1000", *BOUNDARY_SIZES, "3*chunk"):
        for way in CUTS:
            yield pytest.param(size, way, marks=[] if way in quick.get(size, ()) else [full])


@requirement("WRITE-2")
@pytest.mark.parametrize(("size", "way"), list(_sizes_and_cuts()))
def test_content_is_what_was_written(driver: StorageDriver, tree: Tree, size: str, way: str) -> None:
    """However a stream is cut, its content is whole and in order, and each write and the commit return."""
    path = tree.path("d/file")
    data = made(size, driver, seed=1)

    bounded(lambda: write_stream(driver, path, cut(data, way)), "a stream that is written and committed")

    expect_old(driver, path, data, f"content written as {way}")


@requirement("WRITE-2")
@pytest.mark.parametrize(
    "size", [4096, 8192, 65536, 1 << 20, *(pytest.param(size, marks=full) for size in (4095, 4097, 65535, 65537))]
)
def test_buffer_sizes_that_are_common_are_no_boundary(driver: StorageDriver, tree: Tree, size: int) -> None:
    """Writes of just the size that a buffer commonly has, one behind the other, lose nothing."""
    need_files_of(driver, 2 * size)
    path = tree.path("file")
    data = content(2 * size, seed=2)

    write_stream(driver, path, pieces(data, size))

    expect.file(driver, path, data, f"content of two writes of {size} bytes")


_SAME = content(1 << 18, seed=5)
_END = content(1000, seed=6)

REPETITIVE: Mapping[str, Sequence[Content]] = {
    "the same again": [_SAME, _SAME, _SAME],
    "the same with another between": [_SAME, _END, _SAME, _SAME],
    "the same byte": [Content.of(b"a" * 1000, "b'a' * 1000")] * 5,
    "nuls at the end": [_END, nuls(1 << 18), nuls(1 << 16)],
    "nuls at the beginning": [nuls(1 << 18), _END],
    "nuls in the middle": [_END, nuls(1 << 20), _END],
    "nuls alone": [nuls(1 << 18), nuls(1 << 18)],
}
"""Pieces of a stream that a store which saves space, or drops what came twice, could leave out."""


@requirement("WRITE-2")
@pytest.mark.parametrize("kind", REPETITIVE)
@pytest.mark.parametrize("old", ["absent", "1000"])
def test_stream_of_repeated_pieces_is_whole(driver: StorageDriver, tree: Tree, kind: str, old: str) -> None:
    """Pieces that are as those before them, or nothing but zero bytes, are content as any other."""
    path = tree.path("file")
    data = b"".join(REPETITIVE[kind])
    need_files_of(driver, len(data))
    put_old(driver, path, old)

    write_stream(driver, path, REPETITIVE[kind])

    expect_old(driver, path, data, f"content of a stream of {kind}")


@requirement("WRITE-2")
@pytest.mark.parametrize("beyond", [0, 1, pytest.param(-1, marks=full)])
def test_many_chunks_stay_in_order(driver: StorageDriver, tree: Tree, subject: Subject, beyond: int) -> None:
    """A stream of more than ten chunks, or as many as a quick check can write, is in order and whole."""
    path = tree.path("file")
    count = 12 if subject.profile != "quick" else min(12, max(3, MANY_CHUNKS_BYTES // chunk_size(driver)))
    data = content(count * chunk_size(driver) + beyond, seed=3)

    write_stream(driver, path, cut(data, "odd-writes"))

    expect_old(driver, path, data, f"content of {count} chunks")


@requirement("WRITE-2")
def test_thousands_of_writes_stay_in_order(driver: StorageDriver, tree: Tree) -> None:
    """However many writes a stream is made of, beyond what numbers of few digits count, they follow each other."""
    path = tree.path("file")
    lines = [f"{number}\n".encode() for number in range(10_050)]

    write_stream(driver, path, lines)

    expect_old(driver, path, b"".join(lines), f"content of {len(lines)} writes")


@requirement("WRITE-2")
@pytest.mark.parametrize("halves", [5, 3])
def test_half_a_chunk_at_the_end_is_kept(driver: StorageDriver, tree: Tree, halves: int) -> None:
    """Chunks and a half, in writes that are no multiple of either, are committed as they are (all parts but the last of one size)."""
    path = tree.path("file")
    data = content(halves * chunk_size(driver) // 2, seed=4)

    write_stream(driver, path, pieces(data, chunk_size(driver) * 3 // 4 + 1))

    expect.file(driver, path, data, f"content of {halves} half chunks")


@requirement("WRITE-2")
@pytest.mark.parametrize(
    ("old", "size"),
    [
        ("0", "1"),
        ("1", "1000"),
        ("1000", "1"),
        ("1000", "1000"),
        ("chunk+1", "100"),
        ("100", "chunk+1"),
        pytest.param("2*chunk+1", "chunk", marks=full),
        pytest.param("chunk", "2*chunk+1", marks=full),
    ],
)
@pytest.mark.parametrize("written", ["put", pytest.param("stream", marks=full), pytest.param("append", marks=full)])
def test_stream_replaces(driver: StorageDriver, tree: Tree, old: str, size: str, written: str) -> None:
    """Nothing of the old content is left, be it longer or shorter, and however it was written."""
    path = tree.path("file")
    data = made(size, driver, seed=1)
    write_as(written, driver, path, made(old, driver, seed=2))

    write_stream(driver, path, cut(data, "halves"))

    expect_old(driver, path, data, "content after a stream over an old file")
    expect.children(driver, tree.root, [path], "children after a stream over an old file")


@requirement("WRITE-2")
@pytest.mark.parametrize(
    "name",
    [
        "a/b/c/d",
        ".hidden/.file",
        "a.b/_uploads/file.part",
        *(pytest.param(name, marks=full) for name in ("file", "-/--", "file.tmp")),
    ],
)
def test_stream_to_any_name(driver: StorageDriver, tree: Tree, name: str) -> None:
    """A stream makes the parents, and exactly its file."""
    put_all(driver, tree.root, ["beside"])
    data = made("300", driver, seed=5)

    write_stream(driver, tree.path(name), cut(data, "halves"))

    expect.file(driver, tree.path(name), data, "a streamed file")
    infos = [info.path for info in driver.walk(tree.root) if not info.is_dir]
    expect.equal(sorted(infos), sorted(tree.paths("beside", name)), "files after a stream")


AWKWARD: Mapping[str, bytes] = {
    "every-byte": bytes(range(256)) * 3,
    "zeros": bytes(5000),
    "newlines": b"\r\n\n\r\r\n" * 100,
    "no-text": b"\xff\xfe\x80\xc0" * 100,
    "end-of-a-chunked-body": b"0\r\n\r\n",
    "end-of-file-of-dos": b"before\x1aafter",
}
"""Contents that are taken for something else where a stream is not one of bytes."""


@requirement("WRITE-2")
@pytest.mark.parametrize("kind", AWKWARD)
@pytest.mark.parametrize("way", ["one-write", pytest.param("tiny-writes", marks=full)])
def test_stream_takes_any_bytes(driver: StorageDriver, tree: Tree, kind: str, way: str) -> None:
    """No byte is special."""
    data = AWKWARD[kind]

    write_stream(driver, tree.path("file"), cut(Content.of(data, repr(data)), way))

    expect.file(driver, tree.path("file"), data, f"content of {kind}")


@requirement("WRITE-2")
@pytest.mark.parametrize(
    "lengths",
    [(1, 511, 1, 512), (0, 1, 0, 0, 2), (70_000, 1, 70_000), ("chunk", 1, "chunk-1"), ("chunk+1", 0, 10)],
    ids=lambda lengths: "-".join(map(str, lengths)),
)
def test_write_returns_the_length_of_this_write(
    driver: StorageDriver, tree: Tree, lengths: tuple[int | str, ...]
) -> None:
    """Each write returns how many bytes it was given, not a running total, and has taken them all."""
    sizes = [size_of(str(length), driver) for length in lengths]
    data = content(sum(sizes), seed=6)

    with driver.writer(tree.path("file")) as writer:
        returned = [writer.write(data[sum(sizes[:at]) :][:size]) for at, size in enumerate(sizes)]
        writer.commit()

    expect.equal(returned, sizes, "what the writes returned")
    expect.file(driver, tree.path("file"), data, "content of the writes")


def _grid(data: bytes) -> memoryview:
    return memoryview(data).cast("B", [len(data) // 6, 6])


BUFFERS: Mapping[str, Callable[[bytes], Buffer]] = {
    "bytes": bytes,
    "bytearray": bytearray,
    "view": memoryview,
    "view-of-a-bytearray": lambda data: memoryview(bytearray(data)),
    "read-only-view": lambda data: memoryview(bytearray(data)).toreadonly(),
    "slice-of-a-view": lambda data: memoryview(data)[7:-7],
    "empty-slice": lambda data: memoryview(data)[7:7],
    "view-of-signed": lambda data: memoryview(data).cast("b"),
    "view-of-four-byte-items": lambda data: memoryview(array.array("I", data)),
    "view-of-doubles": lambda data: memoryview(data).cast("d"),
    "view-of-two-dimensions": _grid,
    "every-second": lambda data: memoryview(data)[::2],
    "backwards": lambda data: memoryview(data)[::-1],
    "every-second-item": lambda data: memoryview(array.array("I", data))[::2],
}
"""Buffers of some of the bytes given, whose number is a multiple of 24."""


@requirement("WRITE-2")
@pytest.mark.parametrize("kind", BUFFERS)
@pytest.mark.parametrize("before", ["5", pytest.param("0", marks=full), pytest.param("chunk-1", marks=full)])
def test_write_takes_any_buffer(driver: StorageDriver, tree: Tree, kind: str, before: str) -> None:
    """bytes, bytearray and memoryview, of whatever items and strides, are written as their bytes, and counted in them."""
    first = made(before, driver, seed=7)
    buffer = BUFFERS[kind](content(240, seed=8))
    wanted = memoryview(buffer).tobytes()

    with driver.writer(tree.path("file")) as writer:
        writer.write(first)
        returned = writer.write(buffer)
        writer.write(b"end")
        writer.commit()

    expect.equal(returned, len(wanted), f"what write of a {kind} returned")
    expect.file(driver, tree.path("file"), first + wanted + b"end", f"content of a {kind}")


@requirement("WRITE-2")
@pytest.mark.parametrize("size", ["100", "chunk+1", pytest.param("chunk", marks=full)])
@pytest.mark.parametrize("change", ["overwritten", "emptied", "of-a-view"])
def test_buffer_may_be_changed_after_the_write(driver: StorageDriver, tree: Tree, size: str, change: str) -> None:
    """What the caller does with his buffer after a write does not reach the file."""
    data = made(size, driver, seed=9)
    buffer = bytearray(data)

    with driver.writer(tree.path("file")) as writer:
        writer.write(memoryview(buffer) if change == "of-a-view" else buffer)
        if change == "emptied":
            buffer.clear()
        else:
            buffer[:] = bytes(len(buffer))
        writer.write(buffer[:3])
        writer.commit()

    expect.file(driver, tree.path("file"), data + bytes(buffer[:3]), "content after its buffer was changed")


@requirement("WRITE-2")
@pytest.mark.parametrize("text", ["text", "", pytest.param("\u00e9", marks=full)])
@pytest.mark.parametrize("before", [b"", b"before "])
def test_text_is_refused_and_not_written(driver: StorageDriver, tree: Tree, text: str, before: bytes) -> None:
    """write(str) raises TypeError and writes nothing; the stream goes on as if it had not been."""
    with driver.writer(tree.path("file")) as writer:
        writer.write(before)
        with expect.raises(TypeError, "write of a str"):
            writer.write(text)  # type: ignore[arg-type]  # what is judged
        writer.write(b"after")
        writer.commit()

    expect.file(driver, tree.path("file"), before + b"after", "content of a stream with a refused write")
