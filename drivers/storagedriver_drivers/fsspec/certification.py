"""How the suites make and judge the fsspec driver: on fsspec's memory, unless parameters name another filesystem.

`pytest --driver=fsspec --driver-param url=file:///srv/files` judges it there.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from storagedriver.dependencies import require
from storagedriver.parameters import parse
from storagedriver.registry import register_suite
from storagedriver_drivers.fsspec.driver import FsspecDriver
from storagedriver_drivers.fsspec.parameters import FsspecParameters


def parameters(_: Path) -> Mapping[str, Any]:
    """A folder of its own of fsspec's memory, of which a process has one."""
    return {"url": f"memory://certification-{secrets.token_hex(4)}"}


def inspect(parameters: Mapping[str, Any], path: str) -> Sequence[str]:  # noqa: ARG001  all of the store is named
    """Names all files below the root."""
    core: Any = require("fsspec.core", extra="fsspec", driver_name=FsspecDriver.name)
    model = parse(FsspecParameters, parameters, driver_name=FsspecDriver.name)
    filesystem, base = core.url_to_fs(model.url, **model.storage_options())
    root = base.rstrip("/") + model.rootdirectory
    filesystem.invalidate_cache()
    return [str(name) for name in filesystem.find(root)] if filesystem.exists(root) else []


register_suite(
    FsspecDriver.name,
    FsspecDriver.from_parameters,
    parameters=parameters,
    inspect=inspect,
    root_parameter="rootdirectory",
)
