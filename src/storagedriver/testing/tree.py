"""The part of a store that belongs to one check: everything below a random prefix."""

from __future__ import annotations

from dataclasses import dataclass

from storagedriver import paths


@dataclass(frozen=True, slots=True)
class Tree:
    """Paths below the check's own prefix. Nothing outside it is listed, changed or deleted.

    Attributes:
        root: The prefix, a valid path: "/check-1f2e3d".
    """

    root: str

    def path(self, relative: str) -> str:
        """The path of `relative` ("a", "a/b") below the prefix."""
        return paths.join(self.root, relative)

    def paths(self, *relative: str) -> list[str]:
        """The paths of several names, in their order."""
        return [self.path(name) for name in relative]

    def relative(self, path: str) -> str:
        """What `path()` was given to make `path`; for messages and comparisons by name."""
        return path.removeprefix(self.root + "/")
