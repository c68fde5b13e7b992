"""How the suites make and judge the opendal driver: on OpenDAL's memory, unless parameters name another service.

`pytest --driver=opendal --driver-param url=fs:///srv/files` judges it there.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from storagedriver.parameters import parse
from storagedriver.registry import register_suite
from storagedriver_drivers.opendal.driver import OpenDALDriver
from storagedriver_drivers.opendal.parameters import OpenDALParameters
from storagedriver_drivers.opendal.services import open_operator, scheme_of


def parameters(_: Path) -> Mapping[str, Any]:
    """A store of memory of its own."""
    return {"url": f"memory://certification-{secrets.token_hex(4)}"}


def inspect(parameters: Mapping[str, Any], path: str) -> Sequence[str]:
    """Names the files of a path and below it; unfinished uploads to a server OpenDAL does not tell."""
    model = parse(OpenDALParameters, parameters, driver_name=OpenDALDriver.name)
    options = model.service_options()
    key = f"{model.rootdirectory}{path}".strip("/")
    if scheme_of(model.url) == "fs":
        places = [model.url.partition("://")[2], *(options[name] for name in ("atomic_write_dir",) if name in options)]
        walked = [entry for place in places for entry in os.walk(place)]
        return [str(Path(folder, name)) for folder, _, names in walked for name in names]
    operator = open_operator(model.url, options).thing
    found = [entry.path for entry in operator.list(f"{key}/", recursive=True)]
    return [*found, key] if key and operator.exists(key) else found


register_suite(
    OpenDALDriver.name,
    OpenDALDriver.from_parameters,
    parameters=parameters,
    inspect=inspect,
    root_parameter="rootdirectory",
)
