"""The suites as a whole: every clause has a check, and every check has one clause."""

from __future__ import annotations

import pytest

from storagedriver.contract import REQUIREMENTS
from storagedriver_suites import behaviour, concurrency, durability, faults, leaks, performance, security

JUDGED = {
    group
    for suite in (behaviour, concurrency, durability, faults, leaks, performance, security)
    for group in suite.GROUPS
}
SUITES = "behaviour,concurrency,durability,faults,leaks,performance,security"


@pytest.fixture
def checks(pytester: pytest.Pytester) -> list[pytest.Item]:
    items, _ = pytester.inline_genitems(
        "--driver=inmemory", f"--suite={SUITES}", "--profile=quick", "-p", "no:cacheprovider"
    )
    return items


def test_every_requirement_has_a_check(checks: list[pytest.Item]) -> None:
    """A requirement without a check, in profile quick, fails the project."""
    wanted = {each.id for each in REQUIREMENTS.values() if each.group in JUDGED}
    marks = [item.get_closest_marker("requirement") for item in checks]

    assert wanted - {mark.args[0] for mark in marks if mark is not None} == set()


def test_every_check_names_one_requirement_of_its_module(checks: list[pytest.Item]) -> None:
    """No clause, no check; and a clause's checks are where its group is."""
    strays = []
    for item in checks:
        marks = list(item.iter_markers("requirement"))
        # A group of many checks has a module for each topic: test_write_append.
        group = item.path.stem.removeprefix("test_").partition("_")[0].upper()
        if len(marks) != 1 or not marks[0].args[0].startswith(f"{group}-"):
            strays.append(item.nodeid)

    assert strays == []


def test_there_are_at_least_250_checks_a_driver(checks: list[pytest.Item]) -> None:
    """Distinct by node id."""
    assert len({item.nodeid for item in checks}) >= 250


def test_every_check_states_the_fact_it_proves(checks: list[pytest.Item]) -> None:
    """Each test function has a docstring."""
    silent = {item.nodeid for item in checks if not (isinstance(item, pytest.Function) and item.function.__doc__)}

    assert silent == set()
