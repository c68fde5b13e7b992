"""Parameters of the fsspec driver."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from storagedriver.parameters import DriverParameters, RootDirectory


def _with_protocol(given: str) -> str:
    protocol, separator, _ = given.partition("://")
    if not separator or not protocol:
        raise ValueError("a URL with its protocol is needed, as in 'memory://' or 's3://bucket/prefix'")
    if "::" in given:
        raise ValueError("a chain of filesystems ('::') is not taken")
    return given


def _object(given: str) -> str:
    try:
        taken = isinstance(json.loads(given), dict)
    except ValueError:
        taken = False
    if not taken:
        raise ValueError("a JSON object is needed, as in '{\"anon\": true}'")
    return given


class FsspecParameters(DriverParameters):
    """Parameters of the fsspec driver."""

    url: Annotated[str, AfterValidator(_with_protocol)] = Field(
        description="Where the files lie, as fsspec writes it: `memory://`, `file:///srv/files`, `s3://bucket/prefix`."
    )
    options: Annotated[str, AfterValidator(_object)] = Field(
        default="{}",
        repr=False,
        description="Storage options of the filesystem, such as its endpoint and keys, as a JSON object.",
    )
    rootdirectory: RootDirectory = Field(default="", description="All paths lie below this directory of the URL.")

    def storage_options(self) -> dict[str, Any]:
        """The options, as the filesystem's class takes them."""
        options: dict[str, Any] = json.loads(self.options)
        return options
