"""Parameters of the fsspec driver."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from storagedriver.parameters import DriverParameters, JsonObject, RootDirectory, url_with_scheme


def _one_filesystem(given: str) -> str:
    if "::" in given:
        raise ValueError("a chain of filesystems ('::') is not taken")
    return given


class FsspecParameters(DriverParameters):
    """Parameters of the fsspec driver."""

    url: Annotated[str, url_with_scheme("'memory://' or 's3://bucket/prefix'"), AfterValidator(_one_filesystem)] = (
        Field(
            description="Where the files lie, as fsspec writes it: `memory://`, `file:///srv/files`, `s3://bucket/prefix`."
        )
    )
    options: JsonObject = Field(
        default="{}",
        repr=False,
        description="Storage options of the filesystem, such as its endpoint and keys, as a JSON object.",
    )
    rootdirectory: RootDirectory = Field(default="", description="All paths lie below this directory of the URL.")

    def storage_options(self) -> dict[str, Any]:
        """The options, as the filesystem's class takes them."""
        options: dict[str, Any] = json.loads(self.options)
        return options
