"""WRITE: how a stream ends; commit, cancel, close, and exceptions."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Mapping, Sequence

import pytest

from storagedriver import FileWriter, PathNotFoundError, StorageDriver, StorageDriverError, WriterStateError
from storagedriver.testing import Subject, Tree, content, expect, full, requirement
from storagedriver_suites.behaviour.names import finish_walk, tree_state
from storagedriver_suites.behaviour.shapes import put_all
from storagedriver_suites.behaviour.streams import (
    CALLS,
    call_all,
    expect_no_stage,
    expect_old,
    made,
    opened,
    put_old,
    stage,
    write_stream,
)

REFUSED: Sequence[tuple[str, str]] = [
    (done, then)
    for done, refused in {
        "commit": ("write", "write-nothing", "commit", "cancel"),
        "commit close": ("write", "commit", "cancel"),
        "commit close close": ("cancel",),
        "cancel": ("write", "write-nothing", "commit"),
        "cancel cancel": ("commit",),
        "cancel close": ("write", "commit"),
        "close": ("write", "write-nothing", "commit"),
        "close close": ("write", "commit"),
        "close cancel": ("write", "commit"),
    }.items()
    for then in refused
]
"""What was called on a writer, and what must be refused afterwards."""

QUIET = ("close close", "cancel cancel", "cancel close", "close cancel", "close cancel cancel", "close cancel close")
"""Ends that may follow one another; none of them publishes."""

SIZES = ("0", "100", "chunk+1", pytest.param("chunk", marks=full), pytest.param("2*chunk+1", marks=full))


# --- WRITE-5: the order of calls


@requirement("WRITE-5")
@pytest.mark.parametrize(
    ("done", "then"), [pytest.param(*each, marks=[full] if " " in each[0] else []) for each in REFUSED]
)
@pytest.mark.parametrize("size", ["100", pytest.param("0", marks=full), pytest.param("chunk+1", marks=full)])
def test_call_that_comes_too_late_is_refused(
    driver: StorageDriver, tree: Tree, done: str, then: str, size: str
) -> None:
    """It raises WriterStateError, which is a ValueError, and changes nothing."""
    path = tree.path("d/file")
    driver.put_content(tree.path("beside"), b"beside")
    writer = opened(driver, path, made(size, driver, seed=1))
    call_all(writer, done)
    before = tree_state(driver, tree)

    with expect.raises(WriterStateError, f"{then} after {done}") as caught:
        CALLS[then](writer)

    expect.equal(isinstance(caught.error, ValueError), True, "whether the error is a ValueError")
    expect.equal(tree_state(driver, tree), before, f"what is there after a refused {then}")


@requirement("WRITE-5")
@pytest.mark.parametrize(("done", "then"), [each for each in REFUSED if each[1] != "write-nothing"])
def test_call_that_comes_too_late_over_an_old_file_is_refused(
    driver: StorageDriver, tree: Tree, done: str, then: str
) -> None:
    """After the refused call the file is the new content if it was committed, and else the old."""
    path = tree.path("file")
    driver.put_content(path, b"old")
    writer = opened(driver, path, b"new")
    call_all(writer, done)

    with expect.raises(ValueError, f"{then} after {done}"):
        CALLS[then](writer)

    expect.file(driver, path, b"new" if "commit" in done else b"old", f"content after a refused {then}")


@requirement("WRITE-5")
@pytest.mark.parametrize("ends", QUIET)
@pytest.mark.parametrize("old", ["1000", pytest.param("absent", marks=full)])
def test_ends_may_follow_one_another(driver: StorageDriver, tree: Tree, ends: str, old: str) -> None:
    """Close and cancel may be called again and after each other, and publish nothing."""
    path = tree.path("d/file")
    before = put_old(driver, path, old)
    writer = opened(driver, path, content(100, seed=1))

    call_all(writer, ends)

    expect_old(driver, path, before, f"a path after {ends}")
    if "cancel" in ends:
        expect_no_stage(driver, path, before, f"after {ends}")


@requirement("WRITE-5")
@pytest.mark.parametrize("ends", ["close", "close close"])
def test_close_after_commit_changes_nothing(driver: StorageDriver, tree: Tree, ends: str) -> None:
    """What is committed stays so, also when another has replaced it meanwhile."""
    path, other = tree.paths("file", "other")
    writer, another = opened(driver, path, b"first"), opened(driver, other, b"first")
    writer.commit()
    another.commit()
    driver.put_content(other, b"second")

    call_all(writer, ends)
    call_all(another, ends)

    expect_old(driver, path, b"first", f"a committed file after {ends}")
    expect_old(driver, other, b"second", f"a file that was replaced before {ends}")


@requirement("WRITE-5")
@pytest.mark.parametrize("late", ["commit", "cancel", "write"])
def test_committed_writer_has_no_part_in_later_content(driver: StorageDriver, tree: Tree, late: str) -> None:
    """A refused call on a writer that once committed does not bring its content back, nor remove what came after it."""
    path = tree.path("file")
    writer = opened(driver, path, b"first")
    writer.commit()
    driver.put_content(path, b"second")

    with expect.raises(WriterStateError, f"{late} after commit"):
        CALLS[late](writer)

    expect_old(driver, path, b"second", f"later content after a refused {late}")
    driver.delete(path)
    with expect.raises(WriterStateError, f"{late} after commit and delete"):
        CALLS[late](writer)
    expect.absent(driver, path, f"a deleted file after a refused {late}")


@requirement("WRITE-5", capability="resumable_writes")
@pytest.mark.parametrize("then", ["write", "commit"])
def test_refused_call_leaves_the_stage_alone(driver: StorageDriver, tree: Tree, then: str) -> None:
    """After close, a refused call neither adds to what is staged nor ends it."""
    path = tree.path("file")
    writer = opened(driver, path, b"staged")
    writer.close()

    with expect.raises(WriterStateError, f"{then} after close"):
        CALLS[then](writer)

    write_stream(driver, path, [b"+more"], append=True)
    expect_old(driver, path, b"staged+more", f"a stage continued after a refused {then}")


# --- WRITE-5: cancel


@requirement("WRITE-5")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("old", ["absent", "1000", pytest.param("0", marks=full)])
@pytest.mark.parametrize("ends", ["cancel", "close cancel"])
def test_cancel_removes_the_stream_alone(driver: StorageDriver, tree: Tree, size: str, old: str, ends: str) -> None:
    """After cancel, of an open writer or of a closed one, there is what was there before, and nothing to continue."""
    path, beside = tree.paths("d/s/file", "beside")
    driver.put_content(beside, b"beside")
    before = put_old(driver, path, old)
    walked = finish_walk(driver, tree.root)
    writer = opened(driver, path, made(size, driver, seed=1))

    call_all(writer, ends)

    expect_old(driver, path, before, f"a path after {ends}")
    expect.equal(finish_walk(driver, tree.root), walked, f"walk after {ends}")
    expect_no_stage(driver, path, before, f"after {ends}")


@requirement("WRITE-5", capability="append")
@pytest.mark.parametrize(
    ("base", "more"),
    [("0", "100"), ("1000", "0"), ("1000", "100"), ("1000", "chunk+1"), ("chunk", "100"), ("chunk+1", "100")],
)
@pytest.mark.parametrize("ends", ["cancel", pytest.param("close cancel", marks=full)])
def test_cancel_of_an_append_keeps_the_old_content(
    driver: StorageDriver, tree: Tree, base: str, more: str, ends: str
) -> None:
    """What was appended to stays as it was committed."""
    path = tree.path("file")
    before = put_old(driver, path, base)
    writer = opened(driver, path, made(more, driver, seed=1), append=True)

    call_all(writer, ends)

    expect_old(driver, path, before, f"a file after {ends} of an append")
    expect_no_stage(driver, path, before, f"after {ends} of an append")


@requirement("WRITE-5")
@pytest.mark.parametrize("ends", ["cancel", "close-cancel"])
@pytest.mark.parametrize("old", ["absent", "1000"])
def test_cancel_keeps_what_was_moved_there_meanwhile(driver: StorageDriver, tree: Tree, old: str, ends: str) -> None:
    """A file that was moved to the path of an open stream is there after the cancel of this, and nothing of before it."""
    path, other = tree.paths("d/file", "other")
    put_old(driver, path, old)
    driver.put_content(other, b"moved")
    writer = opened(driver, path, b"staged")
    driver.move(other, path)

    if ends == "close-cancel":
        writer.close()
    writer.cancel()

    expect_old(driver, path, b"moved", f"what was moved to the path of a stream, after {ends}")
    expect.absent(driver, other, "where it was moved from")


@requirement("WRITE-5")
def test_cancel_keeps_what_was_committed_meanwhile(driver: StorageDriver, tree: Tree) -> None:
    """What others put while the stream was open is not the stream's to remove."""
    path = tree.path("file")
    writer = opened(driver, path, b"stream")
    driver.put_content(path, b"put meanwhile")

    writer.cancel()

    expect_old(driver, path, b"put meanwhile", "what was put while a stream was open that was cancelled")


@requirement("WRITE-5")
@pytest.mark.parametrize("name", ["file-", "file.0", "fil", "d/file", "filed/x"])
def test_cancel_leaves_the_neighbours(driver: StorageDriver, tree: Tree, name: str) -> None:
    """Files whose names begin or end alike stay, and so does another stream into one of them."""
    neighbour = tree.path(name)
    put_all(driver, tree.root, ["e/file"])
    driver.put_content(neighbour, b"old")
    other = opened(driver, neighbour, b"new")
    writer = opened(driver, tree.path("file"), b"stream")

    writer.cancel()

    expect_old(driver, neighbour, b"old", "a neighbour after a cancel")
    other.commit()
    expect_old(driver, neighbour, b"new", "a neighbour whose stream was open during a cancel")


@requirement("WRITE-5", capability="resumable_writes")
@pytest.mark.parametrize("name", ["file-", "file.0", "fil", "d/file", "filed/x"])
@pytest.mark.parametrize("ends", ["cancel", pytest.param("close cancel", marks=full)])
def test_cancel_leaves_the_neighbours_stages(driver: StorageDriver, tree: Tree, name: str, ends: str) -> None:
    """What is staged for a path that begins or ends alike is still continued."""
    stage(driver, tree.path(name), b"staged")
    writer = opened(driver, tree.path("file"), b"stream")

    call_all(writer, ends)

    write_stream(driver, tree.path(name), [b"+more"], append=True)
    expect_old(driver, tree.path(name), b"staged+more", "a neighbour's stage, continued after a cancel")


# --- WRITE-6: close, and the context manager


@requirement("WRITE-6")
@pytest.mark.parametrize(
    "size", ["100", "chunk+1", *(pytest.param(size, marks=full) for size in ("0", "chunk", "2*chunk+1"))]
)
@pytest.mark.parametrize("old", ["absent", "1000"])
def test_close_publishes_nothing_ever(driver: StorageDriver, tree: Tree, subject: Subject, size: str, old: str) -> None:
    """Not at once, not after other operations around it, not in another driver, and not when drivers are closed."""
    path, beside = tree.paths("d/file", "d/beside")
    before = put_old(driver, path, old)
    another = subject.open()
    opened(another, path, made(size, driver, seed=1)).close()
    expect_old(driver, path, before, "a path whose stream was closed")

    write_stream(driver, beside, [b"another stream"])
    driver.list(tree.path("d"))
    another.stat(beside)
    driver.delete(beside)
    another.close()

    expect_old(driver, path, before, "a path whose stream was closed, after other operations")
    expect_old(subject.open(), path, before, "a path whose stream was closed, in a new driver")
    if before is None:
        expect.absent(driver, tree.path("d"), "the directory in which a stream was closed")


@requirement("WRITE-6")
@pytest.mark.parametrize("way", ["open", "collected", "driver-closed"])
@pytest.mark.parametrize("size", ["100", pytest.param("chunk+1", marks=full)])
def test_abandoned_writer_publishes_nothing(
    driver: StorageDriver, tree: Tree, subject: Subject, size: str, way: str
) -> None:
    """A writer that nobody closes is no commit: not when it is forgotten, nor when its driver is closed."""
    path = tree.path("file")
    driver.put_content(path, b"old")
    # Not recorded: a record of the writer would keep it alive.
    abandoning = subject.construct(subject.parameters)
    writer: FileWriter | None = opened(abandoning, path, made(size, driver, seed=1))

    if way == "collected":
        writer = None
        _collect()
    if way == "driver-closed":
        abandoning.close()

    expect_old(driver, path, b"old", "a file whose writer was abandoned")
    if way != "driver-closed":
        if writer is not None:
            writer.cancel()
        abandoning.close()
    # A writer in a cycle of references is given up no sooner.
    writer = None
    _collect()
    # Not every server finds by a directory what nobody staged or cancelled; by its own path it does.
    driver.delete(path)


def _collect() -> None:
    with warnings.catch_warnings():
        # That something was left open is what this is about.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@requirement("WRITE-6")
@pytest.mark.parametrize("conflict", ["file", "file/x"])
def test_close_after_a_failed_commit_publishes_nothing(
    driver: StorageDriver, tree: Tree, subject: Subject, conflict: str
) -> None:
    """A commit that failed is not made up for by close, nor later, when what was in its way is gone."""
    path, in_the_way = tree.path("file/f" if conflict == "file" else "file"), tree.path(conflict)
    writer = opened(driver, path, content(100, seed=1))
    driver.put_content(in_the_way, b"in the way")
    try:
        writer.commit()
    except StorageDriverError:
        driver.delete(in_the_way)
    else:
        # This store holds both, as object stores can.
        expect.file(driver, path, content(100, seed=1), "what was committed where a directory is")
        return

    writer.close()

    expect.absent(driver, path, "a path whose commit failed, after close")
    expect.absent(subject.open(), path, "a path whose commit failed, in another driver")
    driver.writer(path).cancel()


@requirement("WRITE-10")
@pytest.mark.parametrize("conflict", ["file", "file/x"])
def test_stream_whose_commit_failed_is_continued(driver: StorageDriver, tree: Tree, conflict: str) -> None:
    """It is not committed, so that what a close keeps of it is all that was written."""
    path, in_the_way = tree.path("file/f" if conflict == "file" else "file"), tree.path(conflict)
    data = content(1000, seed=1)
    with opened(driver, path, data) as writer:
        driver.put_content(in_the_way, b"in the way")
        if _commits(writer):
            # This store holds both, as object stores can.
            expect.file(driver, path, data, "what was committed where a directory is")
            return
        driver.delete(in_the_way)
        # The delete of its path or of a directory above it ends a stage, and this was none yet.

    with driver.writer(path, append=True) as continued:
        expect.equal(continued.size, len(data), "size of a closed stream whose commit failed, continued")
        continued.commit()
    expect.file(driver, path, data, "content of a stream whose first commit failed")


def _commits(writer: FileWriter) -> bool:
    """Whether a commit succeeds. Stores of objects can hold a file where a directory is, and one below a file."""
    try:
        writer.commit()
    except StorageDriverError:
        return False
    return True


@requirement("WRITE-2")
@pytest.mark.parametrize("conflict", ["file", "file/x"])
def test_commit_that_is_repeated_publishes_all(driver: StorageDriver, tree: Tree, conflict: str) -> None:
    """A commit that something was in the way of may be repeated without it: then the file is whole, or there is an error."""
    path, in_the_way = tree.path("file/f" if conflict == "file" else "file"), tree.path(conflict)
    data = content(1000, seed=1)
    with opened(driver, path, data) as writer:
        driver.put_content(in_the_way, b"in the way")
        if not _commits(writer):
            driver.delete(in_the_way)
            if not _commits(writer):
                expect.absent(driver, path, "what two commits did not publish")
                return
    expect.file(driver, path, data, "what a commit published, the first one or the second")


@requirement("WRITE-6")
@pytest.mark.parametrize("done", ["nothing", "write", "commit", "cancel", "close"])
def test_context_manager_closes(driver: StorageDriver, tree: Tree, done: str) -> None:
    """It gives the writer, closes it at the end, whatever was called within, and publishes nothing by itself."""
    path = tree.path("file")
    driver.put_content(path, b"old")
    writer = driver.writer(path)

    with writer as entered:
        expect.true(entered is writer, "what the context manager gives", expected="the writer", seen="something else")
        if done in CALLS:
            writer.write(b"new")
        if done not in {"nothing", "write"}:
            CALLS[done](writer)

    expect_old(driver, path, b"new" if done == "commit" else b"old", f"a file after a with-block of {done}")
    for call in ("write", "commit"):
        with expect.raises(WriterStateError, f"{call} after the with-block"):
            CALLS[call](writer)
    expect_old(driver, path, b"new" if done == "commit" else b"old", "the file after the refused calls")


class _CallerError(Exception):
    """An error of the caller's own."""


ERRORS: Mapping[str, BaseException] = {
    "own": _CallerError("the caller's"),
    "value": ValueError("the caller's"),
    "not-found": PathNotFoundError("the caller's"),
    "interrupt": KeyboardInterrupt("the caller's"),
    "end-of-generator": GeneratorExit("the caller's"),
}
"""What may break off a with-block."""


@requirement("WRITE-6")
@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("old", ["1000", pytest.param("absent", marks=full)])
def test_exception_cancels_and_passes_on(driver: StorageDriver, tree: Tree, kind: str, old: str) -> None:
    """With an exception the stream is cancelled, nothing is left to continue, and the exception is the caller's own."""
    path = tree.path("d/file")
    before = put_old(driver, path, old)
    error = ERRORS[kind]

    with expect.raises(type(error), "the exception of a with-block") as caught, driver.writer(path) as writer:
        writer.write(b"half of it")
        raise error

    expect.true(caught.error is error, "the exception of a with-block", expected="the caller's own", seen=caught.error)
    expect_old(driver, path, before, "a path whose stream broke off")
    expect_no_stage(driver, path, before, "after a stream broke off")
    with expect.raises(WriterStateError, "commit of a stream that broke off"):
        writer.commit()


@requirement("WRITE-6")
def test_exception_is_not_swallowed(tree: Tree, subject: Subject) -> None:
    """The context manager of the driver's own writer lets an exception pass."""
    # Not recorded: what the writer itself returns to `with` is judged.
    with subject.construct(subject.parameters) as unrecorded:
        error = _CallerError("the caller's")

        with expect.raises(_CallerError, "the exception") as caught, unrecorded.writer(tree.path("file")) as writer:
            writer.write(b"half of it")
            raise error

        expect.true(caught.error is error, "the exception", expected="the caller's own", seen=caught.error)
        expect.absent(unrecorded, tree.path("file"), "a path whose stream broke off")


@requirement("WRITE-6")
@pytest.mark.parametrize("size", ["0", "chunk+1", pytest.param("chunk", marks=full)])
@pytest.mark.parametrize("append", ["new", "append"])
def test_exception_cancels_streams_of_any_size(driver: StorageDriver, tree: Tree, size: str, append: str) -> None:
    """However much was written, a stream that breaks off leaves the old content, and nothing to continue."""
    path = tree.path("file")
    driver.put_content(path, b"old")
    appending = append == "append" and driver.capabilities.append

    with expect.raises(_CallerError, "the exception"), driver.writer(path, append=appending) as writer:
        writer.write(made(size, driver, seed=1))
        raise _CallerError

    expect_old(driver, path, b"old", "a file whose stream broke off")
    expect_no_stage(driver, path, b"old", "after a stream broke off")


@requirement("WRITE-6")
@pytest.mark.parametrize("done", ["commit", "cancel", "close"])
def test_exception_after_the_end_passes_on(driver: StorageDriver, tree: Tree, done: str) -> None:
    """An exception that comes after commit, cancel or close is the caller's own too; what is committed stays."""
    path = tree.path("file")
    driver.put_content(path, b"old")
    error = _CallerError("after the end")

    with expect.raises(_CallerError, "the exception of a with-block") as caught, driver.writer(path) as writer:
        writer.write(b"new")
        CALLS[done](writer)
        raise error

    expect.true(caught.error is error, "the exception of a with-block", expected="the caller's own", seen=caught.error)
    after = b"new" if done == "commit" else b"old"
    expect_old(driver, path, after, f"a file after {done} and an exception")
    expect_no_stage(driver, path, after, f"after {done} and an exception")


@requirement("WRITE-6")
def test_exception_of_a_write_cancels_too(driver: StorageDriver, tree: Tree) -> None:
    """A write that is refused breaks the block off as any error does."""
    path = tree.path("file")

    with expect.raises(TypeError, "write of a str"), driver.writer(path) as writer:
        writer.write(b"first")
        writer.write("text")  # type: ignore[arg-type]  # it is refused

    expect.absent(driver, path, "a path whose stream broke off")
    expect_no_stage(driver, path, None, "after a stream broke off")
