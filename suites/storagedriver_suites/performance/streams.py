"""Streams of any size that take no memory of their own."""

from __future__ import annotations

from storagedriver import StorageDriver
from storagedriver.testing import expect

PIECE = 1024 * 1024
"""Bytes of one write or read."""

_ZEROS = memoryview(bytes(PIECE))


def write(driver: StorageDriver, path: str, size: int, *, append: bool = False) -> None:
    """Write and commit `size` bytes, piece by piece."""
    with driver.writer(path, append=append) as writer:
        remaining = size
        while remaining:
            remaining -= writer.write(_ZEROS[: min(PIECE, remaining)])
        writer.commit()


def read(driver: StorageDriver, path: str, *, offset: int = 0) -> int:
    """Read to the end, piece by piece; returns the number of bytes."""
    count = 0
    with driver.reader(path, offset) as reader:
        while piece := reader.read(PIECE):
            count += len(piece)
    return count


def expect_read(driver: StorageDriver, path: str, size: int, *, offset: int = 0) -> None:
    """What is read from `offset` on has the length that is due."""
    __tracebackhide__ = True
    expect.equal(read(driver, path, offset=offset), size - offset, f"bytes read from {offset:,} of {size:,} on")
