"""`storagedriver matrix`: drivers on servers, each in a run of its own, with a report for each."""

from __future__ import annotations

import argparse
import contextlib
import re
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storagedriver.commands import exits, output
from storagedriver.commands.arguments import Commands, add_command, add_json, positive

if TYPE_CHECKING:
    from storagedriver.matrix.conducting import Ended
    from storagedriver.matrix.scheduling import Scheduler
    from storagedriver.report import Report

EPILOG = """\
A file says which cells there are:
  reports = "certify"                    # the folder of the reports, from where the file lies
  profile = "full"                       # profile, suites, seed, shards and arguments: of all cells, or of one
  [[cells]]
  driver = "inmemory"
  [[cells]]
  driver = "s3"
  backends = ["moto", "minio:process"]   # a cell each
  suites = ["behaviour", "security"]
  shards = 4                             # four runs, whose reports are merged
Without a file it is each registered driver, on each server for it that can run here.

What a report of the same driver, kit and options has already is not run again: a matrix that was ended goes on where it was.
Checks that fail are no reason to run a cell again; --again runs all.

exit codes:
  0  every cell has a report, and passed
  1  a check failed, or a cell has no report, or, with --require-backends, was left out; each is named
  2  the command line or the file is wrong: nothing was run

examples:
  storagedriver matrix
  storagedriver matrix matrix.toml --jobs 2
  storagedriver matrix matrix.toml --list
  storagedriver matrix matrix.toml --scheduler tcp://scheduler:8786
"""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "matrix", run, summary="judge drivers on servers, cell by cell", epilog=EPILOG)
    parser.add_argument("file", nargs="?", metavar="FILE.toml", help="which cells there are")
    parser.add_argument(
        "--reports", metavar="DIR", help="the folder of the reports, instead of the file's, or of certify"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--jobs", type=positive, metavar="N", help="cells at a time on this machine (1)")
    where.add_argument(
        "--scheduler",
        type=_address,
        metavar="ADDRESS",
        help="run the cells on a cluster of Dask, whose workers have the same installed",
    )
    parser.add_argument("--again", action="store_true", help="run the cells too that have a report")
    parser.add_argument(
        "--require-backends", action="store_true", help="a cell whose server cannot run is an error, and not left out"
    )
    parser.add_argument("--list", action="store_true", help="print the cells, and run nothing")
    add_json(parser)


def run(given: argparse.Namespace) -> int:
    """Run the cells."""
    from storagedriver.commands.judging import refuse  # noqa: PLC0415  no other command waits for it
    from storagedriver.matrix import MatrixError, found_here, load  # noqa: PLC0415  as above
    from storagedriver.matrix.conducting import conduct  # noqa: PLC0415  as above
    from storagedriver.matrix.identity import IdentityError  # noqa: PLC0415  as above
    from storagedriver.matrix.keeping import Reports  # noqa: PLC0415  as above
    from storagedriver.matrix.scheduling import SchedulerUnreachableError  # noqa: PLC0415  as above

    try:
        plan = found_here(Path.cwd()) if given.file is None else load(given.file)
    except MatrixError as wrong:
        return refuse(wrong)
    if given.list:
        return _list(plan.cells, as_json=given.json)
    reports = Reports(plan.reports if given.reports is None else Path(given.reports).resolve())
    ended: list[Ended] = []
    try:
        with (
            _interrupted_by_terminate(),
            contextlib.closing(
                conduct(plan.cells, plan.folder, reports, _scheduler(given), again=given.again)
            ) as events,
        ):
            ended.extend(_shown(events, len(plan.cells), quiet=given.json))
    except (IdentityError, SchedulerUnreachableError) as impossible:
        return output.complain(str(impossible), exits.FAILED)
    except OSError as refused:
        where = refused.filename or reports.folder
        return output.complain(f"{where} cannot be written: {refused.strerror or refused}", exits.FAILED)
    return _conclude(ended, given)


def _address(given: str) -> str:
    if re.fullmatch(r"(?:tcp|tls|ws|wss)://[^/\s]+:[0-9]+", given) is None:
        raise argparse.ArgumentTypeError(f"an address like tcp://scheduler:8786 is needed, not {given!r}")
    return given


def _scheduler(given: argparse.Namespace) -> Scheduler:
    from storagedriver.matrix.scheduling import Locally  # noqa: PLC0415  as above

    if given.scheduler is None:
        return Locally(given.jobs or 1)
    from storagedriver.matrix.on_dask import OnDask  # noqa: PLC0415  it needs an extra

    return OnDask(given.scheduler)


@contextlib.contextmanager
def _interrupted_by_terminate() -> Iterator[None]:
    """A pipeline that ends its job ends the cells too, and their servers."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _list(cells: Sequence[Any], *, as_json: bool) -> int:
    if as_json:
        output.say_json(
            [{"cell": each.title, "report": str(each.report), "arguments": each.arguments} for each in cells]
        )
    for each in () if as_json else cells:
        output.say(f"{each.title}: pytest {' '.join(each.arguments)}")
    return exits.OK


def _shown(events: Iterator[Ended], count: int, *, quiet: bool) -> Iterator[Ended]:
    """The events; each is a line, and on a terminal a bar shows how many cells are done."""
    from storagedriver.matrix.conducting import Role  # noqa: PLC0415  as above

    done = 0
    with output.counting(count, "judging") as advance:
        for each in events:
            if each.role is not Role.MERGED:
                done += 1
                advance()
            if not quiet:
                output.say_at_once(f"[{done}/{count}] {_line(each)}")
            yield each


def _line(ended: Ended) -> str:
    from storagedriver.matrix.conducting import Role  # noqa: PLC0415  as above
    from storagedriver.report.foreign_text import one_line  # noqa: PLC0415  as above

    if ended.role is Role.MERGED:
        took = "all shards"
    else:
        took = "of before" if ended.seconds is None else f"{ended.seconds:.0f} s"
    reason = f": {one_line(ended.reason)}" if ended.reason else ""
    return f"{ended.title}: {ended.ending} ({took}){reason}"


def _conclude(ended: Sequence[Ended], given: argparse.Namespace) -> int:
    """Say how all ended, and name what did not pass."""
    from storagedriver.matrix.conducting import Role  # noqa: PLC0415  as above
    from storagedriver.matrix.running import Ending  # noqa: PLC0415  as above
    from storagedriver.report.foreign_text import one_line  # noqa: PLC0415  as above

    cells = [each for each in ended if each.role is not Role.SHARD]
    if given.json:
        output.say_json([_document(each) for each in cells])
    else:
        counts = Counter(each.ending for each in cells)
        parts = [f"{counts[ending]} {ending}" for ending in Ending if counts[ending]]
        output.say(f"{output.counted(len(cells), 'cell')}: {', '.join(parts)}")
        for ending in (Ending.LEFT_OUT, Ending.BROKEN, Ending.FAILED):
            for each in cells:
                if each.ending is ending:
                    output.say(f"  {ending}: {each.title}: {one_line(_told(each))}")
    against = {Ending.BROKEN, Ending.FAILED, *([Ending.LEFT_OUT] if given.require_backends else [])}
    passed = any(each.ending is Ending.PASSED for each in cells)
    return exits.FAILED if not passed or any(each.ending in against for each in cells) else exits.OK


def _told(ended: Ended) -> str:
    if ended.report is None:
        return f"{ended.reason}; see {ended.log}" if ended.log is not None else ended.reason
    return f"{_headlines(ended.report)}; {ended.path}"


def _headlines(report: Report) -> str:
    from storagedriver.report import Tally  # noqa: PLC0415  as above

    return "; ".join(Tally.of(report.of(target.label)).sentence for target in report.targets)


def _document(ended: Ended) -> dict[str, Any]:
    return {
        "cell": ended.title,
        "ending": ended.ending.value,
        "reason": ended.reason,
        "seconds": ended.seconds,
        "report": None if ended.path is None else str(ended.path),
        "log": None if ended.log is None else str(ended.log),
    }
