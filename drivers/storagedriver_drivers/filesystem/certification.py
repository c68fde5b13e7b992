"""How the suites make and judge the filesystem driver."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from storagedriver.registry import register_suite
from storagedriver.wire import NO_SERVER
from storagedriver_drivers.filesystem.driver import FilesystemDriver
from storagedriver_drivers.filesystem.foreign import ForeignFiles


def parameters(folder: Path) -> Mapping[str, Any]:
    """A store in an empty folder."""
    return {"rootdirectory": str(folder)}


def inspect(parameters: Mapping[str, Any], path: str = "/") -> Sequence[str]:  # noqa: ARG001  all of the store is quick
    """Names all that lies below the root, of whatever kind, the staging area too; of directories, the empty ones."""
    root = Path(parameters["rootdirectory"])
    found = []
    for folder, directories, files in os.walk(root):
        below = Path(folder)
        found += [below / name for name in files]
        # os.walk counts links to directories among the directories, and does not follow them.
        found += [below / name for name in directories if (below / name).is_symlink()]
        if below != root and not directories and not files:
            found.append(below)
    return [str(path.relative_to(root)) for path in found]


register_suite(
    FilesystemDriver.name,
    FilesystemDriver.from_parameters,
    parameters=parameters,
    inspect=inspect,
    foreign=ForeignFiles,
    root_parameter="rootdirectory",
    wire=NO_SERVER,
)
