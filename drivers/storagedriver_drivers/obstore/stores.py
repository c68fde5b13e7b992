"""Stores made of URLs, and what may be claimed on each kind; of those that nobody judged the least is claimed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storagedriver.dependencies import require
from storagedriver.driver import Capabilities, Limits
from storagedriver.errors import ParameterError
from storagedriver.sharing import Share, SharedByName
from storagedriver_drivers.obstore.errors import is_panic

_NAME = "obstore"

_LEAST = Capabilities(append=True, atomic_write=True, eager_open=True)
"""append and atomic_write are the driver's own doing: a stream is held in a local file until it is committed."""

_KNOWN: Mapping[str, Capabilities] = {
    "MemoryStore": Capabilities(append=True, atomic_put=True, atomic_write=True, eager_open=True, consistent_list=True),
    "LocalStore": Capabilities(
        append=True,
        atomic_put=True,
        atomic_write=True,
        eager_open=True,
        consistent_list=True,
        shared=True,
        # A file is written beside its place, as name#1, name#2 and so on, and renamed.
        limits=Limits(longest_component=250),
    ),
    "S3Store": Capabilities(
        append=True,
        atomic_put=True,
        atomic_write=True,
        eager_open=True,
        consistent_list=True,
        redirect=True,
        shared=True,
    ),
}

_LOCAL_DEFAULTS: Mapping[str, object] = {"automatic_cleanup": True}
"""Directories exist as long as something lies below them (STAT-2)."""

_memories: SharedByName[Any] = SharedByName()


def capabilities_of(store: object) -> Capabilities:
    """What is claimed on a store of this kind."""
    return _KNOWN.get(type(store).__name__, _LEAST)


def open_store(url: str, options: Mapping[str, Any]) -> Share[Any]:
    """The store of a URL; nothing is asked of a server.

    Raises:
        MissingDependencyError: obstore is not installed.
        ParameterError: obstore knows no store of this URL, or refuses the options.
    """
    stores: Any = require("obstore.store", extra=_NAME, driver_name=_NAME)
    scheme = url.partition("://")[0]

    def make() -> Any:
        return stores.from_url(url, **{**(_LOCAL_DEFAULTS if scheme == "file" else {}), **options})

    try:
        return _memories.get(url, make) if scheme == "memory" else Share(make())
    except BaseException as refused:
        if not (isinstance(refused, Exception) or is_panic(refused)):
            raise
        # Its message may hold the values, of which some are secrets.
        error = ParameterError(
            f"obstore refuses it: {type(refused).__name__}",
            # Which of them it is, obstore tells in words alone.
            parameter="options" if options else "url",
            driver_name=_NAME,
        )
    raise error
