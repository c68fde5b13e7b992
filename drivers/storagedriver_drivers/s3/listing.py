"""Listing a directory: keys below a prefix, grouped at the next slash."""

from __future__ import annotations

from collections.abc import Iterable

from storagedriver import paths
from storagedriver.driver import FileInfo
from storagedriver.errors import PathNotFoundError
from storagedriver_drivers.s3.answers import shows_empty_folders
from storagedriver_drivers.s3.objects import Bucket


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
        doubtful = shows_empty_folders(page)
        for entry in page.get("Contents", []):
            if doubtful and entry["Key"] == prefix and not bucket.holds(prefix):
                continue
            exists = True
            name = entry["Key"][len(prefix) :]
            if paths.is_component(name):
                child = paths.join(path, name)
                files[name] = FileInfo(child, entry["Size"], entry["LastModified"], is_dir=False)
        for group in page.get("CommonPrefixes", []):
            if doubtful and not bucket.holds(group["Prefix"]):
                continue
            exists = True
            name = group["Prefix"][len(prefix) : -1]
            if paths.is_component(name):
                directories[name] = FileInfo(paths.join(path, name), 0, None, is_dir=True)
    if not exists:
        raise PathNotFoundError
    return [*files.values(), *(info for name, info in directories.items() if name not in files)]
