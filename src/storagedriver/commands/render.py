"""`storagedriver render`: reports for other programs and for readers elsewhere than in a terminal."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from storagedriver.commands import exits, output
from storagedriver.commands.arguments import Commands, add_command, add_reports

if TYPE_CHECKING:
    from storagedriver.report import Report

FORMATS: Mapping[str, str] = {
    "markdown": "a comment on a pull request",
    "junit": "JUnit XML, a suite for each target and requirement",
    "sarif": "SARIF 2.1.0, for code scanning",
    "github": "annotations of GitHub Actions",
    "badge-svg": "a picture of the lowest share",
    "badge-json": "the same for an endpoint of shields.io",
}

EPILOG = f"""\
formats:
{chr(10).join(f"  {name:<11} {words}" for name, words in FORMATS.items())}

Rendering judges nothing: storagedriver gate does. A file that is no valid report is not rendered.

exit codes:
  0  rendered
  1  a file is no valid report, or the output could not be written
  2  the command line is wrong

examples:
  storagedriver render --format markdown certify/*.json >> "$GITHUB_STEP_SUMMARY"
  storagedriver render --format junit --output junit.xml certify/report.json
  storagedriver render --format github --source src/mydriver.py certify/report.json
"""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "render", run, summary="render reports in another format", epilog=EPILOG)
    parser.add_argument("--format", required=True, choices=FORMATS, help="the format")
    add_reports(parser)
    parser.add_argument("--output", metavar="PATH", help="write to this file, and not to standard output")
    parser.add_argument(
        "--source", metavar="PATH", help="the driver's file in its repository, at which sarif and github show results"
    )
    parser.add_argument("--label", metavar="WORDS", help="the left side of a badge")


def run(given: argparse.Namespace) -> int:
    """Render the files."""
    from storagedriver.commands.reading import read  # noqa: PLC0415  no other command waits for it

    for option, formats in (("source", {"sarif", "github"}), ("label", {"badge-svg", "badge-json"})):
        if getattr(given, option) is not None and given.format not in formats:
            return output.complain(f"--{option} is for the formats {', '.join(sorted(formats))}", exits.USAGE)
    text = _rendered(given, read(given.reports))
    try:
        output.write(text, given.output)
    except BrokenPipeError:
        raise
    except OSError as refused:
        return output.complain(f"{given.output} cannot be written: {refused.strerror or refused}", exits.FAILED)
    return exits.OK


def _rendered(given: argparse.Namespace, reports: Mapping[str, Report]) -> str:
    from storagedriver.report.rendering import badge, github, junit, markdown, sarif  # noqa: PLC0415  as above

    match given.format:
        case "markdown":
            return markdown.render(reports)
        case "junit":
            return junit.render(reports)
        case "sarif":
            return sarif.render(reports, source=given.source)
        case "github":
            return github.render(reports, source=given.source)
    made = badge.badge(reports, label=badge.LABEL if given.label is None else given.label)
    return badge.as_svg(made) if given.format == "badge-svg" else badge.as_json(made)
