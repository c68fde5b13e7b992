"""The measure of detection power: what it runs, what it keeps, and what it says of it."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest
from rich.console import Console

from mutants.bugs import BUGS
from power.__main__ import main
from power.judging import Job, run_job
from power.running import run_all
from power.showing import good_lines, markdown, ours, show, summary
from power.states import ALL_SUITES, SUITES, is_current, state_of
from power.subjects import all_subjects
from power.verdicts import Ending, Verdict, VerdictFile

MUTANT = "MOVE-1-MoveIsACopy"


def judged(*jobs: Job, limit: float = 100) -> list[Verdict]:
    found: list[Verdict] = []
    run_all(jobs, run_job, loaded="power.loaded", processes=2, limit=limit, done=found.append)
    return sorted(found, key=lambda verdict: verdict.suite)


def test_a_faulty_driver_is_caught_by_suite_and_baseline() -> None:
    """Each says by which check, and after how many."""
    baseline, behaviour = judged(Job(MUTANT, "behaviour"), Job(MUTANT, "baseline"))

    assert (baseline.ending, behaviour.ending) == (Ending.CAUGHT, Ending.CAUGHT)
    assert behaviour.requirements == ["MOVE-1"]
    assert baseline.by == ("baseline test_move",)
    assert behaviour.checks == 1


def test_a_good_driver_passes_the_baseline() -> None:
    """It is a suite that can be passed."""
    (verdict,) = judged(Job("inmemory", "baseline", every=True, good=True))

    assert verdict.ending is Ending.MISSED, verdict.by
    assert verdict.checks > 40


def test_a_good_driver_runs_on_the_server_that_is_named() -> None:
    """And not on the one that the kit would choose."""
    (verdict,) = judged(Job("s3@nosuch", "concurrency", every=True, good=True))

    assert verdict.ending is Ending.ERRORED
    assert verdict.subject == "good s3@nosuch seed 1"


def test_a_run_that_takes_too_long_has_no_verdict() -> None:
    """It is stopped, and neither caught nor missed."""
    (verdict,) = judged(Job(MUTANT, "baseline", every=True), limit=0.2)

    assert verdict.ending is Ending.TIMED_OUT
    assert "0.2 s" in verdict.reason


def verdict(subject: str, suite: str, ending: Ending = Ending.MISSED, **more: object) -> Verdict:
    made = dataclasses.replace(Verdict(subject, suite, ending), **more)  # type: ignore[arg-type]  # fields by name
    return made if made.state else dataclasses.replace(made, state=state_of(suite, made.by))


def test_a_conviction_hangs_on_the_check_that_convicts_alone() -> None:
    """What is changed elsewhere in its suite leaves it as it is; where there was no conviction, everything counts."""
    states = {
        state_of("behaviour"),
        state_of("behaviour", ("CONT-1 test_each_small_size_is_kept",)),
        state_of("behaviour", ("MOVE-1 test_content_moves_and_replaces[0-new]",)),
    }
    convicted = verdict(MUTANT, "behaviour", Ending.CAUGHT, by=("MOVE-1 test_content_moves_and_replaces[0-new]",))

    assert len(states) == 3
    assert is_current(convicted)
    assert not is_current(dataclasses.replace(convicted, by=("MOVE-1 test_of_another_time",)))


def test_verdicts_are_read_as_they_were_written(tmp_path: Path) -> None:
    """And a later one replaces the one before it."""
    file = VerdictFile(tmp_path / "verdicts.jsonl")
    last = verdict(MUTANT, "behaviour", Ending.CAUGHT, by=("MOVE-1 test_x",), checks=3, seconds=0.5)
    for each in (verdict(MUTANT, "behaviour"), verdict(MUTANT, "baseline"), last):
        file.add(each)

    assert VerdictFile(tmp_path / "verdicts.jsonl").all() == [verdict(MUTANT, "baseline"), last]


@pytest.mark.parametrize(
    ("endings", "said"),
    [
        ({"behaviour": Ending.MISSED, "concurrency": Ending.CAUGHT}, "caught"),
        ({"behaviour": Ending.MISSED, "concurrency": Ending.MISSED}, "not run"),
        ({"behaviour": Ending.MISSED, "concurrency": Ending.TIMED_OUT, "properties": Ending.MISSED}, "no verdict"),
        (dict.fromkeys(SUITES, Ending.MISSED), "missed"),
        ({"baseline": Ending.CAUGHT}, "not run"),
    ],
)
def test_what_was_not_run_is_not_missed(endings: dict[str, Ending], said: str) -> None:
    """One suite that catches is enough; the baseline is none of ours."""
    found = {suite: verdict(MUTANT, suite, ending) for suite, ending in endings.items()}

    assert ours({suite: found.get(suite) for suite in ALL_SUITES}) == said


def test_the_page_hides_nothing(tmp_path: Path) -> None:
    """Every faulty driver has a row, and every known bug."""
    check = "CONT-1 test_each_small_size_is_kept"
    file = VerdictFile(tmp_path / "verdicts.jsonl")
    file.add(verdict(MUTANT, "behaviour", state="an older one"))
    file.add(verdict("good inmemory seed 3", "behaviour", Ending.CAUGHT, by=(check,)))
    file.add(verdict("good s3@moto seed 1", "behaviour", state="an older one"))

    page = markdown(file)
    sentences = summary(file, list(all_subjects().values()))

    for key in all_subjects():
        assert f"\n| {key} |" in page
    for bug in BUGS.values():
        assert f"\n| {bug.id} | {bug.what} |" in page
    assert "1 verdicts are of checks as they were before." in sentences
    assert f"Ours: 0 of {len(all_subjects())} faulty drivers are caught." in sentences
    assert good_lines(file) == [
        f"Good driver inmemory, behaviour, 1 seeds: 1 rejected: good inmemory seed 3: {check}.",
        "Good driver s3@moto, behaviour, 1 seeds: 0 rejected. 1 of them by the suite as it was before.",
    ]
    assert all(f"\n- {line}\n" in page for line in good_lines(file))


def test_the_table_shows_what_is_chosen(tmp_path: Path) -> None:
    """In the terminal, with each suite's word."""
    file = VerdictFile(tmp_path / "verdicts.jsonl")
    file.add(verdict(MUTANT, "behaviour", Ending.CAUGHT, by=("MOVE-1 test_x",)))
    text = io.StringIO()

    show(file, [all_subjects()[MUTANT]], Console(file=text, width=300))

    row = next(line for line in text.getvalue().splitlines() if MUTANT in line)
    assert row.count("caught") == 1
    assert row.count("not run") == len(ALL_SUITES) - 1
    assert "MOVE-1 test_x" in row


def test_the_command_goes_on_where_it_was(tmp_path: Path) -> None:
    """What has a verdict is not run again unless that is asked for."""
    words = ["--only", MUTANT, "--suite=baseline", f"--folder={tmp_path}", "--processes=1"]
    kept = verdict(MUTANT, "baseline", Ending.MISSED, reason="kept")
    VerdictFile(tmp_path / "verdicts.jsonl").add(kept)

    assert main(words) == 0
    assert VerdictFile(tmp_path / "verdicts.jsonl").all() == [kept]

    assert main([*words, "--again"]) == 0
    assert VerdictFile(tmp_path / "verdicts.jsonl").all()[0].ending is Ending.CAUGHT
