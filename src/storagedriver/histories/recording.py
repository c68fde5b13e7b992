"""Recording a history: a wrapper around a driver that notes what each thread calls, and when."""

from __future__ import annotations

import itertools
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from storagedriver.driver import StorageDriver
from storagedriver.errors import (
    InvalidOffsetError,
    InvalidPathError,
    PathConflictError,
    PathNotFoundError,
    UnsupportedMethodError,
    WriterStateError,
)
from storagedriver.histories.model import READS, History, Kind, Operation, Outcome
from storagedriver.interception import Call, InterceptedDriver

T = TypeVar("T")

_REFUSALS = (
    InvalidOffsetError,
    InvalidPathError,
    PathConflictError,
    UnsupportedMethodError,
    WriterStateError,
    TypeError,
)
"""What is raised for a call that is wrong in itself: it promises that nothing was done, and tells nothing of a content."""

_SIMPLE = {
    "get_content": Kind.GET,
    "stat": Kind.STAT,
    "put_content": Kind.PUT,
    "delete": Kind.DELETE,
    "move": Kind.MOVE,
}


@dataclass(slots=True)
class _Stream:
    """A reader or writer that is open.

    Attributes:
        began: The get that a reader is, from its opening on; None for a writer, and once it is decided.
        number: Of a writer that continues a file.
        pieces: What came through it.
    """

    began: Operation | None = None
    number: int | None = None
    pieces: list[bytes] = field(default_factory=list)


class HistoryRecorder:
    """The operations of any number of drivers and threads.

    Times are those of the system's monotonic clock, which all processes of a machine share: histories that processes
    recorded apart can be put together with joined().
    """

    def __init__(self, process: str = "") -> None:
        """Begin with nothing.

        Args:
            process: Said before the name of each thread; empty where only one process of the system records.
        """
        self._process = process
        self._finished: list[Operation] = []
        self._pending: dict[int, Operation] = {}
        self._last_called: dict[str, int] = {}
        self._numbers = itertools.count(1)
        self._contents: dict[bytes, bytes] = {}
        self._lock = threading.Lock()

    def wrap(self, driver: StorageDriver) -> HistoryDriver:
        """`driver`, with what is called on it recorded here."""
        return HistoryDriver(driver, self)

    def history(self, initial: Mapping[str, bytes] | None = None) -> History:
        """What was recorded so far; `initial` was there before. What has not come back yet is of unknown outcome."""
        with self._lock:
            pending = [each for each in self._pending.values() if each.kind not in READS]
            return History((*self._finished, *pending), dict(initial or {}))

    # --- for HistoryDriver

    def number(self) -> int:
        """A number that no other operation or stream has."""
        return next(self._numbers)

    def begin(
        self,
        kind: Kind,
        path: str,
        *,
        argument: bytes | None = None,
        dest: str | None = None,
        stream: int | None = None,
    ) -> Operation:
        """Note that this thread calls an operation now."""
        process = f"{self._process} {threading.current_thread().name}".strip()
        with self._lock:
            number = self.number()
            operation = Operation(
                number=number,
                process=process,
                kind=kind,
                path=path,
                invoked=time.monotonic_ns(),
                responded=None,
                outcome=Outcome.UNKNOWN,
                argument=argument,
                dest=dest,
                stream=stream,
            )
            self._pending[number] = operation
            self._last_called[process] = number
            return operation

    def returned(self, begun: Operation, result: object = None) -> None:
        """Note that an operation returned now."""
        responded = time.monotonic_ns()
        with self._lock:
            process = begun.process
            if self._last_called[process] != begun.number:
                # A reader that was left open while its thread did something else: a process of its own.
                process = f"{process}, reader {begun.number}"
            if isinstance(result, bytes):
                # Contents are read again and again, and one copy of each is enough.
                result = self._contents.setdefault(result, result)
            seen = result if isinstance(result, bytes | int) else None
            self._pending.pop(begun.number)
            self._finished.append(replace(begun, process=process, responded=responded, outcome=Outcome.OK, result=seen))

    def raised(self, begun: Operation, error: BaseException) -> None:
        """Note that an operation raised now; one that promises that it saw and did nothing is forgotten."""
        responded = time.monotonic_ns()
        absent = isinstance(error, PathNotFoundError) and begun.argument is None
        with self._lock:
            self._pending.pop(begun.number)
            if isinstance(error, _REFUSALS) or (begun.kind in READS and not absent):
                return
            outcome = Outcome.ABSENT if absent else Outcome.UNKNOWN
            detail = "" if absent else f"{type(error).__name__}: {error}"
            self._finished.append(replace(begun, responded=responded, outcome=outcome, detail=detail))

    def forget(self, begun: Operation) -> None:
        """Leave out an operation whose result will not be known, and that changed nothing."""
        with self._lock:
            self._pending.pop(begun.number, None)


class HistoryDriver(InterceptedDriver):
    """A driver whose operations are recorded. It changes nothing.

    get_content, stat, put_content, delete and move are operations as they are. The commit of a writer is one, with all
    that was written as its argument. A reader from the start of a file that is read to its end is a get, which lasts
    from its opening to its last read. list and walk are no operations on one file, and are not recorded.
    """

    def __init__(self, inner: StorageDriver, recorder: HistoryRecorder) -> None:
        """Record what is called on `inner` with `recorder`."""
        super().__init__(inner)
        self._recorder = recorder
        self._streams: weakref.WeakKeyDictionary[object, _Stream] = weakref.WeakKeyDictionary()

    def intercept(self, call: Call, proceed: Callable[[], T]) -> T:
        kind = _SIMPLE.get(call.operation)
        if kind is not None:
            return self._simple(kind, call, proceed)
        if call.operation == "reader":
            return self._reader(call, proceed)
        if call.operation == "writer":
            return self._writer(call, proceed)
        stream = None if call.stream is None else self._streams.get(call.stream)
        if stream is None:
            return proceed()
        if call.operation == "writer.commit":
            return self._commit(stream, call, proceed)
        if call.operation == "writer.write":
            # Before the call: afterwards the buffer may hold something else.
            taken = bytes(call.arguments["data"])
            written = proceed()
            stream.pieces.append(taken)
            return written
        return self._read(stream, call, proceed)

    def _simple(self, kind: Kind, call: Call, proceed: Callable[[], T]) -> T:
        assert call.path is not None
        content = call.arguments.get("content")
        if kind is Kind.PUT and not isinstance(content, bytes | bytearray | memoryview):
            return proceed()
        begun = self._recorder.begin(
            kind,
            call.path,
            argument=None if content is None else bytes(content),
            dest=call.arguments.get("dest"),
        )
        result = self._raising(begun, proceed)
        if kind is Kind.STAT and getattr(result, "is_dir", False):
            self._recorder.forget(begun)
        else:
            self._recorder.returned(begun, getattr(result, "size", None) if kind is Kind.STAT else result)
        return result

    def _raising(self, begun: Operation, proceed: Callable[[], T]) -> T:
        try:
            return proceed()
        except BaseException as error:
            self._recorder.raised(begun, error)
            raise

    def _reader(self, call: Call, proceed: Callable[[], T]) -> T:
        assert call.path is not None
        if call.arguments["offset"] != 0:
            return proceed()
        begun = self._recorder.begin(Kind.GET, call.path)
        reader = self._raising(begun, proceed)
        self._streams[reader] = _Stream(begun)
        return reader

    def _writer(self, call: Call, proceed: Callable[[], T]) -> T:
        assert call.path is not None
        if not call.arguments["append"]:
            writer = proceed()
            self._streams[writer] = _Stream()
            return writer
        number = self._recorder.number()
        begun = self._recorder.begin(Kind.OPEN, call.path, stream=number)
        writer = self._raising(begun, proceed)
        inner: Any = getattr(writer, "inner", writer)
        self._recorder.returned(begun, inner.size)
        self._streams[writer] = _Stream(number=number)
        return writer

    def _commit(self, stream: _Stream, call: Call, proceed: Callable[[], T]) -> T:
        assert call.path is not None
        kind = Kind.COMMIT if stream.number is None else Kind.APPEND
        begun = self._recorder.begin(kind, call.path, argument=b"".join(stream.pieces), stream=stream.number)
        result = self._raising(begun, proceed)
        self._recorder.returned(begun)
        return result

    def _read(self, stream: _Stream, call: Call, proceed: Callable[[], T]) -> T:
        begun = stream.began
        if begun is None or not call.operation.startswith("reader."):
            return proceed()
        method, size = call.operation.rpartition(".")[2], call.arguments.get("size")
        try:
            result = proceed()
        except BaseException as error:
            stream.began = None
            # A driver without eager_open says at the first read that nothing is there. One with it may say so of what
            # was replaced since, and that tells nothing of the file (READ-7).
            first = not any(stream.pieces) and not self.capabilities.eager_open
            if isinstance(error, PathNotFoundError) and first:
                self._recorder.raised(begun, error)
            else:
                self._recorder.forget(begun)
            raise
        if method == "close" or not isinstance(result, bytes):
            stream.began = None
            self._recorder.forget(begun)
            return result
        stream.pieces.append(result)
        if (method == "read" and (size is None or size < 0)) or (not result and size != 0):
            stream.began = None
            self._recorder.returned(begun, b"".join(stream.pieces))
        return result


def joined(histories: Iterable[History]) -> History:
    """One history of those that several processes of a machine recorded apart, numbered anew."""
    operations: list[Operation] = []
    initial: dict[str, bytes] = {}
    numbers, streams = itertools.count(1), itertools.count(1)
    for history in histories:
        initial.update(history.initial)
        renamed: dict[int, int] = {}
        for each in history:
            if each.stream is not None and each.stream not in renamed:
                renamed[each.stream] = next(streams)
            stream = None if each.stream is None else renamed[each.stream]
            operations.append(replace(each, number=next(numbers), stream=stream))
    return History(tuple(operations), initial)
