"""Which checks execute which lines of a driver: the others cannot see a fault there, and need not be asked.

A check that begins a process is always asked, and so is every check where a line is executed once for many of them. What is
left out can at worst make a fault survive that a check sees, and never one be seen that none sees.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import subprocess
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Self

import pytest

from power.alterations import Alteration
from power.apart import begin_apart, leave
from power.suite_runs import SuiteRun, run_suite

NARROWED = ("behaviour", "properties", "security")
"""The suites of which only the checks are asked that execute a line. In the others threads meet by chance, or processes are
handed on from check to check."""

_SHARED = ""
"""The context of what no single check did: it is done for all of them."""


@dataclass(frozen=True, slots=True)
class Reached:
    """What was executed, check by check.

    Attributes:
        lines: The checks that executed each line, by the module's file name and the line's number; None is for all checks.
        always: The checks that begin processes, in which lines are not counted.
    """

    lines: Mapping[tuple[str, int], frozenset[str] | None]
    always: frozenset[str]

    @classmethod
    def read(cls, path: Path) -> Self:
        """What ReachingRun left."""
        told = json.loads(path.read_text(encoding="utf-8"))
        names = told["checks"]
        lines = {
            (file, int(line)): None if checks is None else frozenset(names[number] for number in checks)
            for file, by_line in told["lines"].items()
            for line, checks in by_line.items()
        }
        return cls(lines, frozenset(names[number] for number in told["always"]))

    def by(self, alteration: Alteration) -> frozenset[str] | None:
        """The checks that may see a fault; None where all may."""
        lines = _statement(alteration)
        if lines is None:
            return None
        found = set(self.always)
        for line in lines:
            checks = self.lines.get((alteration.file.name, line), frozenset())
            if checks is None:
                return None
            found |= checks
        return frozenset(found)


def _statement(alteration: Alteration) -> range | None:
    """The lines of the innermost statement with the fault, its head alone if it has a body; None outside of functions."""
    tree = ast.parse(alteration.file.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    # Decorators and defaults are of the module, as is the line of the def itself.
    bodies = [range(node.body[0].lineno, (node.end_lineno or 0) + 1) for node in functions]
    if not any(alteration.line in body for body in bodies):
        return None
    found = None
    for node in ast.walk(tree):
        # From the outside to the inside: the last one found is the innermost.
        if isinstance(node, ast.stmt | ast.excepthandler) and node.lineno <= alteration.line <= (node.end_lineno or 0):
            body = getattr(node, "body", None)
            found = range(node.lineno, body[0].lineno if body else (node.end_lineno or 0) + 1)
            if alteration.line not in found:
                # On a line between parts, such as "else:".
                found = range(node.lineno, (node.end_lineno or 0) + 1)
    return found


@dataclass(frozen=True, slots=True)
class ReachingRun:
    """The suites' run over the driver as it is, in which lines are counted.

    Attributes:
        driver: Its name.
        sources: Its folder.
        out: The file that Reached reads.
        suites: The suites that are run.
        arguments: More arguments of pytest.
        suite: The name in place of the suites'.
        every: Every check is run.
    """

    driver: str
    sources: Path
    out: Path
    suites: tuple[str, ...]
    arguments: tuple[str, ...]
    suite: str = "behaviour"
    every: bool = True

    @property
    def key(self) -> str:
        """The driver without a fault."""
        return self.driver


class _Watching:
    """Tells coverage which check runs, and takes note of those that begin a process."""

    def __init__(self, coverage: Any) -> None:
        self._coverage = coverage
        self._now = _SHARED
        self.always: set[str] = set()
        # This process is for that alone. An audit hook would hear it too, but while it runs no other thread can be traced.
        for owner, name in ((subprocess.Popen, "__init__"), (BaseProcess, "start"), (os, "fork")):
            setattr(owner, name, self._noting(getattr(owner, name)))

    def _noting(self, begin: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(begin)
        def noted(*args: Any, **kwargs: Any) -> Any:
            self.always.add(self._now)
            return begin(*args, **kwargs)

        return noted

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """What runs from now on is this check's."""
        self._switch(item.nodeid)
        try:
            return (yield)
        finally:
            self._switch(_SHARED)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """What is made for several checks is no single one's."""
        if fixturedef.scope == "function":
            return (yield)
        check = self._now
        self._switch(_SHARED)
        try:
            return (yield)
        finally:
            self._switch(check)

    def _switch(self, context: str) -> None:
        self._now = context
        self._coverage.switch_context(context)


def run_reaching(run: ReachingRun, folder: Path) -> None:
    """Run the suites and leave what was executed in run.out; for a new process."""
    begin_apart(folder)
    # The one that knows contexts, whatever Python this is.
    os.environ["COVERAGE_CORE"] = "ctrace"
    import coverage

    watched = coverage.Coverage(data_file=None, include=[f"{run.sources}/*"], config_file=False, messages=False)
    watching = _Watching(watched)
    watched.start()
    try:
        verdicts = [
            run_suite(SuiteRun(run.key, run.driver, suite, every=True, arguments=run.arguments), plugins=[watching])
            for suite in run.suites
        ]
    finally:
        watched.stop()
    data = watched.get_data()
    by_file = {Path(file).name: data.contexts_by_lineno(file) for file in data.measured_files()}
    run.out.write_text(json.dumps(_told(by_file, watching.always - {_SHARED})), encoding="utf-8")
    # The driver is good, or its faults could not be told from its own: whatever was caught says so.
    leave(max(verdicts, key=lambda verdict: bool(verdict.by)), folder)


def _told(by_file: Mapping[str, Mapping[int, Iterable[str]]], always: Iterable[str]) -> Mapping[str, object]:
    numbers: dict[str, int] = defaultdict(lambda: len(numbers))
    lines = {
        file: {
            line: None if _SHARED in contexts else [numbers[check] for check in contexts]
            for line, contexts in by_line.items()
        }
        for file, by_line in by_file.items()
    }
    told = [numbers[check] for check in always]
    return {"lines": lines, "always": told, "checks": list(numbers)}
