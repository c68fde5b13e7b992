"""The journal: which holds on contents are being made or ended, so that what a process leaves when it dies can be found.

Directories that are being closed are in it too.

A hold is noted before the first object is written by it, or before the entry that names it is taken away, and the note
goes when all is done. The notes of a directory's files are all in the map of one object, those of all directories in
sixteen.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from storagedriver import paths
from storagedriver_drivers.rados import activity
from storagedriver_drivers.rados.client import Pool
from storagedriver_drivers.rados.records import Segment

_PREFIX = "pending-"
_SHARDS = tuple(f"{_PREFIX}{digit:x}" for digit in range(16))
_SEPARATOR = ":"


def is_journal(name: str) -> bool:
    """Whether an object is part of the journal."""
    return name in _SHARDS


def held_by(path: str, segments: Iterable[Segment]) -> list[tuple[str, Segment]]:
    """Holds of one path, as the journal takes them."""
    return [(path, segment) for segment in segments]


@dataclass(frozen=True, slots=True)
class Note:
    """What the journal says of a hold, or of a directory that is being closed.

    Attributes:
        shard: The object whose map the note is in.
        key: Its key there.
        value: As it is kept.
        path: What holds the content, or the directory; empty if the note is damaged.
        noted: When, in seconds since 1970; 0 if the note is damaged.
        owner: The process that makes or ends it.
        ends: Whether it is being ended; else it is being made.
    """

    shard: str
    key: str
    value: str
    path: str = ""
    noted: float = 0.0
    owner: str = ""
    ends: bool = False

    @property
    def oid(self) -> str:
        """What the names of the content's objects begin with; empty where it is about a directory."""
        return self.key.partition(_SEPARATOR)[0]

    @property
    def holder(self) -> str:
        """The hold's id."""
        return self.key.partition(_SEPARATOR)[2]

    @property
    def is_over(self) -> bool:
        """Whether the process that made it is not at it any more."""
        if self.owner == activity.identity():
            return not activity.is_busy(self.holder)
        return activity.has_ended(self.owner)


class Journal:
    """The journal of a pool."""

    def __init__(self, pool: Pool) -> None:
        """Use this pool; no request is made."""
        self._pool = pool

    def note(self, *, made: Iterable[tuple[str, Segment]] = (), ended: Iterable[tuple[str, Segment]] = ()) -> None:
        """Note holds, before they are made or ended. One request for the files of one directory; none for no holds.

        Args:
            made: Paths, and segments as they will hold them.
            ended: Paths, and segments as they hold them.
        """
        notes: dict[str, dict[str, str]] = {}
        for holds, ends in ((made, False), (ended, True)):
            for path, segment in holds:
                notes.setdefault(_shard(path), {})[_key(segment)] = _value(path, ends=ends)
        for shard, sets in notes.items():
            self._pool.change(shard, sets=sets)

    def note_closing(self, directory: str) -> Note:
        """Note that a directory is about to go: no other one names it then, until its object is gone. One request."""
        note = _note(_shard(directory), _SEPARATOR + directory, _value(directory, ends=True))
        self._pool.change(note.shard, sets={note.key: note.value})
        return note

    def forget(self, holds: Iterable[tuple[str, Segment]]) -> None:
        """Take notes away. One request for the files of one directory; none for no holds."""
        gone: dict[str, dict[str, None]] = {}
        for path, segment in holds:
            gone.setdefault(_shard(path), {})[_key(segment)] = None
        for shard, keys in gone.items():
            self._pool.change(shard, removes=list(keys))

    def forget_note(self, note: Note) -> None:
        """Take one note away, unless it was renewed."""
        self._pool.change(note.shard, guards={note.key: note.value}, removes=[note.key])

    def notes(self) -> Iterator[Note]:
        """All notes."""
        for shard in _SHARDS:
            yield from self._in(shard)

    def notes_of(self, path: str) -> list[Note]:
        """Those of the file `path`."""
        return [note for note in self._in(_shard(path)) if note.path == path]

    def notes_below(self, path: str) -> list[Note]:
        """Those of `path` and of all below it."""
        return [note for note in self.notes() if note.path == path or paths.is_below(note.path, path)]

    def _in(self, shard: str) -> Iterator[Note]:
        after = ""
        while page := self._pool.page(shard, after=after):
            after = next(reversed(page))
            for key, value in page.items():
                yield _note(shard, key, value)


def _key(segment: Segment) -> str:
    return f"{segment.oid}{_SEPARATOR}{segment.holder}"


def _value(path: str, *, ends: bool) -> str:
    state = {"path": path, "time": time.time(), "owner": activity.identity(), "ends": ends}
    return json.dumps(state, separators=(",", ":"))


def _shard(path: str) -> str:
    # By its directory: what is removed from one at once is noted by one request.
    return _SHARDS[hashlib.sha256(paths.parent(path).encode()).digest()[0] % len(_SHARDS)]


def _note(shard: str, key: str, value: str) -> Note:
    try:
        state = json.loads(value)
        return Note(
            shard,
            key,
            value,
            path=str(state["path"]),
            noted=float(state["time"]),
            owner=str(state["owner"]),
            ends=state["ends"] is True,
        )
    except (KeyError, TypeError, ValueError):
        return Note(shard, key, value)
