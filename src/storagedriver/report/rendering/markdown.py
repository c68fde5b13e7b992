"""Reports as Markdown, for a comment on a pull request: shares first, then what is against the drivers, then the rest folded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from storagedriver.report.grants import Grant
from storagedriver.report.model import Report, Result
from storagedriver.report.outcome import UNJUDGED, Outcome
from storagedriver.report.rendering.explaining import (
    against,
    ended,
    evidence_text,
    first,
    rationale,
    reason,
    why,
)
from storagedriver.report.rendering.markdown_text import block, code, details, html_code, table
from storagedriver.report.tally import Tally
from storagedriver.report.trials import TrialTally

LIMIT = 65_536
"""Characters of a comment on GitHub."""

EVIDENCE_LIMIT = 4_000
"""Characters of the evidence of one requirement."""

_ROOM_FOR_THE_REST = 200

_SIGNS: Mapping[Outcome, str] = {Outcome.PASSED: "✅", Outcome.FAILED: "❌", Outcome.ERRORED: "💥", Outcome.FLAKY: "🎲"}
_NEUTRAL = "⚪"


def render(reports: Mapping[str, Report]) -> str:
    """The reports, by their files; as much of the evidence as one comment holds."""
    head = ["## Storage driver contract", _shares(reports)]
    for name, report in reports.items():
        if not report.run.complete:
            reasons = "\n".join(f"> - {code(each)}" for each in report.run.incomplete_reasons)
            head.append(f"> ⚠️ **Incomplete run, certifies nothing** ({code(name)})\n>\n{reasons}")
    tail = [*_tried(reports), *(part for report in reports.values() for part in _unjudged(report))]
    tail.append("\n".join(f"- {_run(name, report)}" for name, report in reports.items()))
    failures = [_failure(result) for report in reports.values() for result in against(report)]
    room = LIMIT - len("\n\n".join([*head, *tail])) - _ROOM_FOR_THE_REST
    return "\n\n".join([*head, *_fitting(failures, room), *tail]) + "\n"


def _fitting(failures: Sequence[str], room: int) -> Iterator[str]:
    """As many failures as there is room for, and how many there was none for."""
    for number, failure in enumerate(failures):
        room -= len(failure) + 2
        if room < 0:
            yield f"*{len(failures) - number} more requirements that were not kept had no room here.*"
            return
        yield failure


def _shares(reports: Mapping[str, Report]) -> str:
    rows = []
    for name, report in reports.items():
        for target in report.targets:
            tally = Tally.of(report.of(target.label))
            share = "" if tally.percent is None else f" ({tally.percent} %)"
            others = [f"{count} {outcome.words}" for outcome, count in tally.rest]
            partly = [f"{tally.partly} kept with checks skipped or not run"] if tally.partly else []
            version = "" if target.server is None else code(target.server.version or "unknown")
            sign = _sign(report, tally)
            label = code(target.label) if len(reports) == 1 else f"{code(target.label)} in {code(name)}"
            rows.append(
                [
                    sign,
                    label,
                    version,
                    f"{tally.kept} of {tally.total}{share}",
                    ", ".join([*others, *partly]),
                ]
            )
    return table(["", "target", "server's version", "MUSTs kept", "the others"], rows)


def _sign(report: Report, tally: Tally) -> str:
    if not report.run.complete:
        return "⚠️"
    if tally.rest:
        return _SIGNS.get(tally.rest[0][0], _NEUTRAL)
    return _SIGNS[Outcome.PASSED] if tally.total else _NEUTRAL


def _failure(result: Result) -> str:
    check = first(result)
    head = (
        f"<b>{_SIGNS[result.outcome]} {result.requirement}</b> ({result.level}) on {html_code(result.target)}, "
        f"{ended(result)}"
    )
    lines = [f"{code(result.title)}", f"Why it matters: {rationale(result.requirement) or 'unknown to this version'}"]
    if check is not None:
        text = evidence_text(check)
        cut = text if len(text) <= EVIDENCE_LIMIT else f"{text[:EVIDENCE_LIMIT]}\n…"
        lines += [f"{code(why(check))}", f"in {code(check.node_id)}", block(cut)]
    return details(head, "\n\n".join(lines))


def _tried(reports: Mapping[str, Report]) -> Iterator[str]:
    """What was tried one by one, and what that earned."""
    rows = []
    violations = 0
    for report in reports.values():
        for target in report.targets:
            tallies = TrialTally.of(report.trials_of(target.label))
            violations += sum(each.violations for each in tallies)
            told = [
                *(each.sentence for each in tallies),
                *(each.sentence for each in Grant.of(report.of(target.label))),
            ]
            rows += [[code(target.label), code(each)] for each in told]
    if rows:
        broken = f"{violations:,} violation{'' if violations == 1 else 's'}"
        yield details(f"Faults, crashes and hostile inputs: {broken}", table(["target", "tried one by one"], rows))


def _unjudged(report: Report) -> Iterator[str]:
    for outcome in UNJUDGED:
        reasons: dict[tuple[str, str], list[str]] = {}
        for result in report.results:
            if result.outcome is outcome:
                reasons.setdefault((result.target, reason(result)), []).append(result.requirement)
        if reasons:
            rows = [[code(target), ", ".join(names), code(told)] for (target, told), names in reasons.items()]
            number = sum(map(len, reasons.values()))
            yield details(
                f"{_NEUTRAL} {outcome.words}: {number} requirement{'' if number == 1 else 's'}",
                table(["target", "requirements", "why"], rows),
            )


def _run(name: str, report: Report) -> str:
    run = report.run
    checks = sum(len(each.checks) - each.counts.get(Outcome.NOT_RUN, 0) for each in report.results)
    seconds = (run.finished - run.started).total_seconds()
    return (
        f"{code(name)}: {checks:,} checks in {seconds:.0f} s on {run.started.date()}, profile {code(run.profile)}, "
        f"storagedriver {code(report.environment.storagedriver)}, {code(report.environment.python)}, "
        f"commit {code(report.environment.commit or 'unknown')}"
    )
