"""WRITE: streams that are closed, and continued by another writer, in another process too."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from storagedriver import StorageDriver
from storagedriver.testing import Subject, Tree, chunk_size, content, expect, full, not_offered, requirement, size_of
from storagedriver_suites.behaviour.contents import need_files_of
from storagedriver_suites.behaviour.names import finish_walk
from storagedriver_suites.behaviour.shapes import more_than_a_page
from storagedriver_suites.behaviour.streams import (
    expect_no_stage,
    expect_old,
    made,
    opened,
    put_old,
    stage,
    stage_many,
    write_stream,
)


def _finish(driver: StorageDriver, path: str, more: bytes = b"", *, size: int) -> None:
    """Continue what is staged, which must be `size` bytes, with `more`, and commit it."""
    with driver.writer(path, append=True) as writer:
        expect.equal(writer.size, size, "size of a continued stream")
        writer.write(more)
        writer.commit()


# --- how a stage goes on


@requirement("WRITE-10")
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("0", "0"),
        ("0", "100"),
        ("1", "0"),
        ("1", "1"),
        ("100", "chunk+1"),
        ("chunk-1", "1"),
        ("chunk", "0"),
        ("chunk", "100"),
        ("chunk+1", "100"),
        pytest.param("chunk-1", "2", marks=full),
        pytest.param("1", "chunk-1", marks=full),
        pytest.param("chunk", "chunk", marks=full),
        pytest.param("chunk+1", "chunk-1", marks=full),
        pytest.param("2*chunk", "1", marks=full),
        pytest.param("2*chunk+1", "2*chunk+1", marks=full),
    ],
)
@pytest.mark.parametrize("old", ["absent", pytest.param("1000", marks=full), pytest.param("chunk+1", marks=full)])
def test_closed_stream_is_continued(driver: StorageDriver, tree: Tree, first: str, second: str, old: str) -> None:
    """What was staged and what is written then are one file; until the commit the old content is all there is."""
    path = tree.path("d/file")
    before = put_old(driver, path, old)
    one, two = made(first, driver, seed=1), made(second, driver, seed=2)
    stage(driver, path, one)
    expect_old(driver, path, before, "a path whose stream is staged")

    _finish(driver, path, two, size=len(one))

    expect_old(driver, path, one + two, "content of a stream in two parts")
    expect_no_stage(driver, path, one + two, "after the commit of a continued stream")


@requirement("WRITE-10")
@pytest.mark.parametrize(
    ("first", "old"),
    [
        ("0", "0"),
        ("0", "1000"),
        ("100", "100"),
        ("100", "1000"),
        ("chunk", "1000"),
        ("chunk", "chunk"),
        ("chunk+1", "100"),
    ],
)
def test_stage_over_an_old_file_counts(driver: StorageDriver, tree: Tree, first: str, old: str) -> None:
    """Where both a stage and a committed file are, the stage is what is continued, whichever of them is the longer one."""
    path = tree.path("file")
    before, one = put_old(driver, path, old), made(first, driver, seed=1)
    stage(driver, path, one)
    expect_old(driver, path, before, "an old file over which a stream is staged")

    _finish(driver, path, b"+more", size=len(one))

    expect_old(driver, path, one + b"+more", "content of a continued stream over an old file")


@requirement("WRITE-10")
@pytest.mark.parametrize(
    "rounds", ["bytes", "mixed", pytest.param("thirds", marks=full), pytest.param("chunks", marks=full)]
)
def test_stream_of_many_rounds(driver: StorageDriver, tree: Tree, subject: Subject, rounds: str) -> None:
    """A stream that is closed and continued ever again is in order, and its size is right each time.

    More than 128 times, but for quick runs on a server, which have a dozen.
    """
    path = tree.path("d/file")
    chunk = chunk_size(driver)
    lengths: Mapping[str, list[int]] = {
        "bytes": [1] * (12 if subject.profile == "quick" and subject.target.backend is not None else 130),
        "mixed": [5, 0, 700, 1, 1, 0, 999, 3, 64, 1, 2, 8000, 1],
        "thirds": [chunk // 3] * 5 + [0, 1, chunk // 3],
        "chunks": [chunk - 1, 1, chunk, 1, chunk - 1, 0, chunk + 1, 5],
    }
    written = b""
    stage(driver, path, b"")
    for number, length in enumerate(lengths[rounds]):
        piece = content(length, seed=number)
        with driver.writer(path, append=True) as writer:
            expect.equal(writer.size, len(written), f"size at the beginning of round {number + 2}")
            writer.write(piece)
        written += piece

    _finish(driver, path, b"end", size=len(written))

    expect_old(driver, path, written + b"end", "content of a stream of many rounds")


@requirement("WRITE-10")
def test_stage_of_many_chunks_is_continued(driver: StorageDriver, tree: Tree) -> None:
    """More than ten chunks, the last of them full or not, are continued in their order."""
    chunk, path = chunk_size(driver), tree.path("file")
    need_files_of(driver, 14 * chunk)
    data = content(11 * chunk + 7, seed=1)
    stage(driver, path, data[: 10 * chunk])
    stage(driver, path, data[10 * chunk :], append=True)

    _finish(driver, path, b"+more", size=len(data))

    expect_old(driver, path, data + b"+more", "content of a stream of many chunks, continued")


@requirement("WRITE-10")
@pytest.mark.parametrize("staged", ["100", "chunk", "chunk+1"])
def test_reopening_alone_changes_nothing(driver: StorageDriver, tree: Tree, staged: str) -> None:
    """A stage that is opened and closed again, several times, is still what it was."""
    path = tree.path("file")
    data = made(staged, driver, seed=1)
    stage(driver, path, data)

    for _ in range(3):
        stage(driver, path, b"", append=True)

    _finish(driver, path, b"+more", size=len(data))
    expect_old(driver, path, data + b"+more", "content of a stage that was reopened three times")


@requirement("WRITE-10")
@pytest.mark.parametrize(("base", "more"), [("0", "1"), ("1000", "100"), ("1000", "chunk"), ("chunk+1", "100")])
def test_append_that_is_closed_is_continued_too(driver: StorageDriver, tree: Tree, base: str, more: str) -> None:
    """A stream that began with committed content goes on where it was closed, and not with the file again."""
    path = tree.path("file")
    old, one = made(base, driver, seed=1), made(more, driver, seed=2)
    driver.put_content(path, old)
    stage(driver, path, one, append=True)
    expect_old(driver, path, old, "a file to which a closed stream would append")

    _finish(driver, path, b"+end", size=len(old) + len(one))

    expect_old(driver, path, old + one + b"+end", "content of an append in two parts")


@requirement("WRITE-10")
@pytest.mark.parametrize("staged", ["100", "chunk-1", "chunk+1"])
def test_another_driver_continues(driver: StorageDriver, tree: Tree, subject: Subject, staged: str) -> None:
    """A stage belongs to the store: drivers take turns on it, also when the one that staged it is closed."""
    path = tree.path("d/file")
    data = made(staged, driver, seed=1)
    first = subject.open()
    stage(first, path, data)
    first.close()

    stage(driver, path, b"+two", append=True)
    third = subject.open()
    _finish(third, path, b"+three", size=len(data) + 4)

    expect_old(driver, path, data + b"+two+three", "content of a stream of three drivers")
    expect_no_stage(driver, path, data + b"+two+three", "after another driver's commit")


def stage_here(driver: StorageDriver, path: str, data: bytes, append: bool) -> int:
    """Write a round of a stream in this process, and close it; tells the size it began with. Run by Subject.elsewhere."""
    with driver.writer(path, append=append) as writer:
        size = writer.size
        writer.write(data)
    return size


def finish_here(driver: StorageDriver, path: str, data: bytes) -> int:
    """Write the last round in this process, and commit; tells the size it began with. Run by Subject.elsewhere."""
    with driver.writer(path, append=True) as writer:
        size = writer.size
        writer.write(data)
        writer.commit()
    return size


@requirement("WRITE-10", needs=["shared"])
@pytest.mark.parametrize("staged", ["100", "chunk+1"])
def test_another_process_continues(driver: StorageDriver, tree: Tree, subject: Subject, staged: str) -> None:
    """What this process staged is finished by another one, with the right size."""
    path = tree.path("file")
    data = made(staged, driver, seed=1)
    stage(driver, path, data)

    size = subject.elsewhere(finish_here, path, b"+end")

    expect.equal(size, len(data), "size that another process began with")
    expect_old(driver, path, data + b"+end", "content that another process committed")
    expect_no_stage(driver, path, data + b"+end", "after another process's commit")


@requirement("WRITE-10", needs=["shared"])
def test_stage_of_another_process_is_continued(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """Rounds alternate between processes, as the requests of an upload do."""
    path = tree.path("file")
    driver.put_content(path, b"old")
    rounds = [bytes(content(length, seed=length)) for length in (700, 1, size_of("chunk", driver))]

    sizes = [subject.elsewhere(stage_here, path, rounds[0], append=False)]
    with driver.writer(path, append=True) as writer:
        sizes.append(writer.size)
        writer.write(rounds[1])
    sizes.append(subject.elsewhere(stage_here, path, rounds[2], append=True))

    expect.equal(sizes, [0, 700, 701], "sizes that the rounds began with")
    expect_old(driver, path, b"old", "the old file during the rounds")
    _finish(driver, path, b"end", size=sum(map(len, rounds)))
    expect_old(driver, path, b"".join(rounds) + b"end", "content of rounds in several processes")


# --- which stage


@requirement("WRITE-10")
@pytest.mark.parametrize(
    ("older", "newer"), [("100", "7"), ("7", "100"), ("chunk+1", "100"), pytest.param("100", "chunk", marks=full)]
)
@pytest.mark.parametrize("opening", ["in-turn", "at-once"])
def test_newest_stage_counts(driver: StorageDriver, tree: Tree, older: str, newer: str, opening: str) -> None:
    """Of two streams that were closed, the one that was opened and closed last is continued, and the other never again."""
    path = tree.path("file")
    data = made(newer, driver, seed=2)
    first = opened(driver, path, made(older, driver, seed=1))
    if opening == "in-turn":
        first.close()
    second = opened(driver, path, data)
    if opening == "at-once":
        first.close()
    second.close()

    _finish(driver, path, b"+more", size=len(data))

    expect_old(driver, path, data + b"+more", "content of the newest stage, continued")
    expect_no_stage(driver, path, data + b"+more", "after the newest stage was committed")


@requirement("WRITE-10")
@pytest.mark.parametrize("more", [("1", "100"), ("100", "1"), ("chunk+1", "1"), ("1", "chunk+1")], ids="-".join)
def test_newest_continuation_counts(driver: StorageDriver, tree: Tree, more: tuple[str, str]) -> None:
    """Of two writers that continue one stage, the one that is closed last is continued, though the other has more."""
    path = tree.path("file")
    stage(driver, path, b"staged")
    one, two = (made(size, driver, seed=number) for number, size in enumerate(more))
    first, second = opened(driver, path, one, append=True), opened(driver, path, two, append=True)

    first.close()
    second.close()

    _finish(driver, path, b"+end", size=len(b"staged" + two))
    expect_old(driver, path, b"staged" + two + b"+end", "content of the continuation that was closed last")


@requirement("WRITE-10")
@pytest.mark.parametrize("count", [3, 12])
def test_last_of_many_stages_counts(driver: StorageDriver, tree: Tree, count: int) -> None:
    """However often a stream was begun anew, the last beginning is what is continued."""
    path = tree.path("file")
    for number in range(count):
        stage(driver, path, content(50 - number, seed=number))

    _finish(driver, path, b"", size=51 - count)

    expect_old(driver, path, content(51 - count, seed=count - 1), "content of the last of many stages")


@requirement("WRITE-10")
def test_older_streams_cancel_leaves_the_newest_stage(driver: StorageDriver, tree: Tree) -> None:
    """A closed stream that gave way to another one is cancelled without harm to that."""
    path = tree.path("file")
    first, second = opened(driver, path, b"first"), opened(driver, path, b"second")
    first.close()
    second.close()

    first.cancel()

    _finish(driver, path, b"+more", size=6)
    expect_old(driver, path, b"second+more", "the newest stage, continued after an older one's cancel")


@requirement("WRITE-10")
def test_older_streams_commit_leaves_the_newest_stage(driver: StorageDriver, tree: Tree) -> None:
    """A stream that was open before another one staged is committed, and what that has staged is continued all the same."""
    path = tree.path("file")
    first = opened(driver, path, b"first")
    stage(driver, path, b"second")

    first.commit()

    first.close()
    expect_old(driver, path, b"first", "the stream that was committed")
    _finish(driver, path, b"+more", size=6)
    expect_old(driver, path, b"second+more", "the newest stage, continued after an older one's commit")


NEIGHBOURS = (
    ("file", "file-1"),
    ("file", "file.1"),
    ("file-1", "file"),
    ("a/file", "b/file"),
    ("file", "d/file"),
    ("d/file", "file"),
    ("ab", "a/b"),
    ("a-b", "a/b"),
    ("a.b", "a_b"),
    ("a/b/c", "a/b-c"),
    ("d/e/f", "d/e"),
    ("f", "f.tmp"),
    ("Name", "name"),
)
"""Two paths each that a stage must be told apart by."""


@requirement("WRITE-10")
@pytest.mark.parametrize(("staged", "other"), NEIGHBOURS)
def test_stage_is_of_its_path_alone(driver: StorageDriver, tree: Tree, staged: str, other: str) -> None:
    """No other path continues it, however alike the names are; two stages are kept apart."""
    if not driver.capabilities.case_sensitive and staged.lower() == other:
        pytest.skip("names are not told apart by case, as the driver declares")
    stage(driver, tree.path(staged), b"staged")

    expect.not_found(lambda: driver.writer(tree.path(other), append=True).cancel(), "append where nothing is staged")

    if staged.startswith(f"{other}/"):
        # A file there would make a directory of a file.
        _finish(driver, tree.path(staged), b"+", size=6)
        return
    stage(driver, tree.path(other), b"another")
    _finish(driver, tree.path(staged), b"+", size=6)
    expect_old(driver, tree.path(staged), b"staged+", "a stage beside another")
    _finish(driver, tree.path(other), b"-", size=7)
    expect_old(driver, tree.path(other), b"another-", "the other stage")


@requirement("WRITE-10")
@pytest.mark.parametrize("neighbour", ["file-1", "file.0", "fil", "d/file"])
def test_append_beside_a_stage_continues_its_own_file(driver: StorageDriver, tree: Tree, neighbour: str) -> None:
    """A committed file whose neighbour has a stage is continued as it is."""
    path = tree.path("file")
    driver.put_content(path, b"committed")
    stage(driver, tree.path(neighbour), b"staged")

    _finish(driver, path, b"+more", size=9)

    expect_old(driver, path, b"committed+more", "an append beside a neighbour's stage")
    expect.not_found(lambda: driver.stat(tree.path(neighbour)), "the neighbour, which is not committed")


@requirement("WRITE-10")
def test_stages_of_paths_that_end_alike_are_apart(driver: StorageDriver, tree: Tree) -> None:
    """However many names two paths have in common at their ends, a stage is of the one alone, and the other has none."""
    ends = ["f", "c/f", "b/c/f", "a/b/c/f"]
    for end in ends:
        stage(driver, tree.path(f"x/{end}"), end.encode())

    for end in ends:
        expect_no_stage(driver, tree.path(f"y/{end}"), None, "where a path that ends alike has a stage")
        _finish(driver, tree.path(f"x/{end}"), b"+more", size=len(end))
        expect_old(driver, tree.path(f"x/{end}"), end.encode() + b"+more", "a stage among those that end alike")


@requirement("WRITE-10")
def test_stages_of_paths_that_flatten_alike_are_apart(driver: StorageDriver, tree: Tree) -> None:
    """However a path could be made one name, by another sign for the slash, none, or its beginning, each stage is its own."""
    names = [f"d/a{sign}b" for sign in ("/", "", "_", "__", "-", "--", ".", "..", "2F", "_2F", "-2F")]
    long = "/".join(["d", *["n" * 100] * 4])
    names += [f"{long}/{last}" for last in ("ends-so", "ends-otherwise", f"{'n' * 100}1", f"{'n' * 100}2")]
    names = [name for name in names if len(tree.path(name)) <= driver.capabilities.limits.longest_path]
    for name in names:
        stage(driver, tree.path(name), name.encode())

    for name in names:
        _finish(driver, tree.path(name), b"+more", size=len(name))

    for name in names:
        expect_old(driver, tree.path(name), name.encode() + b"+more", "one of several stages of like paths, continued")


@requirement("WRITE-10")
@pytest.mark.parametrize("spread", ["one-directory", "one-each"])
def test_stage_among_many_is_found(driver: StorageDriver, tree: Tree, subject: Subject, spread: str) -> None:
    """Beside more unfinished streams than a page of the backend's lists, the first, middle and last are continued."""
    count = more_than_a_page(driver, subject.profile, few=12)
    names = [f"d/n{number:05}" if spread == "one-directory" else f"d{number:05}/f" for number in range(count)]
    stage_many(driver, {tree.path(name): name.encode() for name in names})

    for name in (names[-1], names[count // 2], names[0]):
        _finish(driver, tree.path(name), b"+more", size=len(name))

    for name in (names[0], names[count // 2], names[-1]):
        expect.file(driver, tree.path(name), name.encode() + b"+more", f"one of {count} streams, continued")
    expect.not_found(lambda: driver.stat(tree.path(names[1])), "one that was not continued")


# --- what ends it


def _new_writer(driver: StorageDriver, path: str) -> None:
    driver.writer(path).cancel()


def _cancel(driver: StorageDriver, path: str) -> None:
    opened(driver, path, b"+", append=True).cancel()


def _cancel_after_close(driver: StorageDriver, path: str) -> None:
    writer = opened(driver, path, b"+", append=True)
    writer.close()
    writer.cancel()


def _exception(driver: StorageDriver, path: str) -> None:
    with expect.raises(LookupError, "the exception"), driver.writer(path, append=True) as writer:
        writer.write(b"+")
        raise LookupError


def _delete_above(driver: StorageDriver, path: str) -> None:
    driver.delete(path.rpartition("/")[0])


ENDS: Mapping[str, Callable[[StorageDriver, str], None]] = {
    "new-writer": _new_writer,
    "cancel": _cancel,
    "cancel-after-close": _cancel_after_close,
    "exception": _exception,
}
"""What ends a stage and leaves the committed file."""


@requirement("WRITE-10")
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("old", ["1000", pytest.param("absent", marks=full)])
@pytest.mark.parametrize("staged", ["100", "chunk+1", pytest.param("0", marks=full), pytest.param("chunk", marks=full)])
def test_stage_is_ended(driver: StorageDriver, tree: Tree, end: str, old: str, staged: str) -> None:
    """writer(path), and cancel or an exception of the stream that continues it, end a stage; the old file stays."""
    path = tree.path("d/file")
    before = put_old(driver, path, old)
    stage(driver, path, made(staged, driver, seed=1))

    ENDS[end](driver, path)

    expect_old(driver, path, before, f"a path whose stage was ended by {end}")
    expect_no_stage(driver, path, before, f"after a stage was ended by {end}")


@requirement("WRITE-10")
@pytest.mark.parametrize("staged", ["100", pytest.param("chunk+1", marks=full)])
@pytest.mark.parametrize("deleted", ["d/s/file", "d/s", "d"])
def test_delete_ends_a_stage(driver: StorageDriver, tree: Tree, staged: str, deleted: str) -> None:
    """After the delete of the file or of a directory above it, nothing is continued there."""
    path = tree.path("d/s/file")
    driver.put_content(path, b"old")
    stage(driver, path, made(staged, driver, seed=1))

    driver.delete(tree.path(deleted))

    expect_no_stage(driver, path, None, f"after the delete of {deleted}")
    driver.put_content(path, b"new")
    expect_no_stage(driver, path, b"new", "in the file that was put there then")


@requirement("WRITE-10")
@pytest.mark.parametrize("staged", ["100", "chunk+1"])
@pytest.mark.parametrize("old", ["1000", pytest.param("absent", marks=full)])
def test_commit_ends_a_stage(driver: StorageDriver, tree: Tree, staged: str, old: str) -> None:
    """What was committed is not staged any more: a later append continues whatever file is there then."""
    path = tree.path("file")
    put_old(driver, path, old)
    stage(driver, path, made(staged, driver, seed=1))
    write_stream(driver, path, [b"+more"], append=True)

    driver.put_content(path, b"put")

    expect_no_stage(driver, path, b"put", "in a file that was put after the commit")
    driver.delete(path)
    expect_no_stage(driver, path, None, "after commit and delete")


@requirement("WRITE-10")
@pytest.mark.parametrize("staged", ["100", "chunk+1"])
def test_new_stream_has_nothing_of_an_older_stage(driver: StorageDriver, tree: Tree, staged: str) -> None:
    """writer(path) begins at nothing: size and content have no byte of what was staged before."""
    path = tree.path("file")
    stage(driver, path, made(staged, driver, seed=1))

    with driver.writer(path) as writer:
        expect.equal(writer.size, 0, "size of a new stream")
        writer.write(b"new")
        writer.commit()

    expect_old(driver, path, b"new", "content of a new stream after a stage")
    expect_no_stage(driver, path, b"new", "after a new stream was committed")


@requirement("WRITE-10")
@pytest.mark.parametrize("by", ["this", "another"])
def test_stage_outlives_other_operations(driver: StorageDriver, tree: Tree, subject: Subject, by: str) -> None:
    """Reading, listing, and what happens to other paths leave a stage alone, whichever driver does it first."""
    path = tree.path("d/file")
    driver.put_content(tree.path("d/other"), b"other")
    stage(driver, path, b"staged")

    one = driver if by == "this" else subject.open()
    one.put_content(tree.path("d/put"), b"put")
    one.list(tree.path("d"))
    finish_walk(one, tree.root)
    expect.not_found(lambda: one.get_content(path), "get_content of a path whose stream is staged")
    one.move(tree.path("d/other"), tree.path("d/moved"))
    write_stream(one, tree.path("d/third"), [b"third"])
    for name in ("d/third", "d/moved", "d/put"):
        one.delete(tree.path(name))

    _finish(driver, path, b"+more", size=6)
    expect_old(driver, path, b"staged+more", f"a stage continued after other operations by {by} driver")


_CHANGES_OF_ITS_FILE: Mapping[str, Callable[[StorageDriver, str], object]] = {
    "put": lambda driver, path: driver.put_content(path, b"another"),
    "put-of-the-same": lambda driver, path: driver.put_content(path, b"committed"),
    "move-onto-itself": lambda driver, path: driver.move(path, path),
    "move-away": lambda driver, path: driver.move(path, f"{path}-moved"),
    "get": lambda driver, path: driver.get_content(path),
}


@requirement("WRITE-10")
@pytest.mark.parametrize("change", _CHANGES_OF_ITS_FILE)
@pytest.mark.parametrize("staged", ["100", "chunk+1"])
def test_stage_outlives_changes_of_its_file(driver: StorageDriver, tree: Tree, staged: str, change: str) -> None:
    """A new stream, cancel, and delete end a stage; what else happens to the file at its path does not."""
    path = tree.path("d/file")
    data = made(staged, driver, seed=1)
    driver.put_content(path, b"committed")
    stage(driver, path, data)

    _CHANGES_OF_ITS_FILE[change](driver, path)

    _finish(driver, path, b"+more", size=len(data))
    expect_old(driver, path, data + b"+more", f"a stage continued after a {change}")


@requirement("WRITE-10")
@pytest.mark.parametrize("committed", ["absent", "100"])
def test_stage_outlives_the_move_of_its_directory(driver: StorageDriver, tree: Tree, committed: str) -> None:
    """A stage is of its path, also where the directory above it is moved away: what comes to be at the new one has none."""
    if not driver.capabilities.move_directory:
        not_offered("capability move_directory is not declared")
    path = tree.path("d/s/file")
    driver.put_content(tree.path("d/beside"), b"beside")
    old = put_old(driver, path, committed)
    stage(driver, path, b"staged")

    driver.move(tree.path("d"), tree.path("moved"))

    expect_no_stage(driver, tree.path("moved/s/file"), old, "at the path to which a directory was moved")
    _finish(driver, path, b"+more", size=6)
    expect_old(driver, path, b"staged+more", "a stage continued after the move of its directory")


# --- without the capability


@requirement("WRITE-10", capability="append", without="resumable_writes")
@pytest.mark.parametrize("old", ["absent", "0", "1000"])
@pytest.mark.parametrize("staged", ["0", "100", "chunk+1"])
def test_closed_stream_is_discarded_where_it_cannot_be_continued(
    driver: StorageDriver, tree: Tree, old: str, staged: str
) -> None:
    """Without resumable_writes, an append after close continues the committed content, or finds nothing."""
    path = tree.path("file")
    before = put_old(driver, path, old)

    stage(driver, path, made(staged, driver, seed=1))

    expect_old(driver, path, before, "a path whose stream was closed")
    expect_no_stage(driver, path, before, "after close")
