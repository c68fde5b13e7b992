"""Streams into one object, in bounded memory, that nobody sees before commit and another process can continue."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from storagedriver.chunking import Chunks, ChunkSender
from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver.replacement import begun_anew
from storagedriver_drivers.gcs import staging
from storagedriver_drivers.gcs.errors import ReplacedError
from storagedriver_drivers.gcs.objects import (
    MOST_COMPONENTS,
    Bucket,
    Layout,
    ObjectHead,
    crc32c,
    decoded,
    encoded,
)
from storagedriver_drivers.gcs.reading import ObjectReader
from storagedriver_drivers.gcs.staging import Part

LARGEST_FILE = 5 << 40
"""Bytes of the largest object."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stream goes, and where it is kept until then.

    Attributes:
        key: The object it becomes.
        state_key: The state of what is staged.
        parts_prefix: What the names of parts begin with.
    """

    key: str
    state_key: str
    parts_prefix: str

    @classmethod
    def of(cls, layout: Layout, path: str) -> Place:
        """The place of a path's streams."""
        return cls(layout.key(path), layout.state_key(path), layout.parts_prefix(path))


class GCSUpload:
    """One stream: chunks go up as objects of their own, a few at once; what is not sent yet is held in memory.

    Commit joins the parts, holds the checksum of the whole against that of what was written, and only then puts the
    whole in the file's place. Parts stay until the stream or its stage ends, as a stage may name them.
    """

    def __init__(self, bucket: Bucket, place: Place, *, chunk_size: int) -> None:
        """An empty stream; no request is made."""
        self._bucket: Final = bucket
        self._place: Final = place
        self._chunks: Final[Chunks[Part]] = Chunks(chunk_size, self._chunk, name="gcs-part")
        self._mark = secrets.token_hex(8)
        self._own = _own_mark(self._mark)
        # Of all that was written: parts that go up at once have no order to extend it by.
        self._crc32c = 0
        self._has_parts = False
        # The generation of the state object this stream came from or left; None if it has none.
        self._state: int | None = None

    @property
    def size(self) -> int:
        return self._chunks.size

    def write(self, data: memoryview, /) -> None:
        """Take all of `data`. After a failure nothing of it is taken, so that the same call may be repeated."""
        if self.size + len(data) > LARGEST_FILE:
            raise BackendError(f"an object has at most {LARGEST_FILE} bytes")
        # What earlier calls sent: should it fail, this one has not taken anything.
        self._join()
        self._chunks.write(data)
        self._crc32c = crc32c(data, self._crc32c)

    def commit(self) -> None:
        content = self._chunks.one
        if content is not None:
            self._bucket.put(self._place.key, content, self._own)
        else:
            self._publish()
        if not self._end_state():
            self._remove_parts()

    def suspend(self) -> None:
        """Leave the stage to be continued. One that another stream left in the meantime gives way: the newest counts."""
        self._chunks.flush()
        self._join()
        rest = self._chunks.rest
        other = staging.peek(self._bucket, self._place.state_key)
        stage = staging.Stage(self._mark, tuple(self._chunks.parts), self._crc32c, len(rest))
        self._state = staging.save(self._bucket, self._place.state_key, stage, rest)
        if other is not None and other.mark != self._mark:
            staging.remove_parts(self._bucket, self._place.parts_prefix, other.mark)

    def discard(self) -> None:
        if not self._end_state():
            self._remove_parts()

    # --- where a stream begins

    def resume(self, stage: staging.Stage, tail: bytes) -> None:
        """Go on where `stage` ends. It stays until commit, discard or suspend, so that a crash loses nothing of it."""
        self._mark = stage.mark
        self._own = _own_mark(stage.mark)
        self._chunks.resume(stage.parts, sum(part.size for part in stage.parts), tail)
        self._crc32c = stage.crc32c
        self._has_parts = bool(stage.parts)
        self._state = stage.generation

    def copy_committed(self, head: ObjectHead) -> None:
        """Begin with the committed content: less than a chunk is read, more is copied on the server."""
        if head.size < self._chunks.chunk_size:
            if head.size:
                reader = ObjectReader(self._bucket, head.key, generation=head.generation)
                self.write(memoryview(reader.read_all()))
            if self.size != head.size:
                raise ReplacedError("the file was replaced while it was read")
            return
        try:
            self._has_parts = True
            copied = self._bucket.copy_anew(head, self._name(), self._own)
        except BaseException:
            self.discard()
            raise
        # Joined with later parts, but never again with itself: it is of a level of its own.
        self._chunks.add(_part(copied, level=-1), copied.size)
        self._crc32c = decoded(head.crc32c)

    # --- parts

    def _name(self) -> str:
        # Random, so that no two uploads are of one name, whatever became of them.
        return f"{self._place.parts_prefix}{self._mark}/{secrets.token_hex(12)}"

    def _chunk(self, _: int) -> ChunkSender[Part]:
        # Set first: should the request fail, it may have been done all the same.
        self._has_parts = True
        name = self._name()
        return lambda content: _part(self._bucket.create(name, content, self._own))

    def _join(self) -> None:
        """Join parts by levels, as digits are carried: any number of parts is a few dozen objects at the end."""
        parts = self._chunks.parts
        if len(parts) < MOST_COMPONENTS or parts[-MOST_COMPONENTS].level:
            return
        joined: list[Part] = []
        for part in parts:
            joined.append(part)
            while len(same := _last_of_one_level(joined)) == MOST_COMPONENTS:
                joined[-MOST_COMPONENTS:] = [self._joined(same, level=same[0].level + 1)]
        self._chunks.parts = joined

    def _joined(self, parts: Sequence[Part], level: int) -> Part:
        head = self._bucket.compose([(part.key, part.generation) for part in parts], self._name(), self._own)
        expected = sum(part.size for part in parts)
        if head.size != expected:
            raise BackendError(f"parts of {expected} bytes were joined to {head.size}")
        return _part(head, level=level)

    def _publish(self) -> None:
        parts = self._chunks.finished()
        while len(parts) > 1:
            group = parts[-MOST_COMPONENTS:]
            parts[-MOST_COMPONENTS:] = [self._joined(group, level=0)]
        whole = self._bucket.head(parts[0].key)
        if whole is None or whole.generation != parts[0].generation:
            raise BackendError("what was staged is gone: another stream of this path ended it")
        if whole.crc32c != encoded(self._crc32c):
            raise BackendError("the parts that were joined are not what was written: their checksums differ")
        self._bucket.copy(whole, self._place.key)

    def _remove_parts(self) -> None:
        if self._has_parts:
            staging.remove_parts(self._bucket, self._place.parts_prefix, self._mark)

    # --- stage

    def _end_state(self) -> bool:
        """Remove the state object if it is this stream's; tells whether another stage lives on with the same parts."""
        if self._state is None:
            return False
        found = staging.peek(self._bucket, self._place.state_key)
        if found is not None and found.generation != self._state:
            return found.mark == self._mark
        if found is not None:
            self._bucket.remove(self._place.state_key, found.generation)
        self._state = None
        return False


def _own_mark(stream: str) -> str:
    """The mark of what one writer of a stream writes: others may continue the same stage, and write something else."""
    return f"{stream}-{secrets.token_hex(4)}"


def _last_of_one_level(parts: Sequence[Part]) -> Sequence[Part]:
    last = parts[-MOST_COMPONENTS:]
    return last if all(part.level == last[0].level >= 0 for part in last) else []


def _part(head: ObjectHead, level: int = 0) -> Part:
    return Part(head.key, head.generation, head.size, level)


def continued(bucket: Bucket, place: Place, *, chunk_size: int) -> GCSUpload:
    """The stream that continues the newest stage of a path, else its committed content.

    Raises:
        PathNotFoundError: There is neither.
    """
    # Replaced since it was looked at: whoever did that is right, and so is a stream that continues the new file.
    return begun_anew(
        lambda: _continued(bucket, place, chunk_size=chunk_size), lambda error: isinstance(error, ReplacedError)
    )


def _continued(bucket: Bucket, place: Place, *, chunk_size: int) -> GCSUpload:
    upload = GCSUpload(bucket, place, chunk_size=chunk_size)
    found = staging.load(bucket, place.state_key)
    head = bucket.head(place.key)
    if found is not None:
        stage, tail = found
        if head is None or head.stream != stage.mark:
            upload.resume(stage, tail)
            return upload
        # It was committed, by a process that ended before it could remove the state.
        staging.end(bucket, place.state_key, place.parts_prefix)
    if head is None:
        raise PathNotFoundError("neither a file nor a staged stream is there")
    upload.copy_committed(head)
    return upload
