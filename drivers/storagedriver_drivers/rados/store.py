"""What the driver does with files: publish, remove and move them, with what belongs to that in the right order.

The order is always this. A content is noted in the journal before it is written or loses its entry. One step on one
directory makes it visible, or takes it away. Then its objects go, and the note last. Paths are those of the pool.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

from storagedriver import paths
from storagedriver.errors import BackendError, PathConflictError, PathNotFoundError, UnsupportedMethodError
from storagedriver_drivers.rados.client import Pool
from storagedriver_drivers.rados.contents import Contents, loaded_holders
from storagedriver_drivers.rados.directories import Directories, Entry
from storagedriver_drivers.rados.errors import EndedError, LostChunkError
from storagedriver_drivers.rados.journal import Journal
from storagedriver_drivers.rados.reading import ContentReader
from storagedriver_drivers.rados.records import Record, Segment, Subdirectory, loaded_or_none, random_id
from storagedriver_drivers.rados.staging import Stages
from storagedriver_drivers.rados.traces import Traces

TAIL = "t"
"""Ends the oid of a segment of one object that is shorter than a chunk. The journal names both by the rest."""

_BATCH = 100
"""Entries that one step takes out of a directory."""


def noted_oid(segment: Segment) -> str:
    """The name by which the journal knows a segment."""
    return segment.oid.removesuffix(TAIL)


class Store:
    """The files of a pool."""

    def __init__(self, pool: Pool, *, concurrency: int) -> None:
        """Use this pool; no request is made."""
        self.pool = pool
        self.concurrency = concurrency
        self.directories = Directories(pool)
        self.contents = Contents(pool, concurrency=concurrency)
        self.stages = Stages(pool)
        self.journal = Journal(pool)
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

    def publish(self, path: str, record: Record, *, noted: Iterable[str] = ()) -> None:
        """Make a content the file at `path`, in one step, and remove what was there.

        Args:
            path: The file.
            record: Its content.
            noted: What the journal has noted of it, to be forgotten then.

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
            self.journal.note(path, map(noted_oid, replaced))
            if self.directories.replace(path, entry.value, record.after(old).dumped()):
                self.discard(path, replaced, noted=noted)
                return
            self._settle(path, replaced)

    def _make_way(self, path: str) -> None:
        if not self.directories.close_if_empty(path, force=True):
            raise PathConflictError("a directory is there")

    # --- removing

    def discard(self, path: str, segments: Sequence[Segment], *, noted: Iterable[str] = ()) -> None:
        """Remove contents that no entry names any more, unless another one holds them too, and forget their notes.

        Notes of `noted` are forgotten too.
        """
        kept = self.contents.release(segments, path)
        self.journal.forget(path, {*noted, *map(noted_oid, segments)} - self._doubtful(kept))

    def _doubtful(self, kept: Iterable[Segment]) -> set[str]:
        """Of what others hold, what no entry is seen to name: their notes stay, as it may be in the middle of a move."""
        return {noted_oid(segment) for segment in kept if not self.is_held(segment.oid)}

    def is_held(self, oid: str) -> bool:
        """Whether an entry or a stage names a segment."""
        return any(
            self._names(path, oid, holder) for holder, path in loaded_holders(self.contents.holders(oid) or "[]")
        )

    def _names(self, path: str, oid: str, holder: str) -> bool:
        return self.holding_file(path, oid, holder) or self.holding_stage(path, oid, holder)

    def holding_file(self, path: str, oid: str, holder: str) -> bool:
        """Whether the file at `path` holds a segment by this id."""
        return _holds(self.directories.entry(path).content, oid, holder)

    def holding_stage(self, path: str, oid: str, holder: str) -> bool:
        """Whether the stage of `path` holds a segment by this id."""
        meant = loaded_or_none(self.stages.value(path))
        return isinstance(meant, Record) and _holds(meant, oid, holder)

    def delete(self, path: str) -> None:
        """Delete a file, or a directory with all below it, and end the staged streams of all these.

        Raises:
            PathNotFoundError: Nothing is there. A staged stream without a file is ended all the same.
        """
        self.end_stages(path)
        entry = self.directories.entry(path)
        if entry.is_directory:
            if self._delete_below(path):
                return
            # It may have become a file meanwhile.
            entry = self.directories.entry(path)
        directory = paths.parent(path)
        if entry.content is None or not self._remove(directory, {paths.name(path): entry.value}):
            raise PathNotFoundError
        self.directories.close_if_empty(directory)

    def remove_abandoned(self) -> None:
        """Remove what streams of this process left that were forgotten."""
        for trace in self.traces.abandoned():
            self.discard(trace.path, trace.segments())

    def remove_open(self) -> None:
        """Remove what all streams have on the backend that are still open, or were forgotten."""
        for trace in self.traces.all():
            self.discard(trace.path, trace.segments())

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
        contents = {paths.join(directory, name): _segments(value) for name, value in entries.items()}
        noted = {noted_oid(segment) for segments in contents.values() for segment in segments}
        noted_at = next(iter(contents))
        self.journal.note(noted_at, noted)
        if self.directories.swap(directory, entries, dict.fromkeys(entries, "")):
            kept = [each for path, segments in contents.items() for each in self.contents.release(segments, path)]
            self.journal.forget(noted_at, noted - self._doubtful(kept))
            return True
        if len(entries) > 1:
            # One of them has changed; the others go all the same.
            removed = [self._remove(directory, {name: value}) for name, value in entries.items()]
            return any(removed)
        self._settle(noted_at, [each for segments in contents.values() for each in segments])
        (name,) = entries
        entry = self.directories.entries(directory, name)[0]
        return entry.content is not None and self._remove(directory, {name: entry.value})

    def _settle(self, noted_at: str, segments: Sequence[Segment]) -> None:
        """Forget the notes of contents that another one took away first, if that is done already.

        Else that one still needs the note, and forgets it.
        """
        there = {noted_oid(each) for each in segments if self.contents.holders(each.oid) is not None}
        self.journal.forget(noted_at, set(map(noted_oid, segments)) - there)

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
            try:
                moved = self.contents.share(here.content, source, dest)
            except EndedError as ended:
                if here.value == lost:
                    raise BackendError("objects of the file are gone") from ended
                lost = here.value
                continue
            if self._renamed(source, dest, here, there, moved):
                return

    def _both(self, source: str, dest: str) -> tuple[Entry, Entry]:
        directory = paths.parent(source)
        if directory == paths.parent(dest):
            here, there = self.directories.entries(directory, paths.name(source), paths.name(dest))
            return here, there
        return self.directories.entry(source), self.directories.entry(dest)

    def _renamed(self, source: str, dest: str, here: Entry, there: Entry, moved: Record) -> bool:
        old = () if there.content is None else there.content.segments
        segments = () if here.content is None else here.content.segments
        self.journal.note(dest, map(noted_oid, old))
        directory, name = paths.parent(source), paths.name(source)
        if directory == paths.parent(dest):
            old_entries = {name: here.value, paths.name(dest): there.value}
            done = gone = self.directories.swap(directory, old_entries, {name: "", paths.name(dest): moved.dumped()})
        else:
            try:
                done = self.directories.replace(dest, there.value, moved.dumped())
            except PathConflictError:
                self.contents.release(moved.segments, dest)
                raise
            # Where it has changed meanwhile, who changed it releases its content.
            gone = done and self.directories.swap(directory, {name: here.value}, {name: ""})
        if not done:
            self._settle(dest, old)
            self.contents.release(moved.segments, dest)
            return False
        if gone:
            self.contents.release(segments, source)
            self.directories.close_if_empty(directory)
        else:
            # Who took the source away meanwhile could not know that its content is at the dest by now, and left the notes.
            self.journal.forget(source, map(noted_oid, segments))
        self.discard(dest, old)
        return True


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
