"""Directories: one object each, whose map holds the names of its children.

A directory is there as long as it has an entry, and its parent names it then. Several processes make, fill and empty
directories at the same time, so that its object has a state, and each change is guarded by what it was based on:

    opening   It is being made: it gets no entry before its parent names it.
    open      It takes entries. That its parent names it is certain, as nobody takes that away from an open one.
    closing   It had no entry, and gets none any more. Its parent's entry goes first, then the object.

Whoever comes across a directory that another process left opening or closing completes that work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from storagedriver import paths
from storagedriver.errors import PathConflictError
from storagedriver_drivers.rados.client import Answer, Pool
from storagedriver_drivers.rados.journal import Journal
from storagedriver_drivers.rados.records import Record, Subdirectory, loaded, loaded_or_none, random_id

STATE = "!state"
CHANGE = "!change"
_FIRST_ENTRY = "!~"  # After the two above, and before each name that a path can have.
_OPEN = "open"
_OPENING = "opening:"
_CLOSING = "closing:"
_PREFIX = "directory:"


def object_name(directory: str) -> str:
    """The name of a directory's object."""
    return _PREFIX + directory


def directory_of(name: str) -> str | None:
    """The directory whose object has this name; None if it is another object."""
    return name.removeprefix(_PREFIX) if name.startswith(_PREFIX) else None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a directory, as it is kept and as it is meant.

    Attributes:
        value: As it is kept; "" if there is none.
        content: The file's content; None if it is no file.
        is_directory: Whether the directory of this name is there, or was lately.
    """

    value: str
    content: Record | None = None
    is_directory: bool = False


NO_ENTRY = Entry("")


def entry_of(value: str) -> Entry:
    """What a value means.

    Raises:
        BackendError: It is damaged.
    """
    meant = loaded(value)
    return Entry(value, meant) if isinstance(meant, Record) else Entry(value, is_directory=True)


class Directories:
    """The tree of a pool. Paths here are those of the pool: the root directory is part of them."""

    def __init__(self, pool: Pool, journal: Journal) -> None:
        """Use this pool, and its journal; no request is made."""
        self._pool = pool
        self._journal = journal

    # --- reading

    def entry(self, path: str) -> Entry:
        """What is at `path`. One request."""
        return self.entries(paths.parent(path), paths.name(path))[0]

    def entries(self, directory: str, *names: str) -> list[Entry]:
        """What a directory has at these names, as one moment saw them. One request."""
        found = self._pool.read_map(object_name(directory), [STATE, *names]) or {}
        if found.get(STATE) != _OPEN:
            return [NO_ENTRY for _ in names]
        return [entry_of(found[name]) if name in found else NO_ENTRY for name in names]

    def holds(self, directory: str) -> bool:
        """Whether a directory has any entry. One request."""
        seen = self._first(directory)
        return seen.has_entry and seen.state == _OPEN

    def pages(self, directory: str) -> Iterator[Mapping[str, str]]:
        """The entries of a directory as they are kept, page by page; none at all if it is not there."""
        after = ""
        while page := self._pool.page(object_name(directory), after=after):
            if not after and page.get(STATE) != _OPEN:
                return
            after = next(reversed(page))
            yield {name: value for name, value in page.items() if name > _FIRST_ENTRY}

    # --- changing

    def replace(self, path: str, old: str, new: str) -> bool:
        """Put the entry `new` where `old` is, which is "" for none; False if something else is there by now.

        Parents are made as needed.

        Raises:
            PathConflictError: A parent is a file.
        """
        directory, name = paths.parent(path), paths.name(path)
        while True:
            if self._put(directory, _OPEN, name, old, new):
                return True
            found = self._pool.read_map(object_name(directory), [STATE, name])
            if found is not None and found.get(STATE) == _OPEN:
                if found.get(name, "") != old:
                    return False
            elif old:
                return False
            elif self._make(directory, name, new):
                return True

    def swap(self, directory: str, old: Mapping[str, str], new: Mapping[str, str]) -> bool:
        """Change several entries of an open directory in one step, if they all are as in `old`; "" stands for none."""
        answer = self._pool.change(
            object_name(directory),
            guards={STATE: _OPEN, **old},
            sets={**{name: value for name, value in new.items() if value}, CHANGE: random_id()},
            removes=[name for name, value in new.items() if not value],
        )
        return answer is Answer.DONE

    def close_if_empty(self, directory: str, *, force: bool = False) -> bool:
        """Remove a directory without entries, and each parent that has none then; False if it has entries.

        Args:
            directory: The directory.
            force: Also one that is just being made, or that only its parent knows of.
        """
        while directory != paths.ROOT:
            seen = self._first(directory)
            if seen.has_entry:
                return False
            if seen.state is None:
                if not force or not self._claim(directory):
                    return True
            elif seen.state.startswith(_CLOSING):
                self._finish(directory, seen.state)
            elif seen.state.startswith(_OPENING) and not force:
                return True
            elif not self._close(directory, seen):
                continue
            directory, force = paths.parent(directory), False
        return True

    # --- steps

    def _first(self, directory: str) -> _Seen:
        found = self._pool.page(object_name(directory), count=3)
        if found is None:
            return _Seen(None, "", has_entry=False)
        return _Seen(found.get(STATE, ""), found.get(CHANGE, ""), has_entry=any(name > _FIRST_ENTRY for name in found))

    def _put(self, directory: str, state: str, name: str, old: str, new: str) -> bool:
        answer = self._pool.change(
            object_name(directory),
            guards={STATE: state, name: old},
            sets={STATE: _OPEN, CHANGE: random_id(), name: new},
        )
        return answer is Answer.DONE

    def _make(self, directory: str, name: str, new: str) -> bool:
        """Make a directory with its first entry, and the parents that are missing; False if others came between.

        Raises:
            PathConflictError: A parent is a file.
        """
        # From the innermost outwards: what each is opened by. The outermost one's parent is open.
        opening: list[tuple[str, str]] = []
        outer = directory
        while (state := self._begun(outer)) != _OPEN:
            opening.append((outer, state))
            outer = paths.parent(outer)
        # Each gets a new mark from its parent: who has seen an older one must not take it away. That nobody closed it
        # since then is what its state tells, when it gets its own first entry.
        state, old = _OPEN, ""
        for inner, its_state in reversed(opening):
            if state == _OPEN:
                entry = self.entry(inner)
                if entry.content is not None:
                    for made, made_state in opening:
                        self._pool.change(object_name(made), guards={STATE: made_state}, remove=True)
                    raise PathConflictError("a file is where a directory is needed")
                old = entry.value
            if not self._put(outer, state, paths.name(inner), old, Subdirectory(random_id()).dumped()):
                return False
            outer, state, old = inner, its_state, ""
        return bool(opening) and self._put(outer, state, name, "", new)

    def _begun(self, directory: str) -> str:
        """The state of a directory, which is made if it is not there: open or opening."""
        while True:
            found = self._pool.read_map(object_name(directory), [STATE])
            if found is None:
                # The root has no parent that would have to name it.
                state = _OPEN if directory == paths.ROOT else _OPENING + random_id()
                made = self._pool.change(object_name(directory), create=True, sets={STATE: state, CHANGE: random_id()})
                if made is Answer.DONE:
                    return state
            elif found.get(STATE, "").startswith(_CLOSING):
                self._finish(directory, found[STATE])
            else:
                return found.get(STATE, "")

    def _close(self, directory: str, seen: _Seen) -> bool:
        """Close a directory in which nothing has changed since it was seen to be empty."""
        closing = _CLOSING + random_id()
        guards = {STATE: seen.state or "", CHANGE: seen.change}
        note = self._journal.note_closing(directory)
        closed = self._pool.change(object_name(directory), guards=guards, sets={STATE: closing}) is Answer.DONE
        if closed:
            self._finish(directory, closing)
        self._journal.forget_note(note)
        return closed

    def _claim(self, directory: str) -> bool:
        """Take away what a parent says of a directory that is not there; False if it says nothing."""
        if not self.entry(directory).is_directory:
            return False
        closing = _CLOSING + random_id()
        note = self._journal.note_closing(directory)
        made = self._pool.change(object_name(directory), create=True, sets={STATE: closing, CHANGE: random_id()})
        if made is Answer.DONE:
            self._finish(directory, closing)
        self._journal.forget_note(note)
        return True

    def _finish(self, directory: str, closing: str) -> None:
        """Complete the end of a closing directory."""
        parent, name = paths.parent(directory), paths.name(directory)
        while True:
            value = self._value(parent, name)
            # Asked for after the mark was read: one that a later life of the directory set is another then.
            if (self._pool.read_map(object_name(directory), [STATE]) or {}).get(STATE) != closing:
                return
            meant = loaded_or_none(value)
            if not isinstance(meant, Subdirectory) or self.swap(parent, {name: value}, {name: ""}):
                break
        self._pool.change(object_name(directory), guards={STATE: closing}, remove=True)

    def _value(self, directory: str, name: str) -> str:
        return (self._pool.read_map(object_name(directory), [name]) or {}).get(name, "")


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the beginning of a directory's map told.

    Attributes:
        state: None if there is no object.
        change: Another one after each new entry.
        has_entry: Whether there is any.
    """

    state: str | None
    change: str
    has_entry: bool
