"""Parameters of the fsspec driver."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from storagedriver.parameters import DriverParameters, RootDirectory


def _with_protocol(given: str) -> str:
    protocol, separator, _ = given.partition("://")
    if not separator or not protocol:
        raise ValueError("a URL with its protocol is needed, as in 'memory://' or 's3://bucket/prefix'")
    if "::" in given:
        raise ValueError("a chain of filesystems ('::') is not taken")
    return given


def _decoded(given: Any) -> Any:
    """Options as a mapping: the environment and the command line give them as JSON."""
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except ValueError:
        raise ValueError("a JSON object is needed") from None


class FsspecParameters(DriverParameters):
    """Parameters of the fsspec driver."""

    url: Annotated[str, AfterValidator(_with_protocol)] = Field(
        description="Where the files lie, as fsspec writes it: `memory://`, `file:///srv/files`, `s3://bucket/prefix`."
    )
    options: Annotated[dict[str, Any], BeforeValidator(_decoded)] = Field(
        default_factory=dict,
        repr=False,
        description="Storage options of the filesystem, such as its endpoint and keys; a mapping, or JSON of one.",
    )
    rootdirectory: RootDirectory = Field(default="", description="All paths lie below this directory of the URL.")
