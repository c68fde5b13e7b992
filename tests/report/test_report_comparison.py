"""What changed between two reports, and how it is shown."""

from __future__ import annotations

import dataclasses
import json

import pytest

from storagedriver.report import Check, Collector, Outcome, Report
from storagedriver.report.comparison import Comparison, Kind, kind
from storagedriver.report.rendering import difference

from .example_report import ENVIRONMENT, HOSTILE, check, example, run, target

P, F, E, X, S, N, O = (  # noqa: E741  the outcomes by their first letters
    Outcome.PASSED,
    Outcome.FAILED,
    Outcome.ERRORED,
    Outcome.FLAKY,
    Outcome.SKIPPED,
    Outcome.NOT_RUN,
    Outcome.NOT_OFFERED,
)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (P, P, None),
        (P, F, Kind.REGRESSED),
        (P, S, Kind.REGRESSED),
        (P, O, Kind.REGRESSED),
        (P, N, Kind.REGRESSED),
        (S, F, Kind.REGRESSED),
        (O, X, Kind.REGRESSED),
        (N, E, Kind.REGRESSED),
        (F, P, Kind.REPAIRED),
        (S, P, Kind.REPAIRED),
        (F, S, Kind.CHANGED),
        (F, E, Kind.CHANGED),
        (S, O, Kind.CHANGED),
        (None, F, Kind.NEW),
        (F, None, Kind.GONE),
        (None, None, None),
    ],
)
def test_each_pair_of_outcomes_has_its_meaning(
    before: Outcome | None, after: Outcome | None, expected: Kind | None
) -> None:
    assert kind(before, after) is expected


def report(*checks: Check, label: str = "inmemory", groups: tuple[str, ...] = ()) -> Report:
    collector = Collector(groups)
    collector.add_target(target(label))
    for each in checks:
        collector.add_check(label, each)
    return collector.report(run(), ENVIRONMENT)


def why(requirement: str, outcome: Outcome, number: int = 1) -> Check:
    return check(requirement, outcome, number, reason="why")


OLD = report(why("CONT-1", P), why("CONT-2", F), why("CONT-3", P), why("READ-1", F, 1), why("READ-1", P, 2))
NEW = report(why("CONT-1", F), why("CONT-2", P), why("CONT-4", P), why("READ-1", F, 1), why("READ-1", F, 2))


def test_requirements_and_checks_are_told_apart() -> None:
    compared = Comparison.of(OLD, NEW)

    assert [(each.kind, each.requirement) for each in compared.requirements] == [
        (Kind.REGRESSED, "CONT-1"),
        (Kind.REPAIRED, "CONT-2"),
        (Kind.GONE, "CONT-3"),
        (Kind.NEW, "CONT-4"),
    ]
    # READ-1 fails as before, but one check more of it does.
    assert [each.requirement for each in compared.checks if each.kind is Kind.REGRESSED] == ["CONT-1", "READ-1"]
    assert compared.regressed


def test_nothing_changed() -> None:
    compared = Comparison.of(example(), example())

    assert not compared.regressed
    assert difference.sentence(compared) == "nothing changed"
    assert list(difference.as_lines(compared, example(), example())) == [("nothing changed", "bold")]


def test_a_kept_requirement_that_is_gone_is_no_success() -> None:
    compared = Comparison.of(report(check("CONT-1"), check("CONT-2")), report(check("CONT-1")))

    assert [each.requirement for each in compared.lost] == ["CONT-2"]
    assert compared.regressed


def test_a_check_with_another_name_is_no_regression() -> None:
    compared = Comparison.of(report(check("CONT-1", number=1)), report(check("CONT-1", number=2)))

    assert [each.kind for each in compared.checks] == [Kind.GONE, Kind.NEW]
    assert not compared.regressed


def test_a_target_of_one_report_alone_is_a_line() -> None:
    old, new = report(check("CONT-1"), label="a"), report(check("CONT-1"), label="b")
    compared = Comparison.of(old, new)

    assert (compared.new_targets, compared.gone_targets) == (("b",), ("a",))
    lines = [line for line, _ in difference.as_lines(compared, old, new)]
    assert lines[:2] == ["target b is new", "target a is gone, and with it 1 requirement that passed"]


def test_lines_name_what_happened_to_what() -> None:
    lines = [line.strip() for line, _ in difference.as_lines(Comparison.of(OLD, NEW), OLD, NEW)]

    assert lines[0] == "Regressed"
    assert "CONT-1 of inmemory: passed, now failed" in lines
    assert lines[lines.index("CONT-1 of inmemory: passed, now failed") + 1] == "because: why"
    assert "CONT-2 of inmemory: failed, now passed" in lines
    assert not lines[lines.index("CONT-2 of inmemory: failed, now passed") + 1].startswith("because")
    assert "CONT-3 of inmemory: was passed" in lines
    assert "- behaviour/test_read.py::test_READ_1_2: passed, now failed" in lines
    assert lines[-1].startswith("1 requirement and 2 checks regressed, 1 requirement and 1 check repaired")


def test_a_comparison_of_unlike_runs_says_so() -> None:
    partial = dataclasses.replace(
        NEW,
        run=dataclasses.replace(run("the run was interrupted"), profile="full"),
        environment=dataclasses.replace(ENVIRONMENT, storagedriver="0.2.0"),
    )

    assert difference.notes(OLD, partial) == [
        "the new report is of an incomplete run: the run was interrupted",
        "the reports are of different kits: 0.1.0 and then 0.2.0",
        "the reports are of different profiles: quick and then full",
    ]


def test_markdown_has_a_table_for_each_kind() -> None:
    page = difference.as_markdown(Comparison.of(OLD, NEW), OLD, NEW)

    assert page.startswith("### Compared with before: 1 requirement and 2 checks regressed")
    assert [line for line in page.splitlines() if line.startswith("####")] == [
        "#### Regressed",
        "#### Repaired",
        "#### New",
        "#### Gone",
    ]
    assert (
        "| CONT-1 | `inmemory` | passed, now failed | `why` | `behaviour/test_cont.py::test_CONT_1_1`: passed, now failed |"
        in page
    )


def test_names_of_others_stay_text() -> None:
    old, new = report(check("CONT-1"), label=HOSTILE), report(why("CONT-1", F), label=HOSTILE)
    compared = Comparison.of(old, new)

    page = difference.as_markdown(compared, old, new)
    lines = [line for line, _ in difference.as_lines(compared, old, new)]

    for text in (page, *lines):
        assert not set(text) & {"\x1b", "\u202e", "\udc80"}
    assert r"`[bold red]not markup[/] [/] \x1b[2J\u202e \udc80 :smile: second line`" in page


def test_json_has_all(tmp_path: object) -> None:
    told = json.loads(json.dumps(difference.as_document(Comparison.of(OLD, NEW))))

    assert told["regressed"] is True
    assert told["requirements"][0] == {
        "kind": "regressed",
        "target": "inmemory",
        "requirement": "CONT-1",
        "check": None,
        "before": "passed",
        "after": "failed",
    }
    assert len(told["checks"]) == 5
