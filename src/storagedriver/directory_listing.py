"""A directory as a store of whole names tells it: names below a prefix, those that lead further down grouped at the slash."""

from __future__ import annotations

import datetime as dt

from storagedriver import paths
from storagedriver.driver import FileInfo
from storagedriver.errors import PathNotFoundError


class DirectoryListing:
    """The direct children of a directory, each once, gathered from what a store lists (LIST-1, FOR-1).

    Names outside the path grammar, those of a driver's own among them, are left out; that something is there they show all
    the same. A file and a directory of one name are one child: the file.

    Attributes:
        path: The directory.
        exists: Whether anything was seen in it; the root is always there.
    """

    def __init__(self, path: str) -> None:
        """Nothing was seen yet."""
        self.path = path
        self.exists = path == paths.ROOT
        self._files: dict[str, FileInfo] = {}
        self._directories: dict[str, FileInfo] = {}

    def add_file(self, name: str, size: int, modified: dt.datetime | None) -> None:
        """A file, by the last component of its path; `size` in bytes."""
        self.exists = True
        if paths.is_component(name):
            self._files[name] = FileInfo(paths.join(self.path, name), size, modified, is_dir=False)

    def add_directory(self, name: str) -> None:
        """A directory, by the last component of its path, with a slash after it or without."""
        self.exists = True
        name = name.removesuffix("/")
        if paths.is_component(name):
            self._directories[name] = FileInfo(paths.join(self.path, name), 0, None, is_dir=True)

    def children(self) -> list[FileInfo]:
        """All that was added.

        Raises:
            PathNotFoundError: Nothing was seen, so there is no directory (LIST-2).
        """
        if not self.exists:
            raise PathNotFoundError
        return [*self._files.values(), *(info for name, info in self._directories.items() if name not in self._files)]
