"""Calls between whose requests another driver changes the file that they are about, and what may come of both."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from storagedriver import PathNotFoundError, StorageDriver, paths
from storagedriver.testing import content, size_of
from storagedriver.wire import Passage
from storagedriver_suites.concurrency.orders import Found
from storagedriver_suites.faults.served_operations import (
    APPEND_LARGE,
    DELETE,
    DELETE_TREE,
    GET_LARGE,
    LIST,
    MOVE_LARGE,
    PUT_LARGE,
    READ_LARGE,
    STAT,
    STREAM,
    WALK,
    Operation,
)

T = TypeVar("T")

CHANGES: Mapping[str, Callable[[StorageDriver], Found]] = {
    "put": lambda _: content(700, seed=21),
    "put of a longer file": lambda driver: content(size_of("2*chunk+1", driver), seed=22),
    "delete": lambda _: None,
}
"""What another driver does meanwhile, with the content that it leaves."""


def leave(driver: StorageDriver, path: str, found: Found) -> None:
    """Put this content, or delete; what is gone already cannot be deleted."""
    if found is not None:
        driver.put_content(path, found)
        return
    with contextlib.suppress(PathNotFoundError):
        driver.delete(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interleaved:
    """A call, and a file that another driver changes before one of the requests of it.

    Attributes:
        operation: The call, with what is there before and after.
        name: The file that is changed.
        needs_it: Whether the call says PathNotFoundError where that file is not there.
        seen: What the call may return besides, where it began after a change that left this content.
        besides: What files may hold besides what is there before, after, or by the change: of a call that began after it.
    """

    operation: Operation
    name: str = "file"
    needs_it: bool = False
    seen: Callable[[Found, str], object] = field(default=lambda _, __: None)
    besides: Callable[[Found], Mapping[str, Found]] = field(default=lambda _: {})

    def __str__(self) -> str:
        return f"{self.operation.name}, {self.name}"


def _appended(changed: Found) -> Mapping[str, Found]:
    return {"file": (changed or b"") + content(1000, seed=5)}


def _walked(changed: Found, directory: str) -> list[str]:
    names = [
        "beside",
        "tree",
        *([] if changed is None else ["tree/a"]),
        "tree/c",
        "tree/sub",
        "tree/sub/b",
        "tree-beside",
    ]
    return [paths.join(directory, name) for name in names]


INTERLEAVED: Mapping[str, Interleaved] = {
    str(each): each
    for each in (
        Interleaved(operation=GET_LARGE, needs_it=True, seen=lambda changed, _: changed),
        Interleaved(operation=READ_LARGE, needs_it=True, seen=lambda changed, _: changed and changed[10:]),
        Interleaved(operation=STAT, needs_it=True, seen=lambda changed, _: (len(changed or b""), True)),
        Interleaved(operation=PUT_LARGE),
        Interleaved(operation=STREAM),
        Interleaved(operation=APPEND_LARGE, needs_it=True, besides=_appended),
        Interleaved(operation=MOVE_LARGE, name="source", needs_it=True, besides=lambda changed: {"dest": changed}),
        Interleaved(operation=MOVE_LARGE, name="dest"),
        Interleaved(operation=DELETE, needs_it=True),
        Interleaved(operation=DELETE_TREE, name="tree/a"),
        Interleaved(operation=DELETE_TREE, name="tree/new"),
        Interleaved(operation=LIST, name="tree/a"),
        Interleaved(operation=WALK, name="tree/a", seen=_walked),
    )
}


class Meanwhile:
    """A fault of HTTP and of libraries in which nothing goes wrong, but before the request is sent on something is done.

    Attributes:
        condition: What is done, for reports.
        error: What was raised by it; None for nothing.
    """

    def __init__(self, act: Callable[[], None], condition: str) -> None:
        """Do `act` meanwhile."""
        self._act = act
        self.condition = condition
        self.error: Exception | None = None

    def hits(self, exchange: object) -> bool:  # noqa: ARG002  any request
        """Any request can be waited for."""
        return True

    def pass_through(self, passage: Passage) -> None:
        """Do it, then let an HTTP request and its answer go their way."""
        self._do()
        passage.send_request()
        passage.deliver()

    def make(self, send: Callable[[], T]) -> T:
        """Do it, then let a request of a library go its way."""
        self._do()
        return send()

    def _do(self) -> None:
        try:
            self._act()
        except Exception as error:  # noqa: BLE001  raised again in the check's own thread
            self.error = error
