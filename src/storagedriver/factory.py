"""Drivers by name, after database/sql: a driver registers, a caller creates (CONF-2).

Installed packages add drivers by an entry point in the group `storagedriver.drivers`; nothing of a driver is imported
until it is created.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from storagedriver.driver import StorageDriver
from storagedriver.errors import InvalidStorageDriverError
from storagedriver.installed import entry_points
from storagedriver.suggestions import did_you_mean_among

Constructor = Callable[[Mapping[str, Any]], StorageDriver]
"""Makes a driver of its parameters; raises ParameterError before any network call if they are wrong."""

ENTRY_POINTS = "storagedriver.drivers"

_lock = threading.Lock()
_constructors: dict[str, Constructor] = {}


def register(name: str, constructor: Constructor) -> None:
    """Make `constructor` the driver called `name`.

    Raises:
        InvalidStorageDriverError: The name is empty or taken, or the constructor is None or not callable (CONF-2).
    """
    if not isinstance(name, str) or not name:
        raise InvalidStorageDriverError("a driver is registered under a name that is not empty")
    if constructor is None or not callable(constructor):
        raise InvalidStorageDriverError(
            f"a constructor that takes the parameters is needed, not {constructor!r}", driver_name=name
        )
    with _lock:
        if name in _constructors:
            raise InvalidStorageDriverError(
                "the name is registered already", driver_name=name, known=tuple(_constructors)
            )
        _constructors[name] = constructor


def unregister(name: str) -> None:
    """Forget a driver that was registered in this process; for tests. Unknown names are ignored."""
    with _lock:
        _constructors.pop(name, None)


def names() -> list[str]:
    """The names that create() takes, sorted: registered in this process or by an installed package."""
    with _lock:
        registered = set(_constructors)
    return sorted(registered | {point.name for point in entry_points(group=ENTRY_POINTS)})


def create(name: str, parameters: Mapping[str, Any] | None = None) -> StorageDriver:
    """The driver called `name`, made of `parameters`.

    Raises:
        InvalidStorageDriverError: No driver of this name is known; the message lists those that are.
        MissingDependencyError: A package the driver needs is not installed; the message names the pip command.
        ParameterError: A parameter is wrong.
    """
    return constructor(name)({} if parameters is None else parameters)


def constructor(name: str) -> Constructor:
    """What create() calls for `name`: the registered constructor, else the one an entry point names.

    Raises:
        InvalidStorageDriverError: As create().
    """
    with _lock:
        registered = _constructors.get(name)
    if registered is not None:
        return registered
    points = entry_points(group=ENTRY_POINTS, name=name) if isinstance(name, str) and name else ()
    if not points:
        known = names()
        raise InvalidStorageDriverError(
            did_you_mean_among(str(name), known, "known drivers: "), driver_name=str(name), known=known
        )
    loaded = points[0].load()
    with _lock:
        # Importing the module may have registered the driver itself.
        registered = _constructors.get(name)
    made: Constructor = registered or getattr(loaded, "from_parameters", loaded)
    return made
