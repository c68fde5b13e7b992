"""Names at which a driver lately saw an object: a guess that spares requests, and is relied upon for nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterable

_MOST = 256
"""Names that are kept: those that are replaced again and again are few."""


class Sightings:
    """The names at which an object was seen last. Safe between threads; what others do is not noticed."""

    def __init__(self) -> None:
        """None yet."""
        self._names: dict[str, None] = {}
        self._lock = threading.Lock()

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def add(self, name: str) -> None:
        """An object is there; the name that was seen longest ago makes room."""
        with self._lock:
            self._names.pop(name, None)
            self._names[name] = None
            if len(self._names) > _MOST:
                del self._names[next(iter(self._names))]

    def remove(self, names: Iterable[str]) -> None:
        """No objects are there any more."""
        with self._lock:
            for name in names:
                self._names.pop(name, None)
