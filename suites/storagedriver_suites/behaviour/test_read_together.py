"""READ: many readers at once, and readers whose file changes below them."""

from __future__ import annotations

import contextlib

import pytest

from storagedriver import BackendError, StorageDriver, StorageDriverError
from storagedriver.testing import Subject, Tree, content, expect, full, requirement
from storagedriver_suites.behaviour.parameters import secret_names, with_wrong_secrets
from storagedriver_suites.behaviour.readers import MANY_READERS, REMOVALS, REPLACEMENTS, read_in_pieces
from storagedriver_suites.behaviour.streams import WRITTEN, bounded, made, read_from, together, write_as

# --- READ-6: many at once


@requirement("READ-6")
@pytest.mark.parametrize("size", ["1000", "100000", "chunk+1", pytest.param("2*chunk+1", marks=full)])
def test_readers_of_one_thread_have_positions_of_their_own(driver: StorageDriver, tree: Tree, size: str) -> None:
    """Readers from several offsets, read in turns and in pieces of their own, each give what lies behind their offset."""
    path = tree.path("file")
    data = made(size, driver, seed=1)
    driver.put_content(path, data)
    offsets = (0, 0, 1, len(data) // 3, len(data) // 2, len(data) - 1, len(data))

    with contextlib.ExitStack() as stack:
        readers = [stack.enter_context(driver.reader(path, offset)) for offset in offsets]
        seen = [b""] * len(readers)
        for _ in range(5):
            for number, reader in enumerate(readers):
                seen[number] += reader.read(len(data) // (7 + number))
        for number, reader in enumerate(reversed(readers)):
            seen[-1 - number] += reader.read()

    for offset, read in zip(offsets, seen, strict=True):
        expect.equal(read, data[offset:], f"content from byte {offset}, read in turns with others")


@requirement("READ-6")
def test_readers_of_several_files_are_apart(driver: StorageDriver, tree: Tree) -> None:
    """Readers of different files, read in turns, give their own file's content."""
    files = {tree.path(f"f{number}"): content(100_000 + number, seed=number) for number in range(4)}
    for path, data in files.items():
        driver.put_content(path, data)

    with contextlib.ExitStack() as stack:
        readers = {path: stack.enter_context(driver.reader(path)) for path in files}
        seen = dict.fromkeys(files, b"")
        for _ in range(4):
            for path, reader in readers.items():
                seen[path] += reader.read(20_011)
        for path, reader in readers.items():
            seen[path] += reader.read()

    for path, data in files.items():
        expect.equal(seen[path], data, "content of one of several files that were read in turns")


@requirement("READ-6")
@pytest.mark.parametrize("size", ["1000", "chunk+1"])
def test_close_of_one_reader_leaves_the_others(driver: StorageDriver, tree: Tree, size: str) -> None:
    """That a reader is closed, half-read or at its end, or opened anew, changes nothing for one that is open."""
    path = tree.path("file")
    data = made(size, driver, seed=2)
    driver.put_content(path, data)

    with driver.reader(path) as reader:
        seen = reader.read(100)
        with driver.reader(path) as another:
            another.read(10)
        seen += reader.read(100)
        expect.equal(read_from(driver, path), data, "content by a reader beside an open one")
        seen += reader.read(100)
        expect.equal(driver.get_content(path), data, "content by get_content beside an open reader")
        seen += reader.read()

    expect.equal(seen, data, "content by the reader that stayed open")


@requirement("READ-6")
@pytest.mark.parametrize(
    ("size", "drivers"),
    [
        ("1000", "one"),
        ("200000", "several"),
        *(pytest.param("chunk+1", each, marks=full) for each in ("one", "several")),
    ],
)
def test_threads_read_one_file_at_once(
    driver: StorageDriver, tree: Tree, subject: Subject, size: str, drivers: str
) -> None:
    """Eight threads, each from an offset and in pieces of its own, through one driver or several, each see the whole."""
    path = tree.path("file")
    data = made(size, driver, seed=3)
    driver.put_content(path, data)
    offsets = [0, 0, 0, 1, len(data) // 4, len(data) // 2, len(data) - 10, len(data)]
    used = [driver if drivers == "one" or number % 2 else subject.open() for number in range(len(offsets))]

    def read(reading: StorageDriver, offset: int, size: int) -> list[bytes]:
        seen = []
        for _ in range(3):
            with reading.reader(path, offset) as reader:
                seen.append(read_in_pieces(reader, size, len(data)))
        return seen

    every = together(
        [
            lambda number=number, offset=offset: read(used[number], offset, len(data) // (3 + number) + 1)  # type: ignore[misc]
            for number, offset in enumerate(offsets)
        ],
        "readers of one file in many threads",
    )

    for offset, several in zip(offsets, every, strict=True):
        for seen in several:
            expect.equal(seen, data[offset:], f"content from byte {offset}, read beside other threads")


@requirement("READ-6")
def test_one_reader_goes_from_thread_to_thread(driver: StorageDriver, tree: Tree) -> None:
    """A reader that one thread opened is read by others, one after the other, and closed by another."""
    data = content(200_000, seed=4)
    driver.put_content(tree.path("file"), data)
    reader = bounded(lambda: driver.reader(tree.path("file")), "a reader opened in a thread")

    seen = b"".join(bounded(lambda: reader.read(50_000), "a read in a thread of its own") for _ in range(5))
    bounded(reader.close, "the close in a thread of its own")

    expect.equal(seen, data, "content that several threads read in turn from one reader")


@requirement("READ-6")
@pytest.mark.parametrize(("size", "read"), [("1000", 0), ("200000", 1)])
def test_many_open_readers_hinder_nobody(driver: StorageDriver, tree: Tree, size: str, read: int) -> None:
    """While more readers are open than a pool has connections, all other calls work, and then each reader gives all."""
    path = tree.path("d/file")
    data = made(size, driver, seed=5)
    driver.put_content(path, data)

    def others() -> int:
        driver.put_content(tree.path("d/other"), b"other")
        driver.list(tree.path("d"))
        driver.move(tree.path("d/other"), tree.path("d/moved"))
        driver.delete(tree.path("d/moved"))
        return driver.stat(path).size

    def use() -> None:
        with contextlib.ExitStack() as stack:
            readers, seen = [], []
            for _ in range(MANY_READERS):
                # Those that are open already have been read from: whoever closes one for another has to go on with it.
                readers.append(stack.enter_context(driver.reader(path)))
                seen.append(readers[-1].read(read))
            expect.equal(others(), len(data), "size by stat beside many open readers")
            for begun, reader in zip(seen, readers, strict=True):
                expect.equal(begun + reader.read(), data, "content by one of many open readers")

    bounded(use, "calls beside many open readers")


# --- READ-7: whole or an error


SIZES = ("1000", "chunk+1", pytest.param("200000", marks=full), pytest.param("2*chunk+1", marks=full))
"""Sizes of files that change while they are read: one that fits each buffer, and some that don't."""


@requirement("READ-7", capability="atomic_put")
@pytest.mark.parametrize(
    ("size", "change"),
    [
        *(("1000", change) for change in REPLACEMENTS),
        ("200000", "by-a-move-of-its-size"),
        ("chunk+1", "by-a-shorter-put"),
        ("chunk+1", "by-a-stream"),
        ("chunk+1", "after-a-delete"),
        *(
            pytest.param(size, change, marks=full)
            # No larger: MinIO lets a writer wait until what a reader has asked for is sent, and more does not fit the connection.
            for size in ("200000", "chunk+1")
            for change in REPLACEMENTS
        ),
    ],
)
def test_reader_of_a_replaced_file_is_whole_or_an_error(
    driver: StorageDriver, tree: Tree, size: str, change: str
) -> None:
    """A reader that was opened before gives the old content whole, or raises: it is never shorter, and no mix.

    One that nothing was read from yet may give the new content, whole.
    """
    path = tree.path("d/file")
    data = made(size, driver, seed=1)
    for taken in (0, 1, 300):
        driver.put_content(path, data)
        with driver.reader(path) as reader:
            seen = reader.read(taken)
            REPLACEMENTS[change](driver, path, data)
            whole = (data,) if taken else (data, driver.get_content(path))
            with contextlib.suppress(StorageDriverError):
                seen += reader.read()
                expect.true(seen in whole, f"a reader of a file replaced {change}", expected=data, seen=seen)


@requirement("READ-7", capability="atomic_put")
@pytest.mark.parametrize("taken", [1, 2000])
def test_reader_outlives_many_changes(driver: StorageDriver, tree: Tree, subject: Subject, taken: int) -> None:
    """However often its file is replaced, and others come and go, a reader gives the content that it began with, or raises."""
    path, beside = tree.paths("d/file", "d/beside")
    data = content(3000, seed=1)
    another = subject.open()
    driver.put_content(path, data)

    with driver.reader(path) as reader:
        seen = reader.read(taken)
        for number, changing in enumerate((driver, another) * 6):
            changing.put_content(path, content(3000, seed=10 + number))
            changing.put_content(beside, content(3000, seed=30 + number))
            if number % 3 == 0:
                changing.delete(beside)
        with contextlib.suppress(StorageDriverError):
            seen += reader.read()
            expect.equal(seen, data, "content by a reader whose file was replaced many times")


@requirement("READ-7")
@pytest.mark.parametrize("gone", REMOVALS)
@pytest.mark.parametrize("size", SIZES)
def test_reader_of_a_removed_file_is_whole_or_an_error(
    driver: StorageDriver, tree: Tree, subject: Subject, gone: str, size: str
) -> None:
    """A reader of a file that is deleted or moved away, by whomever, gives all that is left of it, or raises."""
    path = tree.path("d/file")
    data = made(size, driver, seed=1)
    for taken, changing in ((0, driver), (1, subject.open()), (300, driver)):
        driver.put_content(path, data)
        with driver.reader(path) as reader:
            seen = reader.read(taken)
            REMOVALS[gone](changing, path)
            with contextlib.suppress(StorageDriverError):
                seen += reader.read()
                expect.equal(seen, data, f"content by a reader whose file was {gone}, after {taken} bytes")


@requirement("READ-7", capability="move_directory")
@pytest.mark.parametrize("size", ["1000", "chunk+1"])
def test_reader_in_a_moved_directory_is_whole_or_an_error(driver: StorageDriver, tree: Tree, size: str) -> None:
    """The move of its directory does not make a file shorter either."""
    data = made(size, driver, seed=1)
    driver.put_content(tree.path("d/s/file"), data)

    with driver.reader(tree.path("d/s/file")) as reader:
        seen = reader.read(100)
        driver.move(tree.path("d"), tree.path("moved"))
        with contextlib.suppress(StorageDriverError):
            seen += reader.read()
            expect.equal(seen, data, "content by a reader whose directory was moved")


@requirement("READ-7", capability="atomic_put")
@pytest.mark.parametrize("change", ["by-a-shorter-put", "by-a-longer-put", "deleted"])
@pytest.mark.parametrize("piece", [65_536, pytest.param(1000, marks=full)])
def test_reader_in_pieces_is_whole_or_an_error(driver: StorageDriver, tree: Tree, change: str, piece: int) -> None:
    """Read on in pieces after the change, what a reader gives until its end is the old content."""
    path = tree.path("d/file")
    data = made("chunk+1", driver, seed=1)
    driver.put_content(path, data)

    with driver.reader(path, 5) as reader:
        seen = reader.read(piece)
        if change == "deleted":
            driver.delete(path)
        else:
            REPLACEMENTS[change](driver, path, data)
        with contextlib.suppress(StorageDriverError):
            seen += read_in_pieces(reader, piece, 2 * len(data))
            expect.equal(seen, data[5:], f"content read in pieces, the file {change}")


@requirement("READ-7")
@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("put", "2*chunk+1"),
        ("stream", "2*chunk"),
        ("append", "2*chunk+1"),
        *(
            pytest.param(written, size, marks=full)
            for written in WRITTEN
            for size in ("chunk", "2*chunk", "3*chunk", "5*chunk+1")
        ),
    ],
)
def test_file_of_many_parts_is_read_to_its_end(driver: StorageDriver, tree: Tree, written: str, size: str) -> None:
    """However many pieces the backend sends it in, no piece is missing at the end that stat says."""
    path = tree.path("file")
    data = made(size, driver, seed=1)
    write_as(written, driver, path, data)

    for read in (driver.get_content(path), read_from(driver, path)):
        expect.equal(len(read), driver.stat(path).size, "bytes read, and size by stat")
        expect.equal(read, data, "content of many parts")


@requirement("READ-7")
def test_refused_transfer_is_an_error(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """What the backend refuses to send is a BackendError for get_content and reader, not an empty file."""
    path = tree.path("file")
    data = content(100)
    driver.put_content(path, data)
    if not secret_names(subject):
        pytest.skip("the driver has no secret parameter, so that nothing is refused")

    for name, stranger in with_wrong_secrets(subject):
        if _is_given(stranger, path, data):
            pytest.skip("the server takes any credentials, so that nothing is refused")
        with expect.raises(BackendError, f"get_content with a wrong {name}"):
            stranger.get_content(path)
        for offset in (0, 50, 100, 10_000):
            with expect.raises(BackendError, f"reader from byte {offset} with a wrong {name}"):
                read_from(stranger, path, offset)


def _is_given(driver: StorageDriver, path: str, data: bytes) -> bool:
    """Whether the content comes whole; anything less is judged."""
    try:
        return driver.get_content(path) == data
    except StorageDriverError:
        return False
