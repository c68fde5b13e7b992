"""`python -m power`: run faulty drivers through the suites, and show what was caught. `nox -s power` calls it."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from power.judging import Job, run_job
from power.progress import advancing
from power.running import run_all
from power.showing import markdown, show
from power.states import ALL_SUITES, BASELINE, SUITES, is_current
from power.subjects import Subject, all_subjects
from power.verdicts import Verdict, VerdictFile

FOLDER = Path("reports", "power")


def main(words: Sequence[str]) -> int:
    """Run what is wanted and was not run yet, write the table, and return the exit status."""
    wanted = _arguments().parse_args(words)
    subjects = _chosen(wanted.only, known=wanted.known)
    verdicts = VerdictFile(wanted.folder / "verdicts.jsonl")
    console = Console(width=None if sys.stdout.isatty() else 200)
    jobs = _jobs(wanted, subjects, verdicts)
    with advancing("runs", len(jobs), console) as advance:

        def done(verdict: Verdict) -> None:
            verdicts.add(verdict)
            advance(f"{verdict.subject} {verdict.suite}: {verdict.ending}")

        if jobs:
            run_all(
                jobs,
                run_job,
                loaded="power.loaded",
                processes=wanted.processes,
                limit=wanted.limit,
                done=done,
                keep_output=Path(".cache", "power"),
            )
    if wanted.folder.is_dir():
        (wanted.folder / "README.md").write_text(markdown(verdicts), encoding="utf-8")
    show(verdicts, subjects, console)
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m power", description=__doc__)
    parser.add_argument("--only", action="append", default=[], help="mutants whose key, row or requirement holds this")
    parser.add_argument("--known", action="store_true", help="mutants built after a known bug")
    parser.add_argument(
        "--suite", action="append", default=[], choices=ALL_SUITES, help="these suites; all if not given"
    )
    parser.add_argument(
        "--every-check", action="store_true", help="run all checks, and not only up to the first failure"
    )
    parser.add_argument(
        "--own",
        action="store_true",
        help="only the suites that judge what is broken, and the baseline; it takes far less",
    )
    parser.add_argument("--again", action="store_true", help="run what has a verdict already, too")
    parser.add_argument("--outdated", action="store_true", help="run anew what has a verdict of checks that changed")
    parser.add_argument(
        "--good",
        action="append",
        default=[],
        metavar="DRIVER[@BACKEND]",
        help="good drivers to run instead of the faulty ones; all checks of each suite",
    )
    parser.add_argument("--seeds", type=int, default=20, help="seeds to run each good driver with")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="runs at once")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds after which a run is stopped")
    parser.add_argument("--show", action="store_true", help="run nothing, and show what there is")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where verdicts and table are kept")
    return parser


def _chosen(words: Sequence[str], *, known: bool) -> list[Subject]:
    return [
        subject
        for subject in all_subjects().values()
        if (not words or any(word in subject.key or word in subject.mutant.rows for word in words))
        and (subject.mutant.rows or not known)
    ]


def _jobs(wanted: argparse.Namespace, subjects: Sequence[Subject], verdicts: VerdictFile) -> list[Job]:
    if wanted.show:
        return []
    suites = wanted.suite or ALL_SUITES
    if wanted.good:
        found = [
            Job(name, suite, every=True, seed=seed, good=True)
            for suite in suites
            for name in wanted.good
            for seed in range(1, wanted.seeds + 1)
        ]
    else:
        # Suite by suite: what is broken off has whole columns. First what a suite judges itself, and is likely to catch.
        found = [
            Job(subject.key, suite, every=wanted.every_check)
            for own in ((True,) if wanted.own else (True, False))
            for suite in suites
            for subject in subjects
            if _judges(suite, subject) is own
        ]
    return [job for job in found if wanted.again or _lacks(verdicts.get(job.key, job.suite), job, wanted)]


def _judges(suite: str, subject: Subject) -> bool:
    groups = getattr(SUITES.get(suite), "GROUPS", ())
    return suite == BASELINE or any(requirement.partition("-")[0] in groups for requirement in subject.requirements)


def _lacks(verdict: Verdict | None, job: Job, wanted: argparse.Namespace) -> bool:
    if verdict is None or (job.every and not verdict.every):
        return True
    return bool(wanted.outdated) and not is_current(verdict)


if __name__ == "__main__":
    # Ended by a signal, it ends its runs too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
