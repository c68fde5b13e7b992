"""How the suites make and judge the pyarrow driver: on local files, unless parameters name another filesystem.

`pytest --driver=pyarrow --driver-param url=file:///srv/files` judges it there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from storagedriver.dependencies import require
from storagedriver.parameters import parse
from storagedriver.registry import register_suite
from storagedriver_drivers.pyarrow.driver import PyArrowDriver
from storagedriver_drivers.pyarrow.filesystems import kind_of, open_filesystem
from storagedriver_drivers.pyarrow.parameters import PyArrowParameters


def parameters(folder: Path) -> Mapping[str, Any]:
    """A folder of its own."""
    return {"url": folder.as_uri()}


def inspect(parameters: Mapping[str, Any], path: str) -> Sequence[str]:  # noqa: ARG001  all of the store is named
    """Names all files below the root; unfinished uploads to a server Arrow does not tell."""
    library: Any = require("pyarrow.fs", extra="pyarrow", driver_name=PyArrowDriver.name)
    model = parse(PyArrowParameters, parameters, driver_name=PyArrowDriver.name)
    filesystem, base = open_filesystem(model.url, model.filesystem_options())
    root = base.rstrip("/") + model.rootdirectory
    if kind_of(filesystem).renames:
        # Arrow's own listing fails where a directory goes meanwhile.
        return [str(Path(folder, name)) for folder, _, names in os.walk(root) for name in names]
    selector = library.FileSelector(root, recursive=True, allow_not_found=True)
    entries = filesystem.get_file_info(selector)
    return [str(entry.path) for entry in entries if entry.type == library.FileType.File]


register_suite(
    PyArrowDriver.name,
    PyArrowDriver.from_parameters,
    parameters=parameters,
    inspect=inspect,
    root_parameter="rootdirectory",
)
