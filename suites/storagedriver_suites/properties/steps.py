"""The steps that a history is made of. Paths are relative to the history's own directory; "" is that directory.

A step is plain data and always applicable: one on a stream that is not open does nothing, so that any part of a history
is a history too.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Put:
    """put_content, given as "bytes", or as a "bytearray" or "memoryview" that is changed afterwards."""

    path: str
    content: bytes
    buffer: str = "bytes"


@dataclass(frozen=True, slots=True)
class PutText:
    """put_content of a str."""

    path: str


@dataclass(frozen=True, slots=True)
class Get:
    """get_content."""

    path: str


@dataclass(frozen=True, slots=True)
class Read:
    """A reader from an offset in bytes, read to its end and closed."""

    path: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class OpenReader:
    """A reader that stays open in a slot; one that was there is closed."""

    slot: int
    path: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class ReadOn:
    """read(size) of an open reader; -1 reads to the end."""

    slot: int
    size: int


@dataclass(frozen=True, slots=True)
class CloseReader:
    """close of a reader, twice, and a read after it."""

    slot: int


@dataclass(frozen=True, slots=True)
class OpenWriter:
    """A writer that stays open in a slot; one that was there is closed."""

    slot: int
    path: str
    append: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """write of an open writer, or of one that has ended."""

    slot: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Feed:
    """write of what an open reader gives for read(size)."""

    slot: int
    reader: int
    size: int


@dataclass(frozen=True, slots=True)
class Commit:
    """commit of a writer."""

    slot: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """cancel of a writer."""

    slot: int


@dataclass(frozen=True, slots=True)
class CloseWriter:
    """close of a writer."""

    slot: int


@dataclass(frozen=True, slots=True)
class Stat:
    """stat."""

    path: str


@dataclass(frozen=True, slots=True)
class List:
    """list."""

    path: str


@dataclass(frozen=True, slots=True)
class Walk:
    """walk to its end; the directory `prune` is pruned where it comes."""

    path: str
    start_after: str | None = None
    prune: str | None = None


@dataclass(frozen=True, slots=True)
class OpenWalk:
    """A walk that stays open in a slot; one that was there is closed."""

    slot: int
    path: str
    start_after: str | None = None


@dataclass(frozen=True, slots=True)
class WalkOn:
    """Steps of an open walk; with `prune` the last directory that they give is pruned."""

    slot: int
    steps: int
    prune: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """move."""

    source: str
    dest: str


@dataclass(frozen=True, slots=True)
class Delete:
    """delete."""

    path: str


@dataclass(frozen=True, slots=True)
class InvalidPath:
    """A method called with a path that no driver may take: `path` is joined to the directory as it is."""

    method: str
    path: str
    requirement: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """redirect_url."""

    path: str


Step = (
    Put
    | PutText
    | Get
    | Read
    | OpenReader
    | ReadOn
    | CloseReader
    | OpenWriter
    | Write
    | Feed
    | Commit
    | Cancel
    | CloseWriter
    | Stat
    | List
    | Walk
    | OpenWalk
    | WalkOn
    | Move
    | Delete
    | InvalidPath
    | Redirect
)
