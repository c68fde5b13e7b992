"""How a report looks in text: glyphs, colours, lines that wrap, and foreign text made harmless."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from rich.console import Console
from rich.text import Text

from storagedriver.report.foreign_text import LINE_LIMIT, escaped
from storagedriver.report.outcome import Outcome

STYLES: Mapping[Outcome, str] = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "bold red",
    Outcome.ERRORED: "bold magenta",
    Outcome.FLAKY: "bold magenta",
    Outcome.WAIVED: "cyan",
    Outcome.SKIPPED: "yellow",
    Outcome.NOT_OFFERED: "blue",
    Outcome.NOT_RUN: "yellow",
}
"""Colours by outcome. The glyph says the same to whoever sees no colour."""

_UNICODE = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.ERRORED: "!", Outcome.FLAKY: "!"}
_DASH = "\u2013"
_ASCII = {Outcome.PASSED: "+", Outcome.FAILED: "x", Outcome.ERRORED: "!", Outcome.FLAKY: "!"}


@dataclass(frozen=True, slots=True)
class Typography:
    """What a console can show.

    Attributes:
        ascii_only: Whether its encoding has nothing beyond ASCII for certain.
    """

    ascii_only: bool

    @classmethod
    def of(cls, console: Console) -> Self:
        """What `console` can show."""
        return cls(console.options.ascii_only)

    def glyph(self, outcome: Outcome) -> str:
        """One character for an outcome."""
        return _ASCII.get(outcome, "-") if self.ascii_only else _UNICODE.get(outcome, _DASH)

    def plain(self, text: str) -> str:
        """`text` with what would steer a terminal, or what it cannot show, as escapes."""
        shown = escaped(text)
        return shown.encode("ascii", "backslashreplace").decode() if self.ascii_only else shown

    def line(self, text: str, *, limit: int = LINE_LIMIT) -> str:
        """Foreign text in one harmless line of at most `limit` characters."""
        flat = self.plain(" ".join(text.split()))
        ellipsis = "..." if self.ascii_only else "…"
        return flat if len(flat) <= limit else flat[: limit - len(ellipsis)] + ellipsis

    def lines(self, console: Console, text: Text, *, indent: int, hanging: int = 0) -> None:
        """Print `text` wrapped to the console, indented; the second line and those after it by `hanging` more."""
        width = max(console.width - indent - hanging, 20)
        for number, line in enumerate(text.wrap(console, width, overflow="fold")):
            line.rstrip()
            console.print(Text(" " * (indent + (hanging if number else 0))).append_text(line), soft_wrap=True)
