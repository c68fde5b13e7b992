"""`storagedriver gate`: whether reports are good enough, by a policy."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from storagedriver.commands import exits, output
from storagedriver.commands.arguments import Commands, add_command, add_reports, given_twice

if TYPE_CHECKING:
    from storagedriver.certification import Verdict
    from storagedriver.report.validation import Validation

EPILOG = """\
A policy:
  profile = "full"                       # the least that was run: quick, full or soak
  targets = ["inmemory", "s3@minio"]     # these have to be among the reports
  baseline = "reports/last.json"         # of which nothing may get worse
  [minimum]
  checks = 1800                          # executed on each target
  [[waivers]]
  target = "s3@minio"
  requirement = "MOVE-4"
  owner = "ann@example.org"
  reason = "copies of more than 5 GiB are refused"
  expires = 2027-01-31

Whatever was skipped, filtered, interrupted, edited or not run closes the gate. docs/gate.md tells all of it.

exit codes:
  0  passed
  1  closed; each reason is told, with what to do
  2  the command line, the policy or its baseline is wrong: nothing was judged

examples:
  storagedriver gate --policy gate.toml --commit "$(git rev-parse HEAD)" certify/*.json
  storagedriver gate --policy gate.toml --format markdown certify/report.json >> "$GITHUB_STEP_SUMMARY"
"""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "gate", run, summary="judge reports by a policy", epilog=EPILOG)
    parser.add_argument("--policy", required=True, metavar="FILE.toml", help="the policy")
    add_reports(parser)
    parser.add_argument(
        "--write",
        metavar="DIR",
        help="write the reports there too, with what the policy waives as waived, for `render`",
    )
    parser.add_argument("--commit", metavar="SHA", help="the commit that every report has to be of")
    parser.add_argument(
        "--format",
        choices=("terminal", "markdown", "github", "json"),
        default="terminal",
        help="how to print it (%(default)s)",
    )
    parser.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")


def run(given: argparse.Namespace) -> int:
    """Judge the files."""
    from storagedriver.certification import PolicyError, showing  # noqa: PLC0415  no other command waits for it
    from storagedriver.commands.judging import judge, refuse  # noqa: PLC0415  as above

    if problem := given_twice(given.reports) or _cannot_write(given):
        return output.complain(problem, exits.USAGE)
    try:
        judgement = judge(given.policy, given.reports, commit=given.commit, now=datetime.now(UTC))
    except PolicyError as wrong:
        return refuse(wrong)
    verdict = judgement.verdict
    if given.write is not None:
        try:
            _write(Path(given.write), judgement.reports, verdict)
        except OSError as refused:
            return output.complain(f"{given.write} cannot be written: {refused.strerror or refused}", exits.FAILED)
    match given.format:
        case "json":
            output.say_json(showing.as_document(verdict))
        case "markdown":
            output.write(showing.as_markdown(verdict), None)
        case "github":
            output.say("\n".join(showing.as_annotations(verdict)))
        case _:
            output.say_styled(showing.as_lines(verdict))
    return exits.OK if verdict.passed else exits.FAILED


def _cannot_write(given: argparse.Namespace) -> str | None:
    """Why --write would replace a file that it must not; None if it would not."""
    if given.write is None:
        return None
    folder = Path(given.write).resolve()
    names = [Path(path).name for path in given.reports]
    if twice := next((name for name in names if names.count(name) > 1), None):
        return f"--write: two of the reports are called {twice}; give them names of their own"
    if inside := next((path for path in given.reports if Path(path).resolve().parent == folder), None):
        return f"--write: {inside} lies in {given.write} and would be replaced; name another folder"
    return None


def _write(folder: Path, reports: Sequence[Validation], verdict: Verdict) -> None:
    from storagedriver.certification.waiving import with_waived  # noqa: PLC0415  as above

    for each in reports:
        if each.report is not None:
            waived = {target.label: target.waived for target in verdict.targets if target.file == each.path}
            with_waived(each.report, waived).write(folder / Path(each.path).name)
