"""Streams into one content, in bounded memory, that nobody sees before commit and another process can continue."""

from __future__ import annotations

import contextlib
import time
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver_drivers.rados.activity import Activity
from storagedriver_drivers.rados.client import Request
from storagedriver_drivers.rados.contents import Contents
from storagedriver_drivers.rados.errors import EndedError, LostChunkError
from storagedriver_drivers.rados.journal import held_by
from storagedriver_drivers.rados.parameters import is_usual_chunk
from storagedriver_drivers.rados.reading import ContentReader
from storagedriver_drivers.rados.records import Record, Segment, random_id
from storagedriver_drivers.rados.staging import Stage
from storagedriver_drivers.rados.store import TAIL, Store, new_segment
from storagedriver_drivers.rados.traces import Trace

_NOTE_AGE = 300.0
"""Seconds after which a stream that is still written to renews its note in the journal."""


@dataclass(slots=True)
class _Write:
    """One object being written; its content is kept until that has succeeded.

    Attributes:
        request: None if it failed and is to be repeated.
    """

    number: int
    content: bytes
    request: Request | None


class _Writes:
    """The objects of one segment, several of which are written at the same time."""

    def __init__(self, contents: Contents, segment: Segment, path: str, *, concurrency: int) -> None:
        self._contents = contents
        self._segment = segment
        self._path = path
        self._concurrency = concurrency
        self._waiting: deque[_Write] = deque()

    def write(self, number: int, content: bytes) -> None:
        """Begin to write an object, as soon as there are few enough others."""
        while len(self._waiting) >= self._concurrency:
            self._finish_first()
        self._waiting.append(_Write(number, content, self._begun(number, content)))

    def finish(self) -> None:
        """Wait for all; what failed is repeated once, and the next time again."""
        while self._waiting:
            self._finish_first()

    def drop(self, first: int) -> None:
        """Wait for all, and forget those from number `first` on."""
        for write in self._waiting:
            self._settled(write)
        self._waiting = deque(write for write in self._waiting if write.number < first)

    def _finish_first(self) -> None:
        write = self._waiting[0]
        if write.request is None:
            write.request = self._begun(write.number, write.content)
        request = write.request
        write.request = None
        request.result()
        self._waiting.popleft()

    @staticmethod
    def _settled(write: _Write) -> None:
        if write.request is not None:
            try:
                write.request.result()
            except BackendError:
                write.request = None

    def _begun(self, number: int, content: bytes) -> Request:
        return self._contents.begin_write(self._segment, number, content, self._path, size=None)


class RadosUpload:
    """One stream: whole chunks are written as they come, what does not fill a chunk yet is held in memory."""

    def __init__(self, store: Store, path: str, *, chunk_size: int) -> None:
        """An empty stream; no request is made."""
        self._store: Final = store
        self._path: Final = path
        self._chunk_size: Final = chunk_size
        self._oid: Final = random_id()
        self._own: Final = new_segment(self._oid, 0)
        self._tail: Final = new_segment(self._oid + TAIL, 1)
        self._writes = _Writes(store.contents, self._own, path, concurrency=store.concurrency)
        self._count = 0  # Chunks written; of failed writes there may be more.
        self._trace: Final = Trace(path)
        store.traces.begin(self, self._trace)
        # Ends with the stream, also where that is forgotten.
        self._activity: Final = Activity()
        self._activity.add([self._own.holder, self._tail.holder])
        weakref.finalize(self, self._activity.end).atexit = False
        self._noted = 0.0
        self._buffer = bytearray()
        # What the stream continues: whole chunks, and what they and the rest were part of.
        self._base: tuple[Segment, ...] = ()
        self._base_held = False
        self._rest: tuple[Segment, ...] = ()
        self._stage: Stage | None = None
        self._suspended: Stage | None = None
        # What a failed call may have done all the same: its answer can have been lost.
        self._maybe_published = False
        self._maybe_suspended: Stage | None = None

    @property
    def size(self) -> int:
        base = sum(segment.count for segment in self._base)
        return (base + self._count) * self._chunk_size + len(self._buffer)

    def write(self, data: memoryview, /) -> None:
        """Take all of `data`. After a failure nothing of it is taken, so that the same call may be repeated."""
        position = self._chunk_size - len(self._buffer)
        if len(data) < position:
            self._buffer += data
            return
        count = self._count
        try:
            self._write_chunk(bytes(self._buffer) + bytes(data[:position]))
            while len(data) - position >= self._chunk_size:
                self._write_chunk(bytes(data[position : position + self._chunk_size]))
                position += self._chunk_size
        except BaseException:
            self._writes.drop(count)
            self._count = count
            raise
        self._buffer = bytearray(data[position:])

    def commit(self) -> None:
        self._finish()
        self._own_base()
        record = self._record()
        if self._count or self._base:
            self._store.contents.seal(record.segments[0], self._path, record.size)
        self._maybe_published = True
        self._store.traces.end(self._trace)
        self._store.publish(self._path, record, noted=self._noted_holds() if self._noted else self._base)
        self._trace.noted = []
        self._clear(record)
        self._activity.end()

    def suspend(self) -> None:
        """Leave the stage to be continued. One that another stream left in the meantime gives way: the newest counts."""
        try:
            self._suspend()
        finally:
            self._activity.end()

    def _suspend(self) -> None:
        self._finish()
        stages = self._store.stages
        while True:
            old = stages.stage(self._path)
            continued = old is not None and self._stage is not None and old.value == self._stage.value
            if not continued:
                self._hold_base()
            record = self._record()
            value = record.dumped()
            self._maybe_suspended = Stage(self._path, value, record)
            self._store.traces.end(self._trace)
            if stages.replace(self._path, "" if old is None else old.value, value):
                break
        self._suspended = self._maybe_suspended
        if continued:
            self._clear(record)
            return
        self._clear(record)
        if old is not None and old.record is not None:
            self._store.discard(self._path, old.record.segments)

    def discard(self) -> None:
        try:
            self._discard()
        finally:
            self._activity.end()

    def _discard(self) -> None:
        self._store.traces.end(self._trace)
        if self._suspended is not None:
            self._end(self._suspended)
            return
        self._writes.drop(0)
        if self._maybe_suspended is not None and self._end(self._maybe_suspended):
            return
        if self._maybe_published and self._is_published():
            return
        if self._stage is not None and not self._base_held:
            self._end(self._stage)
        elif self._base_held:
            self._store.discard(self._path, [*self._base, *self._rest])
        begun = [each for each in (self._trace.chunks, self._trace.tail) if each is not None]
        self._store.discard(self._path, begun, noted=self._trace.noted)

    # --- where a stream begins

    @classmethod
    def of_stage(cls, store: Store, stage: Stage, record: Record) -> RadosUpload:
        """A stream that goes on where `stage` ends. That stays until the next commit, discard or suspend.

        Raises:
            LostChunkError: Another writer has ended it.
        """
        upload = cls(store, stage.path, chunk_size=record.chunk_size)
        with upload._beginning():
            upload._begin_with(record)
        upload._stage = stage
        return upload

    @classmethod
    def of_file(cls, store: Store, path: str, record: Record, *, chunk_size: int) -> RadosUpload:
        """A stream that begins with a file, whose whole chunks it shares.

        A file of another tool is copied where it cannot be shared: if its chunks are too small or too large to go on in,
        and the last segment if that ends with a part of a chunk; the driver makes that a segment of its own.

        Args:
            store: Has the file.
            path: Of the file.
            record: The file.
            chunk_size: To go on in, where the file's own cannot be kept.

        Raises:
            EndedError, LostChunkError: The file has been replaced or deleted.
        """
        upload = cls(store, path, chunk_size=record.chunk_size if is_usual_chunk(record.chunk_size) else chunk_size)
        with upload._beginning():
            upload._begin_with(record)
            upload._rest = ()
            if upload._base:
                upload._hold_base()
                upload._trace.shared = [*upload._base]
        return upload

    @contextlib.contextmanager
    def _beginning(self) -> Iterator[None]:
        """A stream that does not come to be has nothing to do any more with what it has noted."""
        try:
            yield
        except BaseException:
            self._activity.end()
            raise

    def _begin_with(self, record: Record) -> None:
        if record.chunk_size != self._chunk_size:
            shared = 0
        else:
            shared = len(record.segments) - bool(record.size % record.chunk_size)
        self._base, self._rest = record.segments[:shared], record.segments[shared:]
        start = sum(segment.count for segment in self._base) * record.chunk_size
        if start < record.size:
            reader = ContentReader(self._store.pool, record, start, concurrency=self._store.concurrency)
            with contextlib.closing(reader):
                while piece := reader.read(self._chunk_size):
                    self.write(memoryview(piece))

    # --- steps

    def _write_chunk(self, content: bytes) -> None:
        self._note()
        most = max(self._count + 1, self._trace.chunks.count if self._trace.chunks is not None else 0)
        self._trace.chunks = Segment(self._own.oid, most, self._own.holder)
        self._writes.write(self._count, content)
        self._count += 1

    def _note(self) -> None:
        now = time.monotonic()
        if not self._noted or now - self._noted > _NOTE_AGE:
            self._trace.noted = [self._own, self._tail]
            self._store.journal.note(made=held_by(self._path, self._noted_holds()))
            self._noted = now

    def _announce(self, base: Sequence[Segment]) -> None:
        """Say that this stream is at these holds, before it makes them or is the only one to name them."""
        self._activity.add(segment.holder for segment in base)
        self._store.journal.note(made=held_by(self._path, base))

    def _noted_holds(self) -> list[Segment]:
        """What the stream holds, or is about to."""
        return [self._own, self._tail, *(self._base if self._base_held else ())]

    def _finish(self) -> None:
        """Have all that was written on the backend, the rest that is no whole chunk too."""
        if self._buffer:
            self._note()
            self._trace.tail = self._tail
            alone = self.size if not (self._count or self._base) else None
            self._store.contents.begin_write(self._tail, 0, bytes(self._buffer), self._path, size=alone).result()
        self._writes.finish()

    def _record(self) -> Record:
        own = [Segment(self._own.oid, self._count, self._own.holder)] if self._count else []
        tail = [self._tail] if self._buffer else []
        return Record.new(self.size, self._chunk_size, [*self._base, *own, *tail])

    def _own_base(self) -> None:
        """Own what the stream continues: take the stage away, or if another did that, hold its chunks too."""
        if self._stage is None or self._base_held:
            return
        # From now on they are this stream's to name, and the process that staged them may have ended.
        self._announce(self._base)
        if self._store.stages.take(self._path, self._stage.value):
            self._base_held = True
        else:
            self._hold_base()

    def _hold_base(self) -> None:
        if self._base_held:
            return
        if self._base:
            base = Record.new(0, self._chunk_size, self._base)
            held = base.held_anew()
            self._announce(held.segments)
            try:
                self._store.contents.hold(base, held, self._path, self._path)
            except EndedError:
                self._store.journal.forget(held_by(self._path, held.segments))
                raise
            self._base = held.segments
        self._base_held = True
        self._rest = ()

    def _clear(self, record: Record) -> None:
        """Remove what the stream continued or wrote, and its content does not hold."""
        held = {segment.oid for segment in record.segments}
        gone = [*self._rest, *([self._tail] if self._trace.tail is not None and self._tail.oid not in held else [])]
        self._rest = ()
        unused = [segment for segment in self._trace.noted if segment.oid not in held]
        self._trace.noted = []
        self._store.discard(self._path, gone, noted=unused)

    def _is_published(self) -> bool:
        """Whether the file is this stream's. Asked of the directory that was changed, so this comes after the change."""
        content = self._store.directories.entry(self._path).content
        own = {self._own.holder, self._tail.holder, *(segment.holder for segment in self._base)}
        return content is not None and any(segment.holder in own for segment in content.segments)

    def _end(self, stage: Stage) -> bool:
        """Take a stage away with all it names; False if it is not there."""
        taken = self._store.stages.take(self._path, stage.value)
        if taken and stage.record is not None:
            self._store.discard(self._path, stage.record.segments)
        return taken


def continued(store: Store, path: str, *, chunk_size: int) -> RadosUpload:
    """The stream that continues the newest stage of a path, else its committed content.

    Args:
        store: Has the path.
        path: The path.
        chunk_size: To go on in, where that of the content cannot be kept.

    Raises:
        PathNotFoundError: There is neither.
    """
    lost: Record | None = None
    while True:
        stage = store.stages.stage(path)
        content = store.directories.entry(path).content if stage is None else stage.record
        if content is None:
            raise PathNotFoundError("neither a file nor a staged stream is there")
        try:
            if stage is not None:
                return RadosUpload.of_stage(store, stage, content)
            return RadosUpload.of_file(store, path, content, chunk_size=chunk_size)
        except (LostChunkError, EndedError) as changed:
            # Another writer ended or replaced it since it was read, unless it is still the same.
            if content == lost:
                raise BackendError("objects of what is continued are gone") from changed
            lost = content
