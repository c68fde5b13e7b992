"""LEAK-1 of what is set for the whole process: a driver that is made, used and closed leaves it as it was."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from storagedriver import StorageDriver, factory
from storagedriver.testing import ContractViolation, Subject, Tree, elsewhere, requirement, together
from storagedriver_suites.leaks import settings
from storagedriver_suites.leaks.measuring import Runs, Work, work_of
from storagedriver_suites.leaks.operations import slug
from storagedriver_suites.leaks.settings import Setting

pytestmark = together

SECONDS = 120
"""How long the operations may take, each done once."""

Told = Mapping[Setting, tuple[str, ...]]

ENVIRONMENT = {**os.environ}
"""That of this process before a check was run."""

_before: list[Told] = []
"""What was set in this process before its first driver was made."""


def made_after_a_look(
    constructor: factory.Constructor, environment: Mapping[str, str], parameters: Mapping[str, Any]
) -> StorageDriver:
    """Make a driver; before the first one all is set to what it rarely is, and looked at. Run in another process."""
    if not _before:
        settings.set_rarely(environment)
        _before.append(settings.look())
    return constructor(parameters)


def settings_here(driver: StorageDriver, work: Work) -> tuple[Told, Told]:
    """What was set before a driver was made, and what is set once all operations were done and all drivers closed."""
    driver.close()
    work.do_once()
    return _before[0], settings.look()


def around_all(subject: Subject, top: str) -> tuple[Told, Told]:
    """What was set before and after, in a process of its own."""
    work = work_of(subject, top)
    constructor = functools.partial(made_after_a_look, work.target.constructor, ENVIRONMENT)
    return elsewhere.called(replace(work.target, constructor=constructor), SECONDS, settings_here, work)


@pytest.fixture(scope="module")
def looks() -> Runs[tuple[Told, Told]]:
    """The runs of this module's checks."""
    return Runs(around_all)


@requirement("LEAK-1")
@pytest.mark.parametrize("setting", Setting, ids=lambda setting: slug(str(setting)))
def test_setting_of_the_process_is_as_it_was(
    subject: Subject, tree: Tree, looks: Runs[tuple[Told, Told]], setting: Setting
) -> None:
    """What holds for the whole process is the caller's: it is as before the first driver, once all are closed."""
    before, after = looks.of(subject, tree)

    if before[setting] != after[setting]:
        new = [line for line in after[setting] if line not in before[setting]]
        gone = [line for line in before[setting] if line not in after[setting]]
        raise ContractViolation(
            f"the {setting} of the process, after each kind of operation",
            expected="as before the driver was made",
            seen="; ".join([*(f"now: {line}" for line in new), *(f"no more: {line}" for line in gone)])
            or "in disorder",
        )
