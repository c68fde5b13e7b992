"""`storagedriver site`: reports as a page that opens from the matrix to the evidence."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from storagedriver.commands import exits, output
from storagedriver.commands.arguments import Commands, add_command, add_reports

if TYPE_CHECKING:
    from storagedriver.report import Report
    from storagedriver.report.site.pictures import Pictures

PAGE = "index.html"
"""The file in the folder."""

EPILOG = """\
The page is one file without anything beside it: open it from a disk, attach it to a release, or put the folder on a web
server. It needs no network, and reading it no JavaScript. Timelines that lie beside a report become part of it. Nothing is
judged: storagedriver gate does. A file that is no valid report makes no page.

exit codes:
  0  made
  1  a file is no valid report, or the page could not be written
  2  the command line is wrong

examples:
  storagedriver site --out site certify/*.json
  storagedriver site --out site certify/s3.json --history releases/0.1/s3.json --history releases/0.2/s3.json
"""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "site", run, summary="make a page of reports", epilog=EPILOG)
    parser.add_argument("--out", required=True, metavar="FOLDER", help=f"the folder in which {PAGE} is written")
    add_reports(parser)
    parser.add_argument(
        "--history",
        action="append",
        default=[],
        metavar="FILE",
        help="an older report of the same targets, for the plot of what became of them; may be repeated",
    )
    parser.add_argument("--title", metavar="WORDS", help="the page's heading")


def run(given: argparse.Namespace) -> int:
    """Make the page."""
    from storagedriver.commands.reading import read  # noqa: PLC0415  no other command waits for it
    from storagedriver.report.site import TITLE, render  # noqa: PLC0415  as above

    reports = read([*given.reports, *given.history])
    older = {path: reports.pop(path) for path in given.history}
    title = TITLE if given.title is None else given.title
    text = render(reports, older=older, beside=_beside(reports), title=title)
    path = Path(given.out) / PAGE
    try:
        output.write(text, str(path))
    except OSError as refused:
        return output.complain(f"{path} cannot be written: {refused.strerror or refused}", exits.FAILED)
    return exits.OK


def _beside(reports: Mapping[str, Report]) -> dict[str, Pictures]:
    from storagedriver.report.beside import reproducer_path  # noqa: PLC0415  as above
    from storagedriver.report.site.pictures import Pictures  # noqa: PLC0415  as above

    return {path: Pictures(functools.partial(reproducer_path, Path(path))) for path in reports}
