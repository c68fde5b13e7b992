"""Which mutants are run, and which of them take long."""

from __future__ import annotations

import pytest

from mutants import groups
from mutants.model import Mutant

LENGTHY = {"CONC", "DUR", "FAULT", "LEAK", "SEC"}
"""Groups of requirements whose checks take seconds."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what --half-of-mutants leaves out, and mark what takes long."""
    of_mutants = {item: mutant for item in items if (mutant := mutant_of(item)) is not None}
    seed = config.getoption("half_of_mutants")
    dropped = {item for item, mutant in of_mutants.items() if seed is not None and not groups.is_drawn(mutant, seed)}
    for item, mutant in of_mutants.items():
        if mutant.requirement.partition("-")[0] in LENGTHY:
            item.add_marker(pytest.mark.lengthy(group=groups.group_of(mutant)[0].key))
    if dropped:
        items[:] = [item for item in items if item not in dropped]
        config.hook.pytest_deselected(items=dropped)


def mutant_of(item: pytest.Item) -> Mutant | None:
    """The mutant that a test is about, if it is about one."""
    callspec = getattr(item, "callspec", None)
    found = None if callspec is None else callspec.params.get("mutant")
    return found if isinstance(found, Mutant) else None
