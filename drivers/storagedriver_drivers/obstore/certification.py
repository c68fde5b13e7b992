"""How the suites make and judge the obstore driver: on obstore's memory, unless parameters name another store.

`pytest --driver=obstore --driver-param url=file:///srv/files` judges it there.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from storagedriver.parameters import parse
from storagedriver.registry import register_suite
from storagedriver_drivers.obstore.driver import ObstoreDriver
from storagedriver_drivers.obstore.parameters import ObstoreParameters
from storagedriver_drivers.obstore.stores import open_store


def parameters(_: Path) -> Mapping[str, Any]:
    """A store of memory of its own."""
    return {"url": f"memory:///certification-{secrets.token_hex(4)}"}


def inspect(parameters: Mapping[str, Any], path: str) -> Sequence[str]:
    """Names the files of a path and below it; unfinished uploads to a server obstore does not tell."""
    model = parse(ObstoreParameters, parameters, driver_name=ObstoreDriver.name)
    share = open_store(model.url, model.store_options())
    key = f"{model.rootdirectory}{path}".strip("/")
    folder = getattr(share.thing, "prefix", None)
    if isinstance(folder, Path):
        # obstore's own listing leaves out what it writes beside a file.
        return [str(Path(place, name)) for place, _, names in os.walk((folder / key).parent) for name in names]
    found = [entry["path"] for page in share.thing.list(key) for entry in page]
    with contextlib.suppress(FileNotFoundError):
        found.append(share.thing.head(key)["path"])
    return found


register_suite(
    ObstoreDriver.name,
    ObstoreDriver.from_parameters,
    parameters=parameters,
    inspect=inspect,
    root_parameter="rootdirectory",
)
