"""WRITE: what streams that come to nothing leave on the backend."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from storagedriver import FileWriter, StorageDriver, StorageDriverError
from storagedriver.testing import Subject, Tree, content, expect, full, requirement
from storagedriver_suites.behaviour.streams import (
    WRITTEN,
    call_all,
    expect_old,
    made,
    opened,
    put_old,
    stage,
    write_as,
    write_stream,
)


class _BrokenOffError(Exception):
    """An error of the caller's own."""


# --- WRITE-11: nothing stays behind


def _refused_write(driver: StorageDriver, path: str) -> None:
    writer = opened(driver, path, b"before")
    with expect.raises(TypeError, "write of a str"):
        writer.write("text")  # type: ignore[arg-type]  # it is refused
    writer.cancel()


def _broken_off(driver: StorageDriver, path: str) -> None:
    with expect.raises(_BrokenOffError, "the exception"), driver.writer(path) as writer:
        writer.write(made("chunk+1", driver, seed=1))
        raise _BrokenOffError


def _two_at_once(driver: StorageDriver, path: str) -> None:
    one, two = opened(driver, path, b"one"), opened(driver, path, made("chunk+1", driver, seed=2))
    one.cancel()
    two.cancel()


def _two_closed_at_once(driver: StorageDriver, path: str) -> None:
    one, two = opened(driver, path, made("chunk+1", driver, seed=1)), opened(driver, path, b"two")
    one.close()
    two.close()
    one.cancel()
    two.cancel()


def _newest_of_two_cancelled(driver: StorageDriver, path: str) -> None:
    one, two = (opened(driver, path, made("4*chunk", driver, seed=number)) for number in (1, 2))
    one.close()
    two.close()
    if driver.capabilities.resumable_writes:
        driver.writer(path, append=True).cancel()


def _stage_replaced(driver: StorageDriver, path: str) -> None:
    stage(driver, path, made("chunk+1", driver, seed=1))
    opened(driver, path, b"another").cancel()


def _stage_replaced_by_a_stage(driver: StorageDriver, path: str) -> None:
    stage(driver, path, made("chunk+1", driver, seed=1))
    writer = opened(driver, path, b"another")
    writer.close()
    writer.cancel()


def _stage_continued(driver: StorageDriver, path: str) -> None:
    opened(driver, path, made("chunk+1", driver, seed=1)).close()
    if driver.capabilities.resumable_writes:
        stage(driver, path, b"+1", append=True)
        opened(driver, path, made("chunk", driver, seed=2), append=True).cancel()


def _refused_append(driver: StorageDriver, path: str) -> None:
    if driver.capabilities.append:
        expect.not_found(lambda: driver.writer(f"{path}-nothing", append=True).cancel(), "append to nothing")


FAILURES: Mapping[str, Callable[[StorageDriver, str], None]] = {
    "refused-write": _refused_write,
    "broken-off": _broken_off,
    "two-at-once": _two_at_once,
    "two-closed-at-once": _two_closed_at_once,
    "newest-of-two-cancelled": _newest_of_two_cancelled,
    "stage-replaced": _stage_replaced,
    "stage-replaced-by-a-stage": _stage_replaced_by_a_stage,
    "stage-continued": _stage_continued,
    "refused-append": _refused_append,
}
"""Streams that come to nothing; each has cancelled what it opened."""


@requirement("WRITE-11", needs=["inspect"])
@pytest.mark.parametrize("ends", ["cancel", "close cancel"])
@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param(("absent", "0"), marks=full),
        ("absent", "1"),
        ("absent", "chunk-1"),
        ("absent", "chunk"),
        ("100", "chunk+1"),
        pytest.param(("absent", "3*chunk+1"), marks=full),
        pytest.param(("100", "100"), marks=full),
        pytest.param(("chunk+1", "100"), marks=full),
        pytest.param(("chunk+1", "chunk+1"), marks=full),
    ],
    ids="-".join,
)
def test_cancel_leaves_nothing_on_the_backend(
    driver: StorageDriver, tree: Tree, subject: Subject, sizes: tuple[str, str], ends: str
) -> None:
    """No temporary file, no unfinished upload, no segment and no folder of a cancelled stream stays."""
    path = tree.path("d/file")
    driver.put_content(tree.path("beside"), b"beside")
    old, size = sizes
    put_old(driver, path, old)
    before = subject.inspect()
    writer = opened(driver, path, made(size, driver, seed=1))

    call_all(writer, ends)

    expect.equal(subject.inspect(), before, f"what is on the backend after {ends}")


@requirement("WRITE-11", capability="append", needs=["inspect"])
@pytest.mark.parametrize(
    ("base", "more"), [("0", "1"), ("1000", "chunk+1"), ("chunk+1", "0"), ("chunk+1", "100"), ("chunk", "chunk")]
)
def test_cancel_of_an_append_leaves_nothing_on_the_backend(
    driver: StorageDriver, tree: Tree, subject: Subject, base: str, more: str
) -> None:
    """What was copied of the old content, and what was added, goes; the file stays."""
    path = tree.path("file")
    put_old(driver, path, base)
    before = subject.inspect()

    opened(driver, path, made(more, driver, seed=1), append=True).cancel()

    expect.equal(subject.inspect(), before, "what is on the backend after the cancel of an append")


@requirement("WRITE-11", needs=["inspect"])
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("old", ["absent", pytest.param("100", marks=full)])
def test_failure_leaves_nothing_on_the_backend(
    driver: StorageDriver, tree: Tree, subject: Subject, failure: str, old: str
) -> None:
    """However a stream came to nothing, what it and those before it staged is gone."""
    path = tree.path("d/file")
    driver.put_content(tree.path("beside"), b"beside")
    put_old(driver, path, old)
    before = subject.inspect()

    FAILURES[failure](driver, path)

    expect.equal(subject.inspect(), before, f"what is on the backend after {failure}")


@requirement("WRITE-11", needs=["inspect"])
@pytest.mark.parametrize(
    "conflict",
    [
        "directory before",
        "directory after",
        "parent before",
        "parent after",
        pytest.param("grandparent before", marks=full),
        pytest.param("grandparent after", marks=full),
    ],
)
@pytest.mark.parametrize("size", ["100", pytest.param("chunk+1", marks=full)])
def test_failed_commit_leaves_nothing_on_the_backend(
    driver: StorageDriver, tree: Tree, subject: Subject, conflict: str, size: str
) -> None:
    """A stream to where a directory is, or below a file, may fail when it is opened or committed; cancelled, it is gone."""
    path = tree.path("d/s/file")
    what, comes = conflict.split()
    in_the_way = tree.path({"directory": "d/s/file/x", "parent": "d/s", "grandparent": "d"}[what])
    driver.put_content(in_the_way, b"in the way")
    before = subject.inspect()
    if comes == "after":
        driver.delete(in_the_way)
    data = made(size, driver, seed=1)
    writer: FileWriter | None = None

    try:
        writer = opened(driver, path, data)
        if comes == "after":
            driver.put_content(in_the_way, b"in the way")
        writer.commit()
    except StorageDriverError:
        if writer is not None:
            writer.cancel()
        expect.equal(subject.inspect(), before, "what is on the backend after a commit that could not be")
    else:
        # This store holds both, as object stores can.
        expect.file(driver, path, data, "what was committed where a directory is")
    expect.file(driver, in_the_way, b"in the way", "what was in the way")


@requirement("WRITE-11", without="resumable_writes", needs=["inspect"])
@pytest.mark.parametrize("size", ["0", "100", "chunk+1"])
def test_close_leaves_nothing_where_it_cannot_be_continued(
    driver: StorageDriver, tree: Tree, subject: Subject, size: str
) -> None:
    """Without resumable_writes nothing of a closed stream stays on the backend."""
    before = subject.inspect()

    stage(driver, tree.path("d/file"), made(size, driver, seed=1))

    expect.equal(subject.inspect(), before, "what is on the backend after close")


@requirement("WRITE-11", needs=["inspect"])
@pytest.mark.parametrize("size", ["100", "chunk+1", pytest.param("0", marks=full)])
@pytest.mark.parametrize("way", ["stream", "append", "continued"])
def test_commit_and_delete_leave_nothing_on_the_backend(
    driver: StorageDriver, tree: Tree, subject: Subject, size: str, way: str
) -> None:
    """A stream that was committed has no stage left, and its file goes whole: nothing is there after the delete."""
    path = tree.path("d/file")
    if way == "continued" and driver.capabilities.resumable_writes:
        stage(driver, path, made(size, driver, seed=1))
        write_stream(driver, path, [b"+"], append=True)
    else:
        write_stream(driver, path, [made(size, driver, seed=1)])
        if way == "append" and driver.capabilities.append:
            write_stream(driver, path, [b"+"], append=True)
    expect_old(driver, path, driver.get_content(path), "the committed file")

    driver.delete(path)

    expect.equal(subject.inspect(), [], "what is on the backend after commit and delete")


@requirement("WRITE-11", needs=["inspect"])
@pytest.mark.parametrize("by", ["same", "another"])
@pytest.mark.parametrize("written", WRITTEN)
def test_replaced_file_leaves_nothing_on_the_backend(
    driver: StorageDriver, tree: Tree, subject: Subject, written: str, by: str
) -> None:
    """Of a large file that a small one replaces, whoever wrote either, no part and no segment stays; nor of one moved over."""
    (path, other), small = tree.paths("d/file", "d/other"), content(5)
    replacing = driver if by == "same" else subject.open()
    write_as(written, replacing, path, small)
    expected = subject.inspect()

    write_as(written, driver, path, made("4*chunk", driver, seed=1))
    write_as(written, replacing, path, small)

    expect.equal(subject.inspect(), expected, f"what is on the backend after a {written} over a large file")
    write_as(written, driver, path, made("4*chunk", driver, seed=1))
    replacing.put_content(other, small)
    replacing.move(other, path)
    # What is moved may be kept under the name that it came by.
    left = subject.inspect()
    expect.equal(len(left), len(expected), f"how much is on the backend after a move over a large file: {left}")
