"""What the driver does with files: publish, remove and move them, with what belongs to that in the right order.

The order is always this. A content is noted in the journal before it is written or loses its entry. One step on one
directory makes it visible, or takes it away. Then its objects go, and the note last. Paths are those of the pool.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from storagedriver import paths
from storagedriver.errors import BackendError, PathConflictError, PathNotFoundError, UnsupportedMethodError
from storagedriver_drivers.rados import activity
from storagedriver_drivers.rados.client import Pool
from storagedriver_drivers.rados.contents import Contents, loaded_holders
from storagedriver_drivers.rados.directories import Directories, Entry
from storagedriver_drivers.rados.errors import EndedError, LostChunkError
from storagedriver_drivers.rados.journal import Journal, Note, held_by
from storagedriver_drivers.rados.reading import ContentReader
from storagedriver_drivers.rados.records import Record, Segment, Subdirectory, loaded_or_none, random_id
from storagedriver_drivers.rados.staging import Stages
from storagedriver_drivers.rados.traces import Traces

TAIL = "t"
"""Ends the oid of a segment of one object that is shorter than a chunk."""

_BATCH = 100
"""Entries that one step takes out of a directory."""


class Store:
    """The files of a pool."""

    def __init__(self, pool: Pool, *, concurrency: int) -> None:
        """Use this pool; no request is made."""
        self.pool = pool
        self.concurrency = concurrency
        self.contents = Contents(pool, concurrency=concurrency)
        self.stages = Stages(pool)
        self.journal = Journal(pool)
        self.directories = Directories(pool, self.journal)
        self.traces = Traces()

    # --- reading

    def opened(self, path: str, start: int = 0) -> ContentReader:
        """A reader of the file at `path`.

        Raises:
            PathNotFoundError: No file is there.
        """
        lost: Entry | None = None
        while True:
            entry = self.directories.entry(path)
            if entry.content is None:
                raise PathNotFoundError
            try:
                return ContentReader(self.pool, entry.content, start, concurrency=self.concurrency)
            except LostChunkError:
                # Replaced since its entry was read, unless the entry is still the same.
                if entry == lost:
                    raise
                lost = entry

    def read(self, path: str) -> bytes:
        """The whole content of the file at `path`, of one moment.

        Raises:
            PathNotFoundError: No file is there.
        """
        lost: Record | None = None
        while True:
            reader = self.opened(path)
            try:
                return reader.read_all()
            except LostChunkError:
                if reader.record == lost:
                    raise
                lost = reader.record

    # --- publishing

    def publish(self, path: str, record: Record, *, noted: Sequence[Segment] = ()) -> None:
        """Make a content the file at `path`, in one step, and remove what was there.

        Args:
            path: The file.
            record: Its content.
            noted: The holds of it that are in the journal, to be forgotten then.

        Raises:
            PathConflictError: A directory is there, or a file at a parent.
        """
        while True:
            entry = self.directories.entry(path)
            if entry.is_directory:
                self._make_way(path)
                continue
            old = entry.content
            replaced = [] if old is None else _without(old.segments, record.segments)
            with activity.during(segment.holder for segment in replaced):
                self.journal.note(ended=held_by(path, replaced))
                if self.directories.replace(path, entry.value, record.after(old).dumped()):
                    self.discard(path, replaced, noted=noted)
                    return
                self._settle(held_by(path, replaced))

    def _make_way(self, path: str) -> None:
        if not self.directories.close_if_empty(path, force=True):
            raise PathConflictError("a directory is there")

    # --- removing

    def discard(self, path: str, segments: Sequence[Segment], *, noted: Sequence[Segment] = ()) -> None:
        """End holds of `path` that no entry names any more, and forget their notes, and those of `noted`."""
        self.contents.release(segments, path)
        self.journal.forget(held_by(path, [*noted, *segments]))

    def is_held(self, oid: str) -> bool:
        """Whether an entry or a stage names a segment."""
        return any(
            self.holding_file(path, oid, holder) or self.holding_stage(path, oid, holder)
            for holder, path in loaded_holders(self.contents.holders(oid) or "[]")
        )

    def holding_file(self, path: str, oid: str, holder: str) -> bool:
        """Whether the file at `path` holds a segment by this id."""
        return _holds(self.directories.entry(path).content, oid, holder)

    def holding_stage(self, path: str, oid: str, holder: str) -> bool:
        """Whether the stage of `path` holds a segment by this id."""
        meant = loaded_or_none(self.stages.value(path))
        return isinstance(meant, Record) and _holds(meant, oid, holder)

    def delete(self, path: str) -> None:
        """Delete a file, or a directory with all below it, and end the staged streams of all these.

        What processes and calls have left there that failed goes too.

        Raises:
            PathNotFoundError: Nothing is there. A staged stream without a file is ended all the same.
        """
        self.end_stages(path)
        is_file = self._delete_file(path)
        is_directory = not is_file and self._delete_directory(path)
        # It may have become a file meanwhile.
        found = is_file or is_directory or self._delete_file(path)
        for note in self.journal.notes_of(path) if is_file else self.journal.notes_below(path):
            self.settle(note, is_over=note.is_over)
        if not found:
            raise PathNotFoundError

    def _delete_file(self, path: str) -> bool:
        entry = self.directories.entry(path)
        directory = paths.parent(path)
        if entry.content is None or not self._remove(directory, {paths.name(path): entry.value}):
            return False
        self.directories.close_if_empty(directory)
        return True

    def _delete_directory(self, path: str) -> bool:
        return self.directories.entry(path).is_directory and self._delete_below(path)

    def settle(self, note: Note, *, is_over: bool) -> bool:
        """Bring to its end what was noted, unless its process is at it; tells whether that removed anything.

        A hold that is named by an entry stays. One that is not, and is being ended, never will be any more; one that is
        being made may be, as long as its process lives.

        Args:
            note: What was noted.
            is_over: Whether its process is not at it any more.
        """
        if not note.oid:
            if note.path:
                self.directories.close_if_empty(note.path, force=True)
            self.journal.forget_note(note)
            return False
        holders = dict(loaded_holders(self.contents.holders(note.oid) or "[]"))
        path = holders.get(note.holder, note.path)
        if path and self.holding_file(path, note.oid, note.holder):
            if is_over:
                self.journal.forget_note(note)
            return False
        # A stage is taken away before its content becomes a file: the note is needed until then.
        if (path and self.holding_stage(path, note.oid, note.holder)) or not (is_over or note.ends):
            return False
        removed = self.contents.end(note.oid, note.holder)
        if path:
            # It may have been made for this file.
            self.directories.close_if_empty(paths.parent(path), force=True)
        self.journal.forget_note(note)
        return removed

    def remove_abandoned(self) -> None:
        """Remove what streams of this process left that were forgotten."""
        for trace in self.traces.abandoned():
            self.discard(trace.path, trace.segments(), noted=trace.noted)

    def remove_open(self) -> None:
        """Remove what all streams have on the backend that are still open, or were forgotten."""
        for trace in self.traces.all():
            self.discard(trace.path, trace.segments(), noted=trace.noted)

    def end_stage(self, path: str) -> None:
        """End the staged stream of `path` alone."""
        value = self.stages.value(path)
        if value and self.stages.take(path, value):
            self.discard(path, _segments(value))

    def end_stages(self, path: str) -> None:
        """End the staged streams of `path` and of all below it."""
        for stage in self.stages.from_path(path):
            if self.stages.take(stage.path, stage.value) and stage.record is not None:
                self.discard(stage.path, stage.record.segments)

    def _delete_below(self, top: str) -> bool:
        """Delete all in a directory, and the directory; False if no file was in it."""
        found = False
        waiting, emptied = [top], list[str]()
        while waiting:
            directory = waiting.pop()
            emptied.append(directory)
            for page in self.directories.pages(directory):
                files = dict(page)
                for name, value in page.items():
                    if isinstance(loaded_or_none(value), Subdirectory):
                        del files[name]
                        waiting.append(paths.join(directory, name))
                found = found or bool(files)
                entries = iter(files.items())
                while batch := dict(itertools.islice(entries, _BATCH)):
                    self._remove(directory, batch)
        # Those below come first.
        for directory in reversed(emptied):
            self.directories.close_if_empty(directory, force=True)
        return found

    def _remove(self, directory: str, entries: Mapping[str, str]) -> bool:
        """Take files out of a directory; False if none of them was there any more."""
        holds = [
            (paths.join(directory, name), segment) for name, value in entries.items() for segment in _segments(value)
        ]
        with activity.during(segment.holder for _, segment in holds):
            self.journal.note(ended=holds)
            if self.directories.swap(directory, entries, dict.fromkeys(entries, "")):
                for path, segment in holds:
                    self.contents.release([segment], path)
                self.journal.forget(holds)
                return True
            if len(entries) == 1:
                self._settle(holds)
        if len(entries) > 1:
            # One of them has changed; the others go all the same.
            removed = [self._remove(directory, {name: value}) for name, value in entries.items()]
            return any(removed)
        (name,) = entries
        entry = self.directories.entries(directory, name)[0]
        return entry.content is not None and self._remove(directory, {name: entry.value})

    def _settle(self, holds: Sequence[tuple[str, Segment]]) -> None:
        """Forget the notes of holds that another one ended first, if that is done already.

        Else that one still needs the note, and forgets it.
        """
        self.journal.forget([(path, segment) for path, segment in holds if not self.contents.is_held(segment)])

    # --- moving

    def move(self, source: str, dest: str) -> None:
        """Move a file. Within a directory it is one step; to another one, the file is at both for a moment.

        Raises:
            PathNotFoundError: Nothing is at `source`.
            UnsupportedMethodError: `source` is a directory.
            PathConflictError: `dest` is a directory, or a file is at a parent of it.
        """
        lost = ""
        while True:
            here, there = self._both(source, dest)
            if here.content is None:
                if here.is_directory and self.directories.holds(source):
                    raise UnsupportedMethodError("move of a directory")
                raise PathNotFoundError
            if there.is_directory:
                self._make_way(dest)
                continue
            move = _Move(source, dest, here, there, here.content, here.content.held_anew())
            with activity.during(segment.holder for _, segment in [*move.made, *move.ended]):
                self.journal.note(made=move.made, ended=move.ended)
                try:
                    self.contents.hold(move.content, move.moved, source, dest)
                except EndedError as ended:
                    self._give_up(move)
                    if here.value == lost:
                        raise BackendError("objects of the file are gone") from ended
                    lost = here.value
                    continue
                if self._renamed(move):
                    return

    def _both(self, source: str, dest: str) -> tuple[Entry, Entry]:
        directory = paths.parent(source)
        if directory == paths.parent(dest):
            here, there = self.directories.entries(directory, paths.name(source), paths.name(dest))
            return here, there
        return self.directories.entry(source), self.directories.entry(dest)

    def _renamed(self, move: _Move) -> bool:
        source, dest, here, there = move.source, move.dest, move.here, move.there
        directory, name = paths.parent(source), paths.name(source)
        if directory == paths.parent(dest):
            old_entries = {name: here.value, paths.name(dest): there.value}
            new_entries = {name: "", paths.name(dest): move.moved.dumped()}
            done = gone = self.directories.swap(directory, old_entries, new_entries)
        else:
            try:
                done = self.directories.replace(dest, there.value, move.moved.dumped())
            except PathConflictError:
                self._give_up(move)
                raise
            # Where it has changed meanwhile, who changed it releases its content.
            gone = done and self.directories.swap(directory, {name: here.value}, {name: ""})
        if not done:
            self._give_up(move)
            return False
        if gone:
            self.contents.release(move.content.segments, source)
            self.directories.close_if_empty(directory)
        else:
            self._settle(held_by(source, move.content.segments))
        self.contents.release(move.replaced, dest)
        self.journal.forget([*move.made, *(move.ended if gone else held_by(dest, move.replaced))])
        return True

    def _give_up(self, move: _Move) -> None:
        self.contents.release(move.moved.segments, move.dest)
        self.journal.forget(move.made)
        self._settle(move.ended)


@dataclass(frozen=True, slots=True)
class _Move:
    """A file on its way.

    Attributes:
        source: Where it is.
        dest: Where it goes.
        here: What is at the source.
        there: What is at the dest.
        content: The file, as the source holds it.
        moved: The same, as the dest is to hold it.
    """

    source: str
    dest: str
    here: Entry
    there: Entry
    content: Record
    moved: Record

    @property
    def replaced(self) -> tuple[Segment, ...]:
        """What the dest holds until then."""
        return () if self.there.content is None else self.there.content.segments

    @property
    def made(self) -> list[tuple[str, Segment]]:
        """Holds that it makes."""
        return held_by(self.dest, self.moved.segments)

    @property
    def ended(self) -> list[tuple[str, Segment]]:
        """Holds that it ends."""
        return [*held_by(self.dest, self.replaced), *held_by(self.source, self.content.segments)]


def new_segment(oid: str, count: int) -> Segment:
    """A segment that is held by an id of its own."""
    return Segment(oid, count, random_id())


def _segments(value: str) -> tuple[Segment, ...]:
    meant = loaded_or_none(value)
    return meant.segments if isinstance(meant, Record) else ()


def _without(old: Iterable[Segment], new: Iterable[Segment]) -> list[Segment]:
    kept = {(segment.oid, segment.holder) for segment in new}
    return [segment for segment in old if (segment.oid, segment.holder) not in kept]


def _holds(record: Record | None, oid: str, holder: str) -> bool:
    return record is not None and any((each.oid, each.holder) == (oid, holder) for each in record.segments)
