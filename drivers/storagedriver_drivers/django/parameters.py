"""Parameters of the django driver."""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field

from storagedriver.parameters import DriverParameters, JsonObject, RootDirectory


class DjangoParameters(DriverParameters):
    """Parameters of the django driver."""

    storage: str = Field(
        default="django.core.files.storage.FileSystemStorage",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+$",
        description="The Storage's class by its dotted name, as in the setting `STORAGES`. Drivers of one process with "
        "the same InMemoryStorage and options see the same files.",
    )
    options: JsonObject = Field(
        default="{}", repr=False, description="Arguments of the class, such as `location`, as a JSON object."
    )
    rootdirectory: RootDirectory = Field(default="", description="All paths lie below this directory of the storage.")

    def storage_options(self) -> dict[str, Any]:
        """The options, as keyword arguments."""
        options: dict[str, Any] = json.loads(self.options)
        return options
