"""`storagedriver diff`: what changed between two reports."""

from __future__ import annotations

import argparse
import json

from storagedriver.commands import exits, output
from storagedriver.commands.arguments import Commands, add_command

EPILOG = """\
What passed and is skipped, not offered or not run now has regressed too: nothing is known of it any more.

exit codes:
  0  nothing regressed
  1  a requirement or a check regressed, a requirement that was kept is gone, or a file is no valid report
  2  the command line is wrong

examples:
  storagedriver diff reports/results/s3-minio-process.json certify/report.json
  storagedriver diff --format markdown old.json new.json >> "$GITHUB_STEP_SUMMARY"
"""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "diff", run, summary="compare two reports", epilog=EPILOG)
    parser.add_argument("old", metavar="OLD", help="the report from before")
    parser.add_argument("new", metavar="NEW", help="the report of now")
    parser.add_argument(
        "--format", choices=("terminal", "markdown", "json"), default="terminal", help="how to print it (%(default)s)"
    )
    parser.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")


def run(given: argparse.Namespace) -> int:
    """Compare the files."""
    from storagedriver.commands.reading import read  # noqa: PLC0415  no other command waits for it
    from storagedriver.report.comparison import Comparison  # noqa: PLC0415  as above
    from storagedriver.report.rendering import difference  # noqa: PLC0415  as above

    old, new = (next(iter(read([path]).values())) for path in (given.old, given.new))
    comparison = Comparison.of(old, new)
    match given.format:
        case "json":
            output.say(json.dumps(difference.as_document(comparison), indent=2))
        case "markdown":
            output.write(difference.as_markdown(comparison, old, new), None)
        case _:
            output.say_styled(difference.as_lines(comparison, old, new))
    return exits.FAILED if comparison.regressed else exits.OK
