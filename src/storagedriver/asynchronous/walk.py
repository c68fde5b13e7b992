"""Walking a tree as an asynchronous iterator, in the same order as `storagedriver.walk` (WALK-1)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Self

from storagedriver.driver import FileInfo
from storagedriver.errors import PathNotFoundError
from storagedriver.walk import Traversal

AsyncScan = Callable[[str], Awaitable[Iterable[FileInfo]]]
"""The direct children of a directory, in any order; raises PathNotFoundError where there is none."""


class AsyncWalk(AsyncIterator[FileInfo]):
    """An iterator over files and directories, in pre-order and by component.

    Between two steps the caller may `prune()` the directory it just got, or stop. Nothing stays open between two steps
    (WALK-2). A step that is cancelled or fails may be made again: nothing is left out by it.
    """

    def __init__(self, scan: AsyncScan, path: str, *, start_after: str | None = None) -> None:
        """A walk below `path` that has not begun; a driver's walk() begins it."""
        self._scan = scan
        self._traversal = Traversal(path, start_after)

    async def begin(self) -> Self:
        """List the directory to start from.

        Raises:
            PathNotFoundError: There is no such directory (WALK-3).
        """
        wanted = self._traversal.wanted
        if wanted is not None:
            self._traversal.enter(await self._scan(wanted))
        return self

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> FileInfo:
        traversal = self._traversal
        while True:
            if traversal.wanted is not None:
                try:
                    traversal.enter(await self._scan(traversal.wanted))
                except PathNotFoundError:
                    # Deleted since its parent was listed: skipped, as WALK-3 asks.
                    traversal.skip()
            info = traversal.step()
            if info is not None:
                return info
            if traversal.wanted is None:
                raise StopAsyncIteration

    def prune(self) -> None:
        """Do not descend into the directory that was just returned; its siblings still come (WALK-2)."""
        self._traversal.skip()

    async def close(self) -> None:
        """End the walk; it yields nothing more."""
        self._traversal.end()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
