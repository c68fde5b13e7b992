"""Directories of many small files."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from storagedriver import StorageDriver
from storagedriver.testing import expect

_AT_ONCE = 8


def fill(driver: StorageDriver, directory: str, number: int, *, depth: int = 0) -> None:
    """Put `number` files of a few bytes, each `depth` directories below a child of its own."""
    below = "/below" * depth
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(lambda each: driver.put_content(f"{directory}/{each:06}{below}", b"content"), range(number)):
            pass


def expect_listed(driver: StorageDriver, directory: str, number: int) -> None:
    """All children are listed."""
    __tracebackhide__ = True
    expect.equal(len(driver.list(directory)), number, "number of children listed")


def expect_walked(driver: StorageDriver, directory: str, number: int) -> None:
    """All files are met."""
    __tracebackhide__ = True
    expect.equal(sum(not info.is_dir for info in driver.walk(directory)), number, "number of files walked over")
