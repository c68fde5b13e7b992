"""What changed between two reports: as lines of text with a style each, as Markdown, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from storagedriver.report.comparison import Change, Comparison, Kind
from storagedriver.report.foreign_text import one_line
from storagedriver.report.model import Report
from storagedriver.report.outcome import Outcome
from storagedriver.report.rendering.explaining import reason, why
from storagedriver.report.rendering.markdown_text import code, table

HEADINGS: Mapping[Kind, str] = {
    Kind.REGRESSED: "Regressed",
    Kind.REPAIRED: "Repaired",
    Kind.CHANGED: "Ended in another way",
    Kind.NEW: "New",
    Kind.GONE: "Gone",
}
STYLES: Mapping[Kind, str] = {
    Kind.REGRESSED: "bold red",
    Kind.REPAIRED: "green",
    Kind.CHANGED: "yellow",
    Kind.NEW: "blue",
    Kind.GONE: "yellow",
}
CHECKS_SHOWN = 5
"""How many checks of one requirement are named; the JSON has all."""


def as_document(comparison: Comparison) -> dict[str, Any]:
    """The comparison as JSON values."""
    return {
        "regressed": comparison.regressed,
        "new_targets": list(comparison.new_targets),
        "gone_targets": list(comparison.gone_targets),
        "requirements": [_document(each) for each in comparison.requirements],
        "checks": [_document(each) for each in comparison.checks],
    }


def _document(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind.value,
        "target": change.target,
        "requirement": change.requirement,
        "check": change.check,
        "before": change.before,
        "after": change.after,
    }


def sentence(comparison: Comparison) -> str:
    """The result in a line: "1 requirement and 2 checks regressed, 1 requirement and 1 check repaired"."""
    parts = []
    for kind in Kind:
        requirements = sum(each.kind is kind for each in comparison.requirements)
        checks = sum(each.kind is kind for each in comparison.checks)
        counted = [
            f"{number:,} {noun}{'' if number == 1 else 's'}"
            for number, noun in ((requirements, "requirement"), (checks, "check"))
            if number
        ]
        if counted:
            parts.append(f"{' and '.join(counted)} {HEADINGS[kind].lower()}")
    return ", ".join(parts) or "nothing changed"


def as_lines(comparison: Comparison, old: Report, new: Report) -> Iterator[tuple[str, str]]:
    """The comparison for a terminal, each line with its style."""
    for note in notes(old, new):
        yield f"! {one_line(note)}", "bold yellow"
    for kind in Kind:
        groups = _groups(comparison, kind)
        if not groups:
            continue
        yield HEADINGS[kind], f"{STYLES[kind]} underline"
        for (target, requirement), (whole, checks) in groups.items():
            ended = f": {_ended(whole)}" if whole is not None else ""
            yield f"  {requirement} of {one_line(target)}{ended}", STYLES[kind]
            if told := _reason(new, target, requirement, checks):
                yield f"    because: {one_line(told)}", ""
            for check in checks[:CHECKS_SHOWN]:
                yield f"    - {one_line(check.check or '')}: {_ended(check)}", ""
            if len(checks) > CHECKS_SHOWN:
                yield f"    and {len(checks) - CHECKS_SHOWN:,} more checks", "dim"
    for label in comparison.new_targets:
        yield f"target {one_line(label)} is new", STYLES[Kind.NEW]
    for label in comparison.gone_targets:
        yield f"target {one_line(label)} is gone{_lost(comparison, label)}", STYLES[Kind.GONE]
    yield sentence(comparison), "bold red" if comparison.regressed else "bold"


def as_markdown(comparison: Comparison, old: Report, new: Report) -> str:
    """The comparison for a pull request."""
    parts = [f"### Compared with before: {sentence(comparison)}"]
    parts += [f"> {code(note)}" for note in notes(old, new)]
    for kind in Kind:
        groups = _groups(comparison, kind)
        if not groups:
            continue
        rows = [
            [
                requirement,
                code(target),
                "" if whole is None else _ended(whole),
                code(told) if (told := _reason(new, target, requirement, checks)) else "",
                _named(checks),
            ]
            for (target, requirement), (whole, checks) in groups.items()
        ]
        parts += [f"#### {HEADINGS[kind]}", table(["requirement", "target", "ended", "because", "checks"], rows)]
    parts += [f"Target {code(label)} is new." for label in comparison.new_targets]
    parts += [f"Target {code(label)} is gone{_lost(comparison, label)}." for label in comparison.gone_targets]
    return "\n\n".join(parts) + "\n"


def notes(old: Report, new: Report) -> list[str]:
    """What makes the two hard to compare."""
    found = [
        f"the {which} report is of an incomplete run: {'; '.join(report.run.incomplete_reasons)}"
        for which, report in (("old", old), ("new", new))
        if not report.run.complete
    ]
    for what, before, after in (
        ("kits", old.environment.storagedriver, new.environment.storagedriver),
        ("profiles", old.run.profile, new.run.profile),
        ("suites", ", ".join(old.run.suites), ", ".join(new.run.suites)),
    ):
        if before != after:
            found.append(f"the reports are of different {what}: {before} and then {after}")
    return found


def _groups(comparison: Comparison, kind: Kind) -> dict[tuple[str, str], tuple[Change | None, list[Change]]]:
    whole = {(each.target, each.requirement): each for each in comparison.requirements if each.kind is kind}
    checks: dict[tuple[str, str], list[Change]] = {}
    for each in comparison.checks:
        if each.kind is kind:
            checks.setdefault((each.target, each.requirement), []).append(each)
    known = {*comparison.new_targets, *comparison.gone_targets}
    return {
        key: (whole.get(key), checks.get(key, []))
        for key in dict.fromkeys((*whole, *checks))
        # All that there is of a new target is new: its line says that.
        if key[0] not in known
    }


def _lost(comparison: Comparison, label: str) -> str:
    number = sum(each.target == label for each in comparison.lost)
    return f", and with it {number} requirement{'' if number == 1 else 's'} that passed" if number else ""


def _reason(new: Report, target: str, requirement: str, checks: Sequence[Change]) -> str:
    """Why the requirement is not kept now, or the first of the checks that changed; "" if nothing is wrong."""
    result = next((each for each in new.of(target) if each.requirement == requirement), None)
    if result is None:
        return ""
    if result.outcome is not Outcome.PASSED:
        return reason(result)
    changed = {each.check for each in checks}
    check = next(
        (each for each in result.checks if each.node_id in changed and each.outcome is not Outcome.PASSED), None
    )
    return "" if check is None else why(check)


def _ended(change: Change) -> str:
    if change.before is None:
        return _words(change.after)
    if change.after is None:
        return f"was {_words(change.before)}"
    return f"{_words(change.before)}, now {_words(change.after)}"


def _words(outcome: Outcome | None) -> str:
    return "absent" if outcome is None else outcome.words


def _named(checks: Sequence[Change]) -> str:
    shown = [f"{code(each.check or '')}: {_ended(each)}" for each in checks[:CHECKS_SHOWN]]
    more = [f"and {len(checks) - CHECKS_SHOWN:,} more"] if len(checks) > CHECKS_SHOWN else []
    return "<br>".join([*shown, *more])
