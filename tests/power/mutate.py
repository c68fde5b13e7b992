"""`python -m power.mutate DRIVER`: put each small fault into a driver, and list those that no suite sees.

The reasons stand in tests/power/survivors.toml, and the page is written with them. `nox -s mutation -- DRIVER` calls it.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from power.mutation import AlteredRun, faults_of, run_altered, survivors_page
from power.progress import advancing
from power.running import run_all
from power.verdicts import Ending, Verdict, VerdictFile

FOLDER = Path("reports", "power")
REASONS = Path(__file__).with_name("survivors.toml")


def main(words: Sequence[str]) -> int:
    """Run what has no verdict yet, write the page of survivors, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m power.mutate", description=__doc__)
    parser.add_argument("driver", help="inmemory or filesystem")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="runs at once")
    parser.add_argument("--limit", type=float, default=900.0, help="seconds after which a run counts as hung, and seen")
    parser.add_argument("--again", choices=["all", "survivors"], help="what has a verdict already and is run anew")
    parser.add_argument("--show", action="store_true", help="run nothing, and write the page anew")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where verdicts and page are kept")
    wanted = parser.parse_args(words)
    faults = {AlteredRun(wanted.driver, each).key: each for each in faults_of(wanted.driver)}
    verdicts = VerdictFile(wanted.folder / f"mutation-{wanted.driver}.jsonl", known=faults)
    runs = [
        AlteredRun(wanted.driver, each)
        for key, each in faults.items()
        if not wanted.show and _is_due(verdicts.of(key), wanted.again)
    ]
    # In no order, but always in the same: what was judged when it is broken off is a fair sample of all.
    random.Random(wanted.driver).shuffle(runs)
    console = Console()
    with advancing("faults", len(runs), console) as advance:

        def done(verdict: Verdict) -> None:
            verdicts.replace(verdict)
            advance(f"{faults[verdict.subject].file.name} {verdict.ending}")

        run_all(
            runs,
            run_altered,
            loaded="power.loaded_without_drivers",
            processes=wanted.processes,
            limit=wanted.limit,
            done=done,
        )
    page = survivors_page(wanted.driver, faults, verdicts, tomllib.loads(REASONS.read_text(encoding="utf-8")))
    (wanted.folder / f"survivors-{wanted.driver}.md").write_text(page, encoding="utf-8")
    console.print(page.partition("## ")[0].strip())
    return 0


def _is_due(verdict: Verdict | None, again: str | None) -> bool:
    return verdict is None or again == "all" or (again == "survivors" and verdict.ending is Ending.MISSED)


if __name__ == "__main__":
    # Ended by a signal, it ends its runs too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
