"""Streams into one file, in bounded memory, that nobody sees before commit and another process can continue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from storagedriver.chunking import Chunks, ChunkSender
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
    """One stream: chunks go up as segments, a few at once; what is not sent yet is held in memory."""

    def __init__(self, files: Files, path: str, *, chunk_size: int) -> None:
        """An empty stream; no request is made."""
        self._files: Final = files
        self._path: Final = path
        self._key: Final = files.layout.key(path)
        self._chunks: Final[Chunks[Segment]] = Chunks(chunk_size, self._segment, name="swift-segment")
        self._stream = new_stream()
        # Segments that may be on the server, those of failed writes included.
        self._attempted = 0
        self._is_noted = False
        # Segments of the stage that this stream continues.
        self._continued = 0
        # The ETag of the state object this stream came from or left; None if it has none.
        self._state: str | None = None

    @property
    def size(self) -> int:
        return self._chunks.size

    def write(self, data: memoryview, /) -> None:
        """Take all of `data`. After a failure nothing of it is taken, so that the same call may be repeated."""
        self._chunks.write(data)

    def commit(self) -> None:
        content = self._chunks.one
        if content is not None:
            self._files.put(self._key, content, self._stream)
            self._remove_attempts(after=0)
        else:
            self._commit_large()
        self._end_state()
        if content is not None and self._is_noted:
            self._files.container.remove(self._files.layout.stream(self._path, self._stream))

    def _commit_large(self) -> None:
        segments = tuple(self._chunks.finished())
        # What a failed write left would be part of a manifest that names the prefix alone.
        self._remove_attempts(after=len(segments))
        if self._state is not None:
            self._require_own(segments[self._continued :])
        prefix = self._files.layout.segments(self._stream)
        self._files.put_large(self._key, segments, prefix, self._stream)

    def _require_own(self, segments: Sequence[Segment]) -> None:
        """Where a stage is continued, others may continue it too, with segments of the same names (WRITE-8).

        Swift itself compares them with a manifest's; Ceph's gateway does not.
        """
        for segment in segments:
            head = self._files.container.head(segment.inside(self._files.container) or "")
            if head is None or head.etag != segment.etag:
                raise BackendError("a segment of the stream was replaced: another stream continues the same stage")

    def suspend(self) -> None:
        """Leave the stage to be continued. One that another stream left in the meantime gives way: the newest counts."""
        self._chunks.flush()
        other = staging.peek(self._files, self._path)
        stage = staging.Stage(self._stream, tuple(self._chunks.parts), bytes(self._chunks.rest))
        self._state = staging.save(self._files, self._path, stage)
        if other is not None and other.stream and other.stream != self._stream:
            staging.drop(self._files, self._path, other.stream)

    def discard(self) -> None:
        shared = self._end_state()
        if self._is_noted and not shared and not staging.drop(self._files, self._path, self._stream):
            self._drop_strays()

    # --- where a stream begins

    def resume(self, stage: staging.Stage) -> None:
        """Go on where `stage` ends. It stays until commit, discard or suspend, so that a crash loses nothing of it."""
        self._stream = stage.stream
        self._attempted = self._continued = len(stage.segments)
        self._is_noted = bool(stage.segments)
        # What was staged with a larger chunk size may fill several.
        self._chunks.resume(stage.segments, sum(each.size for each in stage.segments), stage.tail)
        self._state = stage.etag

    def copy_committed(self, head: ObjectHead) -> None:
        """Begin with the committed content: whole chunks are copied on the server, the rest is read."""
        try:
            if not head.is_large and head.size < self._chunks.chunk_size:
                self._chunks.write(memoryview(self._read(self._key, head.etag)))
                self._require(self.size == head.size)
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
        short = last.inside(self._files.container) if last.size < self._chunks.chunk_size else None
        for segment in whole if short is not None else segments:
            name = self._name(len(self._chunks.parts) + 1)
            etag = self._files.container.copy(segment.name, name, segment.etag, ownership.headers_of(self._path))
            self._require(etag == segment.etag)
            self._chunks.add(Segment(f"{self._files.container.name}/{name}", segment.size, etag), segment.size)
        if short is not None:
            # So that many appends of little do not make many segments.
            self._chunks.write(memoryview(self._read(short, last.etag)))

    def _copy_through(self, head: ObjectHead) -> None:
        reader = ObjectReader(self._files.container, self._key, etag=head.etag)
        try:
            for piece in iter(lambda: reader.read(self._chunks.chunk_size), b""):
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

    def _segment(self, number: int) -> ChunkSender[Segment]:
        name = self._name(number)

        def put(content: bytearray) -> Segment:
            etag = self._files.container.put(name, content, ownership.headers_of(self._path)) or ""
            return Segment(f"{self._files.container.name}/{name}", len(content), etag)

        return put

    def _name(self, number: int) -> str:
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

    def _drop_strays(self) -> None:
        """Remove what was added to a stream that others ended meanwhile: if a segment is gone, no file is made of it."""
        # Of a stage that others continue too, a file can be made without those that were added here.
        is_alone = self._state is None and not self._continued
        numbers = range(1, (self._attempted if is_alone else max(1, len(self._chunks.parts))) + 1)
        names = (self._files.layout.segment(self._stream, number) for number in numbers)
        if any(self._files.container.head(name) is None for name in names):
            self._remove_attempts(after=0)

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
