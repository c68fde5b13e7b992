"""The verdict for its readers: lines of text with a style each, Markdown, annotations, and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from storagedriver.certification.verdict import Finding, JudgedTarget, Verdict
from storagedriver.contract import REQUIREMENTS, Level
from storagedriver.report.foreign_text import one_line
from storagedriver.report.rendering.github import command
from storagedriver.report.rendering.markdown_text import code, table

_WIDEST = 500
"""Characters of one message."""

_TOLD_APART = 3
"""More requirements than this, about which the same is to be said, share a message."""


def headline(verdict: Verdict, target: JudgedTarget) -> str:
    """The share of a target: "MUSTs kept: 61 of 76 (80 %) · 12 not run · 3 not offered", and what the policy leaves out."""
    groups = verdict.without_groups
    number = sum(each.level is Level.MUST and each.group in groups for each in REQUIREMENTS.values())
    left_out = f" · the policy leaves out {', '.join(groups)} ({number} MUSTs)" if groups else ""
    return f"{target.tally.sentence}{left_out}"


def sentence(verdict: Verdict) -> str:
    """The verdict in a line."""
    targets = f"{len(verdict.targets)} target{'' if len(verdict.targets) == 1 else 's'}"
    if verdict.passed:
        return f"gate passed: {targets}"
    number = len(verdict.findings)
    return f"gate closed: {number:,} reason{'' if number == 1 else 's'}, {targets}"


def as_document(verdict: Verdict) -> dict[str, Any]:
    """The verdict as JSON values."""
    return {
        "passed": verdict.passed,
        "findings": [
            {
                "rule": each.rule.value,
                "message": each.message,
                "file": each.file,
                "target": each.target,
                "requirement": each.requirement,
            }
            for each in verdict.findings
        ],
        "targets": [
            {
                "file": each.file,
                "target": each.label,
                "headline": headline(verdict, each),
                "musts": {
                    "kept": each.tally.kept,
                    "total": each.tally.total,
                    "percent": each.tally.percent,
                    "partly": each.tally.partly,
                    "others": {outcome.value: count for outcome, count in each.tally.rest},
                },
                "checks": each.checks,
                "requirements": each.requirements,
            }
            for each in verdict.targets
        ],
        "waived": [{**each.model_dump(mode="json"), "expires": each.expires.isoformat()} for each in verdict.waived],
        "notes": list(verdict.notes),
    }


def as_lines(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """The verdict for a terminal, each line with its style."""
    for subject, findings in _by_subject(verdict.findings):
        yield f"on {one_line(subject)}:", "bold"
        for message in _messages(findings):
            yield f"  - {one_line(message, limit=_WIDEST)}", "red"
    for waiver in verdict.waived:
        words = f"waived until {waiver.expires}: {waiver.name}, by {waiver.owner}: {waiver.reason}"
        yield one_line(words, limit=_WIDEST), "cyan"
    for note in verdict.notes:
        yield f"note: {one_line(note, limit=_WIDEST)}", "yellow"
    for target in verdict.targets:
        yield f"share of {one_line(target.label)} ({one_line(target.file)}): {headline(verdict, target)}", ""
    yield sentence(verdict), "bold green" if verdict.passed else "bold red"


def as_markdown(verdict: Verdict) -> str:
    """The verdict for a pull request."""
    parts = [f"### {'✅' if verdict.passed else '❌'} {sentence(verdict)}"]
    if verdict.targets:
        rows = [[code(each.label), code(each.file), headline(verdict, each)] for each in verdict.targets]
        parts.append(table(["target", "report", "share"], rows))
    for subject, findings in _by_subject(verdict.findings):
        parts.append(f"**{code(subject)}**")
        parts.append("\n".join(f"- {code(message, limit=_WIDEST)}" for message in _messages(findings)))
    if verdict.waived:
        rows = [
            [code(each.target), each.requirement, str(each.expires), code(each.owner), code(each.reason)]
            for each in verdict.waived
        ]
        parts.append(table(["waived on", "requirement", "until", "owner", "reason"], rows))
    if verdict.notes:
        parts.append("\n".join(f"- note: {code(each, limit=_WIDEST)}" for each in verdict.notes))
    return "\n\n".join(parts) + "\n"


def as_annotations(verdict: Verdict) -> Iterator[str]:
    """The verdict as workflow commands of GitHub Actions."""
    for subject, findings in _by_subject(verdict.findings):
        for message in _messages(findings):
            yield command("error", f"gate closed: {subject}", message, None)
    for note in verdict.notes:
        yield command("warning", "gate", note, None)
    for target in verdict.targets:
        yield command("notice", target.label, headline(verdict, target), None)
    yield command("notice" if verdict.passed else "error", "gate", sentence(verdict), None)


def _by_subject(findings: Iterable[Finding]) -> list[tuple[str, list[Finding]]]:
    found: dict[str, list[Finding]] = {}
    for each in findings:
        if each.file is None:
            subject = "the policy"
        elif each.target is None:
            subject = each.file
        else:
            subject = f"{each.target} ({each.file})"
        found.setdefault(subject, []).append(each)
    return list(found.items())


def _messages(findings: Iterable[Finding]) -> list[str]:
    """A message each, but one for requirements of which there is nothing else to say than of many others."""
    alike: dict[tuple[str, str], list[Finding]] = {}
    for each in findings:
        # What follows the id and the level.
        rest = each.message.partition(") ")[2] if each.requirement is not None else each.message
        alike.setdefault((each.rule, rest), []).append(each)
    messages = []
    for (_, rest), group in alike.items():
        if len(group) <= _TOLD_APART:
            messages += [each.message for each in group]
        else:
            names = ", ".join(str(each.requirement) for each in group)
            messages.append(f"each of {len(group)} requirements {rest}: {names}")
    return messages
