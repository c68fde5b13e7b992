"""Which directories need no flush of their name any more."""

from __future__ import annotations

import os
from typing import NamedTuple, Self

MOST = 10_000
"""Directories that are remembered at most; it costs a flush to have forgotten one."""


class Identity(NamedTuple):
    """The number of a directory, whatever its name. The file system gives that of a removed one again."""

    device: int
    inode: int

    @classmethod
    def of(cls, found: os.stat_result) -> Self:
        """That of what was found."""
        return cls(found.st_dev, found.st_ino)


class FlushedDirectories:
    """Directories whose names this driver has flushed, and not removed since: what is removed takes no memory (LEAK-1)."""

    def __init__(self) -> None:
        """None yet."""
        self._known: set[Identity] = set()

    def __contains__(self, directory: Identity) -> bool:
        return directory in self._known

    def add(self, directory: Identity) -> None:
        """Its name was flushed."""
        if len(self._known) >= MOST:
            self._known.clear()
        self._known.add(directory)

    def forget(self, directory: Identity) -> None:
        """It was removed, or may have been."""
        self._known.discard(directory)
