"""For layers that keep directories which became empty: a directory of the interface is one that a file lies below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Inside:
    """What lies directly in a directory; nothing where there is none.

    Attributes:
        files: Whether any file does.
        directories: The paths of the directories, empty ones too.
    """

    files: bool
    directories: Sequence[str]


def holds_files(path: str, look: Callable[[str], Inside]) -> bool:
    """Whether a file lies below `path`, at any depth (STAT-2): the first one ends the search.

    Args:
        path: A path of the driver.
        look: Tells what lies directly in a directory; what it raises goes on.
    """
    pending = [path]
    while pending:
        inside = look(pending.pop())
        if inside.files:
            return True
        pending += inside.directories
    return False
