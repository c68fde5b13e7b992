from __future__ import annotations

import copy
import dataclasses
import subprocess
import sys
import typing
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest

from storagedriver.contract import Level
from storagedriver.report import (
    SCHEMA_VERSION,
    Check,
    Ending,
    Environment,
    Evidence,
    Figure,
    FilesDigest,
    Outcome,
    Report,
    ReportError,
    Result,
    Run,
    Server,
    Target,
    TrialKind,
    Trials,
    schema,
)
from storagedriver.report.digest import KEY

from .example_report import example

RECORDS = {"run": Run, "environment": Environment, "server": Server, "target": Target, "result": Result}
RECORDS |= {"check": Check, "evidence": Evidence, "trials": Trials, "figure": Figure, "files": FilesDigest}


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION + 1))
def test_each_format_has_a_schema_of_its_own(version: int) -> None:
    loaded = schema.load(version)
    jsonschema.Draft202012Validator.check_schema(loaded)
    assert loaded["$id"].endswith(f"report-{version}.schema.json")
    assert loaded["properties"]["$schema"]["const"] == loaded["$id"]
    assert loaded["properties"]["schema_version"]["const"] == version


def test_the_schema_is_named_as_reports_say() -> None:
    assert schema.load()["$id"] == schema.IDENTIFIER
    assert schema.load()["properties"]["schema_version"]["const"] == SCHEMA_VERSION
    assert schema.IDENTIFIER.endswith(f"report-{SCHEMA_VERSION}.schema.json")


@pytest.mark.parametrize("name", RECORDS)
def test_schema_and_model_have_the_same_fields(name: str) -> None:
    part = schema.load()["$defs"][name]
    fields = [field.name for field in dataclasses.fields(RECORDS[name])]
    assert list(part["properties"]) == fields
    assert part["required"] == fields
    assert part["additionalProperties"] is False


@pytest.mark.parametrize("name", RECORDS)
def test_schema_and_model_agree_on_what_may_be_null(name: str) -> None:
    hints = typing.get_type_hints(RECORDS[name])
    for field, part in schema.load()["$defs"][name]["properties"].items():
        nullable = "null" in part.get("type", []) or {"type": "null"} in part.get("anyOf", [])
        assert nullable == (type(None) in typing.get_args(hints[field])), field


def test_schema_and_model_agree_at_the_top_and_in_their_enums() -> None:
    top = schema.load()
    fields = {field.name for field in dataclasses.fields(Report)} | {"$schema"}
    assert set(top["required"]) == fields
    assert set(top["properties"]) == fields | {KEY}
    assert top["$defs"]["outcome"]["enum"] == list(Outcome)
    assert top["$defs"]["result"]["properties"]["level"]["enum"] == list(Level)
    trials = top["$defs"]["trials"]["properties"]
    assert trials["kind"]["enum"] == list(TrialKind)
    assert trials["endings"]["items"]["enum"] == list(Ending)


def parts(node: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        yield where, node
        for key, value in node.items():
            if key not in {"examples", "const", "enum"}:
                yield from parts(value, f"{where}/{key}")


def test_every_property_is_described() -> None:
    for where, part in parts(schema.load()):
        conditional = {"if", "then", "else"} & set(where.split("/"))
        if where.rpartition("/")[0].endswith("/properties") and not conditional:
            assert {"description", "$ref", "allOf"} & set(part), where


def test_the_examples_in_the_schema_are_valid() -> None:
    seen = 0
    for where, part in parts(schema.load()):
        for value in part.get("examples", ()):
            seen += 1
            validator = jsonschema.Draft202012Validator({**part, "$defs": schema.load()["$defs"]})
            assert validator.is_valid(value), (where, value)
    assert seen > 30


def test_the_example_report_passes() -> None:
    schema.check(example().to_document())
    schema.check(example("stopped by -x").to_document())


Change = Callable[[dict[str, Any]], object]


def failed(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(result for result in document["results"] if result["outcome"] == "failed")
    return found


def tried(document: dict[str, Any]) -> dict[str, Any]:
    checks = [each for result in document["results"] for each in result["checks"]]
    found: dict[str, Any] = next(each["trials"][0] for each in checks if each["trials"])
    return found


def measured(document: dict[str, Any]) -> dict[str, Any]:
    checks = [each for result in document["results"] for each in result["checks"]]
    found: dict[str, Any] = next(each["figures"][0] for each in checks if each["figures"])
    return found


FAULTS: dict[str, tuple[Change, str]] = {
    "a key too many": (lambda it: it.update(extra=1), "extra"),
    "a key too few": (lambda it: it.pop("run"), "'run' is a required property"),
    "a run without an end": (lambda it: it["run"].pop("finished"), "finished"),
    "a time without a zone": (lambda it: it["run"].update(started="2026-03-01T12:00:00"), "run.started"),
    "a time elsewhere": (lambda it: it["run"].update(started="2026-03-01T12:00:00+01:00"), "run.started"),
    "complete with reasons": (lambda it: it["run"].update(incomplete_reasons=["why"]), "incomplete_reasons"),
    "incomplete without": (lambda it: it["run"].update(complete=False), "incomplete_reasons"),
    "a seed in words": (lambda it: it["run"].update(seed="7"), "run.seed"),
    "a target without a label": (lambda it: it["targets"][0].update(label=""), r"targets\[0\].label"),
    "a parameter that is a number": (lambda it: it["targets"][0].update(parameters={"port": 80}), "parameters.port"),
    "a server in words": (lambda it: it["targets"][0].update(server="s3"), r"targets\[0\].server"),
    "an outcome of its own": (lambda it: failed(it).update(outcome="green"), "outcome"),
    "a level of its own": (lambda it: failed(it).update(level="MAY"), "level"),
    "a requirement without a number": (lambda it: failed(it).update(requirement="CONT"), "requirement"),
    "a count of nothing": (lambda it: failed(it)["counts"].update(flaky=0), "counts"),
    "a count of no outcome": (lambda it: failed(it)["counts"].update(green=1), "counts|green"),
    "a waived check": (lambda it: failed(it)["checks"][0].update(outcome="waived", reason="why"), "outcome"),
    "a skip without a reason": (lambda it: failed(it)["checks"][0].update(outcome="skipped"), "reason"),
    "time that runs backwards": (lambda it: failed(it)["checks"][0].update(duration=-1), "duration"),
    "a trial of its own": (lambda it: tried(it).update(kind="curse"), "kind"),
    "an ending of its own": (lambda it: tried(it).update(endings=["glory"]), "endings"),
    "a figure in words": (lambda it: measured(it).update(value="12"), "figures"),
    "evidence without what": (lambda it: failed(it)["checks"][0]["evidence"].pop("what"), "evidence|what"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_must_fail_fails_and_is_located(fault: str) -> None:
    change, named = FAULTS[fault]
    document = copy.deepcopy(example().to_document())
    change(document)
    with pytest.raises(ReportError, match=named) as refused:
        schema.check(document)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("fault", FAULTS)
def test_the_model_refuses_what_the_schema_refuses(fault: str) -> None:
    document = copy.deepcopy(example().to_document())
    Report.from_document(document)
    FAULTS[fault][0](document)
    with pytest.raises(ReportError):
        Report.from_document(document)


def test_making_a_report_imports_neither_jsonschema_nor_rich() -> None:
    unwanted = ("jsonschema", "jsonschema_rs", "rich", "pytest")
    code = f"import sys, storagedriver.report; print([m for m in {unwanted} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
