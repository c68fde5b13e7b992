"""What closes the gate, and what it says."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certification.judged import TODAY, policy, validated, waiver, whole, with_run
from report.example_report import HOSTILE
from storagedriver.certification import Policy, Verdict, decide, showing
from storagedriver.contract import GROUPS, REQUIREMENTS, Level
from storagedriver.report import Outcome, Report
from storagedriver.report.digest import KEY
from storagedriver.report.validation import Seal, Validation

MUSTS = sum(each.level is Level.MUST for each in REQUIREMENTS.values())


@pytest.fixture
def judge(tmp_path: Path) -> Any:
    def judges(
        *reports: Report, by: Policy | None = None, baselines: Sequence[Report] = (), today: date = TODAY
    ) -> Verdict:
        return decide(by or policy(), validated(tmp_path, *reports), baselines=baselines, today=today)

    return judges


def messages(verdict: Verdict) -> list[str]:
    return [each.message for each in verdict.findings]


def test_all_kept_passes(judge: Any) -> None:
    verdict = judge(whole())

    assert (verdict.passed, messages(verdict), verdict.notes) == (True, [], ())
    assert showing.headline(verdict, verdict.targets[0]) == f"MUSTs kept: {MUSTS} of {MUSTS} (100 %)"


@pytest.mark.parametrize(
    ("outcome", "rule"),
    [
        (Outcome.FAILED, "failed"),
        (Outcome.ERRORED, "errored"),
        (Outcome.FLAKY, "flaky"),
        (Outcome.SKIPPED, "skipped"),
    ],
)
@pytest.mark.parametrize("requirement", ["CONT-2", "CONT-6"])
def test_a_must_and_a_declared_capability_decide(judge: Any, outcome: Outcome, rule: str, requirement: str) -> None:
    verdict = judge(whole(but={requirement: outcome}))

    (finding,) = verdict.findings
    assert (finding.rule, finding.target, finding.requirement) == (rule, "inmemory", requirement)
    assert finding.message.startswith(f"{requirement} (")


def test_a_should_is_told_and_decides_nothing(judge: Any) -> None:
    verdict = judge(whole(but={"LIST-1": Outcome.FAILED, "FOR-2": Outcome.FAILED}))

    names = [each for each in ("LIST-1", "FOR-2") if REQUIREMENTS[each].level is Level.SHOULD]
    assert names == ["FOR-2"]
    assert [each.requirement for each in verdict.findings] == ["LIST-1"]
    assert any("FOR-2 (SHOULD) failed" in note for note in verdict.notes)


def test_a_flaky_should_decides(judge: Any) -> None:
    assert [each.rule for each in judge(whole(but={"FOR-2": Outcome.FLAKY})).findings] == ["flaky"]


def test_what_is_not_offered_passes_in_sight(judge: Any) -> None:
    report = whole(but={"URL-1": Outcome.NOT_OFFERED, "URL-2": Outcome.NOT_OFFERED})
    verdict = judge(report)

    assert verdict.passed
    assert showing.headline(verdict, verdict.targets[0]) == f"MUSTs kept: {MUSTS - 2} of {MUSTS} (97 %) · 2 not offered"


def test_what_is_declared_is_offered(judge: Any) -> None:
    report = whole("s3@moto", but={"URL-1": Outcome.NOT_OFFERED})
    target = dataclasses.replace(report.targets[0], capabilities={"redirect": True})
    verdict = judge(dataclasses.replace(report, targets=(target,)), by=policy(targets=["s3@moto"]))

    assert [(each.rule, each.requirement) for each in verdict.findings] == [("capability", "URL-1")]


def test_a_required_capability_is_declared(judge: Any) -> None:
    assert judge(whole(), by=policy(capabilities=["append"])).passed
    assert [each.rule for each in judge(whole(), by=policy(capabilities=["redirect"])).findings] == ["capability"]


def without(report: Report, *groups: str, requirements: Sequence[str] = ()) -> Report:
    kept = [each for each in report.results if each.group not in groups and each.requirement not in requirements]
    return dataclasses.replace(report, results=tuple(kept))


def test_a_requirement_that_the_report_lacks_is_not_kept(judge: Any) -> None:
    verdict = judge(without(whole(), requirements=["CONT-2"]))

    assert messages(verdict) == [
        "CONT-2 (MUST) was not run, as the report does not have it: run the suites that judge it"
    ]
    assert verdict.targets[0].tally.total == MUSTS


def test_a_group_that_the_report_lacks_is_told_once(judge: Any) -> None:
    verdict = judge(without(whole(), "SEC", "CONC"))

    assert [each.rule for each in verdict.findings] == ["not_run", "not_run"]
    assert "no check of the group SEC (Security; " in messages(verdict)[1]


def test_what_broke_is_told_before_what_is_missing(judge: Any) -> None:
    spoiled = whole(but={"WALK-3": Outcome.FAILED, "CONT-2": Outcome.SKIPPED, "STAT-1": Outcome.FLAKY})
    verdict = judge(without(spoiled, "CAP"), by=policy(minimum={"checks": 10_000}))

    assert [each.rule for each in verdict.findings] == ["flaky", "failed", "minimum", "not_run", "skipped"]


def test_a_group_left_out_by_the_policy_stays_in_the_share(judge: Any) -> None:
    verdict = judge(without(whole(), "SEC", "CONC"), by=policy(without_groups=["SEC", "CONC"]))

    number = sum(each.group in {"SEC", "CONC"} and each.level is Level.MUST for each in REQUIREMENTS.values())
    assert verdict.passed
    assert verdict.targets[0].tally.total == MUSTS
    told = showing.headline(verdict, verdict.targets[0])
    assert f"{number} not run · the policy leaves out SEC, CONC ({number} MUSTs)" in told


def test_failures_in_a_group_left_out_are_told(judge: Any) -> None:
    verdict = judge(whole(but={"SEC-1": Outcome.FAILED}), by=policy(without_groups=["SEC"]))

    assert verdict.passed
    assert any("SEC-1 failed, in a group that the policy leaves out" in note for note in verdict.notes)


@pytest.mark.parametrize(
    ("minimum", "words"),
    [
        ({"checks": 10_000}, "checks were executed, and the policy wants 10,000"),
        ({"requirements": 500}, "requirements were judged, and the policy wants 500"),
        ({"trials": 1}, "0 trials were made, and the policy wants 1"),
        ({"must_percent": 100}, "97% of all MUSTs are kept, and the policy wants 100"),
    ],
)
def test_too_little_is_too_little(judge: Any, minimum: Mapping[str, int], words: str) -> None:
    report = whole(but={"URL-1": Outcome.NOT_OFFERED, "URL-2": Outcome.NOT_OFFERED})

    (message,) = messages(judge(report, by=policy(minimum=minimum)))
    assert words in message


def test_a_grant_that_is_required_has_to_be_earned(judge: Any) -> None:
    assert judge(whole(), by=policy(grants=["durable"])).passed

    skipped = judge(whole(but={"FAULT-3": Outcome.SKIPPED}), by=policy(grants=["durable"], without_groups=["FAULT"]))
    (finding,) = skipped.findings
    assert finding.rule == "grant"
    assert "(durable: not granted (FAULT-3 skipped: why))" in finding.message

    absent = without(whole(), "FAULT", "DUR")
    (finding,) = judge(absent, by=policy(grants=["durable"], without_groups=["FAULT", "DUR"])).findings
    assert "(durable: nothing of it was judged)" in finding.message


def test_skipped_checks_are_not_executed_ones(judge: Any) -> None:
    report = whole(but=dict.fromkeys(REQUIREMENTS, Outcome.SKIPPED))
    verdict = judge(report)

    assert messages(verdict) == ["no check was executed: why; make it run"]
    assert (verdict.targets[0].checks, verdict.targets[0].requirements) == (0, 0)


def test_each_profile_includes_those_before_it(judge: Any) -> None:
    report = with_run(whole(), profile="full")

    assert judge(report, by=policy(profile="quick")).passed
    assert judge(report, by=policy(profile="full")).passed
    (message,) = messages(judge(report, by=policy(profile="soak")))
    assert "run with --profile soak" in message
    assert not judge(with_run(whole(), profile="own")).passed


def test_a_required_target_is_among_the_reports(judge: Any) -> None:
    verdict = judge(whole(), by=policy(targets=["inmemory", "s3@minio:container"]))

    (finding,) = verdict.findings
    assert (finding.rule, finding.target) == ("target", "s3@minio:container")
    assert "run pytest --driver=s3 --backend=minio:container --certify-report" in finding.message


def test_every_target_of_every_report_decides(judge: Any) -> None:
    verdict = judge(whole(), whole("s3@moto", "s3@minio", but={"CONT-2": Outcome.FAILED}))

    assert [each.target for each in verdict.findings] == ["s3@moto", "s3@minio"]
    assert [each.label for each in verdict.targets] == ["inmemory", "s3@moto", "s3@minio"]


@pytest.mark.parametrize("status", [1, 17, -9])
def test_an_end_that_no_check_explains_closes(judge: Any, status: int) -> None:
    (finding,) = judge(whole(exit_status=status)).findings

    assert finding.rule == "unexplained"
    assert f"pytest ended with {status}" in finding.message


def test_each_reason_why_a_run_is_incomplete_is_told(judge: Any) -> None:
    report = with_run(whole(), complete=False, incomplete_reasons=("the run was interrupted", "-x"), exit_status=2)

    assert [each.rule for each in judge(report).findings] == ["incomplete", "incomplete"]


def test_the_suites_of_the_kit_are_needed(judge: Any) -> None:
    own = with_run(whole(), suites=("mine",))

    (finding,) = judge(own).findings
    assert finding.rule == "suite"
    assert "the suite behaviour was not run" in finding.message
    assert "suite" in [each.rule for each in judge(own, by=policy(suites=[])).findings]
    assert judge(own, by=policy(suites=["mine"])).passed


@pytest.mark.parametrize(
    ("made", "wanted", "passes"),
    [
        ("955ed4ea04f439d4", "955ed4ea04f439d4", True),
        ("955ed4ea04f439d4", "955ed4e", True),
        ("955ed4ea04f439d4", "a" * 16, False),
        ("955ed4ea04f439d4-dirty", "955ed4ea04f439d4", False),
        (None, "955ed4ea04f439d4", False),
        (None, None, True),
    ],
)
def test_a_report_of_another_commit_closes(tmp_path: Path, made: str | None, wanted: str | None, passes: bool) -> None:
    report = whole()
    report = dataclasses.replace(report, environment=dataclasses.replace(report.environment, commit=made))

    verdict = decide(policy(), validated(tmp_path, report), commit=wanted, today=TODAY)
    assert [each.rule for each in verdict.findings] == ([] if passes else ["commit"])


@pytest.mark.parametrize(("days", "passes"), [(0, True), (7, True), (8, False)])
def test_an_old_report_closes(judge: Any, days: int, passes: bool) -> None:
    report = whole()
    today = report.run.finished.date() + timedelta(days=days)

    verdict = judge(report, by=policy(max_age_days=7), today=today)
    assert [each.rule for each in verdict.findings] == ([] if passes else ["age"])
    assert judge(report, today=date(2100, 1, 1)).passed


def test_a_report_of_another_kit_is_told(judge: Any) -> None:
    report = whole()
    report = dataclasses.replace(report, environment=dataclasses.replace(report.environment, storagedriver="0.0.1"))

    assert "storagedriver 0.0.1 made the report" in judge(report).notes[0]


def test_no_report_at_all_closes(judge: Any) -> None:
    assert [each.rule for each in judge().findings] == ["target"]


def test_a_file_without_a_digest_closes(tmp_path: Path) -> None:
    document = whole().to_document()
    del document[KEY]
    path = tmp_path / "report.json"
    path.write_text(json.dumps(document))

    (finding,) = decide(policy(), [Validation.of(path)], today=TODAY).findings
    assert (finding.rule, finding.file) == ("edited", str(path))


def test_a_waiver_from_elsewhere_does_not_count(judge: Any) -> None:
    report = whole(but={"CONT-2": Outcome.FAILED})
    results = [
        dataclasses.replace(each, outcome=Outcome.WAIVED) if each.requirement == "CONT-2" else each
        for each in report.results
    ]

    verdict = judge(dataclasses.replace(report, results=tuple(results)))
    assert [(each.rule, each.requirement) for each in verdict.findings] == [("failed", "CONT-2")]


# --- waivers


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.FLAKY, Outcome.SKIPPED])
def test_a_waiver_accepts_one_failure_of_one_target(judge: Any, outcome: Outcome) -> None:
    by = policy(waivers=[waiver()])
    verdict = judge(whole(but={"CONT-2": outcome}), by=by)

    assert verdict.passed
    assert [each.name for each in verdict.waived] == ["CONT-2 of inmemory"]
    told = showing.headline(verdict, verdict.targets[0])
    assert f"MUSTs kept: {MUSTS - 1} of {MUSTS}" in told
    assert "1 waived" in told


def test_a_waiver_accepts_nothing_else(judge: Any) -> None:
    by = policy(waivers=[waiver()])
    verdict = judge(whole("inmemory", "s3@moto", but={"CONT-2": Outcome.FAILED, "CONT-3": Outcome.FAILED}), by=by)

    assert [(each.target, each.requirement) for each in verdict.findings] == [
        ("inmemory", "CONT-3"),
        ("s3@moto", "CONT-2"),
        ("s3@moto", "CONT-3"),
    ]


def test_what_is_not_known_cannot_be_waived(judge: Any) -> None:
    verdict = judge(whole(but={"CONT-2": Outcome.ERRORED}), by=policy(waivers=[waiver()]))

    assert [each.rule for each in verdict.findings] == ["errored", "waiver"]
    assert "accepts nothing, as that is errored" in messages(verdict)[1]


@pytest.mark.parametrize(("days", "holds"), [(0, True), (-1, True), (1, False)])
def test_a_waiver_holds_to_its_last_day(judge: Any, days: int, holds: bool) -> None:
    last = date(2026, 12, 31)
    report = whole(but={"CONT-2": Outcome.FAILED})
    verdict = judge(report, by=policy(waivers=[waiver(expires=last)]), today=last + timedelta(days=days))

    assert verdict.passed is holds
    if holds:
        assert verdict.notes == (
            "the waiver for CONT-2 of inmemory expires on 2026-12-31; its owner is ann@example.org",
        )
    else:
        assert [each.rule for each in verdict.findings] == ["failed", "waiver"]
        assert "expired on 2026-12-31" in messages(verdict)[1]


@pytest.mark.parametrize(
    ("report", "changes", "words"),
    [
        (whole(), {}, "is for what passes by now: remove it"),
        (whole(), {"expires": date(2026, 1, 1)}, "expired on 2026-01-01"),
        (whole(), {"target": "s3@moto"}, "is unused, as no report has that"),
        (
            whole(but={"URL-1": Outcome.NOT_OFFERED}),
            {"requirement": "URL-1"},
            "accepts nothing, as that is not offered",
        ),
    ],
)
def test_a_waiver_that_is_not_needed_closes(judge: Any, report: Report, changes: Mapping[str, Any], words: str) -> None:
    (message,) = messages(judge(report, by=policy(waivers=[waiver(**changes)])))

    assert words in message


def test_a_waiver_for_any_mode_of_a_server(judge: Any) -> None:
    report = whole("s3@moto", but={"CONT-2": Outcome.FAILED})

    assert judge(report, by=policy(targets=["s3@moto:process"], waivers=[waiver(target="s3@moto:process")])).passed
    assert judge(report, by=policy(targets=["s3@moto"], waivers=[waiver(target="s3@moto")])).passed


# --- baselines


@pytest.mark.parametrize("now", [Outcome.NOT_OFFERED, Outcome.FAILED])
def test_nothing_gets_worse(judge: Any, now: Outcome) -> None:
    requirement = "URL-1" if now is Outcome.NOT_OFFERED else "FOR-2"
    report = whole(but={requirement: now})

    (finding,) = judge(report, baselines=[whole()]).findings
    assert (finding.rule, finding.requirement) == ("regressed", requirement)
    assert judge(report, baselines=[whole(but={requirement: now})]).passed
    assert judge(report, baselines=[whole()], by=policy(waivers=[waiver(requirement=requirement)])).passed


def test_a_failure_that_is_new_says_so(judge: Any) -> None:
    report = whole(but={"CONT-2": Outcome.FAILED})

    assert "(it passed in the baseline)" in messages(judge(report, baselines=[whole()]))[0]
    assert "baseline" not in messages(judge(report, baselines=[report]))[0]


def test_a_check_that_no_longer_passes_is_a_regression(judge: Any) -> None:
    report = whole()
    results = []
    for each in report.results:
        checks = each.checks
        if each.requirement == "CONT-2":
            checks = (dataclasses.replace(checks[0], outcome=Outcome.SKIPPED, reason="too slow"), *checks[1:])
        results.append(
            type(each).of_checks(
                each.target, each.requirement, checks, title=each.title, level=each.level, capability=each.capability
            )
        )
    now = dataclasses.replace(report, results=tuple(results))

    assert judge(now).passed
    (message,) = messages(judge(now, baselines=[report]))
    assert "CONT-2 (MUST) has fewer passed checks than in the baseline: 1 is not passed now" in message
    assert "which was skipped (too slow)" in message


def test_a_check_that_is_gone_is_no_regression(judge: Any) -> None:
    verdict = judge(whole(checks=1), baselines=[whole(checks=2)])

    assert verdict.passed
    assert f"{len(REQUIREMENTS)} checks that passed in the baseline are gone" in verdict.notes[0]


def test_a_target_that_no_baseline_has_is_told(judge: Any) -> None:
    verdict = judge(whole(), baselines=[whole("s3@moto")])

    assert verdict.passed
    assert "no baseline has it, so nothing is compared" in verdict.notes[0]


# --- what is shown


def test_requirements_of_which_the_same_is_to_be_said_share_a_line(judge: Any) -> None:
    verdict = judge(
        without(whole(), requirements=[name for name in REQUIREMENTS if name.startswith("READ-") and name != "READ-1"])
    )

    lines = [line.strip() for line, _ in showing.as_lines(verdict)]
    assert any(
        line.startswith("- each of 6 requirements was not run, as the report does not have it")
        and line.endswith("READ-2, READ-3, READ-4, READ-5, READ-6, READ-7")
        for line in lines
    )
    assert len(showing.as_document(verdict)["findings"]) == 6


def test_json_says_all(judge: Any) -> None:
    verdict = judge(whole(but={"CONT-2": Outcome.FAILED, "CONT-3": Outcome.SKIPPED}), by=policy(waivers=[waiver()]))
    told = json.loads(json.dumps(showing.as_document(verdict)))

    assert told["passed"] is False
    assert told["findings"][0]["rule"] == "skipped"
    assert told["targets"][0]["musts"] == {
        "kept": MUSTS - 2,
        "total": MUSTS,
        "percent": 100 * (MUSTS - 2) // MUSTS,
        "partly": 0,
        "others": {"waived": 1, "skipped": 1},
    }
    assert told["waived"][0] == {**waiver(), "expires": "2026-12-31", "issue": None}


def test_names_of_others_stay_text(judge: Any) -> None:
    report = whole(HOSTILE, but={"CONT-2": Outcome.FAILED})
    verdict = judge(report, by=policy(targets=[HOSTILE.strip()]))

    for text in (showing.as_markdown(verdict), "\n".join(line for line, _ in showing.as_lines(verdict))):
        assert not set(text) & {"\x1b", "\u202e", "\udc80"}
    assert "\n- `" in showing.as_markdown(verdict)


def test_every_group_is_of_the_contract() -> None:
    assert set(GROUPS) == {each.group for each in REQUIREMENTS.values()}


# --- in general


def unsealed(report: Report) -> list[Validation]:
    return [Validation("report.json", Seal.INTACT, (), report)]


ENDINGS = st.sampled_from([Outcome.FAILED, Outcome.ERRORED, Outcome.FLAKY, Outcome.SKIPPED, Outcome.NOT_OFFERED])
SPOILED = st.dictionaries(st.sampled_from(sorted(REQUIREMENTS)), ENDINGS, max_size=3)


@given(SPOILED)
def test_the_gate_opens_for_what_is_kept_or_not_offered_alone(spoiled: dict[str, Outcome]) -> None:
    """A declared capability is offered; the example's target declares append alone."""
    verdict = decide(policy(), unsealed(whole(but=spoiled)), today=TODAY)

    closing = {
        name
        for name, outcome in spoiled.items()
        if outcome is Outcome.FLAKY
        or (outcome is not Outcome.NOT_OFFERED and REQUIREMENTS[name].level is not Level.SHOULD)
        or (outcome is Outcome.NOT_OFFERED and REQUIREMENTS[name].capability == "append")
    }
    # pytest ends with 1 after a failure, and a complete run of skips alone with 0.
    assert {each.requirement for each in verdict.findings} == closing
    assert verdict.passed is not bool(closing)


@given(SPOILED, SPOILED)
def test_what_gets_worse_never_opens_the_gate(before: dict[str, Outcome], more: dict[str, Outcome]) -> None:
    better = decide(policy(), unsealed(whole(but=before)), today=TODAY)
    worse = decide(policy(), unsealed(whole(but={**more, **before})), today=TODAY)

    assert better.passed or not worse.passed
    assert worse.targets[0].tally.kept <= better.targets[0].tally.kept


@given(SPOILED)
def test_waivers_for_all_that_is_wrong_open_it_and_for_anything_else_close_it(spoiled: dict[str, Outcome]) -> None:
    waivable = {Outcome.FAILED, Outcome.FLAKY, Outcome.SKIPPED}
    wrong = {name: outcome for name, outcome in spoiled.items() if outcome in waivable}
    waivers = [waiver(requirement=name) for name in wrong]
    good = next(name for name in REQUIREMENTS if name not in spoiled)

    accepted = decide(policy(waivers=waivers), unsealed(whole(but=wrong)), today=TODAY)
    stale = decide(policy(waivers=[*waivers, waiver(requirement=good)]), unsealed(whole(but=wrong)), today=TODAY)

    assert accepted.passed
    assert {each.requirement for each in accepted.waived} == set(wrong)
    assert [(each.rule, each.requirement) for each in stale.findings] == [("waiver", good)]
