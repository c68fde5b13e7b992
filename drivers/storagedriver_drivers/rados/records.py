"""What the maps of the driver hold: entries of directories and of staged streams, as one line of JSON each."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from storagedriver.errors import BackendError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def random_id() -> str:
    """An id that nobody else makes."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of objects of a content: `<oid>-0`, `<oid>-1` and so on.

    Attributes:
        oid: What their names begin with.
        count: How many they are. All are of the content's chunk size; the last one of a content may be shorter.
        holder: The id by which the content holds the segment: it stays as long as anyone holds it.
    """

    oid: str
    count: int
    holder: str

    def name(self, number: int) -> str:
        """The name of one of its objects."""
        return f"{self.oid}-{number}"


@dataclass(frozen=True, slots=True)
class Record:
    """A content: that of a file, or of a staged stream.

    Attributes:
        size: Its bytes.
        chunk_size: Bytes of each of its objects but the last.
        segments: Its objects, in order.
        written: When it was written, in nanoseconds since 1970.
        id: Tells it from each other one.
    """

    size: int
    chunk_size: int
    segments: tuple[Segment, ...]
    written: int
    id: str

    @classmethod
    def new(cls, size: int, chunk_size: int, segments: Sequence[Segment]) -> Self:
        """A record of now."""
        return cls(size, chunk_size, tuple(segments), time.time_ns(), random_id())

    @property
    def modified(self) -> datetime:
        """When it was written."""
        return _EPOCH + timedelta(microseconds=self.written // 1000)

    def held_anew(self) -> Self:
        """The same content, held by ids of its own."""
        segments = tuple(replace(segment, holder=random_id()) for segment in self.segments)
        return replace(self, segments=segments, id=random_id())

    def after(self, old: Record | None) -> Self:
        """The same, written later than `old`: clocks differ, and the time of a file never goes back (STAT-1)."""
        if old is None or old.written < self.written:
            return self
        return replace(self, written=old.written + 1000)

    def pieces(self, start: int, longest: int) -> Iterator[tuple[str, int, int]]:
        """Name of object, offset and length of each read, from byte `start` to the end, at most `longest` bytes each."""
        beginning = 0
        for segment in self.segments:
            for number in range(segment.count):
                end = min(beginning + self.chunk_size, self.size)
                position = max(start, beginning)
                while position < end:
                    length = min(longest, end - position)
                    yield segment.name(number), position - beginning, length
                    position += length
                beginning = end

    def dumped(self) -> str:
        """As it is kept."""
        segments = [[each.oid, each.count, each.holder] for each in self.segments]
        state = {"size": self.size, "chunk": self.chunk_size, "segments": segments, "time": self.written, "id": self.id}
        return json.dumps({"file": state}, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Subdirectory:
    """An entry that is a directory.

    Attributes:
        mark: Tells it from an entry of the same name that was there before.
    """

    mark: str

    def dumped(self) -> str:
        """As it is kept."""
        return json.dumps({"directory": self.mark}, separators=(",", ":"))


def loaded(value: str) -> Record | Subdirectory:
    """What dumped() made `value` of.

    Raises:
        BackendError: It is damaged, or of another tool.
    """
    try:
        state: dict[str, Any] = json.loads(value)
        if "directory" in state:
            return Subdirectory(str(state["directory"]))
        return _record(state["file"])
    except (KeyError, TypeError, ValueError, AttributeError) as damage:
        raise BackendError("an entry cannot be read: it is damaged, or not of this driver") from damage


def loaded_or_none(value: str) -> Record | Subdirectory | None:
    """As loaded(); None where that raises, and for an empty value."""
    try:
        return loaded(value) if value else None
    except BackendError:
        return None


def _record(state: dict[str, Any]) -> Record:
    segments = tuple(Segment(str(oid), int(count), str(holder)) for oid, count, holder in state["segments"])
    record = Record(int(state["size"]), int(state["chunk"]), segments, int(state["time"]), str(state["id"]))
    chunks = sum(segment.count for segment in segments)
    if record.chunk_size < 1 or chunks != -(-record.size // record.chunk_size):
        raise ValueError("the objects do not make the size")
    return record
