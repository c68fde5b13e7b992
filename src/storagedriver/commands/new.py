"""`storagedriver new`: the project of a new driver."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from storagedriver.commands import exits, output
from storagedriver.commands.arguments import Commands, add_command

EPILOG = """\
The project holds a small driver that works and certifies as it is: it keeps files in a database of SQLite. Put your own
backend in its place, a method at a time, and let pytest say what is still missing. With it come its registration, tests,
types and style, a policy for the gate, and what runs all of that: nox, pre-commit, GitHub Actions, GitLab.

A folder that is not empty is left alone. If something goes wrong, nothing is left behind.

exit codes:
  0  made
  1  it could not be written
  2  the command line is wrong: the name is none, or is taken, or the folder is not empty

examples:
  storagedriver new mydriver
  storagedriver new my-store --directory projects/my-store
  storagedriver new my-store --shards
"""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "new", run, summary="make the project of a new driver", epilog=EPILOG)
    parser.add_argument("name", metavar="NAME", help="the driver's name: small letters, digits, dashes or underscores")
    parser.add_argument("--directory", metavar="DIR", help="the folder to make; NAME without it")
    parser.add_argument(
        "--shards", action="store_true", help="pipelines in which several jobs share the checks, and a last one merges"
    )


def run(given: argparse.Namespace) -> int:
    """Make the project."""
    from storagedriver.scaffolding import ProjectName, ScaffoldingError, render, write  # noqa: PLC0415  no other waits for it

    folder = Path(given.name if given.directory is None else given.directory)
    try:
        name = ProjectName.of(given.name)
        texts = render(name, sharded=given.shards)
        write(texts, folder)
    except ScaffoldingError as problem:
        return output.complain(f"{problem}. {problem.hint}.", exits.USAGE)
    except OSError as refused:
        where = refused.filename or folder
        return output.complain(f"{where} cannot be written: {refused.strerror or refused}", exits.FAILED)
    output.say(
        f"{folder} holds the driver {name.driver}: {output.counted(len(texts), 'file')}, src/{name.package} first.\n"
    )
    output.say("Certify it as it is, then put your backend in its place:\n")
    where = f"./{folder}" if str(folder).startswith("-") else str(folder)
    output.say(f"  cd {shlex.quote(where)} && python -m pip install --editable '.[dev]'")
    output.say(f"  pytest --driver={name.driver} --certify-report=certify/report.json")
    output.say("  storagedriver gate --policy=gate.toml certify/report.json")
    return exits.OK
