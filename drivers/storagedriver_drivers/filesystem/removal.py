"""Removing a directory with all that lies below it, whatever its names and kinds (DEL-1, FOR-1)."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from storagedriver_drivers.filesystem.errors import NO_DIRECTORY, NOT_EMPTY
from storagedriver_drivers.filesystem.trail import Trail


@dataclass(slots=True)
class Removed:
    """What a removal got done, also when it failed in the middle.

    Attributes:
        anything: Something was removed by it, and not by another at the same time.
    """

    anything: bool = False

    def unlink(self, directory: int, name: str) -> None:
        """Remove what is no directory, if it is there still; a link, not what it points to."""
        try:
            os.unlink(name, dir_fd=directory)
        except FileNotFoundError:
            return
        self.anything = True

    def rmdir(self, directory: int, name: str) -> None:
        """Remove a directory, if it is there still and nobody has put anything into it."""
        try:
            os.rmdir(name, dir_fd=directory)
        except OSError as error:
            if error.errno in NO_DIRECTORY or error.errno in NOT_EMPTY:
                return
            raise
        self.anything = True


Clear = Callable[[int, Removed], list[str]]
"""Removes from a directory what is no directory, and returns the names of those it holds."""


def clear(directory: int, removed: Removed) -> list[str]:
    """Remove files, links and all else that is no directory."""
    names, directories = entries(directory)
    for name in names:
        try:
            removed.unlink(directory, name)
        except IsADirectoryError:
            # It was a file when it was listed.
            directories.append(name)
    return directories


def entries(directory: int) -> tuple[list[str], list[str]]:
    """The names in a directory: of what is no directory, and of directories.

    Taken whole: what is removed while the system lists might make it skip the next.
    """
    others: list[str] = []
    directories: list[str] = []
    with os.scandir(directory) as found:
        for entry in found:
            (directories if entry.is_dir(follow_symlinks=False) else others).append(entry.name)
    return others, directories


def remove_tree(trail: Trail, name: str, removed: Removed, clear: Clear = clear) -> None:
    """Remove a directory of the trail's directory; the trail ends where it began.

    It works in one pass and without recursion: what was there when it began is gone afterwards; what others put there
    meanwhile may stay.

    Args:
        trail: Its directory is not removed.
        name: The directory to remove.
        removed: Is told what was done.
        clear: Removes what is no directory.

    Raises:
        DirectoryMovedError: Another process moved one of the directories meanwhile; some of it may be left.
    """
    pending = [[name]]
    while pending:
        if not pending[-1]:
            pending.pop()
            if pending:
                left = trail.leave()
                removed.rmdir(trail.fd, left.name)
                trail.flushed.forget(left.identity)
        elif _entered(trail, pending[-1].pop()):
            pending.append(clear(trail.fd, removed))


def _entered(trail: Trail, name: str) -> bool:
    try:
        trail.enter(name)
    except OSError as error:
        if error.errno in NO_DIRECTORY:
            return False
        raise
    return True
