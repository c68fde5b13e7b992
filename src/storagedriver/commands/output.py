"""What the commands print: to terminals, files and pipes, whatever characters these know."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from storagedriver.commands import exits
from storagedriver.report.files import write_text
from storagedriver.report.foreign_text import escaped, many_lines


def prepare() -> None:
    """Let no character that standard output or error does not know end the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def abandon() -> int:
    """Give up on standard output, whose reader went away, and return the exit code: what was to be said was not."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return exits.FAILED


class StandardOutputError(Exception):
    """What was said did not get where standard output goes, as to a full disk."""


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as refused:
        raise StandardOutputError(f"standard output cannot be written: {refused.strerror or refused}") from refused


def finish() -> None:
    """Have all that was said reach its reader.

    Raises:
        BrokenPipeError: The reader went away.
        StandardOutputError: It cannot be written.
    """
    with _writing():
        sys.stdout.flush()


def say(text: str) -> None:
    """Print text, which may have many lines, as it is."""
    with _writing():
        sys.stdout.write(f"{text}\n")


def say_at_once(text: str) -> None:
    """Print text that is waited for while the command goes on."""
    say(text)
    finish()


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
        with _writing():
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


def complain_in_lines(message: str, code: int) -> int:
    """As complain(), of a message that shows lines of a log."""
    sys.stderr.write(f"storagedriver: {many_lines(message)}\n")
    return code


@contextlib.contextmanager
def waiting(doing: str) -> Iterator[None]:
    """Show on a terminal, for as long as the block takes, what is waited for; elsewhere nothing is shown."""
    progress = _progress(bar=False)
    if progress is None:
        yield
        return
    with progress:
        progress.add_task(escaped(doing), total=None)
        yield


@contextlib.contextmanager
def one_by_one(items: Sequence[str], doing: str) -> Iterator[Iterator[str]]:
    """The items; on a terminal it is shown, for as long as the block takes, how many of them are done."""
    progress = _progress(bar=True) if len(items) > 1 else None
    if progress is None:
        yield iter(items)
        return
    with progress:
        task = progress.add_task(escaped(doing), total=len(items))
        yield _advancing(items, lambda: progress.advance(task))


@contextlib.contextmanager
def counting(total: int, doing: str) -> Iterator[Callable[[], None]]:
    """What to call as each of `total` things is done: on a terminal it is shown, for as long as the block takes.

    Lines that are printed meanwhile stand above it.
    """
    progress = _progress(bar=True, beside_lines=True)
    if progress is None:
        yield lambda: None
        return
    with progress:
        task = progress.add_task(escaped(doing), total=total)
        yield lambda: progress.advance(task)


def _advancing(items: Sequence[str], advance: Callable[[], None]) -> Iterator[str]:
    for each in items:
        yield each
        advance()


def _progress(*, bar: bool, beside_lines: bool = False) -> Any:
    """What shows progress on standard error and takes it away at the end; None where nobody would see it."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return None
    try:
        from rich import progress  # noqa: PLC0415  only where something is shown
        from rich.console import Console  # noqa: PLC0415  as above
    except ModuleNotFoundError:
        return None
    text = progress.TextColumn("{task.description}", markup=False)
    columns = [progress.BarColumn(), progress.MofNCompleteColumn()] if bar else [progress.TimeElapsedColumn()]
    return progress.Progress(
        progress.SpinnerColumn(),
        text,
        *columns,
        console=Console(stderr=True),
        transient=True,
        # What is printed to a file stays there.
        redirect_stdout=beside_lines and sys.stdout.isatty(),
    )
