"""What stat tells, judged: kind, size, path and time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from storagedriver import FileInfo, StorageDriver
from storagedriver.testing import expect

SLACK = timedelta(seconds=2)
"""How far before the write a modification time may lie."""

SKEW = timedelta(minutes=10)
"""How far a server's clock may be ahead of ours; less than any time zone is."""


def expect_file(driver: StorageDriver, path: str, size: int, what: str) -> FileInfo:
    """Stat gives a file of this path and size, with a time that is one; returns what it gives."""
    __tracebackhide__ = True
    info = driver.stat(path)
    expect.equal(info.size, size, f"size: {what}")
    expect.equal(info.is_dir, False, f"is_dir: {what}")
    expect.equal(info.path, path, f"path: {what}")
    expect.true(isinstance(info.mod_time, datetime), f"mod_time: {what}", expected="a datetime", seen=info.mod_time)
    return info


def expect_directory(driver: StorageDriver, path: str, what: str) -> None:
    """Stat gives a directory of this path."""
    __tracebackhide__ = True
    info = driver.stat(path)
    expect.equal(info.is_dir, True, f"is_dir: {what}")
    expect.equal(info.path, path, f"path: {what}")
    expect.equal(info.size, 0, f"size: {what}")


def mod_time(driver: StorageDriver, path: str) -> datetime:
    """The modification time, which is aware and in UTC."""
    __tracebackhide__ = True
    time_of_it = driver.stat(path).mod_time
    if not isinstance(time_of_it, datetime):
        raise expect.ContractViolation("mod_time of a file", expected="a datetime", seen=time_of_it)
    expect.equal(time_of_it.utcoffset(), timedelta(0), "offset of mod_time from UTC")
    return time_of_it


def expect_written_since(driver: StorageDriver, path: str, before: datetime, what: str) -> None:
    """The modification time is not before the write, which began at `before` by our clock, and not yet to come."""
    __tracebackhide__ = True
    seen = mod_time(driver, path)
    expect.true(seen >= before - SLACK, f"mod_time: {what}", expected=f"{before} or later", seen=str(seen))
    now = datetime.now(UTC)
    expect.true(seen <= now + SKEW, f"mod_time: {what}", expected=f"{now} or before", seen=str(seen))
