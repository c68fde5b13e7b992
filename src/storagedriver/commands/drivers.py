"""`storagedriver drivers`: what drivers there are."""

from __future__ import annotations

import argparse

from storagedriver import factory
from storagedriver.commands import exits, output
from storagedriver.commands.arguments import Commands, add_command, add_json

EPILOG = """\
exit codes:
  0  listed
  1  the list could not be written
  2  the command line is wrong

examples:
  storagedriver drivers
  storagedriver drivers --json | jq -r '.[]'
"""


def add(commands: Commands) -> None:
    """Add the command."""
    add_json(add_command(commands, "drivers", run, summary="list the drivers that are installed", epilog=EPILOG))


def run(given: argparse.Namespace) -> int:
    """List the drivers."""
    names = factory.names()
    if given.json:
        output.say_json(names)
    else:
        for name in names:
            output.say(name)
    return exits.OK
