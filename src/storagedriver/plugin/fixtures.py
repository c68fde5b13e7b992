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
SKIPPED = pytest.StashKey[tuple[str, str]]()
OPENED = pytest.StashKey[OpenedTargets]()
TIMEOUT = pytest.StashKey[float]()

FOR_CHECKS = ("driver", "tree", "subject")
"""What checks ask for by name."""

CLEANING_SECONDS = 10.0
"""How long the deletes and closes after a check may take, together with no judgement any more."""


class ServerDownError(Exception):
    """The server of a target stopped before this check began."""


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
    if storagedriver_target in opened.down:
        raise ServerDownError(opened.down[storagedriver_target])
    outcome, reason = opened.applies(storagedriver_target, item.get_closest_marker("requirement"))
    if reason:
        item.stash[SKIPPED] = (outcome, reason)
        pytest.skip(reason)
    case = opened.case(storagedriver_target)
    item.stash[CASE] = case
    yield case
    seconds = min(CLEANING_SECONDS, request.config.stash[TIMEOUT])
    case.clean(seconds)
    case.close(seconds)


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


def bind(module: object) -> None:
    """Make a suite's module use these fixtures, whatever a conftest.py of the author calls `driver` or `tree`."""
    for name in FOR_CHECKS:
        if not hasattr(module, name):
            setattr(module, name, globals()[name])
