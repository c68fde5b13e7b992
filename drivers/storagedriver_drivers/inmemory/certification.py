"""How the suites make and judge the inmemory driver."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from storagedriver.registry import register_suite
from storagedriver.wire import NO_SERVER
from storagedriver_drivers.inmemory.driver import InMemoryDriver
from storagedriver_drivers.inmemory.store import shared_store


def _parameters(_: Path) -> Mapping[str, Any]:
    # A store of its own for each session: all drivers the suites make see it.
    return {"store": f"certification-{secrets.token_hex(4)}"}


def _inspect(parameters: Mapping[str, Any], path: str) -> Sequence[str]:  # noqa: ARG001  a store is small
    return list(shared_store(parameters["store"]).inspect())


register_suite(
    InMemoryDriver.name,
    InMemoryDriver.from_parameters,
    parameters=_parameters,
    inspect=_inspect,
    root_parameter="rootdirectory",
    wire=NO_SERVER,
)
