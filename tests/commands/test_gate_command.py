"""`storagedriver gate`: what it takes and says, and how it ends."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from certification.judged import whole, with_run
from storagedriver import cli
from storagedriver.report import Outcome, Report
from storagedriver.report.digest import KEY

POLICY = 'profile = "quick"\ntargets = ["inmemory"]\nsuites = ["behaviour"]\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "gate.toml").write_text(POLICY)
    whole().write(tmp_path / "good.json")
    whole(but={"CONT-2": Outcome.FAILED}).write(tmp_path / "bad.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_an_open_gate(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["gate", "--policy=gate.toml", "good.json"]) == cli.OK

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("share of inmemory (good.json): MUSTs kept: ")
    assert lines[-1] == "gate passed: 1 target"


@pytest.mark.usefixtures("folder")
def test_a_closed_gate(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["gate", "--policy=gate.toml", "good.json", "bad.json"]) == cli.FAILED

    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "on inmemory (bad.json):",
        "  - CONT-2 (MUST) failed (why): repair the driver, or add a waiver for it",
    ]
    assert lines[-1] == "gate closed: 1 reason, 2 targets"


@pytest.mark.usefixtures("folder")
def test_markdown_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["gate", "--policy=gate.toml", "--format=markdown", "bad.json"]) == cli.FAILED
    page = capsys.readouterr().out
    assert page.startswith("### ❌ gate closed: 1 reason, 1 target\n\n| target | report | share |\n")
    assert "\n- `CONT-2 (MUST) failed (why): repair the driver, or add a waiver for it`\n" in page

    assert cli.main(["gate", "--policy=gate.toml", "--json", "good.json"]) == cli.OK
    assert json.loads(capsys.readouterr().out)["passed"] is True


@pytest.mark.usefixtures("folder")
def test_annotations(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["gate", "--policy=gate.toml", "--format=github", "bad.json"]) == cli.FAILED

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (
        "::error title=gate closed%3A inmemory (bad.json)::"
        "CONT-2 (MUST) failed (why): repair the driver, or add a waiver for it"
    )
    assert lines[1].startswith("::notice title=inmemory::MUSTs kept: ")
    assert lines[-1] == "::error title=gate::gate closed: 1 reason, 1 target"


@pytest.mark.parametrize("content", [None, "", "{}", "[1, 2"])
def test_what_is_no_report_closes_the_gate(
    folder: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (folder / "other.json").write_text(content)

    assert cli.main(["gate", "--policy=gate.toml", "good.json", "other.json"]) == cli.FAILED
    assert "no valid report: " in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "arguments", [[], ["good.json"], ["--policy=gate.toml"], ["--policy", "gate.toml", "--open", "good.json"]]
)
def test_a_wrong_command_line(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["gate", *arguments])
    assert ended.value.code == cli.USAGE


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{POLICY}\nnovelty = 1", "gate.toml: novelty: unknown key"),
        ("targets = 7", "gate.toml: profile: missing\nstoragedriver: gate.toml: targets: "),
        (f"baseline = 'absent.json'\n{POLICY}", "gate.toml: baseline: absent.json: cannot be read"),
        (f"baseline = 'partial.json'\n{POLICY}", "partial.json is of an incomplete run"),
        (f"baseline = ['good.json', 'bad.json']\n{POLICY}", "good.json and bad.json both have inmemory"),
        (f"baseline = 'edited.json'\n{POLICY}", "edited.json: edited after it was written"),
    ],
)
def test_a_policy_that_cannot_be_judged_by(
    folder: Path, text: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report = whole()
    with_run(report, complete=False, incomplete_reasons=("-x",), exit_status=2).write(folder / "partial.json")
    edited = dataclasses.replace(report, results=report.results[1:]).to_document()
    (folder / "edited.json").write_text(json.dumps({**edited, KEY: report.to_document()[KEY]}))
    (folder / "gate.toml").write_text(text)

    assert cli.main(["gate", "--policy=gate.toml", "good.json"]) == cli.USAGE
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""


WAIVED = f"""{POLICY}
[[waivers]]
target = "inmemory"
requirement = "CONT-2"
owner = "ann@example.org"
reason = "the backend is being replaced"
expires = 9999-12-31
"""


def test_what_is_waived_can_be_written(folder: Path) -> None:
    """With its checks as they ended, and so that the gate judges it the same again."""
    (folder / "gate.toml").write_text(WAIVED)

    assert cli.main(["gate", "--policy=gate.toml", "--write=judged", "bad.json"]) == cli.OK

    before, after = Report.read("bad.json"), Report.read("judged/bad.json")
    changed = [each for each in after.results if each not in before.results]
    assert [(each.requirement, each.outcome, dict(each.counts)) for each in changed] == [
        ("CONT-2", Outcome.WAIVED, {Outcome.FAILED: 2})
    ]
    assert cli.main(["gate", "--policy=gate.toml", "judged/bad.json"]) == cli.OK
    (folder / "gate.toml").write_text(POLICY)
    assert cli.main(["gate", "--policy=gate.toml", "judged/bad.json"]) == cli.FAILED


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--write=.", "good.json"], "good.json lies in . and would be replaced"),
        (["--write=out", "good.json", "other/good.json"], "two of the reports are called good.json"),
    ],
)
def test_nothing_is_written_over(
    folder: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "other").mkdir()
    whole().write(folder / "other" / "good.json")

    assert cli.main(["gate", "--policy=gate.toml", *arguments]) == cli.USAGE
    assert words in capsys.readouterr().err
    assert not (folder / "out").exists()


def test_a_folder_that_cannot_be_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "file").touch()

    assert cli.main(["gate", "--policy=gate.toml", "--write=file", "good.json"]) == cli.FAILED
    assert "file cannot be written: " in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_a_file_given_twice(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["gate", "--policy=gate.toml", "good.json", "good.json"]) == cli.USAGE
    assert "good.json is given twice" in capsys.readouterr().err


def test_a_baseline_is_relative_to_the_policy(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "ci").mkdir()
    (folder / "ci" / "gate.toml").write_text(f"baseline = '../good.json'\n{POLICY}")

    assert cli.main(["gate", "--policy=ci/gate.toml", "bad.json"]) == cli.FAILED
    assert "(it passed in the baseline)" in capsys.readouterr().out
