"""`storagedriver keys`: the keys that certificates are signed by."""

from __future__ import annotations

import argparse

from storagedriver.commands import exits, output
from storagedriver.commands.arguments import Commands, add_command, add_group, add_json

NEW_EPILOG = """\
NAME.key signs, and is readable for you alone. NAME.pub is for those who verify: put it among their trust roots. The id of
a key is the SHA-256 of its public half: openssl pkey -pubin -in NAME.pub -outform DER | sha256sum

exit codes:
  0  made
  1  the files could not be written
  2  the command line is wrong, or one of the files exists: keys are never replaced

examples:
  storagedriver keys new --out release-2027
  storagedriver keys new --json --out keys/ci | jq -r .id
"""


def add(commands: Commands) -> None:
    """Add the command."""
    actions = add_group(commands, "keys", summary="make a key that signs certificates")
    new = add_command(actions, "new", run, summary="make an ed25519 key", epilog=NEW_EPILOG)
    new.add_argument("--out", required=True, metavar="NAME", help="write NAME.key and NAME.pub")
    add_json(new)


def run(given: argparse.Namespace) -> int:
    """Make a key."""
    from storagedriver.certificates.errors import KeyFileError  # noqa: PLC0415  no other command waits for it
    from storagedriver.certificates.keys import new_pair, pair_exists  # noqa: PLC0415  as above
    from storagedriver.report.foreign_text import one_line  # noqa: PLC0415  as above

    if exists := pair_exists(given.out):
        return output.complain(f"{exists} exists, and keys are never replaced: choose another name", exits.USAGE)
    try:
        pair = new_pair(given.out)
    except KeyFileError as refused:
        return output.complain(str(refused), exits.FAILED)
    if given.json:
        output.say_json({"id": pair.id, "private": str(pair.private), "public": str(pair.public)})
    else:
        output.say(f"{one_line(str(pair.private))}: signs; keep it to yourself")
        output.say(f"{one_line(str(pair.public))}: verifies; give it away")
        output.say(f"id: {pair.id}")
    return exits.OK
