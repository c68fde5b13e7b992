"""`storagedriver render`: where it writes, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from report.example_report import example
from storagedriver import cli
from storagedriver.commands.render import FORMATS


@pytest.fixture
def report(tmp_path: Path) -> str:
    example().write(tmp_path / "report.json")
    return str(tmp_path / "report.json")


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_holds_what_would_be_printed(
    report: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out" / "file"

    assert cli.main(["render", f"--format={name}", report]) == cli.OK
    printed = capsys.readouterr().out
    assert cli.main(["render", f"--format={name}", f"--output={out}", report]) == cli.OK

    assert out.read_text(encoding="utf-8") == printed
    assert len(printed) > 50
    assert capsys.readouterr() == ("", "")


def test_each_format_is_of_its_kind(report: str, capsys: pytest.CaptureFixture[str]) -> None:
    printed = {}
    for name in FORMATS:
        cli.main(["render", f"--format={name}", report])
        printed[name] = capsys.readouterr().out

    assert printed["markdown"].startswith("## Storage driver contract\n")
    assert ET.fromstring(printed["junit"]).tag == "testsuites"
    assert json.loads(printed["sarif"])["version"] == "2.1.0"
    assert printed["github"].startswith("::error title=")
    assert ET.fromstring(printed["badge-svg"]).tag == "{http://www.w3.org/2000/svg}svg"
    assert json.loads(printed["badge-json"])["schemaVersion"] == 1


def test_words_of_the_user(report: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["render", "--format=badge-json", "--label=my driver", report]) == cli.OK
    assert json.loads(capsys.readouterr().out)["label"] == "my driver"

    assert cli.main(["render", "--format=github", "--source=src/mine.py", report]) == cli.OK
    assert capsys.readouterr().out.startswith("::error file=src/mine.py,line=1,title=")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--format=junit", "--source=x.py"], "--source is for the formats github, sarif"),
        (["--format=markdown", "--label=x"], "--label is for the formats badge-json, badge-svg"),
    ],
)
def test_an_option_without_effect_is_refused(
    report: str, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["render", *arguments, report]) == cli.USAGE
    assert words in capsys.readouterr().err


def test_an_edited_file_is_not_rendered(report: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(report).write_text(Path(report).read_text().replace('"4.0"', '"5.0"'), encoding="utf-8")

    assert cli.main(["render", "--format=badge-svg", report]) == cli.FAILED
    captured = capsys.readouterr()
    assert "edited after it was written" in captured.err
    assert captured.out == ""


def test_an_output_that_cannot_be_written(report: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["render", "--format=junit", f"--output={tmp_path}", report]) == cli.FAILED
    assert f"{tmp_path} cannot be written: " in capsys.readouterr().err
