"""The matrix of a report: groups of the contract against targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from storagedriver.contract import GROUPS, Level, in_order
from storagedriver.report.model import Report, Target
from storagedriver.report.outcome import LATTICE, Outcome
from storagedriver.report.tally import Tally
from storagedriver.report.typography import STYLES, Typography

TARGETS_A_TABLE = 4
"""More targets than this wrap into another table."""

_TARGET_WIDTH = 12
_GROUP_WIDTH = 30
"""Columns of a terminal, the space between two columns of the table included."""


def matrices(report: Report, console: Console, type_: Typography) -> Iterator[Table]:
    """The matrix in as many tables as the width of `console` asks for."""
    fitting = (console.width - _GROUP_WIDTH) // _TARGET_WIDTH
    size = max(1, min(TARGETS_A_TABLE, fitting, len(report.targets)))
    for start in range(0, len(report.targets), size):
        yield _matrix(
            report, report.targets[start : start + size], type_, widest=(console.width - _GROUP_WIDTH) // size
        )


def legend(type_: Typography) -> Text:
    """What the glyphs of the matrix mean."""
    meanings = (
        (Outcome.PASSED, "all kept"),
        (Outcome.FAILED, "failed"),
        (Outcome.ERRORED, "errored or flaky"),
        (Outcome.NOT_RUN, "not judged or waived"),
    )
    return Text("   ").join(Text(f"{type_.glyph(outcome)} {words}", STYLES[outcome]) for outcome, words in meanings)


def _matrix(report: Report, targets: Sequence[Target], type_: Typography, *, widest: int) -> Table:
    results = [report.of(target.label) for target in targets]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("MUSTs kept of all, by group", overflow="fold", max_width=_GROUP_WIDTH - 2)
    for target in targets:
        # Broken before the server, not somewhere in a name.
        label = type_.line(target.label).replace("@", "\n@", 1)
        table.add_column(Text(label), overflow="fold", max_width=max(widest, _TARGET_WIDTH) - 2)
    for group in _groups(report):
        table.add_row(
            Text(f"{group} {GROUPS.get(group, '')}".rstrip()),
            *(_cell(Tally.of(result for result in each if result.group == group), type_) for each in results),
        )
    table.add_section()
    for level in Level:
        tallies = [Tally.of(each, level) for each in results]
        if any(tally.total for tally in tallies):
            style = "bold" if level is Level.MUST else ""
            table.add_row(Text(f"{level}s kept", style), *(_cell(tally, type_) for tally in tallies))
        if level is Level.MUST:
            _add_counts(table, tallies, type_)
    return table


def _add_counts(table: Table, tallies: Sequence[Tally], type_: Typography) -> None:
    for outcome in LATTICE:
        if outcome is not Outcome.PASSED and any(tally.counts.get(outcome) for tally in tallies):
            name = Text(f"  {type_.glyph(outcome)} {outcome.words}", STYLES[outcome])
            counts = [tally.counts.get(outcome, 0) for tally in tallies]
            table.add_row(name, *(Text(f"  {count}", STYLES[outcome] if count else "dim") for count in counts))


def _cell(tally: Tally, type_: Typography) -> Text:
    verdict = tally.verdict
    return Text(f"{type_.glyph(verdict)} {tally.kept}/{tally.total}", STYLES[verdict])


def _groups(report: Report) -> list[str]:
    return in_order({result.group for result in report.results})
