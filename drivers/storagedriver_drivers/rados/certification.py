"""How the suites make and judge the rados driver. Cluster, pool and key come from the backend it runs against."""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from storagedriver import paths
from storagedriver.parameters import parse
from storagedriver.registry import register_suite
from storagedriver.wire import LibraryAccess
from storagedriver_drivers.rados.client import Pool
from storagedriver_drivers.rados.contents import PATH_ATTRIBUTE, loaded_holders
from storagedriver_drivers.rados.directories import directory_of
from storagedriver_drivers.rados.disturbed import open_disturbed, timed_out
from storagedriver_drivers.rados.driver import RadosDriver
from storagedriver_drivers.rados.foreign import ForeignRadosObjects
from storagedriver_drivers.rados.journal import is_journal
from storagedriver_drivers.rados.parameters import KIB, RadosParameters
from storagedriver_drivers.rados.store import TAIL, Store

PARAMETERS: Mapping[str, Any] = {
    # Small, so that the suites cross the boundaries with little data.
    "chunksize": 256 * KIB,
    # So that a fault that lasts ends in an error soon.
    "client_mount_timeout": 5,
    "rados_mon_op_timeout": 5,
    "rados_osd_op_timeout": 10,
}


def inspect(parameters: Mapping[str, Any], path: str = paths.ROOT) -> Sequence[str]:
    """Names the directories, entries and contents of a path and below it, stages, notes, and objects nobody names."""
    model = parse(RadosParameters, parameters, driver_name=RadosDriver.name)
    with _lock:
        store = _store(model)
        at = model.rootdirectory + ("" if path == paths.ROOT else path) or paths.ROOT
        return _directories(store, at) + _contents(store, at) + _internals(store, at)


_lock = threading.Lock()
_origins: dict[str, str] = {}
"""For what path an object was written, by name; it never changes, and asking for it takes a request."""


def _directories(store: Store, at: str) -> list[str]:
    found: list[str] = []
    for name in store.pool.names():
        directory = directory_of(name)
        if directory is None:
            continue
        if _belongs(directory, at):
            found.append(f"directory {directory}")
        if _belongs(directory, at) or directory == paths.parent(at):
            children = [paths.join(directory, key) for page in store.directories.pages(directory) for key in page]
            found += [f"entry {child}" for child in children if _belongs(child, at)]
    return found


def _contents(store: Store, at: str) -> list[str]:
    found: list[str] = []
    for name in store.pool.names():
        oid, separator, number = name.rpartition("-")
        if not separator or not number.isdigit() or is_journal(name):
            continue
        if name not in _origins:
            _origins[name] = store.pool.attribute(name, PATH_ATTRIBUTE) or ""
        # One that was written here and moved elsewhere is another's.
        if _belongs(_origins[name], at) and not _moved(store, oid, at):
            # Without its oid, which is another one after each write; what is left over shows by being there twice.
            found.append(f"object {'tail' if oid.endswith(TAIL) else number} of {_origins[name]}")
    return found


def _moved(store: Store, oid: str, at: str) -> bool:
    """Whether an entry elsewhere names it."""
    holders = loaded_holders(store.contents.holders(oid) or "[]")
    return any(not _belongs(path, at) for _, path in holders) and store.is_held(oid)


def _internals(store: Store, at: str) -> list[str]:
    stages = [f"stage of {stage.path}" for stage in store.stages.from_path(at)]
    return stages + [f"note for {note.path}" for note in store.journal.notes() if _belongs(note.path, at)]


def _belongs(path: str, at: str) -> bool:
    return path == at or paths.is_below(path, at)


@functools.lru_cache(maxsize=4)
def _store(parameters: RadosParameters) -> Store:
    """The pool through a connection that is kept: it is asked after each check."""
    return Store(Pool(parameters), concurrency=parameters.concurrency)


register_suite(
    RadosDriver.name,
    RadosDriver.from_parameters,
    parameters=PARAMETERS,
    inspect=inspect,
    foreign=ForeignRadosObjects,
    root_parameter="rootdirectory",
    # No proxy can read what librados says to the daemons.
    wire=LibraryAccess(
        open=open_disturbed,
        failures={"timed out": timed_out},
        # What is disturbed times out at once; all else has time, on a machine that is busy with many processes.
        parameters={"client_mount_timeout": 60, "rados_mon_op_timeout": 60, "rados_osd_op_timeout": 60},
        seconds=40,
    ),
)
