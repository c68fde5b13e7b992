"""WRITE: streams beside others, of one path and of many."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

import pytest

from storagedriver import FileWriter, StorageDriver, StorageDriverError
from storagedriver.testing import Content, Subject, Tree, content, expect, full, requirement, size_of
from storagedriver_suites.behaviour.names import finish_walk
from storagedriver_suites.behaviour.streams import (
    bounded,
    cut,
    expect_old,
    made,
    opened,
    pieces,
    put_old,
    read_from,
    stage,
    together,
    write_stream,
)

# --- WRITE-8: two writers of one path


def _alternately(one: FileWriter, two: FileWriter, first: Content, second: Content) -> None:
    """Write both contents, piece by piece in turn."""
    for left, right in itertools.zip_longest(_quarters(first), _quarters(second)):
        if left is not None:
            one.write(left)
        if right is not None:
            two.write(right)


def _quarters(data: Content) -> Iterator[Content]:
    return pieces(data, max(1, len(data) // 4))


PAIRS = (
    ("100", "100"),
    ("100", "7"),
    ("7", "100"),
    ("0", "100"),
    pytest.param("100", "0", marks=full),
    ("chunk+1", "100"),
    ("100", "chunk+1"),
    ("chunk+1", "chunk"),
    pytest.param("chunk", "chunk+1", marks=full),
    pytest.param("2*chunk+1", "chunk+1", marks=full),
    pytest.param("chunk+1", "2*chunk+1", marks=full),
    pytest.param("2*chunk", "2*chunk", marks=full),
)
"""Sizes of two streams."""


@requirement("WRITE-8")
@pytest.mark.parametrize(("first", "second"), PAIRS)
@pytest.mark.parametrize("order", ["as-opened", "reversed"])
def test_last_commit_wins_whole(driver: StorageDriver, tree: Tree, first: str, second: str, order: str) -> None:
    """Of two streams written in turn, each is whole from its commit on, whichever was opened first."""
    path = tree.path("d/file")
    one, two = made(first, driver, seed=1), made(second, driver, seed=2)
    writers = [(driver.writer(path), one), (driver.writer(path), two)]
    _alternately(writers[0][0], writers[1][0], one, two)

    for number, (writer, data) in enumerate(writers if order == "as-opened" else reversed(writers)):
        writer.commit()
        expect_old(driver, path, data, f"content after commit {number + 1} of 2")

    expect.children(driver, tree.path("d"), [path], "children after two commits")


@requirement("WRITE-8")
@pytest.mark.parametrize("sizes", [("100", "7"), ("7", "100"), ("chunk+1", "100")], ids="-".join)
@pytest.mark.parametrize("order", ["as-opened", "reversed"])
def test_last_commit_wins_over_an_old_file_and_between_drivers(
    driver: StorageDriver, tree: Tree, subject: Subject, sizes: tuple[str, str], order: str
) -> None:
    """Writers of two drivers share nothing either."""
    path = tree.path("file")
    put_old(driver, path, "1000")
    one, two = (made(size, driver, seed=number) for number, size in enumerate(sizes))
    another = subject.open()
    writers = [(driver.writer(path), one), (another.writer(path), two)]
    _alternately(writers[0][0], writers[1][0], one, two)

    for number, (writer, data) in enumerate(writers if order == "as-opened" else reversed(writers)):
        writer.commit()
        expect_old(driver, path, data, f"content after commit {number + 1} of 2")

    expect_old(another, path, driver.get_content(path), "content in the other driver")


@requirement("WRITE-8")
@pytest.mark.parametrize("paths", [("d/file", "d/file"), ("d/file", "d/other"), ("d/file", "e/file")], ids="+".join)
def test_drivers_that_were_just_made_share_no_stream(tree: Tree, subject: Subject, paths: tuple[str, str]) -> None:
    """Two drivers that do the same from their beginning on, with the same numbers and names within, keep apart."""
    drivers = [subject.open(), subject.open()]
    for turn in range(3):
        files = {tree.path(path): content(100 + number, seed=10 * turn + number) for number, path in enumerate(paths)}
        writers = [each.writer(tree.path(path)) for each, path in zip(drivers, paths, strict=True)]
        one, two = (content(100 + number, seed=10 * turn + number) for number in range(2))
        _alternately(writers[0], writers[1], one, two)

        for writer in writers:
            writer.commit()

        for path, data in files.items():
            expect_old(drivers[0], path, data, f"what the {turn + 1}. streams of two new drivers committed")


@requirement("WRITE-8")
@pytest.mark.parametrize("end", ["cancel", "close", pytest.param("close cancel", marks=full)])
@pytest.mark.parametrize("order", ["first-before", "first-after", "second-before", "second-after"])
@pytest.mark.parametrize("size", ["100", pytest.param("chunk+1", marks=full)])
def test_end_of_one_writer_is_none_of_the_others(
    driver: StorageDriver, tree: Tree, end: str, order: str, size: str
) -> None:
    """A stream that is cancelled or closed, before or after the other's commit, leaves the other's content whole."""
    path = tree.path("file")
    data = made(size, driver, seed=1)
    committed, _, comes = order.partition("-")
    writers = [driver.writer(path), driver.writer(path)]
    keeping, ending = writers if committed == "first" else reversed(writers)
    _alternately(keeping, ending, data, content(50, seed=2))

    def finish() -> None:
        for call in end.split():
            (ending.cancel if call == "cancel" else ending.close)()

    if comes == "before":
        finish()
    keeping.commit()
    if comes == "after":
        finish()

    expect_old(driver, path, data, f"content of one stream, the other's {end} {comes} its commit")
    # Of a closed stream a stage may be left; that is not what this is about.
    driver.writer(path).cancel()


@requirement("WRITE-8", capability="append")
@pytest.mark.parametrize("order", ["as-opened", "reversed"])
@pytest.mark.parametrize("base", ["0", "1000", pytest.param("chunk+1", marks=full)])
def test_last_append_wins_whole(driver: StorageDriver, tree: Tree, base: str, order: str) -> None:
    """Of two appends to one file the last commit is the content: what was there at first, and its own part alone."""
    path = tree.path("file")
    data = put_old(driver, path, base)
    assert data is not None
    one, two = content(60, seed=1), content(9, seed=2)
    writers = [(driver.writer(path, append=True), one), (driver.writer(path, append=True), two)]
    _alternately(writers[0][0], writers[1][0], one, two)

    for number, (writer, more) in enumerate(writers if order == "as-opened" else reversed(writers)):
        writer.commit()
        expect_old(driver, path, data + more, f"content after commit {number + 1} of 2 appends")


@requirement("WRITE-8", capability="resumable_writes")
@pytest.mark.parametrize("order", ["as-opened", "reversed"])
@pytest.mark.parametrize(
    ("staged", "more"),
    [("100", "60"), ("2*chunk", "3*chunk"), pytest.param("chunk+1", "60", marks=full)],
    ids=["100+60", "2*chunk+3*chunk", "chunk+1+60"],
)
def test_two_that_continue_one_stage_are_not_mixed(
    driver: StorageDriver, tree: Tree, staged: str, more: str, order: str
) -> None:
    """When two writers continue the same stage, a commit makes what was staged and its own part, or fails.

    One stage may be one upload, which is completed once, and whose parts each of them may have replaced.
    """
    path = tree.path("file")
    data = made(staged, driver, seed=3)
    opened(driver, path, data).close()
    one, two = made(more, driver, seed=1), made(more, driver, seed=2)
    writers = [(driver.writer(path, append=True), one), (driver.writer(path, append=True), two)]
    _alternately(writers[0][0], writers[1][0], one, two)
    committed: list[bytes] = []

    for number, (writer, own) in enumerate(writers if order == "as-opened" else reversed(writers)):
        try:
            writer.commit()
        except StorageDriverError:
            if number == 0 and more == "60":
                raise
            writer.cancel()
        else:
            expect_old(driver, path, data + own, f"content after commit {number + 1} of 2")
            committed.append(own)

    expect_old(driver, path, data + committed[-1] if committed else None, "content in the end")


@requirement("WRITE-8")
@pytest.mark.parametrize("size", ["100", pytest.param("chunk+1", marks=full)])
@pytest.mark.parametrize("between", ["put", "stream", "move-away", "move-over", "delete"])
def test_commit_is_whole_whatever_came_between(driver: StorageDriver, tree: Tree, size: str, between: str) -> None:
    """What others do with the path while a stream is open is not mixed with it; the commit is the last."""
    path, other = tree.paths("file", "other")
    data = made(size, driver, seed=1)
    driver.put_content(path, b"old")
    driver.put_content(other, b"other")
    writer = driver.writer(path)
    writer.write(data[: len(data) // 2])

    calls: Mapping[str, Callable[[], None]] = {
        "put": lambda: driver.put_content(path, content(500, seed=2)),
        "stream": lambda: write_stream(driver, path, [content(500, seed=2)]),
        "move-away": lambda: driver.move(path, tree.path("moved")),
        "move-over": lambda: driver.move(other, path),
        "delete": lambda: driver.delete(path),
    }
    calls[between]()
    writer.write(data[len(data) // 2 :])
    try:
        writer.commit()
    except StorageDriverError:
        # A delete ends what is staged, a stream that is still open perhaps among it.
        if between != "delete":
            raise
        writer.cancel()
        expect.absent(driver, path, "a path that was deleted")
    else:
        expect_old(driver, path, data, f"content of a stream that was committed after {between}")
    if between == "move-away":
        expect_old(driver, tree.path("moved"), b"old", "what was moved away")


@requirement("WRITE-8", capability="resumable_writes")
@pytest.mark.parametrize("size", ["100", "chunk+1", "3*chunk"])
@pytest.mark.parametrize("then", ["put", "stream", "nothing"])
def test_commit_of_what_was_deleted_is_whole_or_an_error(
    driver: StorageDriver, tree: Tree, subject: Subject, size: str, then: str
) -> None:
    """A delete ends the stage that a writer continues: its commit publishes all the same, or raises. Another file is no proof."""
    path = tree.path("d/file")
    another, data = subject.open(), made(size, driver, seed=1)
    driver.put_content(path, b"old")
    stage(driver, path, data)
    writer = driver.writer(path, append=True)
    another.delete(path)
    left = {"put": b"another", "stream": b"another", "nothing": None}[then]
    if then == "put":
        another.put_content(path, b"another")
    elif then == "stream":
        write_stream(another, path, [b"another"])

    try:
        writer.commit()
    except StorageDriverError:
        writer.cancel()
        expect_old(driver, path, left, "a path where a commit failed, as what it continued was deleted")
    else:
        expect_old(driver, path, data, "content of a stream whose stage was deleted")


@requirement("WRITE-8")
@pytest.mark.parametrize("size", ["100", pytest.param("chunk+1", marks=full)])
def test_commits_at_once_make_one_of_the_files(driver: StorageDriver, tree: Tree, size: str) -> None:
    """Writers that commit in several threads at once: the content is one of theirs, whole."""
    path = tree.path("file")
    contents = [made(size, driver, seed=number) + bytes(number) for number in range(4)]

    together(
        [lambda data=data: write_stream(driver, path, cut(data, "halves")) for data in contents],  # type: ignore[misc]
        "streams of one path at once",
    )

    seen = driver.get_content(path)
    expect.true(seen in contents, "content after commits at once", expected="one of the streams, whole", seen=seen)
    expect.children(driver, tree.root, [path], "children after commits at once")


# --- WRITE-12: nothing waits for a stream


@requirement("WRITE-12")
@pytest.mark.parametrize("dest", ["other", "same", "below-another-directory"])
@pytest.mark.parametrize(
    "size", ["1000", "chunk+1", pytest.param("0", marks=full), pytest.param("2*chunk+1", marks=full)]
)
def test_writer_is_fed_from_a_reader(driver: StorageDriver, tree: Tree, size: str, dest: str) -> None:
    """A copy within the driver, to another path or onto the same, ends, and is whole."""
    source = tree.path("file")
    target = tree.path({"other": "copy", "same": "file", "below-another-directory": "d/s/copy"}[dest])
    data = made(size, driver, seed=1)
    driver.put_content(source, data)
    length = max(400, len(data) // 7)

    def copy() -> None:
        with driver.reader(source) as reader, driver.writer(target) as writer:
            while piece := reader.read(length):
                writer.write(piece)
            writer.commit()

    bounded(copy, "a copy within the driver")

    expect_old(driver, target, data, "the copy")
    expect_old(driver, source, data, "the source")


@requirement("WRITE-12", capability="append")
@pytest.mark.parametrize("size", ["1000", pytest.param("chunk+1", marks=full)])
def test_file_is_appended_to_itself(driver: StorageDriver, tree: Tree, size: str) -> None:
    """A writer that appends to a file is fed from a reader of the same file."""
    path = tree.path("file")
    data = made(size, driver, seed=1)
    driver.put_content(path, data)

    def double() -> None:
        with driver.writer(path, append=True) as writer, driver.reader(path) as reader:
            # No more than its length: a driver that appends in place would never come to the end.
            for _ in range(4):
                writer.write(reader.read(len(data) // 4 + 1))
            writer.commit()

    bounded(double, "a file that is appended to itself")

    expect_old(driver, path, data + data, "a file that was appended to itself")


@requirement("WRITE-12")
def test_files_are_joined(driver: StorageDriver, tree: Tree) -> None:
    """One writer is fed from several readers, each open until the end."""
    parts = {tree.path(f"part-{number}"): made("300", driver, seed=number) for number in range(5)}
    for path, data in parts.items():
        driver.put_content(path, data)

    def join() -> None:
        with driver.writer(tree.path("whole")) as writer:
            readers = [driver.reader(path) for path in parts]
            for reader in readers:
                writer.write(reader.read())
            writer.commit()
            for reader in readers:
                reader.close()

    bounded(join, "a writer that is fed from several readers")

    expect_old(driver, tree.path("whole"), b"".join(parts.values()), "files that were joined")


MEANWHILE: Mapping[str, Callable[[StorageDriver, str], object]] = {
    "get_content": lambda driver, path: driver.get_content(path),
    "put_content": lambda driver, path: driver.put_content(path, b"put meanwhile"),
    "stat": lambda driver, path: driver.stat(path),
    "list": lambda driver, path: driver.list(path.rpartition("/")[0]),
    "walk": lambda driver, path: finish_walk(driver, path.rpartition("/")[0]),
    "reader": read_from,
    "writer": lambda driver, path: write_stream(driver, path, [b"stream meanwhile"]),
    "cancelled-writer": lambda driver, path: opened(driver, path, b"1").cancel(),
    "append": lambda driver, path: write_stream(driver, path, [b"1"], append=driver.capabilities.append),
    "move": lambda driver, path: driver.move(path, f"{path}-moved"),
    "delete": lambda driver, path: driver.delete(path),
}
"""Calls that are made while streams are open."""


@requirement("WRITE-12")
@pytest.mark.parametrize("call", MEANWHILE)
@pytest.mark.parametrize("thread", ["same", "another"])
@pytest.mark.parametrize("at", ["same-path", pytest.param("other-path", marks=full)])
def test_any_call_is_made_while_streams_are_open(
    driver: StorageDriver, tree: Tree, call: str, thread: str, at: str
) -> None:
    """With a half-written writer and a half-read reader open, each method returns, on their paths too, in any thread."""
    read, written, third = tree.paths("d/read", "d/written", "d/third")
    for path in (read, written, third):
        driver.put_content(path, content(5000, seed=1))
    paths = [third] if at == "other-path" else [written, read]

    def opened_streams() -> tuple[FileWriter, Callable[[], None]]:
        reader = driver.reader(read)
        reader.read(10)
        writer = opened(driver, written, b"half of it")
        return writer, reader.close

    def calls() -> None:
        for path in paths:
            MEANWHILE[call](driver, path)

    if thread == "same":

        def all_in_one() -> None:
            writer, close = opened_streams()
            calls()
            writer.cancel()
            close()

        bounded(all_in_one, f"{call} while streams are open in its thread")
    else:
        writer, close = bounded(opened_streams, "a reader and a writer that are opened at once")
        bounded(calls, f"{call} while streams are open in another thread")
        bounded(writer.cancel, "the cancel")
        bounded(close, "close of the reader")


@requirement("WRITE-12")
@pytest.mark.parametrize("count", [24, pytest.param(150, marks=full)])
@pytest.mark.parametrize("kind", ["readers", "writers", "both"])
def test_many_open_streams_hold_up_nobody(driver: StorageDriver, tree: Tree, kind: str, count: int) -> None:
    """However many readers and writers are open and idle, other calls return, and so do those of each stream."""
    path = tree.path("d/file")
    data = content(5000, seed=1)
    driver.put_content(path, data)
    readers: list[BinaryIO] = []
    writers: list[FileWriter] = []

    def open_all() -> None:
        for number in range(count):
            if kind != "writers":
                readers.append(driver.reader(path))
                readers[-1].read(1)
            if kind != "readers":
                writers.append(opened(driver, tree.path(f"w/{number}"), b"half"))

    bounded(open_all, f"{count} streams that are opened")

    seen = bounded(lambda: driver.get_content(path), f"get_content beside {count} open streams")
    expect.equal(seen, data, "content beside open streams")
    bounded(lambda: driver.stat(path), f"stat beside {count} open streams")
    bounded(lambda: driver.put_content(tree.path("put"), b"1"), f"put_content beside {count} open streams")
    bounded(lambda: write_stream(driver, tree.path("stream"), [b"1"]), f"a stream beside {count} open streams")
    for writer in writers[::2]:
        writer.commit()
    for writer in writers[1::2]:
        writer.cancel()
    for reader in readers:
        expect.equal(reader.read(), data[1:], "the rest of a reader that was open all the time")
        reader.close()


@requirement("WRITE-12")
def test_writers_are_opened_during_a_walk(driver: StorageDriver, tree: Tree) -> None:
    """Who walks may read and write what he meets."""
    for number in range(6):
        driver.put_content(tree.path(f"d{number}/file"), content(10 + number, seed=number))

    def copy_all() -> None:
        for info in driver.walk(tree.root):
            if not info.is_dir:
                write_stream(driver, info.path, [driver.get_content(info.path), b"!"])

    bounded(copy_all, "streams within a walk")

    for number in range(6):
        expect_old(driver, tree.path(f"d{number}/file"), content(10 + number, seed=number) + b"!", "a file of the walk")


@requirement("WRITE-12")
@pytest.mark.parametrize("size", ["1000", pytest.param("chunk+1", marks=full)])
@pytest.mark.parametrize("threads", [8, pytest.param(24, marks=full)])
def test_many_threads_write_at_once(driver: StorageDriver, tree: Tree, threads: int, size: str) -> None:
    """Each thread copies a file of its own by reader and writer; all end, and all are whole."""
    files = {tree.path(f"d/{number}"): made(size, driver, seed=number) for number in range(threads)}
    for path, data in files.items():
        driver.put_content(path, data)

    def copy(path: str) -> None:
        with driver.reader(path) as reader, driver.writer(f"{path}-copy") as writer:
            while piece := reader.read(size_of(size, driver) // 3):
                writer.write(piece)
            writer.commit()

    together([lambda path=path: copy(path) for path in files], "copies in many threads")  # type: ignore[misc]

    for path, data in files.items():
        expect.file(driver, f"{path}-copy", data, "a copy made beside others")
