"""Generated histories: calls of every kind in any order, on paths that are easily taken for each other.

They are made once for a driver, and judged by a model of the contract; each requirement that the model judges has a check.
"""

from __future__ import annotations

import pytest

from storagedriver.testing import Subject, Tree, requirement, together
from storagedriver.testing.recording import RecordedDriver
from storagedriver_suites.properties.exploration import Exploration, effort_of, explore, repeat
from storagedriver_suites.properties.links import BESIDE, LINKS

pytestmark = together


@pytest.fixture(scope="session")
def explorations() -> dict[str, Exploration]:
    """What was explored by this process, by target."""
    return {}


def explored(explorations: dict[str, Exploration], subject: Subject, tree: Tree) -> Exploration:
    """What came of the histories on this target; made when first asked for."""
    label, number = subject.target.label, subject.seed
    if label not in explorations:
        explorations[label] = explore(
            subject.unwrapped,
            tree.root,
            profile=subject.profile,
            effort=effort_of(subject.target, subject.unwrapped.capabilities, subject.profile),
            seed_number=number,
            examples=subject.examples,
            progress=subject.progress,
        )
    return explorations[label]


@pytest.mark.parametrize("judged", [pytest.param(each, marks=requirement(each)) for each in (*LINKS, *BESIDE)])
def test_history_keeps(
    driver: RecordedDriver, tree: Tree, subject: Subject, judged: str, explorations: dict[str, Exploration]
) -> None:
    """No history that was made breaks the requirement, and some put it to the test."""
    exploration = explored(explorations, subject, tree)
    example = exploration.counterexamples.get(judged)
    if example is not None:
        repeat(driver, tree.root, subject.unwrapped, example)
    if exploration.counterexamples:
        broken = ", ".join(sorted(exploration.counterexamples))
        pytest.skip(f"histories ended early, by violations of {broken}, and prove nothing of this")
    if not exploration.judged[judged]:
        pytest.skip("no history put it to the test, with what the driver declares")
