"""Parameters of the obstore driver."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import Field

from storagedriver.parameters import DriverParameters, JsonObject, RootDirectory, url_with_scheme


class ObstoreParameters(DriverParameters):
    """Parameters of the obstore driver."""

    url: Annotated[str, url_with_scheme("'memory:///' or 's3://bucket/prefix'")] = Field(
        description="Where the files lie, as obstore writes it: `memory:///`, `file:///srv/files`, `s3://bucket/prefix`. "
        "Drivers of one process with the same URL of memory see the same files."
    )
    options: JsonObject = Field(
        default="{}",
        repr=False,
        description="What `obstore.store.from_url` takes beside the URL, such as `config` and `client_options`, as a JSON "
        "object.",
    )
    rootdirectory: RootDirectory = Field(default="", description="All paths lie below this directory of the URL.")

    def store_options(self) -> dict[str, Any]:
        """The options, as keyword arguments."""
        options: dict[str, Any] = json.loads(self.options)
        return options
