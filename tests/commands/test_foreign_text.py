"""Whatever drivers and servers are called, no command prints what steers a terminal or a pipeline's log."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from report.example_report import ENVIRONMENT
from report.hostile import EVIL, FORBIDDEN, hostile
from storagedriver import cli
from storagedriver.report import Outcome


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two reports of one target with texts of all kinds, in the second of which one more check fails."""
    report = dataclasses.replace(hostile(), environment=dataclasses.replace(ENVIRONMENT, commit=EVIL))
    report.write(tmp_path / "new.json")
    results = []
    for each in report.results:
        checks = [dataclasses.replace(check, outcome=Outcome.PASSED, reason="", evidence=None) for check in each.checks]
        made = type(each).of_checks(
            each.target, each.requirement, checks, title=EVIL, level=each.level, capability=each.capability
        )
        results.append(made)
    dataclasses.replace(report, results=tuple(results)).write(tmp_path / "old.json")
    (tmp_path / "gate.toml").write_text('profile = "quick"\ntargets = ["inmemory"]\n', encoding="utf-8")
    edited = (
        (tmp_path / "new.json").read_text(encoding="utf-8").replace('"outcome": "skipped"', '"outcome": "::error::x"')
    )
    (tmp_path / "edited.json").write_text(edited, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "arguments",
    [
        ["validate", "new.json", "edited.json"],
        ["merge", "merged.json", "old.json", "new.json"],
        ["merge", "merged.json", "new.json"],
        ["diff", "old.json", "new.json"],
        ["diff", "--format=markdown", "old.json", "new.json"],
        ["gate", "--policy=gate.toml", "new.json", "edited.json"],
        ["gate", "--policy=gate.toml", "--commit=abc", "--format=markdown", "new.json"],
        ["gate", "--policy=gate.toml", "--format=json", "new.json"],
        ["render", "--format=markdown", "edited.json"],
    ],
    ids=" ".join,
)
def test_text_of_others_steers_nothing(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments) == cli.FAILED

    captured = capsys.readouterr()
    said = captured.out + captured.err
    assert len(said) > 50
    assert not set(said) & FORBIDDEN
    assert [line for line in said.splitlines() if re.match(r"\s*(::|##\[)", line)] == []


@pytest.mark.usefixtures("folder")
def test_annotations_are_the_gates_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["gate", "--policy=gate.toml", "--format=github", "new.json", "edited.json"]) == cli.FAILED

    for line in capsys.readouterr().out.splitlines():
        assert re.fullmatch(r"::(error|warning|notice) title=[^:,]*::.+", line)
