"""What only histories find, the suite of properties finds: in profile quick by most seeds, here by one of a few."""

from __future__ import annotations

import pytest

from properties.forgetful_drivers import FORGETFUL, ForgetfulDriver
from storagedriver_suites.properties.exploration import MEMORY, Effort, explore

SEEDS = range(1, 9)
FEW = Effort(MEMORY["quick"].histories // 2, MEMORY["quick"].steps, 40)
"""Half of profile quick, with less effort to make short what was found."""


@pytest.mark.parametrize("mutant", FORGETFUL, ids=[each.driver.__name__ for each in FORGETFUL])
def test_histories_convict_it(mutant: ForgetfulDriver) -> None:
    """It is found, and by a requirement that it breaks."""
    convicted = any(
        not mutant.requirements.isdisjoint(
            explore(
                mutant.driver.from_parameters({}), "/check", profile="quick", effort=FEW, seed_number=seed
            ).counterexamples
        )
        for seed in dict.fromkeys((mutant.seed, *SEEDS))
    )

    assert convicted, mutant.bug


def test_there_are_at_least_eight() -> None:
    """Distinct drivers."""
    assert len({each.driver for each in FORGETFUL}) >= 8
