"""The faulty drivers that the suites are measured on: those of tests/mutants, and those that only histories convict."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from mutants.model import Mutant, all_mutants
from properties.forgetful_drivers import FORGETFUL


@dataclass(frozen=True, slots=True)
class Subject:
    """A faulty driver.

    Attributes:
        key: Its name here.
        mutant: The driver, and what is wrong with it.
        requirements: Those by which it may be rejected.
    """

    key: str
    mutant: Mutant
    requirements: frozenset[str]


@functools.cache
def all_subjects() -> Mapping[str, Subject]:
    """Every faulty driver by its key, in the order of the requirements."""
    found = [(mutant, frozenset({mutant.requirement})) for mutant in all_mutants()]
    # Some of those that histories convict are among the mutants too.
    known = {mutant.driver for mutant, _ in found}
    found += [
        (Mutant(min(each.requirements), each.bug, each.driver), each.requirements)
        for each in FORGETFUL
        if each.driver not in known
    ]
    subjects = [Subject(mutant.key, mutant, clauses) for mutant, clauses in found]
    named = {subject.key: subject for subject in subjects}
    if len(named) != len(subjects):
        raise ValueError("two faulty drivers of one requirement have the same name")
    return named
