"""WRITE: files larger than memory should ever hold, and of more parts than one page of a backend names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from storagedriver import StorageDriver
from storagedriver.backends.model import IN_PROCESS_MODE
from storagedriver.testing import Subject, Tree, chunk_size, content, expect, requirement, soak

MIB = 1024 * 1024
LARGE = 2048 * MIB
ALLOWED = 64 * MIB
"""Bytes that a process may grow by, beside a few chunks."""

CHUNKS = 4
"""Chunks that a writer and a reader may hold between them, copies of the client's included."""

MANY_PARTS = 1200
_PIECE = content(MIB, seed=1)
_STATUS = Path("/proc/self/status")


def _pieces(size: int) -> Iterator[bytes]:
    """`size` bytes in pieces of a MiB, each different: a part that is lost or swapped changes their hash."""
    for number in range(size // MIB):
        yield number.to_bytes(8, "big") + _PIECE[8:]


def _most_held() -> int:
    """The most memory, in bytes, that this process has held since the last call; the count begins anew."""
    (line,) = (line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    Path("/proc/self/clear_refs").write_text("5")
    return int(line.split()[1]) * 1024


def _write_and_read(driver: StorageDriver, path: str, size: int) -> tuple[bool, int, int]:
    """Whether a stream came back as it was written, and the bytes by which this process grew for either."""
    driver.put_content(f"{path}-before", _PIECE)  # What is made once, as connections are, is made before the count.
    driver.get_content(f"{path}-before")
    _most_held()
    before = _most_held()
    written, read = hashlib.sha256(), hashlib.sha256()
    with driver.writer(path) as writer:
        for piece in _pieces(size):
            written.update(piece)
            writer.write(piece)
        writer.commit()
    for_writing = _most_held() - before
    with driver.reader(path) as reader:
        while piece := reader.read(MIB):
            read.update(piece)
    return written.digest() == read.digest(), for_writing, _most_held() - before


@soak
@requirement("WRITE-7", needs=["shared"])
def test_two_gigabytes_are_written_and_read_in_bounded_memory(
    driver: StorageDriver, tree: Tree, subject: Subject
) -> None:
    """A process of its own grows by no more than 64 MiB and a few chunks, and reads back what it wrote."""
    if not _STATUS.exists():
        pytest.skip("this system does not tell how much memory a process held at the most")
    if subject.target.backend is not None and subject.target.backend.mode == IN_PROCESS_MODE:
        pytest.skip("the server would hold all of it in memory")
    allowed = ALLOWED + CHUNKS * chunk_size(driver)

    same, for_writing, for_reading = subject.elsewhere(_write_and_read, tree.path("large"), LARGE)

    expect.true(same, "that 2 GiB come back as they were written")
    for grown, act in ((for_writing, "write"), (for_reading, "read")):
        expect.true(
            grown < allowed,
            f"bytes by which the process grew to {act} 2 GiB",
            expected=f"less than {allowed:,}",
            seen=f"{grown:,}",
        )


@soak
@requirement("WRITE-10", needs=["shared"])
def test_file_of_more_parts_than_a_page_is_continued(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """A stage, and then a file, of 1,200 chunks is appended to: no part is forgotten behind a page of them."""
    path = tree.path("file")
    size = MANY_PARTS * chunk_size(driver)
    if size > min(driver.capabilities.limits.largest_file or size, 4 * LARGE):
        pytest.skip(f"{MANY_PARTS} chunks of this driver are {size:,} bytes")
    if subject.target.backend is not None and subject.target.backend.mode == IN_PROCESS_MODE:
        pytest.skip("the server would hold all of it in memory")
    part = content(chunk_size(driver), seed=2)
    written = hashlib.sha256()
    for _ in range(2):
        with driver.writer(path, append=written.digest() != hashlib.sha256().digest()) as writer:
            for number in range(MANY_PARTS // 2):
                piece = number.to_bytes(8, "big") + part[8:]
                written.update(piece)
                writer.write(piece)
    with driver.writer(path, append=True) as writer:
        writer.commit()

    with driver.writer(path, append=True) as writer:
        writer.write(b"more")
        writer.commit()

    written.update(b"more")
    read = hashlib.sha256()
    with driver.reader(path) as reader:
        while piece := reader.read(MIB):
            read.update(piece)
    expect.equal(driver.stat(path).size, size + 4, "size after the append")
    expect.equal(read.hexdigest(), written.hexdigest(), "SHA-256 of the file of many parts")
