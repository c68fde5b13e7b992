"""Listing a directory: names below a prefix, grouped at the next slash."""

from __future__ import annotations

from collections.abc import Iterable

from storagedriver.directory_listing import DirectoryListing
from storagedriver.driver import FileInfo
from storagedriver_drivers.gcs.objects import Bucket


def children(bucket: Bucket, prefix: str, path: str) -> Iterable[FileInfo]:
    """The direct children of the directory `path`, whose names begin with `prefix`; each once.

    Markers of directories and names outside the path grammar, the internal ones among them, are left out. A file and
    a directory of one name are one child: the file.

    Raises:
        PathNotFoundError: No name begins with `prefix`, and `path` is not the root.
    """
    found = DirectoryListing(path)
    for page in bucket.pages(prefix, delimiter="/"):
        for entry in page.entries:
            found.add_file(entry.key[len(prefix) :], entry.size, entry.created)
        for group in page.prefixes:
            found.add_directory(group[len(prefix) :])
    return found.children()
