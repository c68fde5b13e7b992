"""`storagedriver merge`: one report out of the shards of a run."""

from __future__ import annotations

import argparse
from pathlib import Path

from storagedriver.commands import exits, output
from storagedriver.commands.arguments import Commands, add_command, add_json, add_reports

MISSING_SHOWN = 10
"""How many checks that ran in no shard are named; --json names all."""

EPILOG = """\
Shards are runs of parts of the checks, chosen by --shard, -k, --requirement, --suite or a plugin that splits, on the same
targets with the same kit, profile and environment. A check that ran in two shards and ended in two ways is flaky. One that
ran in none makes the merged report incomplete, and is named in it. Of those that --shard made, one that is missing is named,
and one that is there twice, or is of another run, is refused.

exit codes:
  0  merged, and every check was run
  1  merged, but checks are missing or a shard was cut short; or the files cannot be merged, and nothing was written
  2  the command line is wrong

examples:
  storagedriver merge certify/report.json shard-1.json shard-2.json shard-3.json
  storagedriver merge --force certify/report.json shards/*.json
"""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "merge", run, summary="put the reports of shards together", epilog=EPILOG)
    parser.add_argument("out", metavar="OUT", help="the file to write")
    add_reports(parser)
    parser.add_argument("--force", action="store_true", help="replace OUT if it exists")
    add_json(parser)


def run(given: argparse.Namespace) -> int:
    """Merge the files."""
    from storagedriver.commands.reading import read  # noqa: PLC0415  no other command waits for it
    from storagedriver.report import Outcome  # noqa: PLC0415  as above
    from storagedriver.report.foreign_text import one_line  # noqa: PLC0415  as above
    from storagedriver.report.merging import merged  # noqa: PLC0415  as above

    out = Path(given.out)
    if any(Path(path).resolve() == out.resolve() for path in given.reports):
        return output.complain(f"{given.out} is both OUT and a shard; name the file to write first", exits.USAGE)
    if out.exists() and not given.force:
        return output.complain(f"{given.out} exists; name another file to write first, or add --force", exits.USAGE)
    report = merged(read(given.reports, sealed=True))
    try:
        report.write(out)
    except OSError as refused:
        return output.complain(f"{given.out} cannot be written: {refused.strerror or refused}", exits.FAILED)
    checks = [(result.target, check) for result in report.results for check in result.checks]
    flaky = [(target, check) for target, check in checks if check.outcome is Outcome.FLAKY]
    missing = [(target, check) for target, check in checks if check.outcome is Outcome.NOT_RUN]
    if given.json:
        output.say_json(
            {
                "file": given.out,
                "shards": given.reports,
                "complete": report.run.complete,
                "incomplete_reasons": list(report.run.incomplete_reasons),
                "checks": len(checks) - len(missing),
                "flaky": [{"target": target, "check": check.node_id} for target, check in flaky],
                "missing": [{"target": target, "check": check.node_id} for target, check in missing],
            }
        )
    else:
        parts = [output.counted(len(given.reports), "shard"), output.counted(len(checks) - len(missing), "check")]
        output.say(f"{one_line(given.out)}: {', '.join(parts)}")
        for target, check in flaky:
            output.say(f"  flaky on {one_line(target)}: {one_line(check.node_id)}: {one_line(check.reason)}")
        if not report.run.complete:
            output.say("  of an incomplete run, so it certifies nothing:")
            for reason in report.run.incomplete_reasons:
                output.say(f"  - {one_line(reason)}")
            for target, check in missing[:MISSING_SHOWN]:
                output.say(f"  not run on {one_line(target)}: {one_line(check.node_id)}")
            if len(missing) > MISSING_SHOWN:
                output.say(f"  and {len(missing) - MISSING_SHOWN:,} more")
    return exits.OK if report.run.complete else exits.FAILED
