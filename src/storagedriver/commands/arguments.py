"""Arguments that the commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    # The standard library makes it generic for type checkers alone.
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  it has no other name
else:
    Commands = argparse._SubParsersAction  # noqa: SLF001


def add_command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], int], *, summary: str, epilog: str
) -> argparse.ArgumentParser:
    """Add a command that `run` runs; its help ends with `epilog` as it stands there."""
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


def add_reports(parser: argparse.ArgumentParser) -> None:
    """One report or more."""
    parser.add_argument("reports", nargs="+", metavar="FILE", help="a report that --certify-report wrote")


def add_json(parser: argparse.ArgumentParser) -> None:
    """Print JSON."""
    parser.add_argument("--json", action="store_true", help="print JSON")
