"""Compare, write the results, and print the table: `nox -s compare`."""

from __future__ import annotations

import argparse
import sys

from benchmarks.compare import document
from benchmarks.compare.fields import FIELDS
from benchmarks.compare.pairs import MIB, Comparison, compare, workloads
from storagedriver.backends.errors import BackendSetupError


def main() -> int:
    """Run what is asked for; a server that is not there is told and left out."""
    parser = argparse.ArgumentParser(prog="compare", description=__doc__)
    parser.add_argument("driver", nargs="*", help=f"of {', '.join(FIELDS)}; without it, all")
    parser.add_argument("--stream", type=int, default=64, metavar="MIB", help="size of the large streams")
    parser.add_argument("--dry", action="store_true", help="print the table, and write nothing")
    options = parser.parse_args()
    if unknown := [name for name in options.driver if name not in FIELDS]:
        parser.error(f"nothing to compare {unknown[0]} with; there is {', '.join(FIELDS)}")
    found: list[Comparison] = []
    servers: dict[str, str] = {}
    for name in options.driver or FIELDS:
        field = FIELDS[name]
        try:
            with field.opened() as (own, peers, version):
                if version is not None:
                    servers[field.label.partition("@")[2]] = version
                for work in workloads(options.stream * MIB):
                    goals = {
                        peer: given.stream_goal if work.is_stream else given.goal for peer, given in field.peers.items()
                    }
                    met = {name: peer for name, peer in peers.items() if work.name.startswith(field.peers[name].only)}
                    found += compare(field.label, own, met, work, goals)
        except BackendSetupError as absent:
            sys.stderr.write(f"{field.label} is left out: {absent}\n")
        if not options.dry:
            # A long run that is broken off leaves what it has.
            document.write(found, document.environment(servers))
    sys.stdout.write(document.section(found, document.environment(servers)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
