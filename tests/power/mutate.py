"""`python -m power.mutate DRIVER`: put each small fault into a driver, and list those that no suite sees.

The reasons stand in tests/power/survivors.toml, and the page is written with them. `nox -s mutation -- DRIVER` calls it.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from power.mutation import AlteredRun, faults_of, judges_of, run_altered, sources_of, survivors_page
from power.progress import advancing
from power.reached import NARROWED, Reached, ReachingRun, run_reaching
from power.running import run_all
from power.verdicts import Ending, Verdict, VerdictFile

FOLDER = Path("reports", "power")
LOADED = "power.loaded_without_drivers"
REASONS = Path(__file__).with_name("survivors.toml")


def main(words: Sequence[str]) -> int:
    """Run what has no verdict yet, write the page of survivors, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m power.mutate", description=__doc__)
    parser.add_argument("driver", help="inmemory, filesystem or s3")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="runs at once")
    parser.add_argument("--limit", type=float, default=900.0, help="seconds after which a run counts as hung, and seen")
    parser.add_argument(
        "--again",
        choices=["all", "survivors"],
        help="all, with a verdict or without; or those that survived, and no other",
    )
    parser.add_argument(
        "--only", action="append", default=[], help="faults whose key holds this: a file, a function, a line"
    )
    parser.add_argument("--all-checks", action="store_true", help="ask those too that do not execute the altered line")
    parser.add_argument("--show", action="store_true", help="run nothing, and write the page anew")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where verdicts and page are kept")
    wanted = parser.parse_args(words)
    faults = {AlteredRun(wanted.driver, each).key: each for each in faults_of(wanted.driver)}
    verdicts = VerdictFile(wanted.folder / f"mutation-{wanted.driver}.jsonl", known=faults)
    runs = [
        AlteredRun(wanted.driver, each, judges=judges_of(wanted.driver))
        for key, each in faults.items()
        if not wanted.show
        and (not wanted.only or any(word in each.key for word in wanted.only))
        and _is_due(verdicts.of(key), wanted.again)
    ]
    # In no order, but always in the same: what was judged when it is broken off is a fair sample of all.
    random.Random(wanted.driver).shuffle(runs)
    console = Console()
    if runs and not wanted.all_checks:
        console.print("Which checks execute which lines: one run of the suites on the driver as it is")
        reached = _reached(wanted.driver, wanted.limit)
        runs = [replace(run, checks=reached.by(run.alteration)) for run in runs]
    with advancing("faults", len(runs), console) as advance:

        def done(verdict: Verdict) -> None:
            verdicts.replace(verdict)
            advance(f"{faults[verdict.subject].file.name} {verdict.ending}")

        run_all(
            runs,
            run_altered,
            loaded=LOADED,
            processes=wanted.processes,
            limit=wanted.limit,
            done=done,
        )
    page = survivors_page(wanted.driver, faults, verdicts, tomllib.loads(REASONS.read_text(encoding="utf-8")))
    (wanted.folder / f"survivors-{wanted.driver}.md").write_text(page, encoding="utf-8")
    console.print(page.partition("## ")[0].strip())
    return 0


def _reached(driver: str, limit: float) -> Reached:
    with tempfile.TemporaryDirectory(prefix="storagedriver-power-") as folder:
        out = Path(folder, "reached.json")
        ended: list[Verdict] = []
        judges = judges_of(driver)
        narrowed = tuple(suite for suite in judges.suites if suite in NARROWED)
        run = ReachingRun(driver, sources_of(driver), out, narrowed, judges.arguments)
        run_all([run], run_reaching, loaded=LOADED, processes=1, limit=limit, done=ended.append)
        if ended[0].ending is not Ending.MISSED or not out.is_file():
            raise SystemExit(
                f"the driver {driver} as it is: {ended[0].ending} {' '.join(ended[0].by)} {ended[0].reason}"
            )
        return Reached.read(out)


def _is_due(verdict: Verdict | None, again: str | None) -> bool:
    if again == "survivors":
        # And nothing else: what was chosen by hand would make the judged ones an unfair sample.
        return verdict is not None and verdict.ending is Ending.MISSED
    return verdict is None or again == "all"


if __name__ == "__main__":
    # Ended by a signal, it ends its runs too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
