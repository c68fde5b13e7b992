"""Which mutants are run together, and which groups a run can do without."""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from mutants.model import Mutant, all_mutants
from power import states
from power.verdicts import Ending, VerdictFile

TOGETHER = 8
"""Mutants that are run together, as a run takes longer to begin than most checks take; more would be long for one test."""

VERDICTS = VerdictFile(Path(__file__).parents[2] / "reports" / "power" / "verdicts.jsonl")


def group_of(mutant: Mutant) -> Sequence[Mutant]:
    """A mutant and others of its requirement."""
    return _groups()[mutant]


@functools.cache
def _groups() -> Mapping[Mutant, Sequence[Mutant]]:
    found: dict[Mutant, Sequence[Mutant]] = {}
    for _, of_one in itertools.groupby(all_mutants(), lambda mutant: mutant.requirement):
        alike = list(of_one)
        for first in range(0, len(alike), TOGETHER):
            group = alike[first : first + TOGETHER]
            found.update(dict.fromkeys(group, group))
    return found


def is_drawn(mutant: Mutant, seed: int) -> bool:
    """Whether it is in the half that a number draws. A group is drawn as one, and always if a verdict is not of these suites."""
    group = group_of(mutant)
    return random.Random(f"{seed} {group[0].key}").random() < 0.5 or not all(map(_is_known, group))


def _is_known(mutant: Mutant) -> bool:
    """Whether the table of detection power has it rejected by checks that are as they were."""
    verdicts = [VERDICTS.get(mutant.key, suite) for suite in states.SUITES]
    return any(each is not None and each.ending is Ending.CAUGHT and states.is_current(each) for each in verdicts)
