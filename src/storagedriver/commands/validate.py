"""`storagedriver validate`: whether files are reports that can be trusted."""

from __future__ import annotations

import argparse
from typing import Any

from storagedriver.commands import exits, output
from storagedriver.commands.arguments import Commands, add_command, add_json, add_reports

EPILOG = """\
exit codes:
  0  every file is a valid report
  1  a file is none, is against the schema or the contract, contradicts itself, or was edited
  2  the command line is wrong

examples:
  storagedriver validate certify/report.json
  storagedriver validate --json reports/*.json | jq '.[] | select(.valid | not)'
"""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "validate",
        run,
        summary="check reports: format, schema, contract, and whether they were edited",
        epilog=EPILOG,
    )
    add_reports(parser)
    add_json(parser)


def run(given: argparse.Namespace) -> int:
    """Check the files."""
    from storagedriver.report.validation import Validation  # noqa: PLC0415  no other command waits for it

    with output.one_by_one(given.reports, "reading reports") as paths:
        validations = [Validation.of(path) for path in paths]
    if given.json:
        output.say_json([_document(each) for each in validations])
    else:
        for each in validations:
            output.say("\n".join(_lines(each)))
    return exits.OK if all(each.valid for each in validations) else exits.FAILED


def _document(validation: Any) -> dict[str, Any]:
    return {
        "file": validation.path,
        "valid": validation.valid,
        "digest": validation.seal.value,
        "problems": list(validation.problems),
    }


def _lines(validation: Any) -> list[str]:
    from storagedriver.report.foreign_text import escaped  # noqa: PLC0415  as above

    report = validation.report
    name = escaped(validation.path)
    if report is None:
        return [
            f"{name}: {output.counted(len(validation.problems), 'problem')}",
            *(f"  - {escaped(problem)}" for problem in validation.problems),
        ]
    parts = [
        output.counted(len(report.targets), "target"),
        output.counted(len(report.results), "result"),
        f"digest {validation.seal}",
    ]
    lines = [f"{name}: valid ({', '.join(parts)})"]
    if not report.run.complete:
        lines.append("  of an incomplete run, so it certifies nothing:")
        lines += [f"  - {escaped(reason)}" for reason in report.run.incomplete_reasons]
    return lines
