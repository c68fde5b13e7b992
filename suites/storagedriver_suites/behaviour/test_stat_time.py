"""STAT: when a file was written."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest

from storagedriver import StorageDriver
from storagedriver.testing import Subject, Tree, content, expect, requirement
from storagedriver_suites.behaviour.infos import SLACK, expect_written_since, mod_time
from storagedriver_suites.behaviour.streams import WRITTEN, opened, read_from, write_as, write_stream
from storagedriver_suites.behaviour.zones import machine_in

LONGEST_WAIT = 30
"""Seconds that a clock may take to get past a moment two seconds away; one that stands still does not hold up the check."""


@requirement("STAT-1")
@pytest.mark.parametrize("zone", ["UTC0", "WEST+9", "EAST-5:30"])
def test_time_is_that_of_the_write_in_any_zone(driver: StorageDriver, tree: Tree, zone: str) -> None:
    """Wherever the machine is, mod_time is aware, in UTC, and the time of the write."""
    with machine_in(zone):
        for written in WRITTEN:
            before = datetime.now(UTC)

            write_as(written, driver, tree.path(written), content(100))

            expect_written_since(driver, tree.path(written), before, f"a file written in the zone {zone}")


@requirement("STAT-1")
def test_time_is_monotone_over_rewrites(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """No rewrite, by whatever method and driver, sets the time back."""
    path = tree.path("file")
    another = subject.open()
    driver.put_content(path, content(100))
    last = mod_time(driver, path)

    for number, written in enumerate(WRITTEN * 2):
        for writing in (driver, another):
            write_as(written, writing, path, content(100 + number))
            seen = mod_time(driver, path)
            expect.true(seen >= last, f"mod_time after {written}", expected=f"{last} or later", seen=str(seen))
            last = seen


@requirement("STAT-1")
def test_time_is_not_that_of_the_opening(driver: StorageDriver, tree: Tree) -> None:
    """A stream that is committed after a put of its path does not set the time back to when it was opened."""
    path = tree.path("file")
    with opened(driver, path, content(100)) as writer:
        driver.put_content(path, content(50))
        put = mod_time(driver, path)

        writer.commit()

    seen = mod_time(driver, path)
    expect.true(
        seen >= put, "mod_time after a commit", expected=f"{put}, which a put before it had, or later", seen=str(seen)
    )


@requirement("STAT-1")
def test_time_stays_while_nothing_is_written(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """Reading, listing, and changes beside a file are no writes of it: its time stays, and is the same for each driver."""
    path = tree.path("d/file")
    driver.put_content(path, content(100))
    written = mod_time(driver, path)

    driver.get_content(path)
    read_from(driver, path, 50)
    driver.list(tree.path("d"))
    driver.put_content(tree.path("d/other"), b"1")
    driver.put_content(tree.path("d/file-"), b"1")
    driver.delete(tree.path("d/other"))

    expect.equal(mod_time(driver, path), written, "mod_time after reads and changes beside it")
    expect.equal(mod_time(subject.open(), path), written, "mod_time to another driver")


def _append(driver: StorageDriver, path: str) -> None:
    write_stream(driver, path, [b"more"], append=driver.capabilities.append)


REWRITES: Mapping[str, Callable[[StorageDriver, str], None]] = {
    "put": lambda driver, path: driver.put_content(path, b"new"),
    "put-of-the-same": lambda driver, path: driver.put_content(path, b"old"),
    "put-of-nothing": lambda driver, path: driver.put_content(path, b""),
    "stream": lambda driver, path: write_stream(driver, path, [b"new"]),
    "stream-of-the-same": lambda driver, path: write_stream(driver, path, [b"old"]),
    "stream-of-nothing": lambda driver, path: write_stream(driver, path, []),
    "append": _append,
}
"""Ways to write a file of the content b"old" anew."""


@requirement("STAT-1")
def test_rewrite_moves_the_time(driver: StorageDriver, tree: Tree) -> None:
    """Whatever rewrites a file, its time is that of the rewrite, not of the first write; a file beside keeps its own.

    The one check that waits: until the slack that times may have is over.
    """
    files = {name: tree.path(f"d/{name}") for name in REWRITES}
    streamed = tree.path("d/streamed")
    for path in (*files.values(), streamed, tree.path("d/left-alone")):
        driver.put_content(path, b"old")
    # Asked for before as well, so that a time that was told once has been told.
    times = {path: mod_time(driver, path) for path in (*files.values(), streamed, tree.path("d/left-alone"))}
    with opened(driver, streamed, b"new") as waiting:
        _wait_until(datetime.now(UTC) + SLACK)

        before = datetime.now(UTC)
        for name, path in files.items():
            REWRITES[name](driver, path)
        waiting.commit()

    for name, path in files.items():
        expect_written_since(driver, path, before, f"after {name} of a file that was there")
    expect_written_since(driver, streamed, before, "after the commit of a stream that was opened long before")
    left_alone = tree.path("d/left-alone")
    expect.equal(mod_time(driver, left_alone), times[left_alone], "mod_time of a file that was left alone")


def _wait_until(moment: datetime) -> None:
    """Wait until the clock is past `moment`, if it goes forwards at all."""
    deadline = time.monotonic() + LONGEST_WAIT
    while datetime.now(UTC) <= moment and time.monotonic() < deadline:
        time.sleep(0.05)
