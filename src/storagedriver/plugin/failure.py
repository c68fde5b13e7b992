"""What a failed check prints: the clause, why it matters, the calls, what was expected and seen, and a reproducer."""

from __future__ import annotations

import os
import shlex
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from storagedriver.plugin.redaction import Redaction
from storagedriver.plugin.replay import Failure
from storagedriver.testing.expect import ContractViolation, abbreviated
from storagedriver.testing.recording import describe

CALLS_SHOWN = 25
SCRIPT_LINES_SHOWN = 60


def calls(failure: Failure) -> list[str]:
    """The recorded calls, a line each, with secrets of the target's parameters redacted."""
    redact = Redaction(failure.target)
    return [redact(f"{each.number:3} {describe(failure.recorder, each)}") for each in failure.recorder.calls]


def story(failure: Failure) -> list[str]:
    """What the judgement itself tells beside the calls, a line each, without secrets."""
    redact = Redaction(failure.target)
    return [redact(line) for line in failure.error.story] if isinstance(failure.error, ContractViolation) else []


def exhibits(failure: Failure) -> dict[str, str]:
    """What is written beside the report for it: text by the ending of the file's name, without secrets."""
    redact = Redaction(failure.target)
    given = failure.error.exhibits if isinstance(failure.error, ContractViolation) else {}
    return {ending: redact(text) for ending, text in given.items()}


def judged(error: BaseException) -> tuple[str, str, str]:
    """What was judged, expected and seen, in words."""
    if isinstance(error, ContractViolation):
        expected = error.expected if isinstance(error.expected, str) and error.kinds else abbreviated(error.expected)
        return error.what, expected, abbreviated(error.seen)
    return "what the calls raise", "no error", abbreviated(error)


def text(failure: Failure, script: str, written: Path | None, where: str = "", shown: Iterable[str] = ()) -> str:
    """The failure as printed below its heading.

    Args:
        failure: The failure.
        script: Its reproducer.
        written: Where the reproducer lies; None if it was not written.
        where: The end of the traceback, for errors that no judgement expected.
        shown: The endings of the names of its exhibits, which lie beside the reproducer.
    """
    redact = Redaction(failure.target)
    clause = failure.requirement
    lines = [f"{clause.id} ({clause.level}): {clause.title}", *_paragraph("Why: ", clause.rationale)]
    what, expected, seen = judged(failure.error)
    lines += [f"Driver:   {failure.target.label}", f"Judged:   {what}", f"Expected: {expected}", f"Seen:     {seen}"]
    told = story(failure)
    lines += [*(["What happened:", *told] if told else []), "Calls:", *_shortened(calls(failure))]
    if where:
        lines += ["Raised at:", *textwrap.indent(where, "  ").splitlines()]
    if failure.seed is not None:
        lines.append(f"Seed:     {failure.seed}; again: pytest {shlex.join(failure.command)}")
    script_lines = script.splitlines()
    if written is not None:
        lines += [f"Shown in: {shlex.quote(os.path.relpath(written.with_suffix(ending)))}" for ending in shown]
        lines.append(f"Reproduce: python {shlex.quote(os.path.relpath(written))}")
    if written is None or len(script_lines) <= SCRIPT_LINES_SHOWN:
        lines += ["Reproducer:" if written is None else "which is:", "", *script_lines]
    return redact("\n".join(lines))


@dataclass(frozen=True, slots=True)
class _Crash:
    """What pytest asks of a failure for its line in a summary."""

    message: str


class _Writer(Protocol):
    """What pytest gives to write on."""

    def line(self, s: str = "") -> None: ...


class FailureText:
    """A failure's text, of which pytest's summary and JUnit's message tell the first line alone.

    Of a plain text they tell all where `CI` is set, so that each failure would be read twice.
    """

    def __init__(self, text: str) -> None:
        """A failure with this text."""
        self._text = text
        self.reprcrash = _Crash(text.partition("\n")[0])

    def toterminal(self, tw: _Writer) -> None:
        """Write all of it."""
        tw.line(self._text)

    def __str__(self) -> str:
        return self._text


def _paragraph(first: str, words: str) -> list[str]:
    return textwrap.wrap(words, 100, initial_indent=first, subsequent_indent=" " * len(first))


def _shortened(lines: Sequence[str]) -> list[str]:
    if len(lines) <= CALLS_SHOWN:
        return list(lines)
    return [
        *lines[: CALLS_SHOWN // 2],
        f"    … {len(lines) - CALLS_SHOWN} calls more …",
        *lines[-(CALLS_SHOWN - CALLS_SHOWN // 2) :],
    ]
