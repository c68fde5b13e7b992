"""What only histories find, the suite of properties finds, in profile quick, seed 1."""

from __future__ import annotations

import pytest

from properties.forgetful_drivers import FORGETFUL, ForgetfulDriver
from storagedriver_suites.properties.exploration import MEMORY, Effort, explore

QUICK = Effort(MEMORY["quick"].histories, MEMORY["quick"].steps, 40)
"""Profile quick, with less effort to make short what was found."""


@pytest.mark.parametrize("mutant", FORGETFUL, ids=[each.driver.__name__ for each in FORGETFUL])
def test_histories_convict_it(mutant: ForgetfulDriver) -> None:
    """It is found, and by a requirement that it breaks."""
    driver = mutant.driver.from_parameters({})

    found = explore(driver, "/check", profile="quick", effort=QUICK, seed_number=1)

    assert not mutant.requirements.isdisjoint(found.counterexamples), mutant.bug


def test_there_are_at_least_eight() -> None:
    """Distinct drivers."""
    assert len({each.driver for each in FORGETFUL}) >= 8
