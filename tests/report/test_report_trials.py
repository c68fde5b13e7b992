from __future__ import annotations

import dataclasses
import io

import pytest
from rich.console import Console

from storagedriver.report import (
    Collector,
    Ending,
    Figure,
    Outcome,
    Report,
    ReportError,
    TrialKind,
    Trials,
    TrialTally,
)
from storagedriver.report.collect import settled
from storagedriver.report.grants import Grant
from storagedriver.report.rendering import markdown
from storagedriver.report.terminal import print_summary
from storagedriver.report.trials import summed

from .example_report import ENVIRONMENT, FIGURES, TRIALS, check, example, run, target


def told(report: Report) -> str:
    text = io.StringIO()
    print_summary(report, Console(file=text, width=200, force_terminal=False))
    return text.getvalue()


def test_trials_are_counted_by_kind() -> None:
    faults, crashes = TrialTally.of(TRIALS)
    assert faults.sentence == "6 faults: 4 survived, 1 clean error, 1 violation"
    assert crashes.sentence == "1 crash: 1 survived, 0 violations"


@pytest.mark.parametrize(
    ("kind", "count", "words"),
    [
        (TrialKind.FAULT, 1, "1 fault: 1 clean error, 0 violations"),
        (TrialKind.CRASH, 2, "2 crashes: 2 clean errors, 0 violations"),
        (TrialKind.POWER_FAILURE, 2, "2 power failures: 2 clean errors, 0 violations"),
        (TrialKind.HOSTILE_INPUT, 1, "1 hostile input: 1 turned away, 0 violations"),
    ],
)
def test_sentences_read_well(kind: TrialKind, count: int, words: str) -> None:
    (tally,) = TrialTally.of([Trials(kind, "put", "why", ("x",) * count, (Ending.REFUSED,) * count)])
    assert tally.sentence == words


def test_each_trial_has_a_point_and_an_ending() -> None:
    with pytest.raises(ValueError, match="as many points as endings"):
        Trials(TrialKind.FAULT, "put", "503", ("1", "2"), (Ending.SURVIVED,))
    document = example().to_document()
    found = next(each["trials"] for result in document["results"] for each in result["checks"] if each["trials"])
    found[0]["points"].pop()
    with pytest.raises(ReportError, match="as many points as endings"):
        Report.from_document(document)


def test_the_last_attempt_says_what_was_tried() -> None:
    first = check("FAULT-1", Outcome.FAILED, trials=TRIALS[:1])
    last = check("FAULT-1", Outcome.FAILED, trials=TRIALS, figures=FIGURES)
    assert settled([first, last]).trials == TRIALS
    assert settled([first, last]).figures == FIGURES
    assert settled([dataclasses.replace(first, outcome=Outcome.PASSED), last]).trials == TRIALS


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (Figure("operations", 2000, ""), "operations 2,000"),
        (Figure("growth of memory", 12.5, "B/operation"), "growth of memory 12.5 B/operation"),
    ],
)
def test_figures_read_well(figure: Figure, words: str) -> None:
    assert figure.text == words


def test_figures_of_many_operations_are_added_up() -> None:
    given = [
        Figure("calls, put", 3, ""),
        Figure("calls, move", 4, ""),
        Figure("calls, put", 3, ""),
        Figure("growth", 1, "B"),
    ]

    assert summed(given) == (Figure("calls", 7, ""), Figure("growth", 1, "B"))


def test_terminal_and_comment_tell_what_was_tried() -> None:
    for text in (told(example()), markdown.render({"report.json": example()})):
        assert "6 faults: 4 survived, 1 clean error, 1 violation" in text
    assert "CONT-7: operations 2,000, growth of memory 12.5 B/operation" in told(example())


def test_a_report_without_trials_does_not_speak_of_them() -> None:
    quiet = example(labels=("inmemory",))
    assert "Tried one by one" not in told(quiet)
    assert "hostile" not in markdown.render({"report.json": quiet})


def durable(**outcomes: Outcome) -> Grant:
    collector = Collector(("FAULT", "DUR"))
    collector.add_target(target("files"))
    for name in ("FAULT-3", "DUR-1", "DUR-2"):
        collector.add_check("files", check(name))
        outcome = outcomes.get(name.replace("-", "_"))
        if outcome is not None:
            collector.add_check("files", check(name, outcome, 2, reason="strace is not installed"))
    (grant,) = Grant.of(collector.report(run(), ENVIRONMENT).of("files"))
    return grant


def test_a_grant_is_earned_by_all_its_promises() -> None:
    assert durable().granted
    assert durable().sentence == "durable: granted"


@pytest.mark.parametrize("outcome", [Outcome.SKIPPED, Outcome.NOT_RUN, Outcome.ERRORED, Outcome.FLAKY])
def test_what_was_not_judged_in_full_earns_nothing(outcome: Outcome) -> None:
    grant = durable(DUR_2=outcome)
    assert not grant.granted
    assert grant.sentence == f"durable: not granted (DUR-2 {outcome.words}: strace is not installed)"


def test_a_part_that_does_not_apply_costs_nothing_and_the_whole_does() -> None:
    assert durable(DUR_2=Outcome.NOT_OFFERED).granted
    collector = Collector(("FAULT",))
    collector.add_target(target("files"))
    collector.add_check("files", check("FAULT-3"))
    (grant,) = Grant.of(collector.report(run(), ENVIRONMENT).of("files"))
    assert grant.missing == {"DUR-1": "not in the report", "DUR-2": "not in the report"}
    assert Grant.of(example(labels=("inmemory",)).of("inmemory")) == ()
