"""The table: which suite caught which faulty driver, and what that makes together; for the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mutants.bugs import BUGS
from power.states import ALL_SUITES, BASELINE, SUITES, is_current
from power.subjects import Subject, all_subjects
from power.verdicts import Ending, Verdict, VerdictFile

MARKS = {
    Ending.CAUGHT: "caught",
    Ending.MISSED: "missed",
    Ending.ERRORED: "no verdict",
    Ending.TIMED_OUT: "no verdict",
}
NOT_RUN = "not run"


def mark_of(verdict: Verdict | None) -> str:
    """A verdict in a word or two."""
    return NOT_RUN if verdict is None else MARKS[verdict.ending]


def ours(found: Mapping[str, Verdict | None]) -> str:
    """What the shipped suites say together: caught by one is caught, and one that was not run leaves it open."""
    marks = [mark_of(found.get(suite)) for suite in SUITES]
    if "caught" in marks:
        return "caught"
    return next((mark for mark in ("no verdict", NOT_RUN) if mark in marks), "missed")


def verdicts_of(subject: Subject, verdicts: VerdictFile) -> dict[str, Verdict | None]:
    """What each suite said of a driver."""
    return {suite: verdicts.get(subject.key, suite) for suite in ALL_SUITES}


def summary(verdicts: VerdictFile, subjects: Sequence[Subject]) -> list[str]:
    """What the table comes to, in sentences."""
    found = [verdicts_of(subject, verdicts) for subject in subjects]
    total = len(subjects)
    lines = [f"Ours: {sum(ours(each) == 'caught' for each in found)} of {total} faulty drivers are caught."]
    for suite in ALL_SUITES:
        marks = [mark_of(each[suite]) for each in found]
        counts = ", ".join(
            f"{marks.count(mark)} {mark}" for mark in ("caught", "missed", "no verdict", NOT_RUN) if mark in marks
        )
        lines.append(f"{'The baseline' if suite == BASELINE else f'Suite {suite}'}: {counts}.")
    old = [verdict for each in found for verdict in each.values() if verdict is not None and not is_current(verdict)]
    if old:
        lines.append(f"{len(old)} verdicts are of checks as they were before.")
    return lines


def caught_by(subject: Subject, found: Iterable[Verdict | None]) -> str:
    """By which check a driver was caught, or why there is no verdict."""
    for verdict in found:
        if verdict is not None and verdict.by:
            own = [check for check in verdict.by if check.partition(" ")[0] in subject.requirements]
            more = f" and {len(verdict.by) - 1} more" if len(verdict.by) > 1 else ""
            return f"{(own or verdict.by)[0]}{more}"
    return "; ".join(verdict.reason for verdict in found if verdict is not None and verdict.reason)


def rows(verdicts: VerdictFile, subjects: Iterable[Subject]) -> Iterator[list[str]]:
    """A row of cells for each driver."""
    for subject in subjects:
        found = verdicts_of(subject, verdicts)
        own = [found[suite] for suite in SUITES]
        first = next((verdict for verdict in own if verdict is not None and verdict.by), None)
        yield [
            subject.key,
            ", ".join(subject.mutant.rows),
            *(mark_of(found[suite]) for suite in ALL_SUITES),
            caught_by(subject, own),
            "" if first is None else f"{first.checks}",
            "" if first is None else f"{first.seconds:.1f}",
        ]


HEADINGS = ("mutant", "row", *ALL_SUITES, "caught by", "checks", "s")


def show(verdicts: VerdictFile, subjects: Sequence[Subject], console: Console) -> None:
    """Print the table and what it comes to."""
    table = Table(*HEADINGS, title="Faulty drivers by suites")
    colours = {"caught": "green", "missed": "red", "no verdict": "yellow", NOT_RUN: "dim"}
    for cells in rows(verdicts, subjects):
        table.add_row(*(f"[{colours[cell]}]{cell}[/]" if cell in colours else escape(cell) for cell in cells))
    console.print(table)
    for line in (*summary(verdicts, subjects), *good_lines(verdicts)):
        console.print(line)


def good_lines(verdicts: VerdictFile) -> list[str]:
    """What the suites said of good drivers: every rejection is a fault of the suite."""
    lines = []
    good = [verdict for verdict in verdicts.all() if verdict.subject.startswith("good ")]
    for name, suite in sorted({(verdict.subject.split(" ")[1], verdict.suite) for verdict in good}):
        runs = [each for each in good if each.suite == suite and each.subject.split(" ")[1] == name]
        wrong = [each for each in runs if each.ending is not Ending.MISSED]
        told = "; ".join(f"{each.subject}: {', '.join(each.by) or each.reason}" for each in wrong)
        old = sum(not is_current(each) for each in runs)
        lines.append(
            f"Good driver {name}, {suite}, {len(runs)} seeds: {len(wrong)} rejected{f': {told}' if told else ''}."
            f"{f' {old} of them by the suite as it was before.' if old else ''}"
        )
    return lines


def markdown(verdicts: VerdictFile) -> str:
    """The page reports/power/README.md."""
    subjects = list(all_subjects().values())
    parts = [
        "# Detection power",
        "",
        "Made by `python3 ci/checks.py -s power`; not edited by hand. A faulty driver (tests/mutants, and those that only",
        "histories convict) is run through each suite in profile quick, with one seed, up to the first check that fails. The",
        "checks of the requirement that it breaks come first. The baseline is what the Go registry's suite checks, written",
        "anew for this interface (tests/power/baseline.py). `not run` is no verdict.",
        "",
        *(f"- {line}" for line in summary(verdicts, subjects)),
        "",
        "## Good drivers",
        "",
        "Run through all checks of a suite, with other histories for each seed. Whatever rejects one is a fault of the suite, or",
        "of the server.",
        "",
        *(f"- {line}" for line in good_lines(verdicts)),
        "",
        "## Known bugs",
        "",
        "| row | what was wrong | mutants | ours | baseline |",
        "|---|---|---|---|---|",
        *_bug_rows(verdicts, subjects),
        "",
        "## Faulty drivers",
        "",
        f"| {' | '.join(HEADINGS)} |",
        f"|{'---|' * len(HEADINGS)}",
        *(
            f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
            for cells in rows(verdicts, subjects)
        ),
    ]
    return "\n".join(parts) + "\n"


def _bug_rows(verdicts: VerdictFile, subjects: Sequence[Subject]) -> Iterator[str]:
    for bug in BUGS.values():
        found = [verdicts_of(subject, verdicts) for subject in subjects if bug.id in subject.mutant.rows]
        if found:
            own = sum(ours(each) == "caught" for each in found)
            baseline = sum(mark_of(each[BASELINE]) == "caught" for each in found)
            yield f"| {bug.id} | {bug.what} | {len(found)} | {own} | {baseline} |"
