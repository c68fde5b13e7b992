"""Every mutant is rejected, and by the requirement it names. What the suite was never seen to catch, it doesn't catch."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

import pytest

# Loaded for good: each run within this process would load them anew, which takes longer than its checks.
import storagedriver.plugin.session
import storagedriver.report.terminal  # noqa: F401
from mutants import groups
from mutants.bugs import BUGS, Bug
from mutants.model import Mutant, all_mutants
from power import states
from storagedriver.backends import selection
from storagedriver.contract import REQUIREMENTS
from storagedriver.registry import unregister_suite
from storagedriver.report import Outcome, Report
from storagedriver.testing.target import label_of
from storagedriver_suites.behaviour import streams

SUITES = {name: suite for name, suite in states.SUITES.items() if name != "properties"}
MUTANTS = all_mutants()
VERDICTS = groups.VERDICTS


Selection = Mapping[str, Sequence[str]]
"""What pytest is to collect, by the suite it belongs to."""


PATIENCE = 10
"""Seconds after which a call of a mutant hangs: they are local, and hang for ever where they do."""


@pytest.fixture(autouse=True)
def _nothing_but_the_kit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runs within this one load the kit's plugin alone: to load the others takes longer than most checks."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


@pytest.fixture(autouse=True)
def _patience() -> Iterator[None]:
    """The checks are as patient as before: an impatient mutant whose driver nobody closed would leave them in a hurry."""
    before = streams.HANG_SECONDS
    streams.HANG_SECONDS = PATIENCE
    yield
    streams.HANG_SECONDS = before


@pytest.fixture
def neighbours(mutant: Mutant) -> Iterator[Sequence[Mutant]]:
    """A mutant and others of its requirement, registered.

    To be asked for before `pytester`, which at its end forgets all modules that were loaded since its beginning: those of a
    server in this process would be loaded twice, and not know each other.
    """
    with contextlib.ExitStack() as registered:
        for each in groups.group_of(mutant):
            each.register()
            registered.callback(unregister_suite, each.name)
        yield groups.group_of(mutant)


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.key for mutant in MUTANTS])
def test_is_rejected_by_the_requirement_it_breaks(
    mutant: Mutant, neighbours: Sequence[Mutant], pytester: pytest.Pytester
) -> None:
    """A run over the checks of that requirement fails, by a judgement and not by an outage."""
    server = server_of(mutant)
    if mutant.server is not None and (server is None or server[0] != mutant.server):
        pytest.skip(f"what is wrong with it shows on {mutant.server}, which was not found here")
    if convicted_as_before(mutant, neighbours, pytester):
        return

    assert mutant in rejected([mutant], modules_about(mutant.requirement), pytester), mutant.bug


_convicted: dict[Mutant, bool] = {}


def convicted_as_before(mutant: Mutant, neighbours: Sequence[Mutant], pytester: pytest.Pytester) -> bool:
    """Whether it fails in the check by which the table of detection power has it rejected; its neighbours are tried too."""
    if mutant not in _convicted:
        checks: dict[str, list[str]] = {}
        for suite, check in filter(None, map(convicting_check, neighbours)):
            checks.setdefault(suite, []).append(check)
        found = rejected(neighbours, checks, pytester) if checks else set()
        _convicted.update({each: each in found for each in neighbours})
    return _convicted[mutant]


def rejected(mutants: Sequence[Mutant], checks: Selection, pytester: pytest.Pytester) -> AbstractSet[Mutant]:
    """Those of these mutants, all of one requirement, that fail by it in one run over some checks."""
    report = pytester.path / "report.json"
    report.unlink(missing_ok=True)
    run = pytester.runpytest_inprocess(
        *(each for found in checks.values() for each in found),
        f"--suite={','.join(checks)}",
        *(f"--driver={mutant.name}" for mutant in mutants),
        f"--requirement={mutants[0].requirement}",
        f"--certify-report={report.name}",
        *(["--exitfirst"] if len(mutants) == 1 else []),
        "-p",
        "_storagedriver_pytest",
        "-p",
        "no:cacheprovider",
        "--tb=no",
    )
    if run.ret != pytest.ExitCode.TESTS_FAILED:
        return set()
    failed = {
        each.target.partition("@")[0]
        for each in Report.read(report).results
        if each.requirement == mutants[0].requirement and each.outcome is Outcome.FAILED
    }
    return {mutant for mutant in mutants if mutant.name in failed}


def convicting_check(mutant: Mutant) -> tuple[str, str] | None:
    """The check that convicted it then, after its suite; None if that is not told, or the check is no more."""
    for name in SUITES:
        verdict = VERDICTS.get(mutant.key, name)
        for check in () if verdict is None else verdict.by:
            requirement, _, named = check.partition(" ")
            function, _, values = named.removesuffix("]").partition("[")
            module = states.module_of(name, function)
            if requirement == mutant.requirement and module is not None:
                return name, f"{module}::{function}[{'-'.join(filter(None, (label(mutant), values)))}]"
    return None


def label(mutant: Mutant) -> str:
    """What it is called among the values of a check: by its server too, if it descends from a driver that has one."""
    return label_of(mutant.name, server_of(mutant))


def server_of(mutant: Mutant) -> tuple[str, str] | None:
    """The server that it is judged on here, and how that is run; None if it needs none."""
    if not selection.needed_by(mutant.driver.name):
        return None
    provider, mode = selection.choose(mutant.driver.name, None)
    return provider.name, mode


def modules_about(requirement: str) -> Selection:
    """The suites' modules that name a requirement: collecting all takes longer than running a few of their checks."""
    found = {
        name: [
            str(module)
            for module, text in states.sources(name).items()
            if module.name.startswith("test_") and f'"{requirement}"' in text
        ]
        for name in SUITES
    }
    return {suite: modules for suite, modules in found.items() if modules}


def test_every_requirement_has_a_mutant() -> None:
    """No clause of the suites' groups goes without a driver that breaks it."""
    judged = {group for suite in SUITES.values() for group in suite.GROUPS}
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
