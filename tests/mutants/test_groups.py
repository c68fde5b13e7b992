"""Which mutants a run with --half-of-mutants has: a half of what is known, whole groups, and all that is not known."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest

from mutants import groups
from mutants.model import Mutant, all_mutants
from power.verdicts import VerdictFile

MUTANTS = all_mutants()
SEEDS = range(200)


def test_groups_are_of_one_requirement_and_all_are_in_one() -> None:
    """A run names one requirement, and mutants that are judged by it."""
    found = all_groups()

    assert all(len({mutant.requirement for mutant in group}) == 1 for group in found)
    assert sorted(mutant.key for group in found for mutant in group) == sorted(each.key for each in MUTANTS)
    assert max(map(len, found)) == groups.TOGETHER


def test_each_group_is_drawn_by_a_half_of_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """None is left out for good, and what is drawn is drawn as a group."""
    monkeypatch.setattr(groups, "_is_known", lambda mutant: True)

    for group in all_groups():
        drawn, *others = ([groups.is_drawn(mutant, seed) for seed in SEEDS] for mutant in group)
        assert 60 < sum(drawn) < 140
        assert all(each == drawn for each in others)


def test_what_no_verdict_tells_is_always_drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A new mutant, and one that was rejected by checks that are no longer as they were."""
    new, old = _in_other_groups(*MUTANTS)
    verdicts = VerdictFile(tmp_path / "verdicts.jsonl")
    for verdict in groups.VERDICTS.all():
        if verdict.subject == old.key:
            verdicts.add(dataclasses.replace(verdict, state="before"))
    monkeypatch.setattr(groups, "VERDICTS", verdicts)

    assert all(groups.is_drawn(mutant, seed) for mutant in (new, old) for seed in SEEDS)


def all_groups() -> Sequence[Sequence[Mutant]]:
    return list({id(group): group for group in map(groups.group_of, MUTANTS)}.values())


def _in_other_groups(first: Mutant, *others: Mutant) -> tuple[Mutant, Mutant]:
    return first, next(each for each in others if groups.group_of(each) is not groups.group_of(first))
