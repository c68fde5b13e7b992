"""Parameters of the opendal driver."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import Field

from storagedriver.parameters import DriverParameters, JsonObject, RootDirectory, url_with_scheme


class OpenDALParameters(DriverParameters):
    """Parameters of the opendal driver."""

    url: Annotated[str, url_with_scheme("'memory://' or 's3://bucket/prefix'")] = Field(
        description="Where the files lie, as OpenDAL writes it: `memory://`, `fs:///srv/files`, `s3://bucket/prefix`. "
        "Drivers of one process with the same URL of memory see the same files."
    )
    options: JsonObject = Field(
        default="{}",
        repr=False,
        description="Options of the service, such as its endpoint and keys, as a JSON object of strings.",
    )
    rootdirectory: RootDirectory = Field(default="", description="All paths lie below this directory of the URL.")

    def service_options(self) -> dict[str, Any]:
        """The options, as keyword arguments."""
        options: dict[str, Any] = json.loads(self.options)
        return options
