"""Deleting files and directories (DEL)."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver_drivers.filesystem.removal import Removed, remove_tree
from storagedriver_drivers.filesystem.staging import Staging
from storagedriver_drivers.filesystem.trail import DirectoryMovedError, prune
from storagedriver_drivers.filesystem.tree import ATTEMPTS, Tree, look


def delete(tree: Tree, staging: Staging, components: Sequence[str]) -> None:
    """Delete a file, or a directory with all below it, and the stages; then parents that are empty.

    Raises:
        PathNotFoundError: Nothing is there.
    """
    staging.end_below(components)
    removed = Removed()
    for _ in range(ATTEMPTS):
        try:
            _remove(tree, components, removed)
        except (IsADirectoryError, NotADirectoryError, DirectoryMovedError) as error:
            # It became one of the other kind, or went elsewhere, in the middle: what is there now is looked at anew.
            changed: OSError = error
            continue
        if not removed.anything:
            raise PathNotFoundError
        return
    raise BackendError(f"it was changed by others {ATTEMPTS} times while it was being deleted") from changed


def _remove(tree: Tree, components: Sequence[str], removed: Removed) -> None:
    *parents, name = components
    try:
        trail = tree.open(parents)
    except PathNotFoundError:
        return
    with trail:
        found = look(trail.fd, name)
        if found is None:
            return
        if stat.S_ISDIR(found.st_mode):
            remove_tree(trail, name, removed)
        else:
            removed.unlink(trail.fd, name)
        os.fsync(trail.fd)
        prune(trail)
