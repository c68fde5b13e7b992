"""Putting, replacing and removing files, so that a reader sees one version whole and no segment outlives its file."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from storagedriver_drivers.swift import manifests, sharing
from storagedriver_drivers.swift.layout import Layout
from storagedriver_drivers.swift.manifests import Segment
from storagedriver_drivers.swift.objects import MARK, Container, ObjectHead
from storagedriver_drivers.swift.sightings import Sightings
from storagedriver_drivers.swift.waiting import Listings

_TRIED_AS_NEW = 1 << 16
"""Bytes up to which content is sent at once where no file was seen, as if there were none: sent twice where there is one."""

_LOCKS = 64


@dataclass(frozen=True, slots=True)
class Obsolete:
    """What goes with a file, after it.

    Attributes:
        segments: Their names.
        notes: The names of what tells that the file has these segments, to be removed after them.
        sharings: The names of what tells that other files have them too, to be removed last: by it the segments are kept.
    """

    segments: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sharings: tuple[str, ...] = ()


class Files:
    """The files of one driver. Threads that change the same file wait for each other; readers wait for nobody."""

    def __init__(self, container: Container, layout: Layout, listings: Listings) -> None:
        self.container = container
        self.layout = layout
        self.listings = listings
        self.sightings = Sightings()
        self._locks = [threading.Lock() for _ in range(_LOCKS)]
        # Segments without a file whose removal failed: removed with the next ones.
        self._unwanted: set[str] = set()

    def put(self, key: str, content: bytes | bytearray, mark: str = "") -> None:
        """Make `content` the file, in one object."""
        headers = {MARK: mark} if mark else {}
        # A server that ignores the condition would replace a large file, and nobody would know of its segments.
        conditional = len(content) <= _TRIED_AS_NEW and key not in self.sightings and self.container.session.is_complete
        if conditional and self.container.put(key, content, headers, only_new=True) is not None:
            self.sightings.add(key)
            self.listings.await_shown(key)
            return
        with self.replacing(key):
            self.container.put(key, content, headers)

    def put_large(self, key: str, segments: Sequence[Segment], prefix: str, mark: str) -> None:
        """Make the file of segments that begin with `prefix`."""
        with self.replacing(key, keep={each.inside(self.container) or "" for each in segments}):
            manifests.write(self.container, self.listings, key, segments, prefix=prefix, mark=mark)

    @contextlib.contextmanager
    def replacing(self, *keys: str, keep: Iterable[str] = ()) -> Iterator[None]:
        """What is done inside makes the first of `keys` a new file; its old segments go after that, but for `keep`.

        The others are held as they are meanwhile.
        """
        with self._held(*keys):
            old = self.container.head(keys[0])
            obsolete = Obsolete() if old is None else self.obsolete(keys[0], old, keep=keep)
            yield
            self.sightings.add(keys[0])
            if old is None:
                self.listings.await_shown(keys[0])
            self._discard_with_notes(obsolete)

    def remove(self, key: str) -> bool:
        """Remove a file, then its segments; tells whether there was one."""
        with self._held(key):
            head = self.container.head(key)
            if head is None:
                self.sightings.remove([key])
                return False
            obsolete = self.obsolete(key, head)
            found = self.container.remove(key)
            self.sightings.remove([key])
            if found:
                self.listings.await_gone(key)
            self._discard_with_notes(obsolete)
            return found

    def _discard_with_notes(self, obsolete: Obsolete) -> None:
        self.discard(obsolete.segments)
        self.forget([*obsolete.notes, *obsolete.sharings])

    def note(self, path: str, stream: str) -> str:
        """Say that a stream may have segments, as long as it has; returns the name of what says it.

        Who ends streams finds by it those that no file needs any more: of writers that died, and of files that were replaced
        while another process was replacing them.
        """
        name = self.layout.stream(path, stream)
        self.container.put(name, b"")
        self.listings.await_shown(name)
        return name

    def obsolete(
        self, key: str, head: ObjectHead, *, keep: Iterable[str] = (), going: Collection[str] = ()
    ) -> Obsolete:
        """What nothing needs any more once a file is gone, or another is in its place.

        The note of its stream goes last, so that its segments are found should this process die. A file of another tool has
        no mark of its stream, and no note.

        Args:
            key: The file.
            head: As it is.
            keep: Segments that will be needed.
            going: Other files that are about to go with it.
        """
        segments = self.segments_of(key, head)
        kept = set(keep)
        unneeded = tuple(each for each in segments if each not in kept)
        if not unneeded:
            return Obsolete()
        # What keeps some of the segments is the same stream, to which the note belongs too.
        noted = head.mark and len(unneeded) == len(segments)
        notes = (self.layout.stream(self.layout.path(key), head.mark),) if noted else ()
        shared = sharing.find(self.container, self.layout, key, head)
        if shared is None:
            return Obsolete(unneeded, notes)
        others = sharing.sharers(self.container, shared, but={key, *going})
        # What is said stays as long as any file needs it: a move that is under way looks for it at its end.
        return Obsolete((), notes) if others else Obsolete(unneeded, notes, (shared.name,))

    def forget(self, notes: Iterable[str]) -> None:
        """Remove notes whose segments are gone."""
        for name in notes:
            self.container.remove(name)

    def segments_of(self, key: str, head: ObjectHead) -> list[str]:
        """The names of the segments that go with a file: those in this driver's own place, and no other's."""
        if not head.is_large:
            return []
        if head.dynamic and not self._is_own_prefix(head.dynamic):
            return []
        inside = (each.inside(self.container) for each in manifests.read(self.container, self.layout, key, head))
        return [name for name in inside if name is not None and self.layout.is_own_segment(name)]

    def _is_own_prefix(self, dynamic: str) -> bool:
        # Before it is listed: a manifest of another tool may name the whole container.
        name, _, prefix = dynamic.partition("/")
        return name == self.container.name and self.layout.is_own_segment(prefix)

    def discard(self, names: Iterable[str]) -> None:
        """Remove segments that no file needs."""
        self._unwanted.update(names)
        pending = sorted(self._unwanted)
        if pending:
            self.container.remove_all(pending)
            self._unwanted.difference_update(pending)

    @contextlib.contextmanager
    def _held(self, *keys: str) -> Iterator[None]:
        with contextlib.ExitStack() as held:
            for number in sorted({hash(key) % _LOCKS for key in keys}):
                held.enter_context(self._locks[number])
            yield
