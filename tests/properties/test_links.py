"""Each requirement that histories judge is broken by a driver that they convict of exactly that, by a step linked to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

import pytest

from mutants.model import all_mutants
from properties.probes import PROBES, Conviction, tried
from storagedriver import BackendError, BaseDriver
from storagedriver.base import ByteSource, Upload
from storagedriver.buffered import BufferedUpload
from storagedriver.contract import REQUIREMENTS
from storagedriver_drivers.inmemory.driver import InMemoryDriver
from storagedriver_drivers.inmemory.parameters import InMemoryParameters
from storagedriver_suites import properties
from storagedriver_suites.properties import steps
from storagedriver_suites.properties.links import LINKS

NOT_JUDGED = {
    "WRITE-7": "memory is not seen in a history",
    "WRITE-11": "what lies on the backend is not seen in a history",
    "LIST-3": "a history has no thousand children",
    "MOVE-4": "a history has no files as large as copy limits",
    "DEL-4": "a page that fails needs a backend that fails",
}
"""Requirements of the groups that the model does not exercise, or not by itself, and why."""


class BusyWhileRead(InMemoryDriver):
    """Refuses writes while a reader is open; the mutants of this requirement wait for ever instead."""

    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._reading = False

    def _reader(self, path: str, offset: int) -> ByteSource:
        self._reading = True
        return super()._reader(path, offset)

    def _writer(self, path: str, *, append: bool) -> Upload:
        upload = super()._writer(path, append=append)
        if not self._reading:
            return upload
        return Refusing(upload)


class Refusing(BufferedUpload):
    """Takes nothing."""

    def __init__(self, inner: Upload) -> None:
        super().__init__(lambda content: inner.commit())

    def write(self, data: memoryview, /) -> None:
        raise BackendError("busy")


INSTEAD = {"WRITE-12": [BusyWhileRead]}
"""Drivers that stand in for mutants which a probe would wait for."""


def test_every_requirement_is_linked_or_excused() -> None:
    """No clause of the suite's groups is forgotten, and none is linked that the contract does not have."""
    clauses = {each.id for each in REQUIREMENTS.values() if each.group in properties.GROUPS}

    assert clauses - {*LINKS} - {*NOT_JUDGED} == set()
    assert LINKS.keys() - clauses == set()


def test_every_kind_of_step_is_linked() -> None:
    """No rule judges nothing; redirect_url belongs to another group."""
    linked = {kind for kinds in LINKS.values() for kind in kinds}

    assert {*get_args(steps.Step)} - linked - {steps.Redirect} == set()


@pytest.mark.parametrize("identifier", sorted(LINKS))
def test_a_broken_driver_is_convicted_by_a_linked_step(identifier: str) -> None:
    """One of the drivers that break the requirement is convicted of it, and by a step that is linked to it."""
    broken = [
        each.driver
        for each in all_mutants()
        if each.requirement == identifier and issubclass(each.driver, InMemoryDriver)
    ]
    found = conviction_of(identifier, INSTEAD.get(identifier, broken))

    assert found is not None
    assert isinstance(found.step, LINKS[identifier])


def conviction_of(identifier: str, drivers: Iterable[type[BaseDriver]]) -> Conviction | None:
    """The first conviction of one of the drivers by a requirement; the next driver is not tried after it, as it may hang."""
    for driver in drivers:
        for number, history in enumerate(PROBES):
            conviction = tried(driver.from_parameters({}), history, number)
            if conviction is not None and conviction.violation.requirement == identifier:
                return conviction
    return None


@pytest.mark.parametrize("audits", [True, False])
def test_a_good_driver_is_not_convicted(audits: bool) -> None:
    """The probes themselves are right."""
    driver = InMemoryDriver.from_parameters({})

    assert [tried(driver, history, number, audits=audits) for number, history in enumerate(PROBES)] == [None] * len(
        PROBES
    )
