"""What a terminal shows of a report: failures first, then the matrix, then what was not judged and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from storagedriver.contract import Level
from storagedriver.report.grants import Grant
from storagedriver.report.matrix import legend, matrices
from storagedriver.report.model import Check, Evidence, Report, Result
from storagedriver.report.outcome import AGAINST, UNJUDGED, Outcome
from storagedriver.report.performance import COSTS, TIMES, Statistic, other_than_measurements, statistics_of
from storagedriver.report.performance import Table as PerformanceTable
from storagedriver.report.performance import table as performance_table
from storagedriver.report.tally import INCOMPLETE_PASS, Tally
from storagedriver.report.trials import TrialTally, summed
from storagedriver.report.typography import STYLES, Typography

HEADINGS: Mapping[Outcome, str] = {
    Outcome.FAILED: "Failed: the driver broke the promise",
    Outcome.ERRORED: "Errored: the kit or the server broke, so nothing is known",
    Outcome.FLAKY: "Flaky: the same check ended in more than one way",
    Outcome.WAIVED: "Waived: not kept, and a waiver accepts that",
    Outcome.SKIPPED: "Skipped: not judged",
    Outcome.NOT_RUN: "Not run: no check was executed",
    Outcome.NOT_OFFERED: "Not offered: the driver does not declare the capability",
}


def print_summary(report: Report, console: Console) -> None:
    """Print what a reader needs of `report`, in the width of `console` and in whatever characters it can show."""
    type_ = Typography.of(console)
    for outcome in AGAINST:
        _print_explained(report, outcome, console, type_)
    for matrix in matrices(report, console, type_):
        console.print()
        console.print(matrix)
    console.print()
    console.print(legend(type_))
    console.print()
    _print_headlines(report, console, type_)
    _print_trials(report, console, type_)
    _print_performance(report, console, type_)
    for outcome in UNJUDGED:
        _print_grouped(report, outcome, console, type_)
    _print_partly(report, console, type_)
    _print_run(report, console, type_)
    _print_incomplete(report, console, type_)


def _print_explained(report: Report, outcome: Outcome, console: Console, type_: Typography) -> None:
    if all(result.outcome is not outcome for result in report.results):
        return
    _heading(HEADINGS[outcome], console, STYLES[outcome])
    for target in report.targets:
        # Sorting keeps the order of the contract within a level.
        results = sorted(
            (result for result in report.of(target.label) if result.outcome is outcome),
            key=lambda result: list(Level).index(result.level),
        )
        if results:
            type_.lines(console, Text(type_.line(target.label), "bold"), indent=0)
        for result in results:
            _print_result(result, console, type_)


def _print_result(result: Result, console: Console, type_: Typography) -> None:
    style = STYLES[result.outcome]
    number = result.counts[result.outcome]
    ended = f"{number} of {_checks(len(result.checks))} {result.outcome.words}"
    title = Text.assemble(
        (f"{type_.glyph(result.outcome)} {result.requirement} {result.level}", style),
        f" {type_.line(result.title)} ",
        (f"({ended})", style),
    )
    type_.lines(console, title, indent=2, hanging=2)
    first = next(check for check in result.checks if check.outcome is result.outcome)
    for line in _why(first, type_):
        type_.lines(console, line, indent=4, hanging=2)
    type_.lines(console, Text(type_.line(first.node_id, limit=300), "dim"), indent=4, hanging=2)


def _why(check: Check, type_: Typography) -> list[Text]:
    told = [] if check.outcome is Outcome.FAILED or not check.reason else [Text(type_.line(check.reason))]
    evidence = check.evidence
    if evidence is None:
        return told or [Text("no evidence was recorded", "dim")]
    if not evidence.expected and not evidence.seen:
        return told or [Text(type_.line(evidence.what or _last_line(evidence)))]
    return [
        *told,
        Text(type_.line(evidence.what)),
        Text.assemble(
            ("expected ", "bold"), type_.line(evidence.expected), (", seen ", "bold"), type_.line(evidence.seen)
        ),
    ]


def _last_line(evidence: Evidence) -> str:
    return (evidence.traceback.strip().splitlines() or ["no evidence was recorded"])[-1]


def _print_headlines(report: Report, console: Console, type_: Typography) -> None:
    for target in report.targets:
        tally = Tally.of(report.of(target.label))
        style = next((STYLES[outcome] for outcome, _ in tally.rest if outcome in AGAINST), "bold")
        sentence = tally.sentence if not type_.ascii_only else tally.sentence.replace(" · ", ", ")
        name = f"{type_.line(target.label)}: " if len(report.targets) > 1 else ""
        type_.lines(console, Text(name + sentence, style), indent=0, hanging=2)


def _print_trials(report: Report, console: Console, type_: Typography) -> None:
    """What was tried one by one, what was measured, and what that earned."""
    shown = [(target, lines) for target in report.targets if (lines := _trial_lines(report, target.label))]
    if shown:
        _heading("Tried one by one", console, "bold")
    for target, lines in shown:
        type_.lines(console, Text(type_.line(target.label), "bold"), indent=0)
        for line, style in lines:
            type_.lines(console, Text(type_.line(line, limit=400), style), indent=2, hanging=2)


def _trial_lines(report: Report, label: str) -> list[tuple[str, str]]:
    tallies = TrialTally.of(report.trials_of(label))
    lines = [(each.sentence, STYLES[Outcome.FAILED] if each.violations else "") for each in tallies]
    for result in report.of(label):
        figures = summed(other_than_measurements(figure for check in result.checks for figure in check.figures))
        if figures:
            lines.append((f"{result.requirement}: {', '.join(figure.text for figure in figures)}", ""))
    lines += [
        (grant.sentence, STYLES[Outcome.PASSED if grant.granted else Outcome.SKIPPED])
        for grant in Grant.of(report.of(label))
    ]
    return lines


def _print_performance(report: Report, console: Console, type_: Typography) -> None:
    """What was measured at several sizes, a line for each."""
    for target in report.targets:
        measured = performance_table(
            figure for result in report.of(target.label) for check in result.checks for figure in check.figures
        )
        if not measured:
            continue
        _heading(f"Performance of {type_.line(target.label)}", console, "bold")
        # Side by side they are wider than most terminals.
        for chosen in (TIMES, COSTS):
            columns = [each for each in statistics_of(measured) if each in chosen]
            if columns:
                console.print(_performance_table(measured, columns, type_))


def _performance_table(measured: PerformanceTable, columns: Sequence[Statistic], type_: Typography) -> Table:
    """What is known of each workload that has one of the columns."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("operation", overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    for statistic in columns:
        table.add_column(statistic.value, justify="right", overflow="fold")
    for workload, told in measured.items():
        if any(statistic in told for statistic in columns):
            numbers = (told[statistic].text if statistic in told else "" for statistic in columns)
            table.add_row(*(Text(type_.line(each)) for each in (workload.operation, workload.size, *numbers)))
    return table


def _print_grouped(report: Report, outcome: Outcome, console: Console, type_: Typography) -> None:
    reasons: dict[str, dict[str, list[str]]] = {}
    for result in report.results:
        if result.outcome is outcome:
            for reason in _reasons(result):
                reasons.setdefault(reason, {}).setdefault(result.target, []).append(result.requirement)
    if reasons:
        _heading(HEADINGS[outcome], console, STYLES[outcome])
        _print_reasons(reasons, report, outcome, console, type_)


def _reasons(result: Result) -> list[str]:
    """Why the requirement ended as it did, each reason once."""
    told = dict.fromkeys(check.reason for check in result.checks if check.outcome is result.outcome)
    if told:
        return list(told)
    if result.outcome is Outcome.WAIVED:
        counts = ", ".join(f"{count} {ending.words}" for ending, count in result.counts.items())
        return [f"by its checks: {counts or 'not run'}"]
    return ["no check of it was among those that were run"]


def _print_partly(report: Report, console: Console, type_: Typography) -> None:
    """Kept requirements some of whose checks did not judge: kept is what the rest says."""
    for outcome in sorted(INCOMPLETE_PASS):
        reasons: dict[str, dict[str, list[str]]] = {}
        for result in report.results:
            if result.outcome is Outcome.PASSED and outcome in result.counts:
                name = f"{result.requirement} ({result.counts[outcome]} of {len(result.checks)})"
                for reason in dict.fromkeys(check.reason for check in result.checks if check.outcome is outcome):
                    reasons.setdefault(reason, {}).setdefault(result.target, []).append(name)
        if reasons:
            _heading(f"Kept, but with checks {outcome.words}", console, STYLES[outcome])
            _print_reasons(reasons, report, outcome, console, type_)


def _print_reasons(
    reasons: Mapping[str, Mapping[str, Sequence[str]]],
    report: Report,
    outcome: Outcome,
    console: Console,
    type_: Typography,
) -> None:
    for reason, by_target in reasons.items():
        type_.lines(console, Text(f"{type_.glyph(outcome)} {type_.line(reason)}:"), indent=2, hanging=2)
        for names, labels in _alike(by_target):
            where = f" ({', '.join(type_.line(label) for label in labels)})" if len(report.targets) > 1 else ""
            type_.lines(console, Text(", ".join(names) + where), indent=4, hanging=2)


def _alike(by_target: Mapping[str, Sequence[str]]) -> Iterable[tuple[tuple[str, ...], list[str]]]:
    """Targets that share the same names, together."""
    together: dict[tuple[str, ...], list[str]] = {}
    for label, names in by_target.items():
        together.setdefault(tuple(names), []).append(label)
    return together.items()


def _print_run(report: Report, console: Console, type_: Typography) -> None:
    run = report.run
    checks = sum(len(result.checks) - result.counts.get(Outcome.NOT_RUN, 0) for result in report.results)
    seconds = (run.finished - run.started).total_seconds()
    words = [
        f"{_checks(checks)} in {seconds:.1f} s",
        f"profile {run.profile}",
        *([f"seed {run.seed}"] if run.seed is not None else []),
        f"storagedriver {report.environment.storagedriver}",
        report.environment.python,
    ]
    console.print()
    type_.lines(console, Text(type_.line(", ".join(words)), "dim"), indent=0, hanging=2)


def _print_incomplete(report: Report, console: Console, type_: Typography) -> None:
    if report.run.complete:
        return
    console.print()
    type_.lines(console, Text("! INCOMPLETE RUN: this report certifies nothing", "bold white on red"), indent=0)
    for reason in report.run.incomplete_reasons:
        type_.lines(console, Text(f"! {type_.line(reason)}", "bold red"), indent=0, hanging=2)


def _heading(words: str, console: Console, style: str) -> None:
    console.print()
    console.print(Text(words, f"{style} underline"))


def _checks(number: int) -> str:
    return f"{number} check" if number == 1 else f"{number:,} checks"
