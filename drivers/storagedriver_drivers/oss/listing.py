"""Listing a directory: keys below a prefix, grouped at the next slash."""

from __future__ import annotations

from collections.abc import Iterable

from storagedriver import paths
from storagedriver.driver import FileInfo
from storagedriver.errors import PathNotFoundError
from storagedriver_drivers.oss.objects import Bucket


def children(bucket: Bucket, prefix: str, path: str) -> Iterable[FileInfo]:
    """The direct children of the directory `path`, whose keys begin with `prefix`; each once.

    Markers of directories and names outside the path grammar, the internal ones among them, are left out. A file and
    a directory of one name are one child: the file.

    Raises:
        PathNotFoundError: No key begins with `prefix`, and `path` is not the root.
    """
    exists = path == paths.ROOT
    files: dict[str, FileInfo] = {}
    directories: dict[str, FileInfo] = {}
    for page in bucket.pages(prefix, delimiter="/"):
        exists = exists or bool(page.entries or page.prefixes)
        for entry in page.entries:
            name = entry.key[len(prefix) :]
            if paths.is_component(name):
                files[name] = FileInfo(paths.join(path, name), entry.size, entry.modified, is_dir=False)
        for group in page.prefixes:
            name = group[len(prefix) : -1]
            if paths.is_component(name):
                directories[name] = FileInfo(paths.join(path, name), 0, None, is_dir=True)
    if not exists:
        raise PathNotFoundError
    return [*files.values(), *(info for name, info in directories.items() if name not in files)]
