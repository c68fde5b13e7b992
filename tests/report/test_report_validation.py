"""What is wrong with a file is told, all of it."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from storagedriver.contract import Level
from storagedriver.report import Outcome, Report, Result
from storagedriver.report.digest import KEY
from storagedriver.report.validation import Seal, Validation

from .example_report import check, example, run

PUBLISHED = Path(__file__).parents[2] / "reports" / "results"


def validated(tmp_path: Path, report: Report | dict[str, Any]) -> Validation:
    path = tmp_path / "report.json"
    document = report.to_document() if isinstance(report, Report) else report
    path.write_text(json.dumps(document), encoding="utf-8")
    return Validation.of(path)


def test_a_report_as_a_run_makes_it_is_valid(tmp_path: Path) -> None:
    found = validated(tmp_path, example())

    assert (found.valid, found.seal, found.report) == (True, Seal.INTACT, example())


def test_an_incomplete_run_makes_a_valid_report(tmp_path: Path) -> None:
    assert validated(tmp_path, example("the run was interrupted")).valid


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published results are beside the sources")
def test_published_results_are_valid() -> None:
    files = sorted(PUBLISHED.glob("*.json"))

    assert files
    assert {path.name: Validation.of(path).problems for path in files} == {path.name: () for path in files}


def test_failures_that_an_author_expects_make_a_valid_report(tmp_path: Path) -> None:
    """With marks of xfail pytest ends with 0, and the report says failed nevertheless."""
    assert validated(tmp_path, dataclasses.replace(example(), run=run(exit_status=0))).valid


def test_every_violation_of_the_schema_is_told(tmp_path: Path) -> None:
    document = example().to_document()
    document["run"]["seed"] = "seven"
    document["targets"][0]["server"] = 1
    del document["environment"]["python"]

    found = validated(tmp_path, document)

    assert (found.seal, found.report) == (Seal.UNKNOWN, None)
    assert sorted(problem.partition(":")[0] for problem in found.problems) == [
        "environment",
        "run.seed",
        "targets[0].server",
    ]


def test_of_something_else_not_all_is_told(tmp_path: Path) -> None:
    document = example().to_document()
    for result in document["results"]:
        result["outcome"] = "green"

    problems = validated(tmp_path, document).problems

    assert len(problems) < 30
    assert problems[-1] == f"and {len(document['results']) - 20} more against the schema"


def test_an_edited_file_is_told_beside_what_it_contradicts(tmp_path: Path) -> None:
    document = example().to_document()
    document["results"][0]["outcome"] = "failed"

    found = validated(tmp_path, document)

    assert found.seal is Seal.BROKEN
    assert [problem.partition(" ")[0] for problem in found.problems] == ["edited", "Report.results[0]:"]


def test_a_missing_digest_is_told_and_no_problem(tmp_path: Path) -> None:
    document = example().to_document()
    del document[KEY]

    found = validated(tmp_path, document)

    assert (found.valid, found.seal) == (True, Seal.ABSENT)


def with_result(report: Report, *results: Result) -> Report:
    return dataclasses.replace(report, results=(*report.results, *results))


def altered(report: Report, requirement: str, **changes: Any) -> Report:
    """The report with one requirement of its first target changed."""
    label = report.targets[0].label
    results = [
        dataclasses.replace(each, **changes) if (each.target, each.requirement) == (label, requirement) else each
        for each in report.results
    ]
    return dataclasses.replace(report, results=tuple(results))


def made(requirement: str, *checks: Any, target: str = "inmemory") -> Result:
    return Result.of_checks(target, requirement, checks, title="", level=Level.MUST, capability=None)


GOOD = example(labels=["inmemory"])
CONTRADICTIONS = {
    "a requirement that does not exist": (
        with_result(GOOD, made("CONT-99", check("CONT-99"))),
        "the contract has no requirement CONT-99",
    ),
    "a requirement of another kit": (
        dataclasses.replace(
            with_result(GOOD, made("NEW-1", check("NEW-1"))),
            environment=dataclasses.replace(GOOD.environment, storagedriver="99.0"),
        ),
        "storagedriver 99.0 made the report, and",
    ),
    "a MUST played down": (
        altered(GOOD, "CONT-1", level=Level.SHOULD),
        "CONT-1 of inmemory is a MUST by the contract, not a SHOULD",
    ),
    "a requirement said to be optional": (
        altered(GOOD, "CONT-1", capability="redirect"),
        "CONT-1 of inmemory belongs to no capability by the contract, not to the capability redirect",
    ),
    "a check that counts twice": (
        altered(
            GOOD,
            "CONT-1",
            checks=(dataclasses.replace(check("CONT-2", number=1), requirement="CONT-1"),),
            counts={Outcome.PASSED: 1},
        ),
        "of inmemory proves both CONT-1 and CONT-2",
    ),
    "a run that ends before it begins": (
        dataclasses.replace(GOOD, run=dataclasses.replace(GOOD.run, finished=GOOD.run.started - timedelta(seconds=1))),
        "before it began",
    ),
    "complete although interrupted": (
        dataclasses.replace(GOOD, run=run(exit_status=2)),
        "the run is said to be complete, although pytest ended with 2: interrupted",
    ),
    "complete without results": (
        dataclasses.replace(GOOD, results=()),
        "the run is said to be complete, but there is no result of inmemory",
    ),
    "complete with checks not run": (
        with_result(
            dataclasses.replace(GOOD, results=tuple(each for each in GOOD.results if each.requirement != "CONT-1")),
            made("CONT-1", check("CONT-1", Outcome.NOT_RUN, reason="deselected")),
        ),
        "checks of CONT-1 of inmemory were not run",
    ),
}


@pytest.mark.parametrize("fault", CONTRADICTIONS)
def test_a_contradiction_is_told(tmp_path: Path, fault: str) -> None:
    report, words = CONTRADICTIONS[fault]

    found = validated(tmp_path, report)

    assert found.report is None
    assert len(found.problems) == 1
    assert words in found.problems[0]
