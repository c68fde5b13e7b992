"""What the page shows, made ready: columns, groups, requirements, and what became of each where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from storagedriver.contract import GROUPS, REQUIREMENTS, Level
from storagedriver.report.model import Check, Report, Result, Target
from storagedriver.report.outcome import LATTICE, Outcome
from storagedriver.report.rendering.explaining import AGAINST, headline, why
from storagedriver.report.tally import Tally

GLYPHS: Mapping[Outcome, str] = {
    Outcome.PASSED: "✓",
    Outcome.FAILED: "✗",
    Outcome.ERRORED: "!",
    Outcome.FLAKY: "≈",
    Outcome.WAIVED: "w",
    Outcome.SKIPPED: "»",
    Outcome.NOT_RUN: "·",
    Outcome.NOT_OFFERED: "○",
}
"""An outcome in one character, for who sees no colour. Each differs."""

CHECKS_SHOWN = 20
"""How many checks of one requirement and target are shown; the report has all."""

REASONS_SHOWN = 6
"""How many different reasons of checks that were not judged."""


@dataclass(frozen=True, slots=True)
class Point:
    """One report of a target in time.

    Attributes:
        when: The day.
        version: That of the driver's distribution, or of the kit if there is none.
        kept: MUSTs kept.
        total: All MUSTs.
        complete: Whether the run was complete.
    """

    when: str
    version: str
    kept: int
    total: int
    complete: bool

    @property
    def percent(self) -> int:
        """The share that is kept, rounded down."""
        return 100 * self.kept // self.total if self.total else 0


@dataclass(frozen=True, slots=True)
class Column:
    """A target.

    Attributes:
        anchor: Its name in links: "s3-minio-container".
        name: Its name for readers: "s3@minio (container)".
        target: The target.
        report: The report that it is in.
        file: The name of the report's file.
        headline: What is kept, in a sentence.
        history: Its reports in time, the oldest first; the last is this one.
    """

    anchor: str
    name: str
    target: Target
    report: Report
    file: str
    headline: str
    history: tuple[Point, ...]

    @property
    def width(self) -> int:
        """Pixels of the plot."""
        return 60 + 70 * max(len(self.history) - 1, 1)

    def plotted(self) -> Iterator[tuple[int, int, Point]]:
        """Each point of the history with its place in the plot: from the left, and from the top."""
        for number, point in enumerate(self.history):
            yield 30 + 70 * number, 110 - point.percent, point


@dataclass(frozen=True, slots=True)
class Cell:
    """How many of some requirements one target keeps.

    Attributes:
        outcome: The worst that is not kept, or passed; not run where there is nothing.
        kept: How many are kept.
        total: How many there are.
    """

    outcome: Outcome
    kept: int
    total: int

    @classmethod
    def of(cls, tally: Tally) -> Cell:
        """The cell of a tally."""
        worst = tally.rest[0][0] if tally.rest else Outcome.PASSED if tally.total else Outcome.NOT_RUN
        return cls(worst, tally.kept, tally.total)

    @property
    def glyph(self) -> str:
        """One character."""
        return GLYPHS[self.outcome]


@dataclass(frozen=True, slots=True)
class Row:
    """One requirement on one target.

    Attributes:
        column: The target.
        outcome: How it ended.
        counts: How many checks ended how, in words, the worst first.
        failures: Checks that speak against the driver; the first few.
        more: How many of them are not shown.
        reasons: Why checks were not judged, each reason once, with how many checks have it.
    """

    column: Column
    outcome: Outcome
    counts: str
    failures: tuple[Check, ...]
    more: int
    reasons: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, column: Column, result: Result | None) -> Row:
        """The row of a result; None if the report does not have it."""
        if result is None:
            return cls(column, Outcome.NOT_RUN, "not in the report", (), 0, ())
        against = [check for check in result.checks if check.outcome in AGAINST]
        reasons: dict[str, int] = {}
        for check in result.checks:
            if check.outcome not in {*AGAINST, Outcome.PASSED}:
                told = f"{check.outcome.words}: {check.reason}"
                reasons[told] = reasons.get(told, 0) + 1
        counts = [f"{result.counts[each]:,} {each.words}" for each in LATTICE if result.counts.get(each)]
        return cls(
            column,
            result.outcome,
            ", ".join(counts) or "no check was run",
            tuple(against[:CHECKS_SHOWN]),
            max(0, len(against) - CHECKS_SHOWN),
            tuple(list(reasons.items())[:REASONS_SHOWN]),
        )

    @property
    def glyph(self) -> str:
        """One character."""
        return GLYPHS[self.outcome]

    @staticmethod
    def why(check: Check) -> str:
        """Why a check ended as it did."""
        return why(check)


@dataclass(frozen=True, slots=True)
class Clause:
    """A requirement.

    Attributes:
        id: Its id.
        level: What it means to break it.
        title: What it says, in a line.
        promise: The same, complete; "" for one of another version of the kit.
        rationale: Why the contract has it.
        capability: The capability that it belongs to; "" if it binds every driver.
        rows: What became of it, a row for each column.
    """

    id: str
    level: Level
    title: str
    promise: str
    rationale: str
    capability: str
    rows: tuple[Row, ...]

    @property
    def outcomes(self) -> str:
        """The outcomes of all columns, apart by spaces, for scripts."""
        return " ".join(row.outcome.value for row in self.rows)

    @property
    def differs(self) -> bool:
        """Whether targets differ in it."""
        return len({row.outcome for row in self.rows}) > 1

    @property
    def tally(self) -> str:
        """How many targets it ended how on, the worst first: "1 failed, 3 passed"."""
        counts = {each: sum(row.outcome is each for row in self.rows) for each in LATTICE}
        return ", ".join(f"{number} {each.words}" for each, number in counts.items() if number)

    @property
    def worst(self) -> Outcome:
        """The first outcome that speaks against a driver, or the best."""
        seen = {row.outcome for row in self.rows}
        return next(each for each in LATTICE if each in seen)

    @property
    def glyph(self) -> str:
        """One character."""
        return GLYPHS[self.worst]


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the contract.

    Attributes:
        id: "CONT".
        title: "Whole content".
        cells: What each column keeps of its MUSTs.
        clauses: Its requirements.
    """

    id: str
    title: str
    cells: tuple[Cell, ...]
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """All that is shown.

    Attributes:
        columns: The targets.
        groups: The groups, in the order of the contract.
        totals: What each column keeps, by level: the level, and a cell for each column.
        rest: How many MUSTs of each column are not kept, by outcome.
    """

    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    totals: tuple[tuple[str, tuple[Cell, ...]], ...]
    rest: tuple[tuple[Outcome, tuple[int, ...]], ...]

    @classmethod
    def of(cls, reports: Mapping[str, Report], history: Mapping[str, Report]) -> Page:
        """The page of reports by their files."""
        columns = tuple(_columns(reports, history))
        results = {
            column.anchor: {each.requirement: each for each in column.report.of(column.target.label)}
            for column in columns
        }
        known = {name: result for each in results.values() for name, result in each.items()}
        order = [name for name in REQUIREMENTS if name in known] + sorted(set(known) - set(REQUIREMENTS))
        names = list(dict.fromkeys(known[name].group for name in order))
        names.sort(key=lambda name: list(GROUPS).index(name) if name in GROUPS else len(GROUPS))
        groups = tuple(
            _group(name, columns, results, [known[each] for each in order if known[each].group == name])
            for name in names
        )
        of_columns = [tuple(results[column.anchor].values()) for column in columns]
        totals = []
        for level in Level:
            cells = tuple(Cell.of(Tally.of(each, level)) for each in of_columns)
            if any(cell.total for cell in cells):
                totals.append((f"{level}s kept", cells))
        musts = [Tally.of(each) for each in of_columns]
        rest = tuple(
            (outcome, tuple(tally.counts.get(outcome, 0) for tally in musts))
            for outcome in LATTICE
            if outcome is not Outcome.PASSED and any(tally.counts.get(outcome) for tally in musts)
        )
        return cls(columns, groups, tuple(totals), rest)

    @property
    def legend(self) -> Sequence[tuple[str, Outcome]]:
        """What the characters mean."""
        return [(glyph, outcome) for outcome, glyph in GLYPHS.items()]

    @property
    def clauses(self) -> Sequence[Clause]:
        """All requirements."""
        return [clause for group in self.groups for clause in group.clauses]

    @property
    def differing(self) -> Sequence[Clause]:
        """Requirements in which targets differ."""
        return [clause for clause in self.clauses if clause.differs]


def _group(
    name: str, columns: Sequence[Column], results: Mapping[str, Mapping[str, Result]], known: Sequence[Result]
) -> Group:
    cells = tuple(
        Cell.of(Tally.of(each for each in results[column.anchor].values() if each.group == name)) for column in columns
    )
    return Group(name, GROUPS.get(name, ""), cells, tuple(_clause(each, columns, results) for each in known))


def _clause(known: Result, columns: Sequence[Column], results: Mapping[str, Mapping[str, Result]]) -> Clause:
    clause = REQUIREMENTS.get(known.requirement)
    return Clause(
        id=known.requirement,
        level=known.level,
        title=known.title,
        promise=clause.promise if clause else "",
        rationale=clause.rationale if clause else "",
        capability=known.capability or "",
        rows=tuple(Row.of(column, results[column.anchor].get(known.requirement)) for column in columns),
    )


def _columns(reports: Mapping[str, Report], history: Mapping[str, Report]) -> Iterator[Column]:
    names = [_name(target) for report in reports.values() for target in report.targets]
    taken: set[str] = set()
    for path, report in reports.items():
        for target in report.targets:
            name = _name(target)
            if names.count(name) > 1:
                # The same driver in the same way, as on another file system: the file tells them apart.
                name = f"{name} [{PurePath(path).stem}]"
            anchor = _anchor(name, taken)
            yield Column(
                anchor,
                name,
                target,
                report,
                PurePath(path).name,
                headline(report, target.label),
                tuple(_history(target, report, history.values())),
            )


def _history(target: Target, report: Report, earlier: Iterable[Report]) -> Iterator[Point]:
    for each in sorted([*earlier, report], key=lambda one: one.run.finished):
        found = _name_in(each, target)
        if found is not None:
            tally = Tally.of(each.of(found.label))
            version = found.distribution or f"storagedriver {each.environment.storagedriver}"
            yield Point(each.run.finished.date().isoformat(), version, tally.kept, tally.total, each.run.complete)


def _name_in(report: Report, target: Target) -> Target | None:
    return next((each for each in report.targets if _name(each) == _name(target)), None)


def _name(target: Target) -> str:
    return f"{target.label} ({target.server.mode})" if target.server and ":" not in target.label else target.label


def _anchor(name: str, taken: set[str]) -> str:
    """A name for links, of small letters, digits and dashes, that no other column has."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower())[:60].strip("-") or "target"
    anchor, number = plain, 2
    while anchor in taken:
        anchor, number = f"{plain}-{number}", number + 1
    taken.add(anchor)
    return anchor
