"""How the suites make and judge the django driver: by FileSystemStorage, unless parameters name another storage.

`pytest --driver=django --driver-param storage=django.core.files.storage.InMemoryStorage` judges that.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from storagedriver.parameters import parse
from storagedriver.registry import register_suite
from storagedriver_drivers.django.driver import DjangoDriver
from storagedriver_drivers.django.parameters import DjangoParameters
from storagedriver_drivers.django.storages import open_storage


def parameters(folder: Path) -> Mapping[str, Any]:
    """A folder of its own."""
    return {"options": json.dumps({"location": str(folder)})}


def inspect(parameters: Mapping[str, Any], path: str) -> Sequence[str]:  # noqa: ARG001  all of the store is named
    """Names all files below the root."""
    model = parse(DjangoParameters, parameters, driver_name=DjangoDriver.name)
    share, kind = open_storage(model.storage, model.storage_options())
    if kind.local:
        # Those that were written beside their place lie at the storage's own root.
        walked = os.walk(share.thing.path(""))
        return [str(Path(folder, name)) for folder, _, names in walked for name in names]
    return list(_files_below(share.thing, model.rootdirectory.strip("/")))


def _files_below(storage: Any, name: str) -> Iterator[str]:
    try:
        directories, files = storage.listdir(name)
    except FileNotFoundError:
        return
    yield from (f"{name}/{file}" for file in files)
    for directory in directories:
        yield from _files_below(storage, f"{name}/{directory}".strip("/"))


register_suite(
    DjangoDriver.name,
    DjangoDriver.from_parameters,
    parameters=parameters,
    inspect=inspect,
    root_parameter="rootdirectory",
)
