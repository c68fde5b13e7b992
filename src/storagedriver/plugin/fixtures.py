"""The fixtures that a check asks for: `driver`, `tree`, `subject`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storagedriver.plugin.case import Case
from storagedriver.plugin.opened import OpenedTargets
from storagedriver.testing.recording import RecordedDriver
from storagedriver.testing.subject import Subject
from storagedriver.testing.tree import Tree

CASE = pytest.StashKey[Case]()
LABEL = pytest.StashKey[str]()
SKIPPED = pytest.StashKey[tuple[str, str]]()
OPENED = pytest.StashKey[OpenedTargets]()


@pytest.fixture(scope="session")
def storagedriver_target(request: pytest.FixtureRequest) -> str:
    """The label of the driver and server that a check runs on."""
    label: str = request.param
    return label


@pytest.fixture
def storagedriver_case(request: pytest.FixtureRequest, storagedriver_target: str) -> Iterator[Case]:
    """The check on its target, skipped where it does not apply; the plugin cleans up after it and judges leftovers."""
    item = request.node
    opened = request.config.stash[OPENED]
    item.stash[LABEL] = storagedriver_target
    outcome, reason = opened.applies(storagedriver_target, item.get_closest_marker("requirement"))
    if reason:
        item.stash[SKIPPED] = (outcome, reason)
        pytest.skip(reason)
    case = opened.case(storagedriver_target)
    item.stash[CASE] = case
    yield case
    case.close()


@pytest.fixture
def driver(storagedriver_case: Case) -> RecordedDriver:
    """The driver under test; every call is recorded."""
    return storagedriver_case.driver


@pytest.fixture
def tree(storagedriver_case: Case) -> Tree:
    """The prefix that is the check's own."""
    return storagedriver_case.tree


@pytest.fixture
def subject(storagedriver_case: Case) -> Subject:
    """More drivers of the same store, other processes, what lies on the backend."""
    return storagedriver_case.subject
