"""Parameters of the filesystem driver."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from storagedriver.parameters import DriverParameters


def _absolute(given: Path) -> Path:
    if "\0" in str(given):
        raise ValueError("a folder's name holds no zero byte")
    if not given.is_absolute():
        # The working directory differs between processes, and may change: the same words would mean several stores.
        raise ValueError("an absolute path is needed: it begins with '/'")
    if ".." in given.parts:
        # Behind a link it leads elsewhere than it reads (SEC-1).
        raise ValueError("'..' is no part of it: write the folder that is meant")
    return given


class FilesystemParameters(DriverParameters):
    """Parameters of the filesystem driver."""

    rootdirectory: Annotated[Path, AfterValidator(_absolute)] = Field(
        description="Folder of this machine that all files lie in, an absolute path without '..'; made when the first file is written.",
    )
