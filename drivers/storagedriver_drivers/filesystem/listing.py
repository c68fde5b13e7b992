"""What list, walk and stat tell of files and directories."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from storagedriver import paths
from storagedriver.driver import FileInfo
from storagedriver.errors import PathNotFoundError
from storagedriver_drivers.filesystem.tree import Tree, is_of_store

_EPOCH = datetime.fromtimestamp(0, UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)
_EARLIEST = datetime.min.replace(tzinfo=UTC)


def children(tree: Tree, path: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """The files and directories of a directory, by path. Names that no path has are left out (FOR-1).

    Raises:
        PathNotFoundError: There is no such directory; never for `/` (LIST-2).
    """
    try:
        trail = tree.open(paths.components(path))
    except PathNotFoundError:
        if path != paths.ROOT:
            raise
        return
    with trail, os.scandir(trail.fd) as entries:
        for entry in entries:
            # Other names are another tool's, or of the staging area.
            if paths.is_component(entry.name) and (
                entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)
            ):
                yield paths.join(path, entry.name), entry


def scan(tree: Tree, path: str) -> Iterator[FileInfo]:
    """As `children`, with sizes and times. What is deleted meanwhile is skipped (WALK-3)."""
    for child, entry in children(tree, path):
        try:
            found = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue
        if is_of_store(found):
            yield info(child, found)


def info(path: str, found: os.stat_result) -> FileInfo:
    """What the system tells of a path, in the interface's words."""
    is_dir = stat.S_ISDIR(found.st_mode)
    try:
        modified = _EPOCH + timedelta(microseconds=found.st_mtime_ns // 1000)
    except OverflowError:
        # Any number can be set as a file's time.
        modified = _LATEST if found.st_mtime_ns > 0 else _EARLIEST
    return FileInfo(path, 0 if is_dir else found.st_size, modified, is_dir=is_dir)
