"""What the commands print: to terminals, files and pipes, whatever characters these know."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from storagedriver.commands import exits
from storagedriver.report.files import write_text
from storagedriver.report.foreign_text import escaped


def prepare() -> None:
    """Let no character that standard output or error does not know end the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def abandon() -> int:
    """Give up on standard output, whose reader went away, and return the exit code: what was to be said was not."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return exits.FAILED


def say(text: str) -> None:
    """Print text, which may have many lines, as it is."""
    sys.stdout.write(f"{text}\n")


def say_styled(lines: Iterable[tuple[str, str]]) -> None:
    """Print lines in the style that each has: in colours on a terminal, without where NO_COLOR is set or in a pipe."""
    try:
        from rich.console import Console  # noqa: PLC0415  only where something is coloured
        from rich.text import Text  # noqa: PLC0415  as above
    except ModuleNotFoundError:
        for line, _ in lines:
            say(line)
        return
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    for line, style in lines:
        console.print(Text(line, style))


def say_json(value: Any) -> None:
    """Print a JSON value."""
    say(json.dumps(value, indent=2))


def write(text: str, path: str | None) -> None:
    """Write text to a file, whole or not at all; print it if there is none.

    Raises:
        OSError: The file cannot be written.
    """
    if path is None:
        say(text.removesuffix("\n"))
    else:
        write_text(Path(path), text)


def counted(number: int, noun: str) -> str:
    """A number of things: "1 check", "2,068 checks"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def complain(message: str, code: int) -> int:
    """Tell what is wrong in a line on standard error, and return the exit code."""
    sys.stderr.write(f"storagedriver: {escaped(message)}\n")
    return code
