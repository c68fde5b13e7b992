"""Is each small fault in a driver's sources seen by the suites that ship, and by them alone?

Each fault is put into a copy of the drivers, which is found before them in a process of its own and in those that it begins.
A fault that no suite sees survives: it is equivalent, or the suites have a gap.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from power.alterations import Alteration, alterations
from power.apart import begin_apart, leave
from power.suite_runs import SuiteRun, run_suite
from power.verdicts import Ending, VerdictFile

JUDGES = ("behaviour", "properties", "concurrency", "security", "durability", "faults", "leaks")
"""The suites in the order in which they are asked, the quickest first."""

PACKAGE = "storagedriver_drivers"

NOT_THE_DRIVER = {"certification.py", "foreign.py", "__init__.py"}
"""Modules that are no part of a driver: how it is judged, and another tool's view of its backend."""


@dataclass(frozen=True, slots=True)
class AlteredRun:
    """The suites' run over a driver with a fault.

    Attributes:
        driver: The driver's name.
        alteration: The fault.
        suite: A name in place of the suites', which are asked one after the other.
        every: As for other runs: the first failure ends it.
        judges: The suites that are asked.
    """

    driver: str
    alteration: Alteration
    suite: str = "behaviour"
    every: bool = False
    judges: tuple[str, ...] = JUDGES

    @property
    def key(self) -> str:
        """The fault, and the source it was put into."""
        digest = hashlib.sha256(self.alteration.source.encode()).hexdigest()[:12]
        return f"{self.driver} {digest}"


class _OneOfEachFirst:
    """Begins with one check of each function: most faults are seen by many."""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
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
    verdict = None
    for suite in run.judges:
        verdict = run_suite(SuiteRun(run.key, run.driver, suite), plugins=[_OneOfEachFirst()])
        if verdict.ending is not Ending.MISSED:
            break
    assert verdict is not None
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
    files = [file for file in sorted((_drivers() / driver).glob("*.py")) if file.name not in NOT_THE_DRIVER]
    return [each for file in files for each in alterations(f"{PACKAGE}.{driver}.{file.stem}", file)]


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
        f"Made by `nox -s mutation -- {driver}`; not edited by hand: the reasons stand in tests/power/survivors.toml. The",
        "faults are those of cosmic-ray's operators, and statements left out; the suites that ship are the only judges,",
        "in profile quick. They were judged in no order, so that those judged are a fair sample of all.",
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
