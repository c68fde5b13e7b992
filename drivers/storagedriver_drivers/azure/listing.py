"""Listing a directory: blobs below a prefix, grouped at the next slash."""

from __future__ import annotations

from collections.abc import Iterable

from storagedriver import paths
from storagedriver.driver import FileInfo
from storagedriver.errors import PathNotFoundError
from storagedriver_drivers.azure.blobs import Container, is_folder


def children(container: Container, prefix: str, path: str) -> Iterable[FileInfo]:
    """The direct children of the directory `path`, whose names begin with `prefix`; each once.

    Markers of directories and names outside the path grammar, the internal ones among them, are left out. A file and
    a directory of one name are one child: the file.

    Raises:
        PathNotFoundError: No name begins with `prefix`, and `path` is not the root.
    """
    exists = path == paths.ROOT
    files: dict[str, FileInfo] = {}
    directories: dict[str, FileInfo] = {}
    for entry in container.groups(prefix):
        exists = True
        name = entry.name[len(prefix) :]
        # What has no time of its own is a prefix that stands for many names.
        is_group = name.endswith("/")
        name = name.removesuffix("/")
        if not paths.is_component(name):
            continue
        child = paths.join(path, name)
        if is_group or is_folder(entry.metadata):
            directories[name] = FileInfo(child, 0, None, is_dir=True)
        else:
            files[name] = FileInfo(child, entry.size, entry.last_modified, is_dir=False)
    if not exists:
        raise PathNotFoundError
    return [*files.values(), *(info for name, info in directories.items() if name not in files)]
