"""Streams into one file, in bounded memory, that nobody sees before commit and another process can continue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver.replacement import begun_anew
from storagedriver_drivers.swift import manifests, ownership, staging
from storagedriver_drivers.swift.errors import AbsentError
from storagedriver_drivers.swift.files import Files
from storagedriver_drivers.swift.layout import new_stream
from storagedriver_drivers.swift.manifests import Segment
from storagedriver_drivers.swift.objects import ObjectHead
from storagedriver_drivers.swift.reading import ObjectReader, ReplacedError, is_replaced


class SwiftUpload:
    """One stream: whole chunks go up as segments, what does not fill a chunk yet is held in memory."""

    def __init__(self, files: Files, path: str, *, chunk_size: int) -> None:
        """An empty stream; no request is made."""
        self._files: Final = files
        self._path: Final = path
        self._key: Final = files.layout.key(path)
        self._chunk_size: Final = chunk_size
        self._stream = new_stream()
        self._segments: list[Segment] = []
        # Segments that may be on the server, those of failed writes included.
        self._attempted = 0
        self._is_noted = False
        self._buffer = bytearray()
        # The ETag of the state object this stream came from or left; None if it has none.
        self._state: str | None = None

    @property
    def size(self) -> int:
        return sum(each.size for each in self._segments) + len(self._buffer)

    def write(self, data: memoryview, /) -> None:
        """Take all of `data`. After a failure nothing of it is taken, so that the same call may be repeated."""
        position = self._chunk_size - len(self._buffer)
        if len(data) < position:
            self._buffer += data
            return
        uploaded = len(self._segments)
        try:
            # What was staged with a larger chunk size may fill several.
            self._put_segment(self._buffer + data[: max(position, 0)])
            position = max(position, 0)
            while len(data) - position >= self._chunk_size:
                self._put_segment(bytes(data[position : position + self._chunk_size]))
                position += self._chunk_size
        except BaseException:
            # The segments stay on the server until the next ones of the same numbers replace them.
            del self._segments[uploaded:]
            raise
        self._buffer = bytearray(data[position:])

    def commit(self) -> None:
        if self._segments:
            self._commit_large()
        else:
            self._files.put(self._key, self._buffer, self._stream)
            self._remove_attempts(after=0)
        self._end_state()
        if self._is_noted:
            self._files.container.remove(self._files.layout.stream(self._path, self._stream))

    def _commit_large(self) -> None:
        written = len(self._segments)
        try:
            if self._buffer:
                self._put_segment(self._buffer)
            segments = tuple(self._segments)
        finally:
            # The last one is put again should the commit be called again.
            del self._segments[written:]
        # What a failed write left would be part of a manifest that names the prefix alone.
        self._remove_attempts(after=len(segments))
        prefix = self._files.layout.segments(self._stream)
        self._files.put_large(self._key, segments, prefix, self._stream)

    def suspend(self) -> None:
        """Leave the stage to be continued. One that another stream left in the meantime gives way: the newest counts."""
        other = staging.peek(self._files, self._path)
        stage = staging.Stage(self._stream, tuple(self._segments), bytes(self._buffer))
        self._state = staging.save(self._files, self._path, stage)
        if other is not None and other.stream and other.stream != self._stream:
            staging.drop(self._files, self._path, other.stream)

    def discard(self) -> None:
        shared = self._end_state()
        if self._is_noted and not shared:
            staging.drop(self._files, self._path, self._stream)

    # --- where a stream begins

    def resume(self, stage: staging.Stage) -> None:
        """Go on where `stage` ends. It stays until commit, discard or suspend, so that a crash loses nothing of it."""
        self._stream = stage.stream
        self._segments = list(stage.segments)
        self._attempted = len(stage.segments)
        self._is_noted = bool(stage.segments)
        self._buffer = bytearray(stage.tail)
        self._state = stage.etag

    def copy_committed(self, head: ObjectHead) -> None:
        """Begin with the committed content: whole chunks are copied on the server, the rest is read."""
        try:
            if not head.is_large and head.size < self._chunk_size:
                self._buffer = bytearray(self._read(self._key, head.etag))
                self._require(len(self._buffer) == head.size)
                return
            segments = self._committed(head)
            if segments:
                self._copy(segments)
            else:
                self._copy_through(head)
            self._require(self.size == head.size)
        except AbsentError as error:
            self.discard()
            raise ReplacedError from error
        except BaseException:
            self.discard()
            raise

    def _committed(self, head: ObjectHead) -> Sequence[Segment]:
        """What the file consists of, as far as it can be copied; empty if it has to be read."""
        if not head.is_large:
            name = f"{self._files.container.name}/{self._key}"
            return [Segment(name, head.size, head.etag)]
        segments = manifests.read(self._files.container, self._files.layout, self._key, head)
        copied = all(each.is_whole and each.size and each.etag for each in segments)
        return segments if copied and sum(each.size for each in segments) == head.size else []

    def _copy(self, segments: Sequence[Segment]) -> None:
        *whole, last = segments
        short = last.inside(self._files.container) if last.size < self._chunk_size else None
        for segment in whole if short is not None else segments:
            name = self._next_segment()
            etag = self._files.container.copy(segment.name, name, segment.etag, ownership.headers_of(self._path))
            self._require(etag == segment.etag)
            self._segments.append(Segment(f"{self._files.container.name}/{name}", segment.size, etag))
        if short is not None:
            # So that many appends of little do not make many segments.
            self._buffer = bytearray(self._read(short, last.etag))

    def _copy_through(self, head: ObjectHead) -> None:
        reader = ObjectReader(self._files.container, self._key, etag=head.etag)
        try:
            for piece in iter(lambda: reader.read(self._chunk_size), b""):
                self.write(memoryview(piece))
        finally:
            reader.close()

    def _read(self, name: str, etag: str) -> bytes:
        return ObjectReader(self._files.container, name, etag=etag).read_all()

    @staticmethod
    def _require(same: bool) -> None:
        if not same:
            raise BackendError("the file was replaced while it was read")

    # --- segments

    def _put_segment(self, content: bytes | bytearray) -> None:
        name = self._next_segment()
        etag = self._files.container.put(name, content, ownership.headers_of(self._path)) or ""
        self._segments.append(Segment(f"{self._files.container.name}/{name}", len(content), etag))

    def _next_segment(self) -> str:
        number = len(self._segments) + 1
        if not self._is_noted:
            # Should this raise, the server may have it all the same.
            self._is_noted = True
            self._files.note(self._path, self._stream)
        self._attempted = max(self._attempted, number)
        return self._files.layout.segment(self._stream, number)

    def _remove_attempts(self, *, after: int) -> None:
        numbers = range(after + 1, self._attempted + 1)
        self._files.discard(self._files.layout.segment(self._stream, number) for number in numbers)
        self._attempted = after

    # --- stage

    def _end_state(self) -> bool:
        """Remove the state object if it is this stream's; tells whether another stage lives on with the same segments."""
        if self._state is None:
            return False
        found = staging.peek(self._files, self._path)
        if found is not None and found.etag != self._state:
            return found.stream == self._stream
        if found is not None:
            self._files.container.remove(self._files.layout.state(self._path))
        self._state = None
        return False


def continued(files: Files, path: str, *, chunk_size: int) -> SwiftUpload:
    """The stream that continues the newest stage of a path, else its committed content.

    Raises:
        PathNotFoundError: There is neither.
    """
    # Replaced since it was looked at: whoever did that is right, and so is a stream that continues the new file.
    return begun_anew(lambda: _continued(files, path, chunk_size=chunk_size), is_replaced)


def _continued(files: Files, path: str, *, chunk_size: int) -> SwiftUpload:
    upload = SwiftUpload(files, path, chunk_size=chunk_size)
    stage = staging.load(files, path)
    head = files.container.head(files.layout.key(path))
    if stage is not None:
        if head is None or head.mark != stage.stream:
            upload.resume(stage)
            return upload
        # It was committed, by a process that ended before it could remove the state.
        staging.forget_committed(files, path, stage.stream)
    if head is None or head.is_marker:
        files.container.require_existence()
        raise PathNotFoundError("neither a file nor a staged stream is there")
    upload.copy_committed(head)
    return upload
