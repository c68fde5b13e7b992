"""Hostile inputs, tried one after the other and counted: all are tried, and the first that got through is told in full."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

from storagedriver import FileInfo, PathNotFoundError, StorageDriver, StorageDriverError
from storagedriver.testing import ContractViolation, Ending, Subject, TrialKind, Trials


class Attempts:
    """The hostile inputs of one check."""

    def __init__(self, subject: Subject) -> None:
        """Count them for the report of `subject`."""
        self._subject = subject
        self._trials: dict[tuple[str, str], Trials] = {}
        self._first: ContractViolation | None = None

    def attempt(self, operation: str, condition: str, point: str, judged: Callable[[], Ending]) -> None:
        """Try one.

        Args:
            operation: What the driver is asked to do.
            condition: What is hostile about it.
            point: Which input it is.
            judged: Tries it and returns how it ended, or raises ContractViolation.
        """
        try:
            ending = judged()
        except ContractViolation as violation:
            ending = Ending.VIOLATED
            self._first = self._first or violation
        key = operation, condition
        if key not in self._trials:
            self._trials[key] = self._subject.trials(TrialKind.HOSTILE_INPUT, operation, condition)
        self._trials[key].add(point, ending)

    def conclude(self) -> None:
        """Raise the first violation, if there was one."""
        if self._first is not None:
            raise self._first


@contextlib.contextmanager
def attempts(subject: Subject) -> Iterator[Attempts]:
    """Hostile inputs that are all tried in the block; the first violation is raised at its end."""
    made = Attempts(subject)
    yield made
    made.conclude()


# --- what strangers ask a driver for

Method = Callable[[StorageDriver, str], object]
"""A call, or a few, with one path; returns what a caller gets to see by it."""

WRITTEN = b"written by the check"


def _read(driver: StorageDriver, path: str) -> bytes:
    with driver.reader(path) as stream:
        return stream.read()


def _stream(driver: StorageDriver, path: str) -> None:
    with driver.writer(path) as writer:
        writer.write(WRITTEN)
        writer.commit()


def _append(driver: StorageDriver, path: str) -> bytes | None:
    with driver.writer(path, append=driver.capabilities.append) as writer:
        writer.write(WRITTEN)
        writer.commit()
    return _content(driver, path)


def _stage(driver: StorageDriver, path: str) -> None:
    with driver.writer(path) as writer:
        writer.write(WRITTEN)
    writer.cancel()


def _move_away(driver: StorageDriver, path: str) -> bytes | None:
    driver.move(path, DEST)
    return _content(driver, DEST)


def _content(driver: StorageDriver, path: str) -> bytes | None:
    """What there is to read after a call that itself shows nothing."""
    try:
        return driver.get_content(path)
    except PathNotFoundError:
        return None


def _walk(driver: StorageDriver, path: str) -> list[FileInfo]:
    return list(driver.walk(path))


READING: Mapping[str, Method] = {
    "get_content": lambda driver, path: driver.get_content(path),
    "reader": _read,
    "stat": lambda driver, path: driver.stat(path),
    "list": lambda driver, path: driver.list(path),
    "walk": _walk,
}
"""Methods that change nothing."""

WRITING: Mapping[str, Method] = {
    "put_content": lambda driver, path: driver.put_content(path, WRITTEN),
    "writer": _stream,
    "append": _append,
    "staged stream": _stage,
    "move to it": lambda driver, path: driver.move(SOURCE, path),
}
"""Methods that write; a file is at SOURCE."""

REMOVING: Mapping[str, Method] = {
    "move from it": _move_away,
    "delete": lambda driver, path: driver.delete(path),
}
"""Methods that take away."""

EVERY_METHOD: Mapping[str, Method] = {**READING, **WRITING, **REMOVING}

SOURCE = "/source"
"""A file of the store, for moves."""

DEST = "/dest"
"""A path of the store where nothing is."""


def call(method: Method, driver: StorageDriver, path: str) -> tuple[object, Ending]:
    """What a method returned and SURVIVED, or its error and REFUSED. What is no error of the interface passes."""
    try:
        return method(driver, path), Ending.SURVIVED
    except StorageDriverError as error:
        return error, Ending.REFUSED
