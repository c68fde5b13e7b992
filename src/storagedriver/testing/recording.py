"""Recording what a check does to its drivers: the evidence of a failure, and the source of its reproducer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from storagedriver.driver import StorageDriver
from storagedriver.interception import Call, InterceptedDriver
from storagedriver.testing.content import Content
from storagedriver.testing.expect import abbreviated

T = TypeVar("T")

_SHARED_FROM = 64 * 1024
"""Bytes from which on equal contents are kept once."""


@dataclass(slots=True)
class Recorded:
    """One call and what came of it.

    Attributes:
        number: Its place in the order in which the calls began, from 1.
        driver: The variable that the driver is called: "driver", "driver2".
        call: The call.
        thread: The thread it was made in.
        returned: What it returned.
        error: What it raised; None if it returned.
        finished: Whether it has come back.
    """

    number: int
    driver: str
    call: Call
    thread: int
    returned: Any = None
    error: BaseException | None = None
    finished: bool = False


@dataclass(slots=True)
class Recorder:
    """The calls of one check, in order, on all drivers that it uses.

    Attributes:
        calls: The calls.
        opened: The changed parameters of "driver2", "driver3", ... in turn.
        untold: Whether the check also did what the calls do not tell: it made drivers of its own, or another process.
    """

    calls: list[Recorded] = field(default_factory=list)
    opened: list[dict[str, Any]] = field(default_factory=list)
    untold: bool = False
    _names: dict[int, str] = field(default_factory=dict)
    _streams: list[object] = field(default_factory=list)
    _contents: dict[bytes, bytes] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wrap(self, driver: StorageDriver, variable: str) -> RecordedDriver:
        """`driver`, with its calls recorded as those of `variable`."""
        return RecordedDriver(driver, self, variable)

    def begin(self, variable: str, call: Call) -> Recorded:
        """Note that a call begins."""
        with self._lock:
            recorded = Recorded(len(self.calls) + 1, variable, call, threading.get_ident())
            self.calls.append(recorded)
            return recorded

    def shared(self, returned: Any) -> Any:
        """`returned`, or what is equal to it and already kept: a check that reads a file again and again keeps it once."""
        if type(returned) is not bytes or len(returned) < _SHARED_FROM:
            return returned
        with self._lock:
            return self._contents.setdefault(returned, returned)

    def forget(self) -> None:
        """Let go of all that the check read and wrote.

        Errors and streams refer back to the calls, and what stands in such a cycle is not freed for a long time.
        """
        with self._lock:
            for each in self.calls:
                each.returned = each.error = None
            self.calls.clear()
            self._streams.clear()
            self._contents.clear()

    def name_stream(self, stream: object, kind: str) -> str:
        """The variable that a reader, writer or walk is called in a script."""
        with self._lock:
            name = self._names.get(id(stream))
            if name is None:
                # Kept alive, so that no other stream gets its id.
                self._streams.append(stream)
                name = self._names[id(stream)] = f"{kind}{len(self._streams)}"
            return name


class RecordedDriver(InterceptedDriver):
    """A driver whose every call is recorded. It changes nothing."""

    def __init__(self, inner: StorageDriver, recorder: Recorder, variable: str) -> None:
        """Record the calls on `inner` with `recorder`, as those of `variable`."""
        super().__init__(inner)
        self._recorder = recorder
        self.variable = variable

    def intercept(self, call: Call, proceed: Callable[[], T]) -> T:
        recorded = self._recorder.begin(self.variable, _snapshot(call))
        try:
            returned: T = self._recorder.shared(proceed())
        except (Exception, SystemExit) as error:
            recorded.error = error
            recorded.finished = True
            raise
        # What else passes through interrupts a call that would not have returned: it stays unfinished.
        recorded.returned = returned
        recorded.finished = True
        return returned


def _snapshot(call: Call) -> Call:
    """The call with mutable buffers copied: their owner may change them later (CONT-3)."""
    arguments: Mapping[str, Any] = {
        name: value if isinstance(value, Content) or not isinstance(value, bytearray | memoryview) else _Buffer(value)
        for name, value in call.arguments.items()
    }
    return Call(call.operation, call.path, arguments, call.stream)


class _Buffer(bytes):
    """What a bytearray or memoryview held when it was given."""

    kind: str

    def __new__(cls, given: bytearray | memoryview) -> Self:
        made = super().__new__(cls, bytes(given))
        made.kind = type(given).__name__
        return made


def describe(recorder: Recorder, recorded: Recorded) -> str:
    """A recorded call in a line: `driver.stat('/a') -> raised PathNotFoundError: …`."""
    call = recorded.call
    kind, _, method = call.operation.rpartition(".")
    subject = recorder.name_stream(call.stream, kind) if kind else recorded.driver
    arguments = [] if kind or call.path is None else [repr(call.path)]
    arguments += [f"{name}={abbreviated(value)}" for name, value in call.arguments.items()]
    line = f"{subject}.{method}({', '.join(arguments)})"
    if isinstance(recorded.error, StopIteration):
        return f"{line} -> the end"
    if recorded.error is not None:
        return f"{line} -> raised {abbreviated(recorded.error)}"
    if not recorded.finished:
        return f"{line} -> has not returned"
    if call.operation in {"reader", "writer", "walk"}:
        return f"{recorder.name_stream(recorded.returned, call.operation)} = {line}"
    return line if recorded.returned is None else f"{line} -> {abbreviated(recorded.returned)}"
