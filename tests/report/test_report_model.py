from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from storagedriver.contract import Level
from storagedriver.report import Check, Environment, Evidence, Outcome, Report, ReportError, Result, Run, Target

from .example_report import ENVIRONMENT, TAIL, check, example, run, target
from .report_strategies import reports


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(report=reports())
def test_any_report_survives_writing_and_reading(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    report.write(path)
    assert Report.read(path) == report


def test_the_example_survives_writing_and_reading(tmp_path: Path) -> None:
    report = example("37 checks were deselected by -k")
    report.write(tmp_path / "report.json")
    assert Report.read(tmp_path / "report.json") == report


@pytest.mark.parametrize(
    "record", [TAIL, check("CONT-2", Outcome.FAILED, evidence=TAIL), target("s3@moto"), run("why")]
)
def test_each_record_converts_by_itself(record: Any) -> None:
    assert type(record).from_dict(record.to_dict()) == record


def test_records_do_not_change() -> None:
    for record in (TAIL, check("CONT-2"), target("inmemory"), ENVIRONMENT, run(), example()):
        name = dataclasses.fields(record)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(record, name, None)
        assert not hasattr(record, "__dict__")


@pytest.mark.parametrize(
    ("record", "change", "message"),
    [
        (Check, {"colour": "green"}, "Check: unknown key 'colour'"),
        (Check, {"outcome": None}, "Check.outcome: a string is needed, not null"),
        (Check, {"outcome": "green"}, "Check.outcome: one of passed, failed"),
        (Check, {"duration": "1"}, "Check.duration: a number is needed, not a string"),
        (Check, {"duration": float("nan")}, "Check.duration: a finite number"),
        (Check, {"duration": 10**400}, "Check.duration: a finite number"),
        (Check, {"duration": -1}, "a duration is a number of seconds"),
        (Check, {"duration": True}, "Check.duration: a number is needed, not true or false"),
        (Check, {"node_id": 1}, "Check.node_id: a string is needed, not an integer"),
        (Check, {"requirement": "CONT-2\n"}, "a requirement is a group and a number"),
        (Check, {"outcome": "waived", "reason": "why"}, "a requirement is waived, never a check"),
        (Check, {"outcome": "skipped", "reason": " "}, "a check that is skipped needs a reason"),
        (Check, {"outcome": "not_offered"}, "a check that is not offered needs a reason"),
        (Check, {"evidence": []}, "Check.evidence: an object is needed, not an array"),
        (Check, {"evidence": {"what": "x"}}, "Check.evidence: missing keys 'expected', 'seen', 'calls'"),
        (Evidence, {"calls": "abc"}, "Evidence.calls: an array is needed, not a string"),
        (Evidence, {"calls": ["a", 1]}, r"Evidence.calls\[1\]: a string is needed"),
        (Target, {"label": ""}, "a target needs a label"),
        (Target, {"parameters": {"port": 80}}, "Target.parameters.port: a string is needed, not an integer"),
        (Target, {"capabilities": []}, "Target.capabilities: an object is needed"),
        (Run, {"started": "yesterday"}, "Run.started: a time is needed, not 'yesterday'"),
        (Run, {"started": "2026-03-01T12:00:00"}, "a time is in UTC"),
        (Run, {"finished": "2026-03-01T12:00:00+02:00"}, "a time is in UTC"),
        (Run, {"complete": 1}, "Run.complete: true or false is needed, not an integer"),
        (Run, {"exit_status": True}, "Run.exit_status: an integer is needed"),
        (Run, {"complete": False}, "either complete or has reasons"),
        (Run, {"incomplete_reasons": ["why"]}, "either complete or has reasons"),
        (Run, {"complete": False, "incomplete_reasons": [""]}, "a reason .* is a sentence"),
        (Environment, {"packages": None}, "Environment.packages: an object is needed, not null"),
        (Result, {"counts": {"passed": 2}}, "counts that are not those of its checks"),
        (Result, {"counts": {"green": 1}}, "Result.counts: key: one of passed"),
        (Result, {"outcome": "failed"}, "cannot be failed: by its checks it is passed"),
        (Result, {"outcome": "waived"}, "cannot be waived: by its checks it is passed"),
        (Result, {"requirement": "CONT-3"}, "holds a check of another requirement"),
        (Result, {"level": "MAY"}, "Result.level: one of MUST, SHOULD, CAP"),
    ],
)
def test_what_is_wrong_is_refused_and_named(record: Any, change: dict[str, Any], message: str) -> None:
    good = {
        Check: check("CONT-2"),
        Evidence: TAIL,
        Target: target("s3@moto"),
        Run: run(),
        Environment: ENVIRONMENT,
        Result: result(check("CONT-2")),
    }[record]
    assert record.from_dict(good.to_dict()) == good
    with pytest.raises(ReportError, match=message):
        record.from_dict({**good.to_dict(), **change})


@pytest.mark.parametrize("given", [None, [], "text", 1])
def test_what_is_no_object_is_refused(given: object) -> None:
    with pytest.raises(ReportError, match="an object is needed"):
        Report.from_dict(given)


def result(*checks: Check, label: str = "inmemory") -> Result:
    return Result.of_checks(label, "CONT-2", checks, title="no tail", level=Level.MUST, capability=None)


def test_only_the_gate_makes_waived_of_failed() -> None:
    failed = result(check("CONT-2", Outcome.FAILED))
    waived = dataclasses.replace(failed, outcome=Outcome.WAIVED)
    assert Result.from_dict(waived.to_dict()) == waived
    with pytest.raises(ValueError, match="by its checks it is failed"):
        dataclasses.replace(failed, outcome=Outcome.PASSED)


def test_a_result_holds_a_check_once() -> None:
    with pytest.raises(ValueError, match="the same check twice"):
        result(check("CONT-2"), check("CONT-2"))


def test_a_report_is_consistent() -> None:
    good = Report(run(), ENVIRONMENT, (target("inmemory"),), (result(check("CONT-2")),))
    with pytest.raises(ValueError, match="two targets inmemory"):
        dataclasses.replace(good, targets=good.targets * 2)
    with pytest.raises(ValueError, match="two results for CONT-2 of inmemory"):
        dataclasses.replace(good, results=good.results * 2)
    with pytest.raises(ValueError, match="results of s3, which is no target"):
        dataclasses.replace(good, results=(result(check("CONT-2"), label="s3"),))
    with pytest.raises(ValueError, match="the format has version 2, not 3"):
        dataclasses.replace(good, schema_version=3)


def test_times_are_utc_whatever_their_clock_is_called() -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(0), "GMT"))
    changed = dataclasses.replace(run(), finished=moment)
    assert changed.to_dict()["finished"] == "2026-03-01T12:00:00Z"
    assert Run.from_dict(changed.to_dict()).finished == moment.astimezone(UTC)
