"""What the installed distributions tell of themselves. Reading all of them takes longer than most checks, so it is kept.

It is read anew as soon as sys.path or one of its folders changes: an installed or removed package changes its folder.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from importlib import metadata
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

_State = tuple[tuple[str, int | None], ...]


def entry_points(*, group: str, name: str | None = None) -> Sequence[EntryPoint]:
    """The entry points of a group, or those of it with this name, in the order of sys.path."""
    found = _entry_points(_state()).select(group=group)
    return [point for point in found if name in {None, point.name}]


def distributions_of(package: str) -> Sequence[str]:
    """The names of the distributions that bring a top-level package; empty for one that none brings."""
    return _distributions(_state()).get(package, ())


def _state() -> _State:
    return tuple((folder, _changed(folder)) for folder in sys.path)


def _changed(folder: str) -> int | None:
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return None


@functools.lru_cache(maxsize=1)
def _entry_points(state: _State) -> Any:  # noqa: ARG001  what the answer is kept by; its type is another on Python 3.11
    return metadata.entry_points()


@functools.lru_cache(maxsize=1)
def _distributions(state: _State) -> dict[str, tuple[str, ...]]:  # noqa: ARG001
    return {package: tuple(names) for package, names in metadata.packages_distributions().items()}
