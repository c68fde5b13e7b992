"""Text that comes from drivers, servers and their authors, made harmless: nothing in it steers what shows it."""

from __future__ import annotations

import re
import unicodedata

LINE_LIMIT = 200
"""Characters of foreign text shown at a time."""

_COMMAND = re.compile(r"^(\s*)(::|##\[)")
"""How commands begin in the log of GitHub Actions and Azure Pipelines, which look past white space."""

_STEERING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of Unicode: controls, format marks (some turn text around), half surrogate pairs, and line ends of their own."""


def escaped(text: str) -> str:
    """`text` with what would steer a terminal, a page or a log as escapes; line ends too."""
    return "".join(_escaped(character) for character in text)


def one_line(text: str, *, limit: int = LINE_LIMIT, ellipsis: str = "…") -> str:
    """`text` in one harmless line of at most `limit` characters."""
    flat = escaped(" ".join(text.split()))
    return flat if len(flat) <= limit else flat[: limit - len(ellipsis)] + ellipsis


def many_lines(text: str) -> str:
    """`text` made harmless line by line; one that begins as a command of a pipeline's log gets a backslash before it."""
    return "\n".join(_COMMAND.sub(r"\1\\\2", escaped(line)) for line in text.split("\n"))


def _escaped(character: str) -> str:
    # U+FFFE, U+FFFF and their like are no characters, and XML refuses them.
    if unicodedata.category(character) in _STEERING or ord(character) & 0xFFFE == 0xFFFE:
        return character.encode("unicode_escape").decode("ascii")
    return character
