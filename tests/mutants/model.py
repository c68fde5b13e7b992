"""What a mutant is, and the list of all of them."""

from __future__ import annotations

import atexit
import dataclasses
import functools
import importlib
import pkgutil
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from mutants.bugs import BUGS
from storagedriver import BaseDriver
from storagedriver.backends.model import IN_PROCESS_MODE
from storagedriver.backends.moto import MotoProvider
from storagedriver.backends.s3_endpoint import S3_DRIVERS
from storagedriver.contract import requirement
from storagedriver.registry import SuiteRegistration, find_suite, register_suite
from storagedriver.wire import LibraryAccess, NoServer, WireAccess

Driver = TypeVar("Driver", bound=type[BaseDriver])


@dataclass(frozen=True, slots=True)
class Mutant:
    """A faulty driver.

    Attributes:
        requirement: The clause of the contract by which the suite must reject it.
        bug: What is wrong with it.
        driver: The driver: a good one with this fault alone.
        rows: The bugs of mutants.bugs that it is built after.
        server: The server on which alone what is wrong shows; None for any.
    """

    requirement: str
    bug: str
    driver: type[BaseDriver]
    rows: tuple[str, ...] = ()
    server: str | None = None

    @property
    def key(self) -> str:
        """What it is called in tables: by the requirement that it breaks."""
        return f"{self.requirement}-{self.driver.__name__}"

    @property
    def name(self) -> str:
        """The name it is registered under."""
        return f"mutant-{self.driver.__module__.rpartition('.')[2]}-{self.driver.__name__}"

    def register(self) -> SuiteRegistration:
        """Register it for the suites, made and judged as the good driver it descends from."""
        parent = find_suite(self.driver.name)
        if parent is None:
            raise LookupError(f"{self.driver.__name__} descends from no registered driver")
        return register_suite(
            self.name,
            self.driver.from_parameters,
            parameters=_served(parent) if parent.name in S3_DRIVERS else parent.parameters,
            inspect=parent.inspect,
            foreign=parent.foreign,
            root_parameter=parent.root_parameter,
            roots_nest=parent.roots_nest,
            wire=self._led(parent),
        )

    def _led(self, parent: SuiteRegistration) -> WireAccess | LibraryAccess | NoServer | None:
        """How its requests are disturbed: as those of the good driver, but they are its own."""
        if not isinstance(parent.wire, LibraryAccess):
            return parent.wire
        return dataclasses.replace(parent.wire, open=getattr(self.driver, parent.wire.open.__name__))


def _served(parent: SuiteRegistration) -> Mapping[str, Any]:
    """The parameters of a driver whose server is moto, in this process."""
    own = parent.parameters
    assert isinstance(own, Mapping)
    return {**own, **_moto_parameters()}


@functools.cache
def _moto_parameters() -> Mapping[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="storagedriver-moto-"))
    server = MotoProvider().start(IN_PROCESS_MODE, folder)

    def stop() -> None:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return server.running.parameters


_MUTANTS: list[Mutant] = []


def mutant(
    identifier: str, *, bug: str, rows: tuple[str, ...] = (), server: str | None = None
) -> Callable[[Driver], Driver]:
    """Say what is wrong with a driver class, and which requirement must reject it. May be given several times.

    Args:
        identifier: The requirement.
        bug: What is wrong.
        rows: The bugs of mutants.bugs that it is built after.
        server: The server on which alone it shows; None for any.
    """
    found = requirement(identifier)
    for row in rows:
        if row not in BUGS:
            raise LookupError(f"mutants.bugs has no row {row}")

    def register(driver: Driver) -> Driver:
        _MUTANTS.append(Mutant(found.id, bug, driver, rows, server))
        return driver

    return register


def all_mutants() -> list[Mutant]:
    """Every mutant of this folder, by requirement."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name not in {"model", "bugs", "groups"} and not module.name.startswith(("test_", "conftest")):
            importlib.import_module(f"mutants.{module.name}")
    return sorted(_MUTANTS, key=lambda each: (each.requirement, each.name))
