"""Pieces of Markdown, as GitHub and GitLab read it, in which foreign text stays text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from storagedriver.report.foreign_text import LINE_LIMIT, many_lines, one_line

_BACKTICKS = re.compile("`+")


def code(text: str, *, limit: int = LINE_LIMIT) -> str:
    """Foreign text in one line of code: no mark of Markdown or HTML, no mention and no link in it means anything."""
    line = one_line(text, limit=limit)
    if not line:
        return "*(empty)*"
    fence = "`" * (max((len(each) for each in _BACKTICKS.findall(line)), default=0) + 1)
    # A space keeps a backtick at an end apart from the fence; readers take it away again.
    space = " " if "`" in line else ""
    return f"{fence}{space}{line}{space}{fence}"


def html_code(text: str, *, limit: int = LINE_LIMIT) -> str:
    """The same where only HTML is understood."""
    return f"<code>{html.escape(one_line(text, limit=limit))}</code>"


def block(text: str, language: str = "") -> str:
    """Foreign text in lines of code."""
    harmless = many_lines(text)
    fence = "`" * max(3, max((len(each) for each in _BACKTICKS.findall(harmless)), default=0) + 1)
    return f"{fence}{language}\n{harmless}\n{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar in a cell, in code too, stays in it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    # A backslash before the bar would be taken for its escape, and the bar for the end of the cell.
    return re.sub(r"\\*\|", lambda found: found.group().replace("|", "\\|"), text)


def details(summary: str, content: str) -> str:
    """Content that a reader unfolds; `summary` is HTML."""
    return f"<details><summary>{summary}</summary>\n\n{content}\n\n</details>"
