"""Operators made of URLs, and what may be claimed on each service; of those that nobody judged the least is claimed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from storagedriver.dependencies import require
from storagedriver.driver import Capabilities, Limits
from storagedriver.errors import ParameterError
from storagedriver.sharing import Share, SharedByName

_NAME = "opendal"

_LEAST = Capabilities(append=True, atomic_write=True, eager_open=True)
"""append and atomic_write are the driver's own doing: a stream is held in a local file until it is committed."""

_MEMORY = Capabilities(append=True, atomic_put=True, atomic_write=True, eager_open=True, consistent_list=True)
_IN_PLACE = Capabilities(append=True, eager_open=True, consistent_list=True, shared=True)
_SHARED = Capabilities(
    append=True, atomic_put=True, atomic_write=True, eager_open=True, consistent_list=True, shared=True
)
_BESIDE = replace(_SHARED, limits=Limits(longest_component=246))
"""A file is written elsewhere under its name, a dot and eight letters, and renamed."""

_memories: SharedByName[Any] = SharedByName()


def scheme_of(url: str) -> str:
    """The service that a URL names."""
    return url.partition("://")[0]


def capabilities_of(url: str, options: Mapping[str, Any]) -> Capabilities:
    """What is claimed on the service of a URL."""
    match scheme_of(url):
        case "memory":
            return _MEMORY
        case "fs":
            # Without this option OpenDAL writes in place, where readers see half a file.
            return _BESIDE if "atomic_write_dir" in options else _IN_PLACE
        case "s3":
            return _SHARED
        case _:
            return _LEAST


def open_operator(url: str, options: Mapping[str, Any]) -> Share[Any]:
    """The operator of a URL; nothing is asked of a server.

    Raises:
        MissingDependencyError: opendal is not installed.
        ParameterError: OpenDAL has no such service, or refuses the options.
    """
    library: Any = require("opendal", extra=_NAME, driver_name=_NAME)

    def make() -> Any:
        return library.Operator.from_uri(url, **options)

    try:
        return _memories.get(url, make) if scheme_of(url) == "memory" else Share(make())
    except Exception as refused:  # noqa: BLE001  its exceptions share no base
        # Its message may hold the values, of which some are secrets.
        error = ParameterError(
            f"OpenDAL refuses it: {type(refused).__name__}",
            # Which of them it is, OpenDAL tells in words alone.
            parameter="options" if options else "url",
            driver_name=_NAME,
        )
    raise error
