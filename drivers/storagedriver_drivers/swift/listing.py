"""Listing a directory: names below a prefix, grouped at the next slash."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import md5

from storagedriver.directory_listing import DirectoryListing
from storagedriver.driver import FileInfo
from storagedriver_drivers.swift.objects import Container, Listed, entry_name, is_marker, listed_time

_HASH_OF_NOTHING = md5(b"", usedforsecurity=False).hexdigest()


def children(container: Container, prefix: str, path: str, *, sizes: bool) -> Iterable[FileInfo]:
    """The direct children of the directory `path`, whose names begin with `prefix`; each once.

    Markers of directories and names outside the path grammar are left out. A file and a directory of one name are one
    child: the file.

    Args:
        container: The container.
        prefix: What all names below the directory begin with.
        path: The directory.
        sizes: Whether sizes matter: those of files that the listing does not tell are asked for.

    Raises:
        PathNotFoundError: No name begins with `prefix`, and `path` is not the root.
    """
    found = DirectoryListing(path)
    for page in container.pages(prefix, delimiter="/"):
        for entry in page:
            found.exists = True
            name = entry_name(entry)[len(prefix) :]
            unclear = _is_unclear(entry, sizes=sizes)
            head = container.head(entry_name(entry)) if unclear else None
            if "subdir" in entry or is_marker(entry) or (head is not None and head.is_marker):
                found.add_directory(name)
            # Else it was deleted since it was listed.
            elif head is not None or not unclear:
                size = int(entry.get("bytes", 0)) if head is None else head.size
                found.add_file(name, size, listed_time(entry))
    found.exists = found.exists or _is_marked(container, prefix)
    return found.children()


def may_be_empty(entry: Listed) -> bool:
    """Whether an entry is empty to the listing, which a manifest that names a prefix is too.

    To Ceph's gateway so is one that lists its segments, and its size is that of the list.
    """
    told = entry.get("hash")
    return told == _HASH_OF_NOTHING if told else not entry.get("bytes")


def _is_unclear(entry: Listed, *, sizes: bool) -> bool:
    """Whether the listing does not tell all: the size, or the type, by which a directory's marker is known."""
    if "subdir" in entry or is_marker(entry) or not may_be_empty(entry):
        return False
    return sizes or ("content_type" not in entry and not entry.get("bytes"))


def _is_marked(container: Container, prefix: str) -> bool:
    """Whether an object without content marks the directory of `prefix`."""
    head = container.head(prefix.removesuffix("/"))
    return head is not None and head.is_marker
