"""The store: a tree of directories and immutable files under one lock, and the streams staged beside it."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from storagedriver import paths
from storagedriver.errors import PathConflictError, PathNotFoundError


@dataclass(frozen=True, slots=True)
class File:
    """A committed file. Nothing changes it: a put makes a new one."""

    content: bytes
    mod_time: datetime


@dataclass(slots=True)
class Directory:
    """A directory; it exists as long as a file lies below it."""

    children: dict[str, File | Directory] = field(default_factory=dict)


class Store:
    """Files and staged streams. Each method is atomic."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._root = Directory()
        self._staged: dict[str, bytearray] = {}
        self._last_change = datetime.fromtimestamp(0, UTC)

    def get(self, path: str) -> File | Directory:
        """What is at `path`; the children of a directory are a copy."""
        with self._lock:
            node = self._find(path)
            return Directory(dict(node.children)) if isinstance(node, Directory) else node

    def get_file(self, path: str) -> File:
        """The file at `path`."""
        with self._lock:
            node = self._find(path)
        if isinstance(node, Directory):
            raise PathNotFoundError("it is a directory")
        return node

    def put(self, path: str, content: bytes) -> None:
        """Make `content` the file at `path`."""
        with self._lock:
            self._put(path, File(content, self._now()))

    def move(self, source: str, dest: str) -> None:
        """Move a file or directory; a directory is moved only to where nothing is."""
        with self._lock:
            node = self._find(source)
            try:
                taken: File | Directory | None = self._find(dest)
            except PathNotFoundError:
                taken = None
            if isinstance(taken, Directory) or (isinstance(node, Directory) and taken is not None):
                raise PathConflictError("something is there")
            # A file on the way to dest is a conflict, unless it is the source itself, which base refuses.
            self._put(dest, node)
            self._remove(source)

    def delete(self, path: str) -> None:
        """Remove a file, or a directory with all below it; staged streams go too."""
        with self._lock:
            staged = [key for key in self._staged if key == path or paths.is_below(key, path)]
            for key in staged:
                del self._staged[key]
            self._remove(path)

    def staged(self, path: str) -> bytearray | None:
        """The newest staged stream of `path`."""
        with self._lock:
            return self._staged.get(path)

    def stage(self, path: str, content: bytearray) -> None:
        """Keep an unfinished stream to be continued."""
        with self._lock:
            self._staged[path] = content

    def end_stage(self, path: str, content: bytearray | None = None) -> None:
        """Forget the staged stream of `path`; with `content`, only if it is that one."""
        with self._lock:
            if content is None or self._staged.get(path) is content:
                self._staged.pop(path, None)

    def inspect(self) -> Iterator[str]:
        """Names of all there is, staged streams included."""
        with self._lock:
            yield from _files(self._root, paths.ROOT)
            yield from (f"staged stream of {path}" for path in self._staged)

    def _now(self) -> datetime:
        # The clock may be set back; modification times may not (STAT-1).
        self._last_change = max(self._last_change, datetime.now(UTC))
        return self._last_change

    def _find(self, path: str) -> File | Directory:
        node: File | Directory = self._root
        for name in paths.components(path):
            child = node.children.get(name) if isinstance(node, Directory) else None
            if child is None:
                raise PathNotFoundError
            node = child
        return node

    def _put(self, path: str, node: File | Directory) -> None:
        *parents, name = paths.components(path)
        made = directory = self._root
        missing: list[str] = []
        for position, parent in enumerate(parents):
            child = directory.children.get(parent)
            if isinstance(child, File):
                raise PathConflictError("a parent is a file")
            if child is None:
                missing = parents[position:]
                break
            made = directory = child
        if isinstance(directory.children.get(name), Directory) and not missing:
            raise PathConflictError("it is a directory")
        for parent in missing:
            made.children[parent] = child = Directory()
            made = child
        made.children[name] = node

    def _remove(self, path: str) -> None:
        trail: list[tuple[Directory, str]] = []
        node: File | Directory = self._root
        for name in paths.components(path):
            if not isinstance(node, Directory) or name not in node.children:
                raise PathNotFoundError
            trail.append((node, name))
            node = node.children[name]
        for directory, name in reversed(trail):
            del directory.children[name]
            if directory.children:
                break


def _files(directory: Directory, path: str) -> Iterator[str]:
    for name, child in directory.children.items():
        if isinstance(child, Directory):
            yield from _files(child, paths.join(path, name))
        else:
            yield paths.join(path, name)


_shared_lock = threading.Lock()
_shared: weakref.WeakValueDictionary[str, Store] = weakref.WeakValueDictionary()


def shared_store(name: str) -> Store:
    """The store of this name; it lives as long as a driver uses it."""
    with _shared_lock:
        store = _shared.get(name)
        if store is None:
            store = _shared[name] = Store()
        return store
