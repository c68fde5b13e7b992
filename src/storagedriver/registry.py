"""What the suites may run against: drivers registered with what it takes to make and judge one."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from storagedriver import factory
from storagedriver.driver import StorageDriver
from storagedriver.errors import InvalidStorageDriverError
from storagedriver.factory import Constructor
from storagedriver.foreign import OpenForeignStore
from storagedriver.installed import entry_points
from storagedriver.wire.access import NoServer, WireAccess
from storagedriver.wire.library import LibraryAccess

ENTRY_POINTS = "storagedriver.suites"

PROFILES = ("quick", "full", "soak")
"""The profiles, each of which runs what those before it run and more."""

CHECKS = "storagedriver.checks"
"""Entry points of this group name the packages whose test modules are a suite."""

BY_NAME_ONLY = frozenset({"durability", "faults", "leaks", "performance", "properties", "security"})
"""Suites that are run where they are asked for: on a server they take minutes."""

SkipCheck = Callable[[], str | None]
"""Says why the driver cannot be run here, or None if it can."""

Teardown = Callable[[StorageDriver], None]
"""Called with the driver after the last test."""

Inspect = Callable[[Mapping[str, Any], str], Sequence[str]]
"""Called with parameters and a path: names all on the backend that belongs to the path and to what is below it,
internals included: what was staged, segments, uploads. Each name holds the path's own; names of other paths do no harm."""

ParameterSource = Mapping[str, Any] | Callable[[Path], Mapping[str, Any]]
"""The parameters, or a function that makes them for an empty folder of the session's own."""


def never_skip() -> str | None:
    """The skip check of a driver that can always be run."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRegistration:
    """A driver that the suites can run against.

    Attributes:
        name: As in `--driver=NAME`.
        constructor: Makes a driver of its parameters. Called several times: all its drivers see one store.
        parameters: The parameters, or a function of an empty folder that returns them.
        teardown: Called with a driver after the last test.
        skip_check: Returns a reason, or None. A skip is shown with its reason and never counts as a pass.
        inspect: Names what lies on the backend; without it WRITE-11 is judged through the interface alone.
        foreign: Opens the backend as another tool sees it; without it the group FOR is not judged.
        root_parameter: The parameter that sets the root, with which the suite makes empty stores of its own; None if
            the driver has none.
        roots_nest: Whether a root is a directory of the store above it. Not so where the layout puts something between
            root and path, such as a place for files beside one for segments; checks of that are "not offered" then.
        wire: How somebody is put between the driver and its server: a proxy (WireAccess), or, where a library speaks a
            protocol of its own, what is between driver and library (LibraryAccess); NO_SERVER if it speaks to none. Without
            it faults of requests, hostile answers and TLS are not tried.
        registered_at: The file that called register_suite; a reproducer runs it again if it is a conftest.py.
    """

    name: str
    constructor: Constructor
    parameters: ParameterSource = field(default_factory=dict)
    teardown: Teardown | None = None
    skip_check: SkipCheck = never_skip
    inspect: Inspect | None = None
    foreign: OpenForeignStore | None = None
    root_parameter: str | None = None
    roots_nest: bool = True
    wire: WireAccess | LibraryAccess | NoServer | None = None
    registered_at: str | None = None


_lock = threading.Lock()
_registrations: dict[str, SuiteRegistration] = {}


def register_suite(
    name: str,
    constructor: Constructor,
    *,
    parameters: ParameterSource | None = None,
    teardown: Teardown | None = None,
    skip_check: SkipCheck = never_skip,
    inspect: Inspect | None = None,
    foreign: OpenForeignStore | None = None,
    root_parameter: str | None = None,
    roots_nest: bool = True,
    wire: WireAccess | LibraryAccess | NoServer | None = None,
) -> SuiteRegistration:
    """Make `pytest --driver=NAME` run the suites against what `constructor` makes. See SuiteRegistration.

    Raises:
        InvalidStorageDriverError: The name is empty or taken, or the constructor is not callable.
    """
    if not isinstance(name, str) or not name:
        raise InvalidStorageDriverError("a suite is registered under a name that is not empty")
    if constructor is None or not callable(constructor):
        raise InvalidStorageDriverError(
            f"a constructor that takes the parameters is needed, not {constructor!r}", driver_name=name
        )
    registration = SuiteRegistration(
        name=name,
        constructor=constructor,
        parameters={} if parameters is None else parameters,
        teardown=teardown,
        skip_check=skip_check,
        inspect=inspect,
        foreign=foreign,
        root_parameter=root_parameter,
        roots_nest=roots_nest,
        wire=wire,
        registered_at=sys._getframe(1).f_code.co_filename,  # noqa: SLF001  the caller's file, without its frames kept alive
    )
    with _lock:
        if name in _registrations:
            raise InvalidStorageDriverError(
                "a suite is registered for it already", driver_name=name, known=tuple(_registrations)
            )
        _registrations[name] = registration
    return registration


def unregister_suite(name: str) -> None:
    """Forget a registration of this process; for tests. Unknown names are ignored."""
    with _lock:
        _registrations.pop(name, None)


def registered_suites() -> Mapping[str, SuiteRegistration]:
    """What was registered in this process so far, by name."""
    with _lock:
        return dict(_registrations)


def suite_names() -> list[str]:
    """The names that find_suite() takes, sorted; installed packages are not imported for it."""
    return sorted(registered_suites().keys() | {point.name for point in entry_points(group=ENTRY_POINTS)})


def entry_points_of(driver: str) -> Sequence[EntryPoint]:
    """What installed distributions register under a driver's name: to the factory, and for the suites."""
    groups = (factory.ENTRY_POINTS, ENTRY_POINTS)
    return [point for group in groups for point in entry_points(group=group, name=driver)]


def find_suite(name: str) -> SuiteRegistration | None:
    """The registration of `name`; an entry point of that name is imported, and called if it is a function."""
    if name not in registered_suites():
        for point in entry_points(group=ENTRY_POINTS, name=name):
            loaded = point.load()
            if callable(loaded):
                loaded()
            break
    return registered_suites().get(name)
