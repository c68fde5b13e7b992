"""What a trace of system calls did to the files, change by change, and which flush put each change on the disk.

Names and content are kept apart, as a disk keeps them: a file has a number, a directory is names of numbers. A change is
on the disk for sure when what it changed was flushed after it: content by fsync of the file, names by fsync of their
directory. What is mapped into memory and changed there shows in no trace.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from storagedriver.systemcalls.calls import SystemCall

_HEXADECIMAL = re.compile(r'iov_base="((?:\\x[0-9a-f]{2})*)"')
_PLACE = re.compile(r"\[(\d+)\]")
_FLUSHES = frozenset({"fsync", "fdatasync"})
_OF_DESCRIPTOR = re.compile(r"/(?:proc/self|dev)/fd/(\d+)|/proc/\d+/fd/(\d+)")


@dataclass(frozen=True, slots=True)
class Named:
    """A directory got a name: a file or directory was made or linked.

    Attributes:
        directory: The number of the directory.
        name: The name.
        inode: The number of what it names.
        is_directory: Whether that is a directory.
    """

    directory: int
    name: str
    inode: int
    is_directory: bool = False


@dataclass(frozen=True, slots=True)
class Unnamed:
    """A directory lost a name."""

    directory: int
    name: str
    inode: int


@dataclass(frozen=True, slots=True)
class Renamed:
    """A name was replaced by another, perhaps in another directory: never is neither there."""

    directory: int
    name: str
    inode: int
    old_directory: int
    old_name: str


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes were written to a file."""

    inode: int
    position: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """A file was cut, or made longer by zeros."""

    inode: int
    size: int


Change = Named | Unnamed | Renamed | Written | Cut


@dataclass(slots=True)
class Recorded:
    """A change, and when it was flushed.

    Attributes:
        change: The change.
        call: The number of the call that made it, from 0, among those of the trace.
        flushed: The number of the call that put it on the disk; None for none.
        left: For Renamed: the same of the old name's directory, which keeps the old name until then.
        dropped: A flush of it failed: the system may have dropped it, and no later flush brings it back.
    """

    change: Change
    call: int
    flushed: int | None = None
    left: int | None = None
    dropped: bool = False


@dataclass(slots=True)
class Tree:
    """Files and directories.

    Attributes:
        names: Of each directory, by its number: the names and what they name.
        contents: Of each file, by its number.
    """

    names: dict[int, dict[str, int]] = field(default_factory=dict)
    contents: dict[int, bytes] = field(default_factory=dict)

    def copy(self) -> Tree:
        """The same, to be changed."""
        return Tree({number: dict(names) for number, names in self.names.items()}, dict(self.contents))

    def apply(self, change: Change, *, torn: bool = False, keeps_old_name: bool = False) -> None:
        """Make a change; what it needs may be missing, as when a change before it was lost.

        Args:
            change: The change.
            torn: Make the first half of what is written.
            keeps_old_name: Of a renaming make the new name alone.
        """
        match change:
            case Named(directory, name, inode, is_directory):
                self.names.setdefault(directory, {})[name] = inode
                if is_directory:
                    self.names.setdefault(inode, {})
            case Unnamed(directory, name, inode):
                self._remove(directory, name, inode)
            case Renamed(directory, name, inode, old_directory, old_name):
                self.names.setdefault(directory, {})[name] = inode
                if not keeps_old_name and (directory, name) != (old_directory, old_name):
                    self._remove(old_directory, old_name, inode)
            case Written(inode, position, data):
                old = self.contents.get(inode, b"")
                part = data[: len(data) // 2] if torn else data
                self.contents[inode] = old[:position].ljust(position, b"\0") + part + old[position + len(part) :]
            case Cut(inode, size):
                self.contents[inode] = self.contents.get(inode, b"")[:size].ljust(size, b"\0")

    def _remove(self, directory: int, name: str, inode: int) -> None:
        names = self.names.get(directory, {})
        if names.get(name) == inode:
            del names[name]

    def files(self, root: int) -> dict[str, bytes]:
        """The content of each file below a directory by its path from there."""
        return {path: self.contents.get(inode, b"") for path, inode in self.below(root) if inode not in self.names}

    def below(self, root: int) -> Iterable[tuple[str, int]]:
        """All that lies below a directory, with its path from there."""
        for name, inode in self.names.get(root, {}).items():
            yield name, inode
            if inode in self.names:
                for path, deeper in self.below(inode):
                    yield f"{name}/{path}", deeper

    def write(self, root: int, folder: Path) -> None:
        """Make all that lies below a directory in an empty folder."""
        for path, inode in self.below(root):
            if inode in self.names:
                (folder / path).mkdir(parents=True, exist_ok=True)
            else:
                (folder / path).write_bytes(self.contents.get(inode, b""))


@dataclass(slots=True)
class _Open:
    """An open file: what it is, and where the next read or write begins."""

    inode: int
    position: int = 0
    appends: bool = False
    flushes: bool = False


class Recording:
    """What a trace did to the files of a folder.

    Attributes:
        folder: The number of the folder's directory.
        before: All files before the trace, which are on the disk.
        changes: What happened to them, in order.
    """

    def __init__(self, folder: Path, contents: Mapping[str, bytes], directories: Iterable[str]) -> None:
        """Begin with what is in a folder: the content of its files by their names from there, and its directories."""
        self.before = Tree({0: {}})
        self.changes: list[Recorded] = []
        self._number = 0
        self._now = self.before
        self._open: dict[int, _Open] = {}
        self._call = -1
        self._folder = str(folder)
        self.folder = self._directory(self._folder)
        for name in directories:
            self._directory(f"{self._folder}/{name}")
        for name, content in contents.items():
            self._lazily(f"{self._folder}/{name}", content)
        self._now = self.before.copy()

    def replay(self, calls: Iterable[SystemCall]) -> None:
        """Record what the calls did."""
        for self._call, call in enumerate(calls):
            if call.result is not None and not call.error and not call.injected:
                self._replay(call)
            elif call.error and call.name in _FLUSHES:
                self._drop(call)

    def files(self) -> dict[str, bytes]:
        """The content of all files of the folder now, by their names."""
        return self._now.files(self.folder)

    def inode(self, path: str) -> int | None:
        """The number of what has this path in the folder now; of the folder itself for the empty one."""
        return self._at(f"{self._folder}/{path}")

    # --- finding things

    def _new(self) -> int:
        self._number += 1
        return self._number

    def _directory(self, path: str) -> int:
        """The number of a directory; what the trace does not make was there before."""
        number = 0
        for name in filter(None, path.split("/")):
            names = self._now.names.setdefault(number, {})
            if name not in names:
                made = self._new()
                for tree in (self.before, self._now):
                    tree.names.setdefault(number, {})[name] = made
                    tree.names.setdefault(made, {})
            number = self._now.names[number][name]
            self._now.names.setdefault(number, {})
        return number

    def _place(self, path: str) -> tuple[int, str]:
        above, _, name = path.rpartition("/")
        return self._directory(above), name

    def _lazily(self, path: str, content: bytes = b"") -> int:
        """The number of a file that was there before."""
        directory, name = self._place(path)
        made = self._new()
        for tree in (self.before, self._now):
            tree.names[directory][name] = made
            tree.contents[made] = content
        return made

    def _at(self, path: str | None) -> int | None:
        if path is None:
            return None
        number = 0
        for name in filter(None, path.split("/")):
            found = self._now.names.get(number, {}).get(name)
            if found is None:
                return None
            number = found
        return number

    def _of(self, call: SystemCall, place: int) -> _Open | None:
        descriptor = call.number(place)
        if descriptor is not None and descriptor in self._open:
            return self._open[descriptor]
        # It was opened before the trace began.
        inode = self._at(call.descriptor_path(place))
        if inode is None or descriptor is None:
            return None
        self._open[descriptor] = _Open(inode)
        return self._open[descriptor]

    # --- recording

    def _record(self, change: Change, *, flushed: bool = False) -> None:
        self.changes.append(Recorded(change, self._call, self._call if flushed else None))
        self._now.apply(change)

    def _flush(self, concerned: Callable[[Change], bool], leaves: Callable[[Change], bool]) -> None:
        for each in self.changes:
            if each.flushed is None and not each.dropped and concerned(each.change):
                each.flushed = self._call
            if each.left is None and leaves(each.change):
                each.left = self._call

    def _flush_inode(self, inode: int) -> None:
        def concerned(change: Change) -> bool:
            return (change.inode if isinstance(change, Written | Cut) else change.directory) == inode

        self._flush(concerned, lambda change: isinstance(change, Renamed) and change.old_directory == inode)

    def _drop(self, call: SystemCall) -> None:
        """A flush failed: written content that waits for it is lost for good, as systems forget what they could not write."""
        opened = self._of(call, 0)
        for each in self.changes:
            content = isinstance(each.change, Written | Cut)
            if opened is not None and content and each.flushed is None and each.change.inode == opened.inode:
                each.dropped = True

    def _replay(self, call: SystemCall) -> None:
        arguments = call.arguments
        match call.name:
            case "open" | "creat":
                flags = arguments[1] if call.name == "open" else "O_CREAT|O_TRUNC"
                self._opened(call, call.path_at(None, 0), flags)
            case "openat" | "openat2":
                self._opened(call, call.path_at(0, 1), arguments[2])
            case "dup" | "dup2" | "dup3":
                self._duplicated(call)
            case "fcntl" if "F_DUPFD" in arguments[1]:
                self._duplicated(call)
            case "close":
                self._open.pop(call.number(0) or 0, None)
            case "mkdir" | "mkdirat":
                self._made(call, call.path_at(None, 0) if call.name == "mkdir" else call.path_at(0, 1))
            case "rename":
                self._renamed(call.path_at(None, 0), call.path_at(None, 1))
            case "renameat" | "renameat2":
                self._renamed(call.path_at(0, 1), call.path_at(2, 3))
            case "link" | "linkat":
                self._linked(call)
            case "unlink" | "rmdir":
                self._removed(call.path_at(None, 0))
            case "unlinkat":
                self._removed(call.path_at(0, 1))
            case name if name in _FLUSHES:
                opened = self._of(call, 0)
                if opened is not None:
                    self._flush_inode(opened.inode)
            case "sync" | "syncfs":
                self._flush(lambda _: True, lambda _: True)
            case _:
                self._data(call)

    def _data(self, call: SystemCall) -> None:
        done = call.result or 0
        match call.name:
            case "write":
                self._written(self._of(call, 0), (call.text(1) or b"")[:done], None)
            case "pwrite64":
                self._written(self._of(call, 0), (call.text(1) or b"")[:done], call.number(3))
            case "writev" | "pwritev" | "pwritev2":
                parts = _HEXADECIMAL.findall(call.arguments[1])
                data = b"".join(bytes.fromhex(part.replace("\\x", "")) for part in parts)
                self._written(self._of(call, 0), data[:done], None if call.name == "writev" else call.number(3))
            case "read" | "readv":
                opened = self._of(call, 0)
                if opened is not None:
                    opened.position += done
            case "lseek":
                opened = self._of(call, 0)
                if opened is not None:
                    opened.position = done
            case "copy_file_range":
                self._copied(call, source=0, source_place=1, dest=2, dest_place=3)
            case "sendfile":
                self._copied(call, source=1, source_place=2, dest=0, dest_place=None)
            case "ftruncate":
                opened = self._of(call, 0)
                if opened is not None:
                    self._record(Cut(opened.inode, call.number(1) or 0))
            case "truncate":
                inode = self._at(call.path_at(None, 0))
                if inode is not None:
                    self._record(Cut(inode, call.number(1) or 0))
            case "fallocate":
                opened = self._of(call, 0)
                end = (call.number(2) or 0) + (call.number(3) or 0)
                if opened is not None and call.arguments[1] == "0" and end > self._size(opened.inode):
                    self._record(Cut(opened.inode, end))

    def _size(self, inode: int) -> int:
        return len(self._now.contents.get(inode, b""))

    def _opened(self, call: SystemCall, path: str | None, flags: str) -> None:
        if path is None or call.result is None:
            return
        inode = self._at(path)
        if "O_TMPFILE" in flags:
            inode = self._new()
            self._now.contents[inode] = b""
        elif inode is None and "O_CREAT" in flags:
            inode = self._new()
            self._now.contents[inode] = b""
            self._record(Named(*self._place(path), inode))
        elif inode is None:
            inode = self._directory(path) if "O_DIRECTORY" in flags else self._lazily(path)
        elif "O_TRUNC" in flags and self._size(inode):
            self._record(Cut(inode, 0))
        flushes = "O_SYNC" in flags or "O_DSYNC" in flags
        self._open[call.result] = _Open(inode, appends="O_APPEND" in flags, flushes=flushes)

    def _duplicated(self, call: SystemCall) -> None:
        opened = self._of(call, 0)
        if opened is not None and call.result is not None:
            self._open[call.result] = opened

    def _made(self, call: SystemCall, path: str | None) -> None:
        if path is not None and call.result == 0:
            inode = self._new()
            self._record(Named(*self._place(path), inode, is_directory=True))

    def _renamed(self, source: str | None, dest: str | None) -> None:
        inode = self._at(source)
        if source is None or dest is None:
            return
        if inode is None:
            inode = self._lazily(source)
        self._record(Renamed(*self._place(dest), inode, *self._place(source)))

    def _linked(self, call: SystemCall) -> None:
        old, new = (call.path_at(None, 0), call.path_at(None, 1)) if call.name == "link" else ("", call.path_at(2, 3))
        if call.name == "linkat":
            old = call.path_at(0, 1) or ""
        by_descriptor = _OF_DESCRIPTOR.fullmatch(old or "")
        if call.name == "linkat" and call.text(1) == b"":
            opened = self._of(call, 0)
            inode = None if opened is None else opened.inode
        elif by_descriptor is not None:
            held = self._open.get(int(by_descriptor[1] or by_descriptor[2]))
            inode = None if held is None else held.inode
        else:
            inode = self._at(old)
        if inode is not None and new is not None:
            self._record(Named(*self._place(new), inode))

    def _removed(self, path: str | None) -> None:
        inode = self._at(path)
        if path is not None and inode is not None:
            self._record(Unnamed(*self._place(path), inode))

    def _written(self, opened: _Open | None, data: bytes, position: int | None) -> None:
        if opened is None or not data:
            return
        begin = opened.position if position is None else position
        if opened.appends:
            begin = self._size(opened.inode)
        if position is None:
            opened.position = begin + len(data)
        self._record(Written(opened.inode, begin, data), flushed=opened.flushes)

    def _copied(self, call: SystemCall, *, source: int, source_place: int, dest: int, dest_place: int | None) -> None:
        origin, target = self._of(call, source), self._of(call, dest)
        if origin is None or target is None or not call.result:
            return
        begin = self._position(call, source_place, origin, call.result)
        data = self._now.contents.get(origin.inode, b"")[begin : begin + call.result]
        at = None if dest_place is None else _PLACE.match(call.arguments[dest_place])
        self._written(target, data, None if at is None else int(at[1]))

    @staticmethod
    def _position(call: SystemCall, place: int, opened: _Open, done: int) -> int:
        given = _PLACE.match(call.arguments[place])
        if given is not None:
            return int(given[1])
        begin, opened.position = opened.position, opened.position + done
        return begin


def recorded(folder: Path, before: Path, calls: Iterable[SystemCall]) -> Recording:
    """What calls did to the files of `folder`, whose content before is in `before`."""
    contents: dict[str, bytes] = {}
    directories = []
    for place, below, files in os.walk(before):
        directories += [str(Path(place, name).relative_to(before)) for name in below]
        contents |= {str(Path(place, name).relative_to(before)): Path(place, name).read_bytes() for name in files}
    recording = Recording(folder, contents, directories)
    recording.replay(calls)
    return recording
