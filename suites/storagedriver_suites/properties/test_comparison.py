"""Two drivers, the same histories, the same answers; with --compare."""

from __future__ import annotations

import contextlib
from collections import Counter

from storagedriver.testing import Subject, Tree, requirement
from storagedriver.testing.recording import RecordedDriver
from storagedriver_suites.properties.comparison import Comparison
from storagedriver_suites.properties.execution import apply
from storagedriver_suites.properties.exploration import effort_of, explore


@requirement("WALK-1", needs=["reference"])
def test_answers_are_those_of_the_first_driver(driver: RecordedDriver, tree: Tree, subject: Subject) -> None:
    """Whatever both offer and the contract does not leave open, they answer alike, step by step.

    A difference is reported as one of the requirement of the method that shows it; which driver is wrong, the histories
    of each say.
    """
    reference = subject.reference
    assert reference is not None
    comparison = Comparison(reference, subject.unwrapped, tree.root)
    try:
        found = explore(
            reference,
            tree.root,
            profile=subject.profile,
            effort=effort_of(subject.target, subject.unwrapped.capabilities, subject.profile),
            seed_number=subject.seed,
            comparison=comparison,
            progress=subject.progress,
        )
        if not found.counterexamples:
            return
        example = min(found.counterexamples.values(), key=lambda each: len(each.steps))
        state = comparison.begin(reference, Counter(), audits=example.audits, directory="history")
        for step in example.steps:
            apply(state, step)
        comparison.compare(example.steps, state, driver, directory="history")
        raise example.violation
    finally:
        with contextlib.suppress(Exception):
            reference.delete(tree.root)
