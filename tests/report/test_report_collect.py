from __future__ import annotations

import dataclasses

import pytest

from storagedriver.contract import REQUIREMENTS, Level
from storagedriver.report import Check, Collector, Evidence, Outcome, Report, ReportError, Result, Tally

from .example_report import BEHAVIOUR, ENVIRONMENT, TAIL, check, example, run, target


@pytest.fixture
def collector() -> Collector:
    made = Collector(BEHAVIOUR)
    made.add_target(target("inmemory"))
    return made


def collected(collector: Collector) -> Report:
    return collector.report(run(), ENVIRONMENT)


def found(collector: Collector, requirement: str = "CONT-2") -> Result:
    return next(result for result in collected(collector).results if result.requirement == requirement)


def test_every_requirement_of_the_groups_is_there_without_any_check(collector: Collector) -> None:
    report = collected(collector)
    expected = [name for name, requirement in REQUIREMENTS.items() if requirement.group in BEHAVIOUR]
    assert [result.requirement for result in report.results] == expected
    assert {result.outcome for result in report.results} == {Outcome.NOT_RUN}
    for result in report.results:
        clause = REQUIREMENTS[result.requirement]
        assert (result.title, result.level, result.capability) == (clause.title, clause.level, clause.capability)


def test_a_requirement_of_another_group_is_there_where_it_was_checked(collector: Collector) -> None:
    collector.add_target(target("s3@moto"))
    collector.add_check("s3@moto", check("LEAK-1"))
    report = collected(collector)
    assert [result.target for result in report.results if result.requirement == "LEAK-1"] == ["s3@moto"]


def test_targets_come_in_their_order_and_requirements_in_that_of_the_contract(collector: Collector) -> None:
    collector.add_target(target("a"))
    for name in ("WALK-1", "CAP-1"):
        collector.add_check("a", check(name))
    report = collected(collector)
    assert [one.label for one in report.targets] == ["inmemory", "a"]
    order = list(REQUIREMENTS)
    for label in ("inmemory", "a"):
        places = [order.index(result.requirement) for result in report.of(label)]
        assert places == sorted(places)


def test_checks_of_one_requirement_are_aggregated_for_each_target_alone(collector: Collector) -> None:
    collector.add_target(target("s3@moto"))
    collector.add_check("inmemory", check("CONT-2", Outcome.PASSED, 1))
    collector.add_check("inmemory", check("CONT-2", Outcome.SKIPPED, 2, reason="too large"))
    collector.add_check("s3@moto", check("CONT-2", Outcome.PASSED, 1))
    collector.add_check("s3@moto", check("CONT-2", Outcome.FAILED, 2, evidence=TAIL))
    here, there = (result for result in collected(collector).results if result.requirement == "CONT-2")
    assert (here.outcome, here.counts) == (Outcome.PASSED, {Outcome.PASSED: 1, Outcome.SKIPPED: 1})
    assert (there.outcome, there.counts) == (Outcome.FAILED, {Outcome.PASSED: 1, Outcome.FAILED: 1})


@pytest.mark.parametrize(
    ("attempts", "expected", "reason"),
    [
        (["failed", "passed"], "flaky", "passed in 1 of 2 attempts, else failed"),
        (["passed", "failed"], "flaky", "passed in 1 of 2 attempts, else failed"),
        (["errored", "failed", "passed"], "flaky", "passed in 1 of 3 attempts, else errored, failed"),
        (["failed", "passed", "passed"], "flaky", "passed in 2 of 3 attempts, else failed"),
        (["passed", "flaky"], "flaky", "passed in 1 of 2 attempts, else flaky"),
        (["failed", "failed"], "failed", "was failed"),
        (["errored", "failed"], "failed", "was failed"),
        (["failed", "errored"], "failed", "was failed"),
        (["passed", "passed"], "passed", "was passed"),
        (["skipped", "errored"], "errored", "was errored"),
    ],
)
def test_a_late_pass_is_no_pass(collector: Collector, attempts: list[str], expected: str, reason: str) -> None:
    for outcome in attempts:
        collector.add_check("inmemory", check("CONT-2", Outcome(outcome), reason=f"was {outcome}"))
    (settled,) = found(collector).checks
    assert (settled.outcome, settled.reason) == (expected, reason)
    assert settled.duration == pytest.approx(0.25 * len(attempts))
    assert found(collector).outcome == expected


def test_evidence_outlives_the_attempt_that_passed(collector: Collector) -> None:
    later = Evidence("another thing", "1", "2")
    for outcome, evidence in ((Outcome.FAILED, TAIL), (Outcome.FAILED, later), (Outcome.PASSED, None)):
        collector.add_check("inmemory", check("CONT-2", outcome, evidence=evidence))
    assert found(collector).checks[0].evidence == TAIL


def test_the_same_name_on_another_target_is_another_check(collector: Collector) -> None:
    collector.add_target(target("s3@moto"))
    collector.add_check("inmemory", check("CONT-2"))
    collector.add_check("s3@moto", check("CONT-2", Outcome.FAILED))
    assert Outcome.FLAKY not in {result.outcome for result in collected(collector).results}


def test_what_belongs_nowhere_is_refused(collector: Collector) -> None:
    with pytest.raises(ReportError, match="no group 'CONTENT'; it has CAP, PATH"):
        Collector(["CONT", "CONTENT"])
    with pytest.raises(ReportError, match="no target 's3'"):
        collector.add_check("s3", check("CONT-2"))
    with pytest.raises(ReportError, match="no requirement 'CONT-99'"):
        collector.add_check("inmemory", check("CONT-99"))
    collector.add_check("inmemory", Check("a", "CONT-2", Outcome.PASSED))
    with pytest.raises(ReportError, match="cannot prove both CONT-2 and CONT-3"):
        collector.add_check("inmemory", Check("a", "CONT-3", Outcome.PASSED))


def test_a_target_twice_is_one_and_two_of_one_label_are_refused(collector: Collector) -> None:
    collector.add_check("inmemory", check("CONT-2"))
    collector.add_target(target("inmemory"))
    assert found(collector).outcome is Outcome.PASSED
    with pytest.raises(ReportError, match="two different targets are called inmemory"):
        collector.add_target(dataclasses.replace(target("inmemory"), parameters={"root": "r"}))


def test_checks_survive_the_way_from_another_process(collector: Collector) -> None:
    sent = check("CONT-2", Outcome.FAILED, evidence=TAIL)
    collector.add_check("inmemory", Check.from_dict(sent.to_dict()))
    assert found(collector).checks == (sent,)


def test_the_headline_counts_everything_and_only_passes_as_kept() -> None:
    tally = Tally.of(example().of("s3@seaweedfs"))
    assert tally.total == sum(
        requirement.level is Level.MUST and requirement.group in BEHAVIOUR for requirement in REQUIREMENTS.values()
    )
    assert tally.kept == tally.total - sum(count for _, count in tally.rest)
    assert [(outcome.value, count) for outcome, count in tally.rest] == [
        ("failed", 3),
        ("errored", 1),
        ("flaky", 1),
        ("skipped", 2),
        ("not_run", 1),
    ]


def results(level: Level, **counts: int) -> list[Result]:
    made: list[Result] = []
    for name, count in counts.items():
        for _ in range(count):
            number = len(made) + 1
            proof = check(f"CONT-{number}", Outcome(name), reason="why")
            made.append(
                Result.of_checks("s3", proof.requirement, [proof], title="", level=level, capability=None),
            )
    return made


def test_the_headline_reads_as_documented() -> None:
    must = results(Level.MUST, passed=58, failed=1, skipped=1, not_offered=1)
    should = results(Level.SHOULD, passed=1, failed=1)
    assert Tally.of(must + should).sentence == "MUSTs kept: 58 of 61 (95 %) · 1 failed · 1 skipped · 1 not offered"
    assert Tally.of(must + should, Level.SHOULD).sentence == "SHOULDs kept: 1 of 2 (50 %) · 1 failed"


def test_a_hundred_percent_means_all() -> None:
    assert Tally.of(results(Level.MUST, passed=999, failed=1)).percent == 99
    assert Tally.of(results(Level.MUST, passed=999)).percent == 100
    nothing = Tally.of([])
    assert (nothing.percent, nothing.sentence) == (None, "MUSTs kept: 0 of 0")


def test_skips_of_kept_requirements_stay_in_sight() -> None:
    checks = [check("CONT-2", Outcome.PASSED, 1), check("CONT-2", Outcome.SKIPPED, 2, reason="why")]
    partly = Result.of_checks("s3", "CONT-2", checks, title="", level=Level.MUST, capability=None)
    assert Tally.of([partly]).sentence == "MUSTs kept: 1 of 1 (100 %) · 1 kept with checks skipped or not run"


def test_a_waived_requirement_is_not_kept() -> None:
    waived = dataclasses.replace(results(Level.MUST, failed=1)[0], outcome=Outcome.WAIVED)
    assert Tally.of([waived]).sentence == "MUSTs kept: 0 of 1 (0 %) · 1 waived"
