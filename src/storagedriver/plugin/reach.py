"""Suites that lie where pytest does not look by itself: in a virtual environment within the author's project."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

_MARKS_OF_ENVIRONMENTS = ("pyvenv.cfg", "conda-meta")


class Reach:
    """Leads pytest to the suites' folders, and to nothing else of what it would pass over."""

    def __init__(self, folders: Iterable[Path], config: pytest.Config) -> None:
        """Know where the suites lie.

        Args:
            folders: Of the suites.
            config: Of the run.
        """
        passed_over = config.getini("norecursedirs")
        self._ways: list[tuple[Path, Path]] = []
        for folder in folders:
            for parent in reversed(folder.parents):
                if parent.is_relative_to(config.rootpath) and _is_passed_over(parent, passed_over):
                    self._ways.append((parent, folder))
                    break

    def ignores(self, path: Path) -> bool | None:
        """Whether pytest has to pass over a path; None where that is its own affair.

        Args:
            path: What it has met while collecting.
        """
        within = [folder for closed, folder in self._ways if path.is_relative_to(closed)]
        if not within or any(path.is_relative_to(folder) and path != folder for folder in within):
            return None
        return not any(folder.is_relative_to(path) for folder in within)


def _is_passed_over(folder: Path, patterns: Iterable[str]) -> bool:
    return any((folder / mark).exists() for mark in _MARKS_OF_ENVIRONMENTS) or any(map(folder.match, patterns))
