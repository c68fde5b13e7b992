"""The command `storagedriver`. What it can do is in storagedriver.commands, a module each.

Exit codes are those of storagedriver.commands.exits; docs/command-line.md tells what each command means by them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence

from storagedriver.commands import (
    backends,
    certify,
    completion,
    diff,
    drivers,
    exits,
    gate,
    keys,
    matrix,
    merge,
    new,
    output,
    render,
    site,
    validate,
    verify,
)
from storagedriver.report import ReportError

OK = exits.OK
FAILED = exits.FAILED
USAGE = exits.USAGE

COMMANDS = (
    new,
    drivers,
    backends,
    matrix,
    validate,
    merge,
    diff,
    gate,
    render,
    site,
    keys,
    certify,
    verify,
    completion,
)
"""The commands, in the order in which help lists them."""

EXTRAS: Mapping[str, str] = {
    "argcomplete": "completion",
    "cryptography": "certificates",
    "distributed": "dask",
    "jinja2": "report",
    "jsonschema": "suite",
    "jsonschema_rs": "suite",
    "securesystemslib": "certificates",
    "sigstore": "sigstore",
}
"""Modules that a command may miss, and the extra that brings them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; a wrong command line raises SystemExit(2), as argparse does."""
    parser = build_parser()
    completion.answer(parser)
    given = parser.parse_args(arguments)
    output.prepare()
    try:
        code: int = given.run(given)
        output.finish()
    except BrokenPipeError:
        return output.abandon()
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except output.StandardOutputError as error:
        output.abandon()
        return output.complain(str(error), FAILED)
    except ReportError as error:
        return output.complain(str(error), FAILED)
    except ModuleNotFoundError as missing:
        module = str(missing.name).partition(".")[0]
        if module not in EXTRAS:
            raise
        command = f"pip install 'storagedriver[{EXTRAS[module]}]'"
        return output.complain(f"{given.command} needs {module}; install it with: {command}", FAILED)
    return code


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command line; each command has set `run` on what it parses."""
    parser = argparse.ArgumentParser(
        prog="storagedriver",
        description="Storage drivers, the servers to judge them on, the reports of that, and certificates.",
        epilog="`storagedriver COMMAND --help` has examples and exit codes.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
