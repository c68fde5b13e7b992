"""What a mutant is, and the list of all of them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from storagedriver import BaseDriver
from storagedriver.contract import requirement
from storagedriver.registry import SuiteRegistration, find_suite, register_suite

Driver = TypeVar("Driver", bound=type[BaseDriver])


@dataclass(frozen=True, slots=True)
class Mutant:
    """A faulty driver.

    Attributes:
        requirement: The clause of the contract by which the suite must reject it.
        bug: What is wrong with it.
        driver: The driver: a good one with this fault alone.
    """

    requirement: str
    bug: str
    driver: type[BaseDriver]

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
            parameters=parent.parameters,
            inspect=parent.inspect,
            foreign=parent.foreign,
            root_parameter=parent.root_parameter,
            roots_nest=parent.roots_nest,
        )


_MUTANTS: list[Mutant] = []


def mutant(identifier: str, *, bug: str) -> Callable[[Driver], Driver]:
    """Say what is wrong with a driver class, and which requirement must reject it. May be given several times."""
    found = requirement(identifier)

    def register(driver: Driver) -> Driver:
        _MUTANTS.append(Mutant(found.id, bug, driver))
        return driver

    return register


def all_mutants() -> list[Mutant]:
    """Every mutant of this folder, by requirement."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name != "model" and not module.name.startswith(("test_", "conftest")):
            importlib.import_module(f"mutants.{module.name}")
    return sorted(_MUTANTS, key=lambda each: (each.requirement, each.name))
