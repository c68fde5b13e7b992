"""Things of this process that drivers of one name share, as a store in memory has to be."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


@dataclass(eq=False)
class Share(Generic[Thing]):
    """A hold on a shared thing, which is forgotten with its last share."""

    thing: Thing


class SharedByName(Generic[Thing]):
    """One thing for each name. Safe between threads."""

    def __init__(self) -> None:
        """Nothing is shared yet."""
        self._shares: weakref.WeakValueDictionary[str, Share[Thing]] = weakref.WeakValueDictionary()
        self._lock = threading.Lock()

    def get(self, name: str, make: Callable[[], Thing]) -> Share[Thing]:
        """The thing of this name, made by `make` if nobody holds one; what that raises goes on."""
        with self._lock:
            share = self._shares.get(name)
            if share is None:
                share = self._shares[name] = Share(make())
            return share
