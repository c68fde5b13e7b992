"""The journal: which contents are being written or removed, so that what a process leaves when it dies can be found.

A content is noted before its first object is written, or before the entry that names it is taken away, and the note
goes when all is done. The notes of a directory's files are all in the map of one object, those of all directories in
sixteen.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from storagedriver import paths
from storagedriver_drivers.rados.client import Pool

_PREFIX = "pending-"
_SHARDS = tuple(f"{_PREFIX}{digit:x}" for digit in range(16))


def is_journal(name: str) -> bool:
    """Whether an object is part of the journal."""
    return name in _SHARDS


@dataclass(frozen=True, slots=True)
class Note:
    """What the journal says of a content.

    Attributes:
        shard: The object whose map the note is in.
        oid: What the names of the content's objects begin with.
        value: As it is kept.
        path: What the content is or was for.
        noted: When, in seconds since 1970; 0 if the note is damaged.
    """

    shard: str
    oid: str
    value: str
    path: str
    noted: float


class Journal:
    """The journal of a pool."""

    def __init__(self, pool: Pool) -> None:
        """Use this pool; no request is made."""
        self._pool = pool
        self._owner = f"{socket.gethostname()}:{os.getpid()}"

    def note(self, path: str, oids: Iterable[str]) -> None:
        """Note contents of `path`, before they are written or removed. One request; none for no contents.

        Contents of several files of one directory may be noted at any of these.
        """
        value = json.dumps({"path": path, "time": time.time(), "owner": self._owner}, separators=(",", ":"))
        notes = dict.fromkeys(oids, value)
        if notes:
            self._pool.change(_shard(path), sets=notes)

    def forget(self, path: str, oids: Iterable[str]) -> None:
        """Take notes away. One request; none for no contents."""
        gone = list(dict.fromkeys(oids))
        if gone:
            self._pool.change(_shard(path), removes=gone)

    def forget_note(self, note: Note) -> None:
        """Take one note away, unless it was renewed."""
        self._pool.change(note.shard, guards={note.oid: note.value}, removes=[note.oid])

    def notes(self) -> Iterator[Note]:
        """All notes."""
        for shard in _SHARDS:
            after = ""
            while page := self._pool.page(shard, after=after):
                after = next(reversed(page))
                for oid, value in page.items():
                    yield _note(shard, oid, value)


def _shard(path: str) -> str:
    # By its directory: what is removed from one at once is noted by one request, and whoever is left to forget a note finds
    # it, whichever file of the directory it was made for.
    return _SHARDS[hashlib.sha256(paths.parent(path).encode()).digest()[0] % len(_SHARDS)]


def _note(shard: str, oid: str, value: str) -> Note:
    try:
        state = json.loads(value)
        return Note(shard, oid, value, str(state["path"]), float(state["time"]))
    except (KeyError, TypeError, ValueError):
        return Note(shard, oid, value, "", 0.0)
