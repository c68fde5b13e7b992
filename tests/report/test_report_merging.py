"""One report out of shards: nothing is counted twice, nothing is hidden, and what no shard ran is missed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagedriver.report import Check, Collector, Outcome, Report, ReportError, Run
from storagedriver.report.merging import merged
from storagedriver.report.narrowing import (
    deselected,
    in_no_shard,
    is_narrowing,
    only_requirements,
    only_shard,
    shard_missing,
    shards_of,
)
from storagedriver.report.shard import Shard
from storagedriver.report.validation import contradictions

from .example_report import ENVIRONMENT, TAIL, check, run, target

NARROWED = "4 of 6 checks were deselected by -k 'one'"


def shard(
    *checks: Check, reasons: Sequence[str] = (NARROWED,), labels: Sequence[str] = ("inmemory",), **of_run: Any
) -> Report:
    collector = Collector(["CONT"])
    for label in labels:
        collector.add_target(target(label))
        for each in checks:
            collector.add_check(label, each)
    made: Run = dataclasses.replace(run(*reasons, exit_status=0), **of_run)
    return collector.report(made, ENVIRONMENT)


def left_out(requirement: str, number: int = 1) -> Check:
    return check(requirement, Outcome.NOT_RUN, number, reason="deselected by -k 'one'")


def outcomes(report: Report) -> dict[tuple[str, str], Outcome]:
    return {(each.requirement, check.node_id[-1]): check.outcome for each in report.results for check in each.checks}


def test_parts_make_a_whole() -> None:
    one = shard(check("CONT-1"), left_out("CONT-2"), left_out("CONT-2", 2))
    two = shard(left_out("CONT-1"), check("CONT-2"), left_out("CONT-2", 2))
    three = shard(left_out("CONT-1"), left_out("CONT-2"), check("CONT-2", Outcome.SKIPPED, 2, reason="5 GiB"))

    report = merged({"1.json": one, "2.json": two, "3.json": three})

    assert (report.run.complete, report.run.incomplete_reasons) == (True, ())
    assert outcomes(report) == {
        ("CONT-1", "1"): Outcome.PASSED,
        ("CONT-2", "1"): Outcome.PASSED,
        ("CONT-2", "2"): Outcome.SKIPPED,
    }
    assert contradictions(report) == []


def test_a_check_in_no_shard_is_missed() -> None:
    one = shard(check("CONT-1"), left_out("CONT-2"), left_out("CONT-3"))
    two = shard(left_out("CONT-1"), check("CONT-2"), left_out("CONT-3"))

    report = merged({"1.json": one, "2.json": two})

    assert not report.run.complete
    assert report.run.incomplete_reasons == ("1 check of inmemory ran in no shard",)
    assert outcomes(report)["CONT-3", "1"] is Outcome.NOT_RUN


def test_a_missing_shard_can_be_merged_in_later() -> None:
    one = shard(check("CONT-1"), left_out("CONT-2"), left_out("CONT-3"))
    two = shard(left_out("CONT-1"), check("CONT-2"), left_out("CONT-3"))
    late = shard(left_out("CONT-1"), left_out("CONT-2"), check("CONT-3"))

    report = merged({"first.json": merged({"1.json": one, "2.json": two}), "late.json": late})

    assert report.run.complete


@pytest.mark.parametrize(
    "reason", ["the run was interrupted", "a worker crashed while it ran x", "7 of 8 tests did not run to their end"]
)
def test_a_shard_that_was_cut_short_spoils_the_whole(reason: str) -> None:
    one = shard(check("CONT-1"), reasons=[reason, NARROWED])
    two = shard(check("CONT-1"), reasons=[])

    report = merged({"1.json": one, "2.json": two})

    assert report.run.incomplete_reasons == (f"1.json: {reason}",)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize(
    "other", [Outcome.FAILED, Outcome.ERRORED, Outcome.SKIPPED, Outcome.NOT_OFFERED, Outcome.FLAKY]
)
def test_a_disagreement_is_flaky(order: tuple[int, int], other: Outcome) -> None:
    shards = [
        shard(check("CONT-1")),
        shard(check("CONT-1", other, reason="why", evidence=TAIL if other is Outcome.FAILED else None)),
    ]

    report = merged({str(number): shards[number] for number in order})

    result = next(each for each in report.results if each.requirement == "CONT-1")
    assert result.outcome is Outcome.FLAKY
    assert result.checks[0].reason == f"passed in 1 of 2 attempts, else {other.words}"
    assert result.checks[0].evidence == (TAIL if other is Outcome.FAILED else None)


def test_agreement_counts_once() -> None:
    report = merged({"1": shard(check("CONT-1")), "2": shard(check("CONT-1"))})

    result = next(each for each in report.results if each.requirement == "CONT-1")
    assert dict(result.counts) == {Outcome.PASSED: 1}
    assert result.checks[0].duration == 0.5


def test_the_run_spans_all_shards() -> None:
    one, two = shard(check("CONT-1"), exit_status=1), shard(check("CONT-1"), seed=7, suites=("concurrency",))
    later = dataclasses.replace(
        two, run=dataclasses.replace(two.run, started=one.run.finished, finished=one.run.finished.replace(hour=23))
    )

    whole = merged({"1": later, "2": one}).run

    assert (whole.started, whole.finished) == (one.run.started, later.run.finished)
    assert (whole.suites, whole.seed, whole.exit_status) == (("concurrency", "behaviour"), None, 1)
    assert whole.arguments == ("--driver=inmemory --driver=s3 --driver-param 'secretkey=***'",) * 2


@pytest.mark.parametrize(("statuses", "worst"), [((0, 1), 1), ((1, 2), 2), ((2, 3), 3), ((5, 0), 5), ((5, 1), 1)])
def test_the_worst_exit_status_counts(statuses: tuple[int, int], worst: int) -> None:
    shards = {str(status): shard(check("CONT-1"), exit_status=status) for status in statuses}

    assert merged(shards).run.exit_status == worst


def test_parameters_may_differ() -> None:
    one, two = shard(check("CONT-1"), labels=["s3@moto"]), shard(check("CONT-1"), labels=["s3@moto"])
    other = dataclasses.replace(two.targets[0], parameters={"bucket": "other", "secretkey": "***"})

    report = merged({"1": one, "2": dataclasses.replace(two, targets=(other,))})

    assert report.targets[0].parameters == {"bucket": "certify | other", "secretkey": "***"}


def changed_target(report: Report, **changes: Any) -> Report:
    return dataclasses.replace(report, targets=(dataclasses.replace(report.targets[0], **changes),))


ONE = shard(check("CONT-1"))
STRANGERS = {
    "kit": (
        dataclasses.replace(ONE, environment=dataclasses.replace(ENVIRONMENT, storagedriver="0.2.0")),
        "two.json has another kit version than one.json: 0.2.0, not 0.1.0",
    ),
    "commit": (
        dataclasses.replace(ONE, environment=dataclasses.replace(ENVIRONMENT, commit="abc")),
        "another commit than one.json: abc, not",
    ),
    "profile": (shard(check("CONT-1"), profile="full"), "another profile than one.json: full, not quick"),
    "targets": (shard(check("CONT-1"), labels=["s3"]), "another set of targets than one.json: s3, not inmemory"),
    "distribution": (changed_target(ONE, distribution="mine 2.0"), "another distribution of inmemory than one.json"),
    "capabilities": (changed_target(ONE, capabilities={}), "another capabilities of inmemory than one.json"),
}


@pytest.mark.parametrize("stranger", STRANGERS)
def test_shards_of_different_runs_are_refused(stranger: str) -> None:
    other, words = STRANGERS[stranger]

    with pytest.raises(ReportError) as refused:
        merged({"one.json": ONE, "two.json": other})
    assert words in str(refused.value)


def test_of_nothing_there_is_no_report() -> None:
    with pytest.raises(ReportError, match="nothing to merge"):
        merged({})


ENDINGS = st.sampled_from([Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.NOT_RUN])


@given(st.lists(st.lists(ENDINGS, min_size=3, max_size=3), min_size=1, max_size=4), st.randoms())
def test_the_order_of_shards_changes_no_outcome(shards: list[list[Outcome]], random: Any) -> None:
    made = {
        str(number): shard(*(check("CONT-1", outcome, index, reason="why") for index, outcome in enumerate(endings)))
        for number, endings in enumerate(shards)
    }
    shuffled = list(made.items())
    random.shuffle(shuffled)

    whole, other = merged(made), merged(dict(shuffled))

    assert outcomes(whole) == outcomes(other)
    for index in range(3):
        ran = {endings[index] for endings in shards} - {Outcome.NOT_RUN}
        due = Outcome.NOT_RUN if not ran else Outcome.FLAKY if Outcome.PASSED in ran and len(ran) > 1 else None
        if due is not None:
            assert outcomes(whole)["CONT-1", str(index)] is due
    assert whole.run.complete == all(
        any(endings[index] is not Outcome.NOT_RUN for endings in shards) for index in range(3)
    )


def test_reasons_of_a_chosen_part_are_told_from_others() -> None:
    assert is_narrowing(deselected(7, 8, " by -k 'a\nb'"))
    assert is_narrowing(deselected(7, 8, ""))
    assert is_narrowing(only_requirements(["MOVE-1", "CONT"]))
    assert is_narrowing(in_no_shard(1, "a b"))
    assert is_narrowing(in_no_shard(2, "s3@moto"))
    for reason in ("the run was interrupted", "1.json: --requirement CONT", "7 of 8 tests did not run to their end"):
        assert not is_narrowing(reason)


REQUIRED = ("CONT-1", "CONT-2", "CONT-3")


def numbered(number: int, count: int = 3, names: Sequence[str] = REQUIRED) -> Report:
    """A shard as --shard makes it: one check is run, and the others are named."""
    checks = [
        check(name) if position == number else check(name, Outcome.NOT_RUN, reason="it belongs to another shard")
        for position, name in enumerate(names, start=1)
    ]
    return shard(*checks, reasons=[only_shard(Shard(number, count), 1, len(names))])


def test_numbered_shards_make_a_whole() -> None:
    report = merged({f"{number}.json": numbered(number) for number in (1, 2, 3)})

    assert (report.run.complete, report.run.incomplete_reasons) == (True, ())


def test_a_missing_number_is_told_and_merged_in_later() -> None:
    most = merged({"1.json": numbered(1), "3.json": numbered(3)})

    assert most.run.incomplete_reasons == ("shard 2/3 is missing", "1 check of inmemory ran in no shard")
    assert merged({"most.json": most, "2.json": numbered(2)}).run.complete
    with pytest.raises(ReportError, match=r"3\.json and most\.json are both shard 3/3; leave one of them out"):
        merged({"most.json": most, "3.json": numbered(3)})


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (numbered(1), r"other\.json and 1\.json are both shard 1/3; leave one of them out"),
        (numbered(2, 4), r"other\.json is shard 2/4, and 1\.json shard 1/3; merge shards of one run"),
        (shard(check("CONT-2")), r"other\.json is no shard, and 1\.json is shard 1/3; merge shards of one run"),
        (shard(check("CONT-2"), reasons=()), r"other\.json is no shard"),
        (
            numbered(2, names=(*REQUIRED, "CONT-4", "CONT-5")),
            r"other\.json names checks that 1\.json does not: behaviour/\S+CONT_4_1 on inmemory and 1 more; merge shards",
        ),
        (numbered(2, names=REQUIRED[:2]), r"1\.json names checks that other\.json does not: behaviour/\S+CONT_3_1 on"),
        (
            shard(reasons=[only_shard(Shard(2, 3), 1, 3), shard_missing(Shard(1, 3))]),
            r"other\.json: its reasons name shards that do not fit together",
        ),
    ],
    ids=["twice", "of another count", "a part by -k", "a whole", "of more checks", "of fewer checks", "of nonsense"],
)
def test_a_foreign_shard_is_named(other: Report, words: str) -> None:
    with pytest.raises(ReportError, match=words):
        merged({"1.json": numbered(1), "other.json": other})


def test_a_numbered_shard_that_was_cut_short_is_told() -> None:
    """Also if it does not know of all checks."""
    broken = shard(check("CONT-2"), reasons=[only_shard(Shard(2, 2), 1, 2), "the run was interrupted"])

    report = merged({"1.json": numbered(1, 2, REQUIRED[:2]), "2.json": broken})

    assert report.run.incomplete_reasons == ("2.json: the run was interrupted",)


def test_a_check_that_saw_another_requirement_broken_counts_there_alone() -> None:
    """One check may judge several; where it did not run, it is named under the one that it is marked with."""
    failed = dataclasses.replace(check("CONT-2", Outcome.FAILED, evidence=TAIL), requirement="CONT-3")

    report = merged({"1.json": shard(failed), "2.json": shard(left_out("CONT-2"))})

    assert outcomes(report) == {("CONT-3", "1"): Outcome.FAILED}
    assert (report.run.complete, contradictions(report)) == (True, [])


@given(st.integers(1, 99), st.integers(0, 9999))
def test_a_shard_is_read_from_its_reason(count: int, checks: int) -> None:
    for made in (Shard(1, count), Shard(count, count)):
        assert Shard.of(str(made)) == made
        assert is_narrowing(only_shard(made, checks, checks))
        assert shards_of([only_shard(made, checks, checks), "--requirement CONT"]) == {made}
