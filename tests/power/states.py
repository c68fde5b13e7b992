"""What a verdict hangs on: a few letters that change with the sources it is of."""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import storagedriver_suites
from power import baseline
from power.verdicts import Verdict
from storagedriver_suites import behaviour, concurrency, durability, faults, leaks, performance, properties, security

BASELINE = "baseline"
SUITES = {
    "behaviour": behaviour,
    "concurrency": concurrency,
    "properties": properties,
    "security": security,
    "durability": durability,
    "faults": faults,
    "leaks": leaks,
    "performance": performance,
}
ALL_SUITES = (*SUITES, BASELINE)

_ROOT = Path(storagedriver_suites.__path__[0]).parent


@functools.cache
def state_of(suite: str, by: tuple[str, ...] = ()) -> str:
    """A few letters that change with the sources of a suite, or of some of its checks.

    Args:
        suite: The suite, or "baseline".
        by: Checks that failed, as a verdict has them: the state is that of their modules and what those import of the
            suites, as nothing else could make them pass. None means the whole suite.
    """
    if suite == BASELINE:
        return _digest([Path(baseline.__file__)])
    if not by:
        return _digest(sources(suite))
    found = {module_of(suite, _function(check)) for check in by}
    if None in found:
        return "gone"
    return _digest(sorted({file for module in found if module is not None for file in _with_imports(module)}))


def is_current(verdict: Verdict) -> bool:
    """Whether the suites are as they were, in what the verdict hangs on."""
    return verdict.state == state_of(verdict.suite, verdict.by)


def _function(check: str) -> str:
    """ "test_x" of "CONT-1 test_x[values]"."""
    return check.partition(" ")[2].partition("[")[0]


def module_of(suite: str, function: str) -> Path | None:
    """The module of a suite that has a check of this name."""
    return next((file for file, text in sources(suite).items() if f"\ndef {function}(" in text), None)


@functools.cache
def sources(suite: str) -> Mapping[Path, str]:
    """The modules of a suite, and their texts."""
    files = sorted(Path(SUITES[suite].__path__[0]).glob("*.py"))
    return {file: file.read_text(encoding="utf-8") for file in files}


@functools.cache
def _with_imports(module: Path) -> frozenset[Path]:
    """A module of a suite, and all that it imports of the suites, directly or not."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _imported(file)
    return frozenset(found)


def _imported(file: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            for name in (node.module, *(f"{node.module}.{each.name}" for each in node.names)):
                parts = Path(_ROOT, *name.split("."))
                yield from filter(Path.is_file, (parts.with_suffix(".py"), parts / "__init__.py"))


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:10]
