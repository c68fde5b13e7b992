"""What the commands' parsers share."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    # The standard library makes it generic for type checkers alone.
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  it has no other name
else:
    Commands = argparse._SubParsersAction  # noqa: SLF001


def add_command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], int], *, summary: str, epilog: str
) -> argparse.ArgumentParser:
    """Add a command, or an action of one, that `run` runs; its help ends with `epilog` as it stands there."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[:1].upper()}{summary[1:]}.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    return parser


def add_group(commands: Commands, name: str, *, summary: str) -> Commands:
    """Add a command that has actions; add_command() adds these to what is returned."""
    parser = commands.add_parser(
        name, help=summary, description=f"{summary[:1].upper()}{summary[1:]}.", allow_abbrev=False
    )
    return parser.add_subparsers(dest="action", required=True, metavar="ACTION")


def add_reports(parser: argparse.ArgumentParser) -> None:
    """One report or more."""
    parser.add_argument("reports", nargs="+", metavar="FILE", help="a report that --certify-report wrote")


def given_twice(paths: Sequence[str]) -> str | None:
    """What to complain of if a file is given more than once; None if each is given once."""
    twice = next((path for path in paths if paths.count(path) > 1), None)
    return None if twice is None else f"{twice} is given twice"


def add_json(parser: argparse.ArgumentParser) -> None:
    """Print JSON."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def complete(argument: argparse.Action, words: Callable[[], Iterable[str]]) -> None:
    """Let a shell that completes this argument offer `words`, which are asked for only then."""

    def completer(**_: Any) -> list[str]:
        return list(words())

    argument.completer = completer  # type: ignore[attr-defined]  # where argcomplete looks for it


def positive(given: str) -> int:
    """A whole number from 1 on."""
    try:
        number = int(given)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1 on is needed, not {given!r}")
    return number
