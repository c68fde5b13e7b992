"""Parameters of the pyarrow driver."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import Field

from storagedriver.parameters import DriverParameters, JsonObject, RootDirectory, url_with_scheme


class PyArrowParameters(DriverParameters):
    """Parameters of the pyarrow driver."""

    url: Annotated[str, url_with_scheme("'file:///srv/files' or 's3://bucket/prefix'")] = Field(
        description="Where the files lie, as Arrow writes it: `file:///srv/files`, `s3://bucket/prefix`."
    )
    options: JsonObject = Field(
        default="{}",
        repr=False,
        description="Arguments of the filesystem's class, such as `endpoint_override` and keys, as a JSON object. For "
        "`file`, `s3` and `gs`; other filesystems have them in the URL.",
    )
    rootdirectory: RootDirectory = Field(default="", description="All paths lie below this directory of the URL.")

    def filesystem_options(self) -> dict[str, Any]:
        """The options, as keyword arguments."""
        options: dict[str, Any] = json.loads(self.options)
        return options
