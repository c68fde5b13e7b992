from __future__ import annotations

import itertools

import pytest

from storagedriver.report import LATTICE, Outcome, combined


def test_the_lattice_orders_every_outcome_once() -> None:
    assert sorted(LATTICE) == sorted(Outcome)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], "not_run"),
        (["passed", "passed"], "passed"),
        (["passed", "skipped"], "passed"),
        (["passed", "not_offered"], "passed"),
        (["passed", "not_run"], "passed"),
        (["skipped", "skipped"], "skipped"),
        (["skipped", "not_offered"], "skipped"),
        (["not_offered", "not_offered"], "not_offered"),
        (["not_run", "not_offered"], "not_run"),
        (["passed", "flaky"], "flaky"),
        (["passed", "errored"], "errored"),
        (["flaky", "errored"], "errored"),
        (["passed", "errored", "failed", "flaky"], "failed"),
    ],
)
def test_many_outcomes_become_one(outcomes: list[str], expected: str) -> None:
    assert combined(map(Outcome, outcomes)) == expected


def test_what_is_combined_in_parts_is_combined_alike() -> None:
    for one, two, three in itertools.product(Outcome, repeat=3):
        assert combined([combined([one, two]), three]) == combined([one, two, three]) == combined([three, two, one])


def test_nothing_but_a_pass_makes_a_pass() -> None:
    without = [outcome for outcome in Outcome if outcome is not Outcome.PASSED]
    for number in range(3):
        assert all(
            combined(chosen) is not Outcome.PASSED
            for chosen in itertools.combinations_with_replacement(without, number)
        )
