"""`storagedriver completion`: what a shell needs to complete this command."""

from __future__ import annotations

import argparse
import os

from storagedriver.commands import exits, output
from storagedriver.commands.arguments import Commands, add_command

SHELLS = ("bash", "zsh", "fish")

ASKED = "_ARGCOMPLETE"
"""The variable by which such a shell asks the command what may follow."""

EPILOG = """\
exit codes:
  0  printed
  1  the script could not be written, or argcomplete is not installed
  2  the command line is wrong

examples:
  eval "$(storagedriver completion bash)"                                              # in ~/.bashrc
  eval "$(storagedriver completion zsh)"                                               # in ~/.zshrc, after compinit
  storagedriver completion fish > ~/.config/fish/completions/storagedriver.fish
"""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands, "completion", run, summary="print what a shell needs to complete this", epilog=EPILOG
    )
    parser.add_argument("shell", choices=SHELLS, help="the shell")


def run(given: argparse.Namespace) -> int:
    """Print the script."""
    from argcomplete.shell_integration import shellcode  # noqa: PLC0415  no other command needs it

    output.say(shellcode(["storagedriver"], shell=given.shell).strip("\n"))
    return exits.OK


def answer(parser: argparse.ArgumentParser) -> None:
    """Tell a shell that completes what may follow, and end; return if none asks."""
    if ASKED not in os.environ:
        return
    try:
        import argcomplete  # noqa: PLC0415  as above
    except ModuleNotFoundError:
        return
    argcomplete.autocomplete(parser)
