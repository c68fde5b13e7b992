"""Walking a tree in the one order that every driver shares (WALK-1), with prune, early stop and resumption."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Self

from storagedriver import paths
from storagedriver.driver import FileInfo
from storagedriver.errors import PathNotFoundError

Scan = Callable[[str], Iterable[FileInfo]]
"""The direct children of a directory, in any order; raises PathNotFoundError where there is none."""


class Traversal:
    """The order of a walk, apart from how directories are listed: who walks lists what is `wanted`, and then steps."""

    def __init__(self, path: str, start_after: str | None) -> None:
        """Begin below `path`, right after `start_after`. The first that is wanted is `path` itself."""
        self._after = None if start_after is None else paths.components(start_after)
        self._pending: list[Iterator[FileInfo]] = []
        self._directory: str | None = path

    @property
    def wanted(self) -> str | None:
        """The directory whose children are needed for the next step, by enter() or skip(); None if none is."""
        return self._directory

    def enter(self, children: Iterable[FileInfo]) -> None:
        """Give the direct children of what is wanted, in any order."""
        directory, self._directory = self._directory, None
        if directory is None:
            raise ValueError("no directory is wanted")
        level = sorted(children, key=lambda info: paths.name(info.path))
        after, depth = self._after, len(paths.components(directory))
        if after is not None and paths.components(directory) == after[:depth] and len(after) > depth:
            level = [info for info in level if paths.name(info.path) >= after[depth]]
        elif after is not None and paths.components(directory) < after[:depth]:
            # start_after lies behind this whole directory.
            level = []
        self._pending.append(iter(level))

    def skip(self) -> None:
        """Do without the children of what is wanted."""
        self._directory = None

    def step(self) -> FileInfo | None:
        """The next one; None where another directory is wanted first, or, with none wanted, at the end."""
        while self._pending:
            info = next(self._pending[-1], None)
            if info is None:
                self._pending.pop()
                continue
            if info.is_dir:
                self._directory = info.path
            if self._after is None or paths.components(info.path) > self._after:
                return info
            if info.is_dir:
                return None
        return None

    def end(self) -> None:
        """Nothing more is wanted, and nothing more comes."""
        self._pending.clear()
        self._directory = None


class Walk(Iterator[FileInfo]):
    """An iterator over files and directories, in pre-order and by component.

    Between two steps the caller may `prune()` the directory it just got, or stop. A `with` block, or `close()`, ends
    the walk; no connection stays open between two steps either way (WALK-2).
    """

    def __init__(self, scan: Scan, path: str, *, start_after: str | None = None) -> None:
        """Start a walk below `path`.

        Args:
            scan: Lists one directory.
            path: The directory to start from.
            start_after: Resume right after this path.

        Raises:
            PathNotFoundError: There is no such directory (WALK-3).
        """
        self._scan = scan
        self._traversal = Traversal(path, start_after)
        self._traversal.enter(scan(path))

    def __next__(self) -> FileInfo:
        traversal = self._traversal
        while True:
            if traversal.wanted is not None:
                try:
                    traversal.enter(self._scan(traversal.wanted))
                except PathNotFoundError:
                    # Deleted since its parent was listed: skipped, as WALK-3 asks.
                    traversal.skip()
            info = traversal.step()
            if info is not None:
                return info
            if traversal.wanted is None:
                raise StopIteration

    def prune(self) -> None:
        """Do not descend into the directory that was just returned; its siblings still come (WALK-2)."""
        self._traversal.skip()

    def close(self) -> None:
        """End the walk; it yields nothing more."""
        self._traversal.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
