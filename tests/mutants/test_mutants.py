"""Every mutant is rejected, and by the requirement it names. What the suite was never seen to catch, it doesn't catch."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType

import pytest

# Loaded for good: each run within this process would load them anew, which takes longer than its checks.
import storagedriver.plugin.session
import storagedriver.report.terminal  # noqa: F401
from mutants.bugs import BUGS, Bug
from mutants.model import Mutant, all_mutants
from power.verdicts import VerdictFile
from storagedriver.contract import REQUIREMENTS
from storagedriver.registry import unregister_suite
from storagedriver.report import Outcome
from storagedriver_suites import behaviour, concurrency, durability, faults, leaks, performance, security

SUITES = (behaviour, concurrency, durability, faults, leaks, performance, security)
MUTANTS = all_mutants()
VERDICTS = VerdictFile(Path(__file__).parents[2] / "reports" / "power" / "verdicts.jsonl")


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
    """A run over the checks of that requirement fails, by a judgement and not by an outage.

    The check that convicted it when the table of detection power was made comes first, and all only if that one doesn't.
    """
    known = convicting_check(registered)
    if known is not None and outcome_of(registered, known, pytester) == Outcome.FAILED:
        return

    assert outcome_of(registered, modules_about(registered.requirement), pytester) == Outcome.FAILED, registered.bug


Selection = Mapping[str, Sequence[str]]
"""What pytest is to collect, by the suite it belongs to."""


def outcome_of(mutant: Mutant, selection: Selection, pytester: pytest.Pytester) -> str | None:
    """How the requirement that a mutant breaks came out of a run; None if it did not come to that."""
    report = pytester.path / "report.json"
    report.unlink(missing_ok=True)
    run = pytester.runpytest_inprocess(
        *(each for found in selection.values() for each in found),
        f"--suite={','.join(selection)}",
        f"--driver={mutant.name}",
        "--requirement",
        mutant.requirement,
        f"--certify-report={report.name}",
        "--exitfirst",
        "-p",
        "no:cacheprovider",
    )
    if run.ret != pytest.ExitCode.TESTS_FAILED:
        return None
    # Without the judgement of its schema, which takes as long as the run did.
    results = json.loads(report.read_bytes())["results"]
    (outcome,) = [each["outcome"] for each in results if each["requirement"] == mutant.requirement]
    return str(outcome)


def convicting_check(mutant: Mutant) -> Selection | None:
    """The check by which the table of detection power has it rejected; None if it is not there, or is no more."""
    for suite in SUITES:
        name = suite.__name__.rpartition(".")[2]
        verdict = VERDICTS.get(f"{mutant.requirement}-{mutant.driver.__name__}", name)
        for check in () if verdict is None else verdict.by:
            requirement, _, named = check.partition(" ")
            function, _, values = named.removesuffix("]").partition("[")
            module = defining_module(suite, function)
            if requirement == mutant.requirement and module is not None:
                return {name: [f"{module}::{function}[{'-'.join(filter(None, (mutant.name, values)))}]"]}
    return None


def defining_module(suite: ModuleType, function: str) -> Path | None:
    """The module of a suite that has a check of this name."""
    return next((module for module, text in sources(suite).items() if f"\ndef {function}(" in text), None)


def modules_about(requirement: str) -> Selection:
    """The suites' modules that name a requirement: collecting all takes longer than running a few of their checks."""
    found = {
        suite.__name__.rpartition(".")[2]: [
            str(module) for module, text in sources(suite).items() if f'"{requirement}"' in text
        ]
        for suite in SUITES
    }
    return {suite: modules for suite, modules in found.items() if modules}


@functools.cache
def sources(suite: ModuleType) -> Mapping[Path, str]:
    """The modules of a suite that hold checks, and their texts."""
    return {module: module.read_text(encoding="utf-8") for module in sorted(Path(suite.__path__[0]).glob("test_*.py"))}


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
