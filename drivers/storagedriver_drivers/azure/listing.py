"""Listing a directory: blobs below a prefix, grouped at the next slash."""

from __future__ import annotations

from collections.abc import Iterable

from storagedriver.directory_listing import DirectoryListing
from storagedriver.driver import FileInfo
from storagedriver_drivers.azure.blobs import Container, is_folder


def children(container: Container, prefix: str, path: str) -> Iterable[FileInfo]:
    """The direct children of the directory `path`, whose names begin with `prefix`; each once.

    Markers of directories and names outside the path grammar, the internal ones among them, are left out. A file and
    a directory of one name are one child: the file.

    Raises:
        PathNotFoundError: No name begins with `prefix`, and `path` is not the root.
    """
    found = DirectoryListing(path)
    for entry in container.groups(prefix):
        name = entry.name[len(prefix) :]
        # A name that ends with a slash is a prefix that stands for many names.
        if name.endswith("/") or is_folder(entry.metadata):
            found.add_directory(name)
        else:
            found.add_file(name, entry.size, entry.last_modified)
    return found.children()
