"""Every mutant is rejected, and by the requirement it names. What the suite was never seen to catch, it doesn't catch."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

# Loaded for good: each run within this process would load them anew, which takes longer than its checks.
import storagedriver.plugin.session
import storagedriver.report.terminal  # noqa: F401
from mutants.bugs import BUGS, Bug
from mutants.model import Mutant, all_mutants
from storagedriver.contract import REQUIREMENTS
from storagedriver.registry import unregister_suite
from storagedriver.report import Outcome
from storagedriver_suites import behaviour, concurrency, durability, faults, leaks, performance, security

SUITES = (behaviour, concurrency, durability, faults, leaks, performance, security)
MUTANTS = all_mutants()


@pytest.fixture
def registered(request: pytest.FixtureRequest) -> Iterator[Mutant]:
    mutant: Mutant = request.param
    mutant.register()
    yield mutant
    unregister_suite(mutant.name)


@pytest.mark.parametrize(
    "registered", MUTANTS, indirect=True, ids=[f"{mutant.requirement}-{mutant.driver.__name__}" for mutant in MUTANTS]
)
def test_is_rejected_by_the_requirement_it_breaks(registered: Mutant, pytester: pytest.Pytester) -> None:
    """A run over the checks of that requirement fails, by a judgement and not by an outage."""
    modules = modules_about(registered.requirement)
    run = pytester.runpytest_inprocess(
        *(each for found in modules.values() for each in found),
        f"--suite={','.join(modules)}",
        f"--driver={registered.name}",
        "--requirement",
        registered.requirement,
        "--certify-report=report.json",
        "--exitfirst",
        *(["-k", registered.check] if registered.check else []),
        "-p",
        "no:cacheprovider",
    )

    assert run.ret == pytest.ExitCode.TESTS_FAILED
    # Without the judgement of its schema, which takes as long as the run did.
    results = json.loads((pytester.path / "report.json").read_bytes())["results"]
    (outcome,) = [each["outcome"] for each in results if each["requirement"] == registered.requirement]
    assert outcome == Outcome.FAILED, registered.bug


@functools.cache
def modules_about(requirement: str) -> Mapping[str, Sequence[Path]]:
    """The suites' modules that name a requirement: collecting all takes longer than running a few of their checks."""
    found = {
        suite.__name__.rpartition(".")[2]: [
            module
            for module in sorted(Path(suite.__path__[0]).glob("test_*.py"))
            if f'"{requirement}"' in module.read_text(encoding="utf-8")
        ]
        for suite in SUITES
    }
    return {suite: modules for suite, modules in found.items() if modules}


def test_every_requirement_has_a_mutant() -> None:
    """No clause of the suites' groups goes without a driver that breaks it."""
    judged = {group for suite in SUITES for group in suite.GROUPS}
    wanted = {each.id for each in REQUIREMENTS.values() if each.group in judged}

    assert wanted - {mutant.requirement for mutant in MUTANTS} == set()


def test_mutants_of_one_requirement_differ() -> None:
    """No driver is counted twice for one clause."""
    pairs = [(mutant.requirement, mutant.name) for mutant in MUTANTS]

    assert len(pairs) == len(set(pairs))


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
def test_every_bug_has_a_mutant(bug: Bug) -> None:
    """What some driver really had is tried here."""
    assert [mutant.name for mutant in MUTANTS if bug.id in mutant.rows], bug.what
