"""Each requirement that histories judge is broken by a driver that they convict of exactly that, by a step linked to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from mutants.model import Mutant, all_mutants
from storagedriver import BaseDriver
from storagedriver.contract import REQUIREMENTS
from storagedriver_drivers.inmemory.driver import InMemoryDriver
from storagedriver_suites import properties
from storagedriver_suites.properties import steps
from storagedriver_suites.properties.exploration import Counterexample, Effort, explore
from storagedriver_suites.properties.links import LINKS

NOT_JUDGED = {
    "READ-7": "a transfer that breaks off needs a backend that does; what is left of it are removed files",
    "WRITE-7": "memory is not seen in a history",
    "WRITE-11": "what lies on the backend is not seen in a history",
    "LIST-3": "a history has no thousand children",
    "MOVE-4": "a history has no files as large as copy limits",
    "DEL-4": "a page that fails needs a backend that fails",
}
"""Requirements of the groups that the model does not exercise, or not by itself, and why."""

BRIEF = Effort(400, 40, 30)


def test_every_requirement_is_linked_or_excused() -> None:
    """No clause of the suite's groups is forgotten, and none is linked that the contract does not have."""
    clauses = {each.id for each in REQUIREMENTS.values() if each.group in properties.GROUPS}

    assert clauses - LINKS.keys() - NOT_JUDGED.keys() == set()
    assert LINKS.keys() - clauses == set()


def test_every_kind_of_step_is_linked() -> None:
    """No rule judges nothing; redirect_url belongs to another group."""
    linked = {kind for kinds in LINKS.values() for kind in kinds}

    assert {*steps.Step.__args__} - linked - {steps.Redirect} == set()


def _convicted(driver: type[BaseDriver], identifier: str) -> Counterexample | None:
    found = explore(
        driver.from_parameters({}), "/check", profile="quick", effort=BRIEF, seed_number=1
    )
    return found.counterexamples.get(identifier)


def _faulty(identifier: str) -> Iterator[type[BaseDriver]]:
    from histories import broken_drivers

    yield from broken_drivers.BROKEN.get(identifier, ())
    for mutant in all_mutants():
        if mutant.requirement == identifier and issubclass(mutant.driver, InMemoryDriver):
            yield mutant.driver


@pytest.mark.parametrize("identifier", sorted(LINKS.keys() - NOT_JUDGED.keys()))
def test_a_broken_driver_is_convicted_by_a_linked_step(identifier: str) -> None:
    """One of the drivers that break the requirement is found by it, in a history that ends with a step linked to it."""
    tried = []
    for driver in _faulty(identifier):
        example = _convicted(driver, identifier)
        tried.append(driver.__name__)
        if example is not None:
            assert isinstance(example.steps[-1], LINKS[identifier]), example.steps
            return
    pytest.fail(f"none of {', '.join(tried) or 'no drivers'} is convicted of {identifier}")
