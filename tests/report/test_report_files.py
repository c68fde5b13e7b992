from __future__ import annotations

import dataclasses
import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from storagedriver.contract import Level
from storagedriver.report import Evidence, Outcome, Report, ReportError, Result, files
from storagedriver.report.digest import KEY, digest

from .example_report import ENVIRONMENT, check, example, run, target


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "report.json"


def test_it_is_written_whole_or_not_at_all(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = example()
    report.write(path)
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        dataclasses.replace(report, run=run("stopped")).write(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_folders_are_made_and_others_may_read(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "report.json"
    mask = os.umask(0o022)
    try:
        example().write(path)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_text_of_every_kind_comes_back(path: Path) -> None:
    odd = Evidence(what="\udc80 half a pair", expected="\x00\x1b[31m\u2028 \U0001f600", seen='"\\\r\n')
    failed = check("CONT-2", Outcome.FAILED, evidence=odd)
    result = Result.of_checks("inmemory", "CONT-2", [failed], title="", level=Level.MUST, capability=None)
    report = Report(run(), ENVIRONMENT, (target("inmemory"),), (result,))
    report.write(path)
    assert Report.read(path) == report
    assert "\U0001f600".encode() in path.read_bytes()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"bytes", object()])
def test_what_json_cannot_hold_is_not_written(path: Path, value: object) -> None:
    odd = dataclasses.replace(target("inmemory"), capabilities={"odd": value})
    with pytest.raises(ReportError, match="holds what JSON cannot"):
        Report(run(), ENVIRONMENT, (odd,), ()).write(path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no JSON at line 1"),
        (b"\xff\xfe", "not UTF-8"),
        (b"<testsuites/>", "not a report, or cut short"),
        (b"[]", "not a storagedriver report"),
        (b"null", "not a storagedriver report"),
        (b"{}", "not a storagedriver report"),
        (b'{"$schema": "https://json-schema.org/draft/2020-12/schema"}', "not a storagedriver report"),
        (b'{"$schema": 1, "schema_version": 2}', "not a storagedriver report"),
        (b'{"$schema": "x", "$schema": "y"}', r"the key '\$schema' is there twice"),
        (b'{"a": NaN}', "NaN is no JSON number"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"$schema": ' + b"1" * 5000 + b"}", "a number has too many digits"),
    ],
)
def test_what_is_no_report_is_refused_in_a_sentence(path: Path, content: bytes, message: str) -> None:
    path.write_bytes(content)
    with pytest.raises(ReportError, match=message) as refused:
        Report.read(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(path: Path) -> None:
    with pytest.raises(ReportError, match=r"report\.json: cannot be read: No such file"):
        Report.read(path)
    with pytest.raises(ReportError, match="cannot be read"):
        Report.read(path.parent)


def test_a_huge_file_is_refused_before_it_is_read_to_its_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 3 << 20)
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ReportError, match=r"report\.json: it has more than 3 MiB"):
        Report.read(path)


def test_a_report_cut_short_is_refused(path: Path) -> None:
    example().write(path)
    content = path.read_bytes()
    for length in range(0, len(content) - 2, len(content) // 20):
        path.write_bytes(content[:length])
        with pytest.raises(ReportError, match="cut short"):
            Report.read(path)


def changed(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**example().to_document(), **changes}), encoding="utf-8")


def test_a_newer_format_is_refused_as_such(path: Path) -> None:
    newer = "https://storagedriver.readthedocs.io/schema/report-3.schema.json"
    changed(path, **{"$schema": newer}, schema_version=3, novelty=[])
    with pytest.raises(ReportError, match=r"written by a newer storagedriver \(format 3; this one reads up to 2\)"):
        Report.read(path)


def as_format_1(document: dict[str, Any]) -> dict[str, Any]:
    """The document as the version that wrote format 1 would have written it."""
    older: dict[str, Any] = json.loads(json.dumps(document))
    for result in older["results"]:
        for each in result["checks"]:
            del each["trials"], each["figures"]
    for each in older["targets"]:
        del each["files"]
    older |= {"$schema": older["$schema"].replace("report-2", "report-1"), "schema_version": 1}
    return {**older, KEY: digest(older)}


def test_a_report_of_format_1_is_read_and_its_digest_holds(path: Path) -> None:
    older = as_format_1(example().to_document())
    path.write_text(json.dumps(older), encoding="utf-8")
    report = Report.read(path)
    assert report.schema_version == 2
    assert [each.outcome for each in report.results] == [each.outcome for each in example().results]
    assert report.trials_of("s3@seaweedfs") == ()

    older["run"]["seed"] = 7
    path.write_text(json.dumps(older), encoding="utf-8")
    with pytest.raises(ReportError, match="edited after it was written"):
        Report.read(path)


def test_a_report_of_format_1_with_what_came_later_is_refused(path: Path) -> None:
    older = as_format_1(example().to_document())
    older["results"][0]["checks"][0]["trials"] = []
    path.write_text(json.dumps(older), encoding="utf-8")
    with pytest.raises(ReportError, match="trials"):
        Report.read(path)


@pytest.mark.parametrize("version", [0, -1, "1", None, 1.5, True])
def test_a_version_that_never_was_is_refused(path: Path, version: object) -> None:
    changed(path, schema_version=version)
    with pytest.raises(ReportError, match=r"broken: schema_version"):
        Report.read(path)


def test_results_that_contradict_their_checks_are_refused(path: Path) -> None:
    results = example().to_document()["results"]
    forged = next(result for result in results if result["outcome"] == "failed")
    forged["outcome"] = "passed"
    changed(path, results=results)
    with pytest.raises(ReportError, match="cannot be passed: by its checks it is failed"):
        Report.read(path)


@pytest.mark.parametrize("module", ["jsonschema", "jsonschema_rs"])
def test_without_jsonschema_reading_says_what_to_install(
    path: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    example().write(path)
    changed(path, schema_version="1")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ReportError, match=r"pip install 'storagedriver\[suite\]'"):
        Report.read(path)
