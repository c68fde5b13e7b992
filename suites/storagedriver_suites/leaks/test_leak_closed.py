"""LEAK-1 of streams that are closed and that somebody still refers to: what they used is given back by the close itself."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from storagedriver import StorageDriver
from storagedriver.testing import Subject, Tree, chunk_size, content, expect, requirement
from storagedriver_suites.leaks.holdings import Resource, look, untold

STREAMS = 8
"""So many are closed and kept: if each holds something, that is more than a pool keeps for the next call."""

SIZE = 300_000
"""Bytes of the file that is read: more than comes with the beginning of an answer."""

Use = Callable[[StorageDriver, str], object]


def _half_read(driver: StorageDriver, path: str) -> object:
    reader = driver.reader(path)
    reader.read(10)
    reader.close()
    return reader


def _unread(driver: StorageDriver, path: str) -> object:
    reader = driver.reader(path)
    reader.close()
    return reader


def _read(driver: StorageDriver, path: str) -> object:
    reader = driver.reader(path, 1)
    reader.read()
    reader.close()
    return reader


def _committed(driver: StorageDriver, path: str) -> object:
    writer = driver.writer(f"{path}-written")
    writer.write(content(chunk_size(driver) + 1, seed=1))
    writer.commit()
    writer.close()
    return writer


def _cancelled(driver: StorageDriver, path: str) -> object:
    writer = driver.writer(f"{path}-written")
    writer.write(b"content")
    writer.cancel()
    return writer


def _left(driver: StorageDriver, path: str) -> object:
    writer = driver.writer(f"{path}-written")
    writer.write(b"content")
    writer.close()
    return writer


def _stopped(driver: StorageDriver, path: str) -> object:
    walk = iter(driver.walk(path.rpartition("/")[0]))
    next(walk)
    # A walk need not be a generator; one that is not has nothing to close.
    getattr(walk, "close", lambda: None)()
    return walk


USES: Mapping[str, Use] = {
    "half-read-reader": _half_read,
    "unread-reader": _unread,
    "reader-at-its-end": _read,
    "committed-writer": _committed,
    "cancelled-writer": _cancelled,
    "writer-left-open-to-be-continued": _left,
    "stopped-walk": _stopped,
}


def held_here(driver: StorageDriver, path: str, name: str) -> Mapping[Resource, tuple[int, int]]:
    """Descriptors and sockets before and after streams were closed that are kept. Run in another process."""
    use = USES[name]
    driver.put_content(path, content(SIZE, seed=2))
    with tempfile.TemporaryDirectory() as folder:
        # What is opened once, such as a connection, is there before.
        use(driver, path)
        before = look(Path(folder), exactly=False)
        kept = [use(driver, path) for _ in range(STREAMS)]
        after = look(Path(folder), exactly=False)
    assert len(kept) == STREAMS
    return {each: (before.amount(each), after.amount(each)) for each in (Resource.DESCRIPTORS, Resource.SOCKETS)}


@requirement("LEAK-1")
@pytest.mark.parametrize("use", USES)
def test_closed_stream_holds_nothing(subject: Subject, tree: Tree, use: str) -> None:
    """A stream that is closed has given back its file and its connection, though somebody still refers to it."""
    reason = untold(Resource.DESCRIPTORS)
    if reason is not None:
        pytest.skip(reason)

    held = subject.elsewhere(held_here, tree.path("d/file"), use)

    for resource, (before, after) in held.items():
        expect.true(
            after - before < STREAMS,
            f"{resource} after {STREAMS} times a {use.replace('-', ' ')}, all closed and none forgotten",
            expected=f"about {before}, as before them",
            seen=after,
        )
