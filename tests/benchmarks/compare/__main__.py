"""Compare, write the results, and print the tables: `nox -s compare`."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Iterable, Iterator

from benchmarks.compare import document
from benchmarks.compare.counting import Counting
from benchmarks.compare.document import Environment, Measured
from benchmarks.compare.fields import FIELDS, Field
from benchmarks.compare.pairs import Comparison, compare
from benchmarks.compare.workloads import MIB, Workload, workloads
from storagedriver.backends.errors import BackendSetupError


def main() -> int:
    """Run what is asked for; a server that is not there is told and left out."""
    parser = argparse.ArgumentParser(prog="compare", description=__doc__)
    parser.add_argument("driver", nargs="*", help=f"of {', '.join(FIELDS)}; without it, all")
    parser.add_argument("--stream", type=_mebibytes, default=64 * MIB, metavar="MIB", help="size of the large streams")
    parser.add_argument("--dry", action="store_true", help="print the tables, and write nothing")
    options = parser.parse_args()
    if unknown := [name for name in options.driver if name not in FIELDS]:
        parser.error(f"nothing to compare {unknown[0]} with; there is {', '.join(FIELDS)}")
    found: dict[str, Measured] = {}
    for name in options.driver or FIELDS:
        field = FIELDS[name]
        try:
            found[field.label] = measured(field, workloads(options.stream))
        except BackendSetupError as absent:
            sys.stderr.write(f"{field.label} is left out, and what was published of it stays: {absent}\n")
        if found and not options.dry:
            # A long run that is broken off leaves what it has.
            document.merge(found)
    sys.stdout.write(document.section(found))
    return 0


def measured(field: Field, works: tuple[Workload, ...]) -> Measured:
    """The driver beside all of its peers that are installed.

    Raises:
        BackendSetupError: The server cannot run here, or does not start.
    """
    found: list[Comparison] = []
    with field.opened() as opened:
        for work in works:
            meant = {name: peer for name, peer in opened.peers.items() if work.act in field.peers[name].acts}
            goals = {name: field.peers[name].goal_of(work.act) for name in meant}
            compared = compare(field.label, opened.own, meant, work, goals)
            if opened.counting is not None:
                compared = _counted(compared, opened.counting, field, work)
            found += compared
        return Measured(Environment.here(field.packages, opened.servers, field.parameters), found)


def _counted(compared: Iterable[Comparison], counting: Counting, field: Field, work: Workload) -> Iterator[Comparison]:
    """The same, with the requests of both."""
    requests = counting.own_requests(work)
    for each in compared:
        yield dataclasses.replace(
            each,
            requests=requests,
            peer_requests=counting.requests(each.peer, work),
            few_requests=field.peers[each.peer].is_sdk and not work.act.is_stream,
        )


def _mebibytes(given: str) -> int:
    count = int(given)
    # `rados bench` moves whole objects of 4 MiB.
    if count < 4 or count % 4:
        raise argparse.ArgumentTypeError("a multiple of 4, and at least 4")
    return count * MIB


if __name__ == "__main__":
    raise SystemExit(main())
