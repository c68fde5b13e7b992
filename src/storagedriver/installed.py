"""What the installed distributions tell of themselves. Reading all of them takes longer than most checks, so it is kept.

It is kept for each folder of sys.path, and read anew as soon as the folder changes: an installed or removed package changes
it. So a folder that is put before the others costs itself alone.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path

_KEPT = 64
"""Folders that are kept at once: more than a path has."""


def entry_points(*, group: str, name: str | None = None) -> Sequence[EntryPoint]:
    """The entry points of a group, or those of it with this name, in the order of sys.path."""
    found: list[EntryPoint] = []
    seen: set[str] = set()
    for folder in sys.path:
        points = _entry_points(folder, _changed(folder))
        # Of two versions of a distribution the first is the one that is imported.
        found += [point for owner in points.keys() - seen for point in points[owner]]
        seen |= points.keys()
    return [point for point in found if point.group == group and name in {None, point.name}]


def distributions_of(package: str) -> Sequence[str]:
    """The names of the distributions that bring a top-level package; empty for one that none brings."""
    found = (name for folder in sys.path for name in _owners(folder, _changed(folder)).get(package, ()))
    return tuple(dict.fromkeys(found))


def _changed(folder: str) -> int | None:
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return None


@functools.lru_cache(maxsize=_KEPT)
def _entry_points(folder: str, changed: int | None) -> Mapping[str, Sequence[EntryPoint]]:  # noqa: ARG001  what it is kept by
    """The entry points of each distribution in a folder, by its name as nobody but this writes it."""
    return {
        re.sub(r"[-_.]+", "-", name).lower(): tuple(distribution.entry_points)
        for name, distribution in _distributions(folder)
    }


@functools.lru_cache(maxsize=_KEPT)
def _owners(folder: str, changed: int | None) -> Mapping[str, Sequence[str]]:  # noqa: ARG001
    """The names of the distributions in a folder that bring each top-level package."""
    found: dict[str, list[str]] = {}
    for name, distribution in _distributions(folder):
        for package in set(_packages(distribution)):
            found.setdefault(package, []).append(name)
    return found


def _distributions(folder: str) -> Iterator[tuple[str, Distribution]]:
    for distribution in metadata.distributions(path=[folder]):
        name = distribution.metadata["Name"]
        # What an interrupted removal left has none.
        if name:
            yield name, distribution


def _packages(distribution: Distribution) -> Iterator[str]:
    declared = (distribution.read_text("top_level.txt") or "").split()
    if declared:
        yield from declared
        return
    for file in distribution.files or ():
        first = file.parts[0]
        name = first if len(file.parts) > 1 else inspect.getmodulename(first)
        # Folders of metadata and of data are no packages.
        if name is not None and name.isidentifier():
            yield name
