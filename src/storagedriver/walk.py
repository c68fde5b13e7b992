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
        self._after = None if start_after is None else paths.components(start_after)
        self._pending: list[Iterator[FileInfo]] = [self._level(path)]
        self._directory: str | None = None

    def _level(self, directory: str) -> Iterator[FileInfo]:
        children = sorted(self._scan(directory), key=lambda info: paths.name(info.path))
        after, depth = self._after, len(paths.components(directory))
        if after is not None and paths.components(directory) == after[:depth] and len(after) > depth:
            children = [info for info in children if paths.name(info.path) >= after[depth]]
        elif after is not None and paths.components(directory) < after[:depth]:
            # start_after lies behind this whole directory.
            children = []
        return iter(children)

    def _descend(self) -> None:
        if self._directory is None:
            return
        directory, self._directory = self._directory, None
        try:
            self._pending.append(self._level(directory))
        except PathNotFoundError:
            # Deleted since its parent was listed: skipped, as WALK-3 asks.
            return

    def __next__(self) -> FileInfo:
        while True:
            self._descend()
            if not self._pending:
                raise StopIteration
            info = next(self._pending[-1], None)
            if info is None:
                self._pending.pop()
                continue
            if info.is_dir:
                self._directory = info.path
            if self._after is None or paths.components(info.path) > self._after:
                return info

    def prune(self) -> None:
        """Do not descend into the directory that was just returned; its siblings still come (WALK-2)."""
        self._directory = None

    def close(self) -> None:
        """End the walk; it yields nothing more."""
        self._pending.clear()
        self._directory = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
