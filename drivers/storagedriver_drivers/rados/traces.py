"""What streams of this process have on the backend that are neither committed, closed nor cancelled.

A stream that is forgotten, or whose driver is closed, leaves it; the driver then removes it when it next writes or
deletes, or when it is closed. What a process leaves that dies is found by the journal.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections import deque
from dataclasses import dataclass, field

from storagedriver_drivers.rados.records import Segment


@dataclass(slots=True)
class Trace:
    """What one stream has on the backend, or may have.

    Attributes:
        path: The path it is for.
        chunks: Its own segment of whole chunks, with as many as were begun to be written.
        tail: The segment of what does not fill a chunk, once that was begun to be written.
        shared: Segments of others that it holds too.
        noted: Its own that are in the journal.
        number: Tells it from all others of this process.
    """

    path: str
    chunks: Segment | None = None
    tail: Segment | None = None
    shared: list[Segment] = field(default_factory=list)
    noted: list[Segment] = field(default_factory=list)
    number: int = field(default_factory=itertools.count().__next__)

    def segments(self) -> list[Segment]:
        """All of it."""
        return [*self.shared, *(each for each in (self.chunks, self.tail) if each is not None)]


class Traces:
    """The traces of a driver's streams."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[int, Trace] = {}
        self._abandoned: deque[int] = deque()

    def begin(self, stream: object, trace: Trace) -> None:
        """Watch a stream; its trace counts as abandoned as soon as nobody refers to the stream any more."""
        with self._lock:
            self._open[trace.number] = trace
        # A finalizer may run anywhere, so it takes no lock and asks nothing of the backend.
        weakref.finalize(stream, self._abandoned.append, trace.number).atexit = False

    def end(self, trace: Trace) -> None:
        """The stream is committed, closed or cancelled: what it has there is not left behind."""
        with self._lock:
            self._open.pop(trace.number, None)

    def abandoned(self) -> list[Trace]:
        """Take the traces of streams that were forgotten."""
        found = []
        with self._lock:
            while self._abandoned:
                trace = self._open.pop(self._abandoned.popleft(), None)
                if trace is not None:
                    found.append(trace)
        return found

    def all(self) -> list[Trace]:
        """Take the traces of all streams, of those that are open too."""
        with self._lock:
            found = list(self._open.values())
            self._open.clear()
        return found
