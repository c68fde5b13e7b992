"""Waiting until the container's listing shows what was done: Swift updates it a moment after the objects (LIST-5)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from storagedriver.errors import BackendError
from storagedriver_drivers.swift.objects import Container, entry_name

_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 1.0


class Listings:
    """Waits for the listing of one container, at most `timeout` seconds each time; 0 for not at all."""

    def __init__(self, container: Container, timeout: float) -> None:
        self._container = container
        self._timeout = timeout

    def await_shown(self, name: str) -> None:
        """Return once the listing shows an object that was written; at once if it is deleted again meanwhile."""
        self._await(
            lambda: self._container.first(name) == name or self._container.head(name) is None,
            "the content is stored, but the container's listing does not show it yet",
        )

    def await_gone(self, name: str) -> None:
        """Return once the listing does not show an object that was deleted; at once if it is written anew meanwhile."""
        self._await(
            lambda: self._container.first(name) != name or self._container.head(name) is not None,
            "the file is deleted, but the container's listing still shows it",
        )

    def await_empty(self, prefix: str) -> None:
        """Return once the listing of `prefix` shows none of the objects that were deleted."""

        def empty() -> bool:
            name = self._container.first(prefix)
            return name is None or self._container.head(name) is not None

        self._await(empty, "the files are deleted, but the container's listing still shows some")

    def await_segments(self, prefix: str, etags: Mapping[str, str]) -> None:
        """Return once the listing of `prefix` shows exactly these names with these ETags, as a reader will need it to."""
        deadline = max(self._timeout, 1)

        def shown() -> bool:
            pages = self._container.pages(prefix)
            return {entry_name(each): str(each.get("hash")) for page in pages for each in page} == etags

        self._await(shown, "the segments of the stream are not all in the container's listing", deadline)

    def _await(self, done: Callable[[], bool], problem: str, timeout: float | None = None) -> None:
        seconds = self._timeout if timeout is None else timeout
        if not seconds:
            return
        end, pause = time.monotonic() + seconds, _FIRST_PAUSE
        while not done():
            if time.monotonic() >= end:
                raise BackendError(f"{problem}, after {seconds:g} seconds")
            time.sleep(min(pause, max(end - time.monotonic(), 0)))
            pause = min(2 * pause, _LONGEST_PAUSE)
