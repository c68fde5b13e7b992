"""Filesystems made of URLs, and what may be claimed on each kind; of those that nobody judged the least is claimed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from storagedriver.dependencies import require
from storagedriver.driver import Capabilities, Limits
from storagedriver.errors import ParameterError

_NAME = "pyarrow"


@dataclass(frozen=True, slots=True)
class Kind:
    """How a filesystem takes files, and what the driver may claim on it.

    Attributes:
        capabilities: What is claimed.
        makes_directories: Whether a directory is a thing of its own, to be made before its files.
        renames: Whether move() of a file is a rename, that readers see whole. Files are written beside and renamed then,
            since writing in place shows them half.
    """

    capabilities: Capabilities
    makes_directories: bool = True
    renames: bool = False


_LEAST = Kind(Capabilities(append=True, atomic_write=True, eager_open=True))
"""append and atomic_write are the driver's own doing: a stream is held in a local file until it is committed."""

_WHOLE_AND_SHARED = Capabilities(
    append=True, atomic_put=True, atomic_write=True, eager_open=True, consistent_list=True, shared=True
)
_KNOWN: Mapping[str, Kind] = {
    "local": Kind(_WHOLE_AND_SHARED, renames=True),
    # Arrow asks for `name/` too, and MinIO refuses that of a longer name.
    "s3": Kind(replace(_WHOLE_AND_SHARED, limits=Limits(longest_component=246)), makes_directories=False),
}
"""By the name that a filesystem gives its type."""

_CLASSES: Mapping[str, str] = {"file": "LocalFileSystem", "s3": "S3FileSystem", "gs": "GcsFileSystem"}


def kind_of(filesystem: Any) -> Kind:
    """What is known of a filesystem."""
    return _KNOWN.get(filesystem.type_name, _LEAST)


def open_filesystem(url: str, options: Mapping[str, Any]) -> tuple[Any, str]:
    """The filesystem of a URL, and the path in it; nothing is asked of a server.

    Raises:
        MissingDependencyError: pyarrow is not installed.
        ParameterError: Arrow knows no filesystem of this URL, or refuses the options.
    """
    library: Any = require("pyarrow.fs", extra=_NAME, driver_name=_NAME)
    scheme, _, place = url.partition("://")
    parameter = "options" if options else "url"
    if options and scheme not in _CLASSES:
        raise ParameterError(f"only {', '.join(_CLASSES)} take them", parameter=parameter, driver_name=_NAME)
    try:
        if not options:
            filesystem, base = library.FileSystem.from_uri(url)
            return filesystem, str(base)
        return getattr(library, _CLASSES[scheme])(**options), place
    except Exception as refused:  # noqa: BLE001  those of fsspec's protocols may raise anything
        # Its message may hold the values, of which some are secrets.
        error = ParameterError(f"Arrow refuses it: {type(refused).__name__}", parameter=parameter, driver_name=_NAME)
    raise error
