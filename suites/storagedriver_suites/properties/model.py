"""The contract as a program: which files there are, what is staged, and what open streams may still give.

The model knows no driver. What the contract leaves open it keeps as "open": a stage of which nobody can say whether it is
there, a reader whose file has changed, a writer whose path was deleted.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import BinaryIO

from storagedriver import Capabilities, FileWriter
from storagedriver.testing import Content
from storagedriver.testing.content import expression_of
from storagedriver.walk import Walk

_SHOWN_AS_IS = 64
"""Bytes up to which content is shown as it is, and not as the expression that makes it."""


def joined(first: bytes, second: bytes) -> bytes:
    """The two in a row; what is long knows the expression it came from."""
    if not second:
        return first
    if not first:
        return second
    if len(first) + len(second) <= _SHOWN_AS_IS:
        return bytes(first) + second
    return Content.of(bytes(first) + second, f"{expression_of(first)} + {expression_of(second)}")


@functools.lru_cache(maxsize=4096)
def components(path: str) -> tuple[str, ...]:
    """The components of a relative path, by which paths compare in a walk (WALK-1); none for ""."""
    return tuple(path.split("/")) if path else ()


def is_below(path: str, directory: str) -> bool:
    """Whether a relative path lies below a directory; a path is not below itself."""
    return path != directory and (not directory or path.startswith(f"{directory}/"))


@functools.lru_cache(maxsize=4096)
def parents(path: str) -> tuple[str, ...]:
    """The directories above a relative path, the nearest last, without ""."""
    parts = components(path)
    return tuple("/".join(parts[:depth]) for depth in range(1, len(parts)))


@dataclass(slots=True)
class File:
    """A committed file.

    Attributes:
        content: What it holds.
        claim: The requirement by which it holds that: of the call that made it.
        spoiled: What the caller's buffer held after the call, if it was changed then (CONT-3).
        not_before: When it was written, by our clock.
        seen_time: The newest modification time that was seen of this path.
    """

    content: bytes
    claim: str
    spoiled: bytes | None = None
    not_before: datetime | None = None
    seen_time: datetime | None = None


class WriterState(Enum):
    """Where in its life a writer is."""

    OPEN = "open"
    COMMITTED = "committed"
    CANCELLED = "cancelled"
    CLOSED = "closed"


@dataclass(slots=True, eq=False)
class OpenedWriter:
    """A writer.

    Attributes:
        path: Of its file.
        stream: The driver's.
        base: What it continues.
        append: Whether it was opened to continue something.
        continues_stage: Whether that was a stage.
        written: What was written, `base` included.
        wrote: Whether anything was.
        state: Where in its life it is.
        shared: Whether another writer of the path was open at a time.
        doomed: Whether something ended what it staged, so that its commit may fail: a delete, a new writer, a move.
    """

    path: str
    stream: FileWriter
    base: bytes
    append: bool
    continues_stage: bool = False
    written: bytes = b""
    wrote: bool = False
    state: WriterState = WriterState.OPEN
    shared: bool = False
    doomed: bool = False


@dataclass(slots=True, eq=False)
class OpenedReader:
    """A reader that is open.

    Attributes:
        path: Of its file.
        stream: The driver's.
        offset: Where it began, in bytes.
        wholes: What it may give in all: its file's content from the offset on, at some time since it was opened.
        position: Bytes that it gave so far.
        changed: Why its file is not as it was: "put", "removed"; None while it is.
    """

    path: str
    stream: BinaryIO
    offset: int
    wholes: Sequence[bytes]
    position: int = 0
    changed: str | None = None


@dataclass(slots=True, eq=False)
class OpenedWalk:
    """A walk that is open.

    Attributes:
        path: Where it began.
        stream: The driver's.
        after: What it resumed after.
        certain: What was there all the time, and has to come.
        possible: What was there at some time, and may come.
        last: The path that came last.
        pruned: Directories below which nothing comes.
        changed: Whether anything below its start changed meanwhile.
    """

    path: str
    stream: Walk
    after: str | None
    certain: set[str]
    possible: set[str]
    last: str | None = None
    pruned: list[str] = field(default_factory=list)
    changed: bool = False

    def due(self, path: str) -> bool:
        """Whether a path that is there is to come still."""
        if self.after is not None and components(path) <= components(self.after):
            return False
        if self.last is not None and components(path) <= components(self.last):
            return False
        return not any(is_below(path, directory) for directory in self.pruned)


OPEN_STAGE = object()
"""A stage that the contract leaves open: what, and whether anything, is staged."""


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """What a closed, uncommitted writer left to be continued (WRITE-10)."""

    content: bytes
    owner: OpenedWriter


class Model:
    """The state of one directory, as the contract has it.

    Attributes:
        files: By path.
        gone: Paths that were files or directories, by the requirement that says that they are no longer.
        stages: By path; OPEN_STAGE where the contract leaves it open.
        readers: Open readers by slot.
        writers: Writers by slot, ended ones too.
        walks: Open walks by slot.
    """

    def __init__(self, capabilities: Capabilities) -> None:
        """Begin empty, for a driver with these capabilities."""
        self.capabilities = capabilities
        self.files: dict[str, File] = {}
        self.gone: dict[str, str] = {}
        self.stages: dict[str, object] = {}
        self.readers: dict[int, OpenedReader] = {}
        self.writers: dict[int, OpenedWriter] = {}
        self.walks: dict[int, OpenedWalk] = {}
        self._tree: dict[str, bool] | None = None

    # --- what is there

    def tree(self) -> Mapping[str, bool]:
        """Every path, in the order of a walk, and whether it is a directory."""
        if self._tree is None:
            found = dict.fromkeys(self.files, False)
            for path in self.files:
                for directory in parents(path):
                    found[directory] = True
            self._tree = {path: found[path] for path in sorted(found, key=components)}
        return self._tree

    def is_directory(self, path: str) -> bool:
        """Whether something lies below a path."""
        return bool(self.files) if not path else self.tree().get(path, False)

    def children(self, directory: str) -> list[str]:
        """The direct children of a directory, sorted."""
        depth = len(components(directory)) + 1
        return sorted(path for path in self.tree() if len(components(path)) == depth and is_below(path, directory))

    def walk(self, directory: str, after: str | None = None) -> list[str]:
        """What a walk of a directory gives."""
        return [
            path
            for path in self.tree()
            if is_below(path, directory) and (after is None or components(path) > components(after))
        ]

    def in_the_way(self, path: str) -> list[str]:
        """The files that forbid a file at a path, where a backend cannot hold both: above it, or below it."""
        return [other for other in self.files if is_below(path, other) or is_below(other, path)]

    def absence(self, path: str, otherwise: str) -> str:
        """The requirement that says that nothing is at a path, or `otherwise` if nothing ever was."""
        return self.gone.get(path, otherwise)

    # --- changes

    def put(self, path: str, file: File) -> None:
        """Make a file, or replace one."""
        before = self.files.get(path)
        if before is not None:
            file.seen_time = before.seen_time
        self.files[path] = file
        for gone in (path, *parents(path)):
            self.gone.pop(gone, None)
        for reader in self.readers.values():
            if reader.path == path:
                reader.changed = reader.changed or "put"
                if reader.position == 0:
                    reader.wholes = [*reader.wholes, file.content[reader.offset :]]
        self._changed()

    def remove(self, path: str, claim: str) -> None:
        """Remove a file, or a directory with all below it, for the reason that a requirement gives."""
        before = self.tree()
        for each in [each for each in self.files if each == path or is_below(each, path)]:
            del self.files[each]
            self._removed(each)
        self._tree = None
        after = self.tree()
        self.gone.update(dict.fromkeys((each for each in before if each not in after), claim))
        self._changed()

    def move(self, source: str, dest: str, claim: str) -> None:
        """Move a file, or a directory with all below it."""
        moved = {each: file for each, file in self.files.items() if each == source or is_below(each, source)}
        self.remove(source, claim)
        for each, file in moved.items():
            # Whether a move keeps the time or sets it is left open.
            self.put(f"{dest}{each.removeprefix(source)}", File(file.content, claim))
            self.files[f"{dest}{each.removeprefix(source)}"].seen_time = None
        for writer in self._writers_at(source):
            writer.doomed = True
        self.leave_stages_open(source)

    def _removed(self, path: str) -> None:
        for reader in self.readers.values():
            if reader.path == path:
                reader.changed = "removed"

    def _changed(self) -> None:
        self._tree = None
        for walk in self.walks.values():
            there = {path for path in self.tree() if is_below(path, walk.path)}
            walk.certain &= there
            walk.possible |= there
            walk.changed = True

    # --- stages

    def end_stages(self, path: str) -> None:
        """A delete ends the stages of a path and of all below it, and open writers there may have lost theirs (DEL-5)."""
        for each in [each for each in self.stages if each == path or is_below(each, path)]:
            del self.stages[each]
        for writer in self._writers_at(path):
            writer.doomed = True

    def leave_stages_open(self, path: str) -> None:
        """Leave it open whether the stages of a path and of all below it are still there."""
        for each in self.stages:
            if each == path or is_below(each, path):
                self.stages[each] = OPEN_STAGE

    def _writers_at(self, path: str) -> Iterator[OpenedWriter]:
        for writer in self.writers.values():
            if writer.state is WriterState.OPEN and (writer.path == path or is_below(writer.path, path)):
                yield writer

    def open_writers(self, path: str) -> list[OpenedWriter]:
        """The writers that are open on exactly this path."""
        return [each for each in self.writers.values() if each.state is WriterState.OPEN and each.path == path]

    def is_left_open(self, path: str) -> bool:
        """Whether the contract says nothing about an append to a path now: its stage is open, or has a writer."""
        return self.stages.get(path) is OPEN_STAGE or any(
            each.continues_stage or each.doomed for each in self.open_writers(path)
        )

    def continued(self, path: str) -> tuple[bytes, bool] | None:
        """What an append to a path continues, and whether that is a stage; None if there is nothing (WRITE-3)."""
        stage = self.stages.get(path)
        if isinstance(stage, Stage):
            return stage.content, True
        file = self.files.get(path)
        return None if file is None else (file.content, False)

    def began(self, slot: int, writer: OpenedWriter) -> None:
        """A writer was opened."""
        others = self.open_writers(writer.path)
        for other in others:
            other.shared = True
            if not writer.append and other.continues_stage:
                other.doomed = True
        writer.shared = bool(others)
        if not writer.append:
            self.stages.pop(writer.path, None)
        self.writers[slot] = writer

    def closed(self, writer: OpenedWriter) -> None:
        """A writer was closed without a commit."""
        writer.state = WriterState.CLOSED
        if not self.capabilities.resumable_writes:
            return
        if writer.shared or writer.doomed:
            # Which of several is the newest stage depends on more than the contract says.
            self.stages[writer.path] = OPEN_STAGE
        else:
            self.stages[writer.path] = Stage(writer.written, writer)

    def committed(self, writer: OpenedWriter) -> None:
        """A writer was committed; the file itself is put by the caller."""
        writer.state = WriterState.COMMITTED
        self._end_own_stage(writer)

    def cancelled(self, writer: OpenedWriter) -> None:
        """A writer was cancelled, perhaps after it was closed."""
        self._end_own_stage(writer)
        writer.state = WriterState.CANCELLED

    def _end_own_stage(self, writer: OpenedWriter) -> None:
        stage = self.stages.get(writer.path)
        if writer.state is WriterState.CLOSED:
            if isinstance(stage, Stage) and stage.owner is writer:
                del self.stages[writer.path]
        elif writer.continues_stage and isinstance(stage, Stage):
            del self.stages[writer.path]
