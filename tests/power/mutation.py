"""Is each small fault in a driver's sources seen by the suites that ship, and by them alone?

Each fault is put into a copy of the drivers, which is found before them in a process of its own and in those that it begins.
A fault that no suite sees survives: it is equivalent, or the suites have a gap.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from power.alterations import Alteration, alterations
from power.apart import begin_apart, leave
from power.reached import NARROWED
from power.states import state_of
from power.suite_runs import SuiteRun, run_suite
from power.verdicts import Ending, Verdict, VerdictFile

JUDGES = ("behaviour", "properties", "concurrency", "security", "durability", "faults", "leaks")
"""The suites in the order in which they are asked, the quickest first."""


@dataclass(frozen=True, slots=True)
class Judges:
    """Who judges the faults of a driver.

    Attributes:
        suites: The suites, in the order in which they are asked.
        arguments: More arguments of pytest: the server, and what makes a run short enough there.
        elsewhere: The same for another server, on which the first of the suites is asked at last, with all its checks:
            what a driver does for one kind of server alone shows there. Nothing for none.
    """

    suites: tuple[str, ...] = JUDGES
    arguments: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()

    def __str__(self) -> str:
        """In words, for the page."""
        suites = "that ship" if self.suites == JUDGES else ", ".join(self.suites)
        way = f", with `{' '.join(self.arguments)}`" if self.arguments else ""
        more = f", and at last {self.suites[0]} with `{' '.join(self.elsewhere)}`" if self.elsewhere else ""
        return f"the suites {suites} are the only judges, in profile quick{way}{more}."


_ON_SERVERS = {
    "s3": Judges(
        ("behaviour", "concurrency", "security", "faults"),
        ("--backend=moto", "--sample=2"),
        ("--backend=minio:process", "--sample=1"),
    )
}
"""Drivers of servers. A fault that all of the suites do not see would keep a run busy for half an hour; what is left out can
at worst make a fault survive that the whole sees."""


def judges_of(driver: str) -> Judges:
    """Who judges a driver's faults."""
    return _ON_SERVERS.get(driver, Judges())


PACKAGE = "storagedriver_drivers"

NOT_THE_DRIVER = {"certification.py", "foreign.py", "judging.py", "__init__.py"}
"""Modules that are no part of a driver: how it is judged, and another tool's view of its backend."""


@dataclass(frozen=True, slots=True)
class AlteredRun:
    """The suites' run over a driver with a fault.

    Attributes:
        driver: The driver's name.
        alteration: The fault.
        suite: A name in place of the suites', which are asked one after the other.
        every: As for other runs: the first failure ends it.
        judges: Who is asked.
        checks: The only checks that may see the fault, of the suites in NARROWED; None for all of them.
    """

    driver: str
    alteration: Alteration
    suite: str = "behaviour"
    every: bool = False
    judges: Judges = Judges()
    checks: frozenset[str] | None = None

    @property
    def key(self) -> str:
        """The fault, and the source it was put into."""
        digest = hashlib.sha256(self.alteration.source.encode()).hexdigest()[:12]
        return f"{self.driver} {digest}"


class _Chosen:
    """Asks those checks alone that may see the fault, and begins with one of each function: most are seen by many."""

    def __init__(self, checks: frozenset[str] | None) -> None:
        self._checks = checks

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        if self._checks is not None:
            blind = [item for item in items if item.nodeid not in self._checks]
            config.hook.pytest_deselected(items=blind)
            items[:] = [item for item in items if item.nodeid in self._checks]
        seen: set[str] = set()
        first: list[pytest.Item] = []
        rest: list[pytest.Item] = []
        for item in items:
            name = item.nodeid.partition("[")[0]
            (rest if name in seen else first).append(item)
            seen.add(name)
        items[:] = first + rest


def run_altered(run: AlteredRun, folder: Path) -> None:
    """Judge a driver with a fault; for a new process."""
    begin_apart(folder)
    if PACKAGE in sys.modules:
        raise RuntimeError(f"{PACKAGE} was imported before it could be altered")
    sys.path.insert(0, str(_copy_with(run.alteration, folder)))
    last = run.judges.suites[-1]
    verdict = Verdict(run.key, last, Ending.MISSED, state=state_of(last), reason="no check executes the line")
    for suite in run.judges.suites:
        checks = run.checks if suite in NARROWED else None
        if checks is not None and not any(f"/{suite}/" in check for check in checks):
            continue
        verdict = run_suite(
            SuiteRun(run.key, run.driver, suite, arguments=run.judges.arguments), plugins=[_Chosen(checks)]
        )
        if verdict.ending is not Ending.MISSED:
            break
    if verdict.ending is Ending.MISSED and run.judges.elsewhere:
        verdict = run_suite(SuiteRun(run.key, run.driver, run.judges.suites[0], arguments=run.judges.elsewhere))
    leave(verdict, folder)


def _copy_with(alteration: Alteration, folder: Path) -> Path:
    """A folder with a copy of all drivers, and the fault in one of them."""
    drivers = _drivers()
    copied = folder / "drivers"
    shutil.copytree(drivers, copied / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    (copied / PACKAGE / alteration.file.relative_to(drivers)).write_text(alteration.source, encoding="utf-8")
    return copied


def faults_of(driver: str) -> list[Alteration]:
    """All faults of a driver's modules."""
    files = [file for file in sorted(sources_of(driver).glob("*.py")) if file.name not in NOT_THE_DRIVER]
    return [each for file in files for each in alterations(f"{PACKAGE}.{driver}.{file.stem}", file)]


def sources_of(driver: str) -> Path:
    """The folder of a driver's modules."""
    return _drivers() / driver


def _drivers() -> Path:
    """The folder of the drivers, which are not imported for that."""
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    (place,) = spec.submodule_search_locations
    return Path(place)


def survivors_page(
    driver: str, faults: Mapping[str, Alteration], verdicts: VerdictFile, reasons: Mapping[str, Mapping[str, str]]
) -> str:
    """The page of one driver: how many faults were seen, and each that was not, with its reason.

    Args:
        driver: Its name.
        faults: All faults, by the key of their runs.
        verdicts: What came of the runs.
        reasons: Of each driver: why a fault cannot be seen, by the fault's own key. A reason that begins with
            "equivalent" says that nothing can see it.
    """
    known = reasons.get(driver, {})
    judged = {key: verdict for key in faults if (verdict := verdicts.of(key)) is not None}
    survived = {key: faults[key] for key, verdict in judged.items() if verdict.ending is Ending.MISSED}
    endings = [verdict.ending for verdict in judged.values()]
    unclear, stopped = endings.count(Ending.ERRORED), endings.count(Ending.TIMED_OUT)
    equivalent = [each for each in survived.values() if known.get(each.key, "").startswith("equivalent")]
    counted = len(judged) - len(equivalent)
    seen = len(judged) - len(survived)
    share = f"{100 * seen / counted:.1f} %" if counted else "nothing"
    lines = [
        f"# Faults in the driver {driver} that no suite sees",
        "",
        textwrap.fill(
            f"Made by `nox -s mutation -- {driver}`; not edited by hand: the reasons stand in tests/power/survivors.toml. "
            f"The faults are those of cosmic-ray's operators, and statements left out; {judges_of(driver)} "
            "Checks that do not execute the altered line are not asked, unless they begin processes or run threads against "
            "each other. The faults were judged in no order: those judged are a fair sample of all.",
            width=118,
        ),
        "",
        f"- {len(faults)} faults, {len(judged)} of them judged.",
        f"- {seen} seen: {share} of those that are not equivalent.",
        f"- {len(survived)} survived; {len(equivalent)} of them are equivalent.",
        *([f"- {unclear} broke the run itself, and count as seen."] if unclear else []),
        *([f"- {stopped} hung the run itself, which was stopped, and count as seen."] if stopped else []),
        "",
        "## Survivors",
        "",
        "| where | fault | reason |",
        "|---|---|---|",
    ]
    for each in survived.values():
        reason = known.get(each.key, "not looked at yet")
        lines.append(f"| {each.file.name}:{each.line} | `{_cell(each.before)}` → `{_cell(each.after)}` | {reason} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'") or " "
