"""WRITE: streams to which nothing is written."""

from __future__ import annotations

import pytest

from storagedriver import StorageDriver
from storagedriver.testing import (
    Tree,
    expect,
    full,
    requirement,
)
from storagedriver_suites.behaviour.streams import (
    WRITTEN,
    expect_old,
    made,
    opened,
    put_old,
    write_as,
    write_stream,
)

# --- WRITE-9: nothing written


@requirement("WRITE-9")
@pytest.mark.parametrize("old", ["absent", "1000", pytest.param("0", marks=full), pytest.param("chunk+1", marks=full)])
@pytest.mark.parametrize("writes", ["none", "empty"])
def test_commit_without_a_write_makes_an_empty_file(driver: StorageDriver, tree: Tree, old: str, writes: str) -> None:
    """A file of no bytes is at a new path, and replaces an old file."""
    path = tree.path("d/file")
    put_old(driver, path, old)

    write_stream(driver, path, [] if writes == "none" else [b"", b""])

    expect_old(driver, path, b"", "a file whose stream was committed without a write")
    expect.children(driver, tree.path("d"), [path], "children after it")


@requirement("WRITE-9", capability="append")
@pytest.mark.parametrize("base", ["0", "1", "1000", "chunk", "chunk+1", pytest.param("2*chunk", marks=full)])
@pytest.mark.parametrize("written", ["put", pytest.param("stream", marks=full), pytest.param("append", marks=full)])
@pytest.mark.parametrize("writes", ["none", pytest.param("empty", marks=full)])
def test_commit_of_an_empty_append_keeps_the_content(
    driver: StorageDriver, tree: Tree, base: str, written: str, writes: str
) -> None:
    """Nothing appended: nothing changed."""
    path = tree.path("file")
    data = made(base, driver, seed=1)
    write_as(written, driver, path, data)

    write_stream(driver, path, [] if writes == "none" else [b""], append=True)

    expect_old(driver, path, data, "content after an append of nothing")


@requirement("WRITE-9")
@pytest.mark.parametrize("written", WRITTEN)
def test_empty_file_is_an_ordinary_one(driver: StorageDriver, tree: Tree, written: str) -> None:
    """A file that no write went into is read, listed, moved, replaced by a stream and deleted as others are."""
    path, dest = tree.paths("file", "d/dest")
    write_stream(driver, path, [])

    driver.move(path, dest)

    expect_old(driver, dest, b"", "an empty streamed file, moved")
    expect.children(driver, tree.path("d"), [dest], "children where it was moved to")
    write_as(written, driver, dest, made("10", driver, seed=1))
    expect_old(driver, dest, made("10", driver, seed=1), "what replaced it")
    driver.delete(dest)
    expect.absent(driver, dest, "what replaced it, deleted")


@requirement("WRITE-9", capability="resumable_writes")
@pytest.mark.parametrize("old", ["1000", pytest.param("absent", marks=full)])
@pytest.mark.parametrize("size", ["0", "100", "chunk", pytest.param("chunk+1", marks=full)])
def test_commit_of_a_continued_stage_needs_no_write(driver: StorageDriver, tree: Tree, size: str, old: str) -> None:
    """A staged stream that is only opened again and committed has the content that it had."""
    path = tree.path("file")
    put_old(driver, path, old)
    data = made(size, driver, seed=1)
    opened(driver, path, data).close()

    write_stream(driver, path, [], append=True)

    expect_old(driver, path, data, "content of a stage that was committed without another write")
