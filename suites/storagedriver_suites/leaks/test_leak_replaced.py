"""LEAK: what is on the backend of files that were replaced, under whatever name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from storagedriver import StorageDriver
from storagedriver.testing import Subject, content, expect, requirement, size_of
from storagedriver_suites.behaviour.streams import write_stream

TIMES = 3


def _write(driver: StorageDriver, path: str, seed: int) -> None:
    write_stream(driver, path, [content(size_of("chunk+1", driver), seed=seed)])


def _move_onto(driver: StorageDriver, path: str) -> None:
    _write(driver, f"{path}-source", 2)
    driver.move(f"{path}-source", path)


REPLACEMENTS: Mapping[str, Callable[[StorageDriver, str], None]] = {
    "put": lambda driver, path: driver.put_content(path, b"small"),
    "large-put": lambda driver, path: driver.put_content(path, content(size_of("chunk+1", driver), seed=2)),
    "stream": lambda driver, path: _write(driver, path, 2),
    "move": _move_onto,
}
"""Ways to replace a large file."""


@requirement("LEAK-1", needs=["inspect", "root"])
@pytest.mark.parametrize("way", REPLACEMENTS)
def test_what_was_replaced_is_nowhere_on_the_backend(subject: Subject, way: str) -> None:
    """Of a large file nothing stays once it is replaced, and its place deleted: no part that is named otherwise either."""
    driver = subject.open_root("store")
    driver.put_content("/stays", b"content")
    before = subject.inspect_root("store")

    for number in range(TIMES):
        _write(driver, f"/d/{number}", 1)
        REPLACEMENTS[way](driver, f"/d/{number}")
        driver.delete(f"/d/{number}")

    expect.equal(subject.inspect_root("store"), before, f"what is on the backend after files were replaced by a {way}")
