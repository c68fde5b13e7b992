"""`storagedriver validate`: what it says, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from report.example_report import example
from storagedriver import cli


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.json"
    example().write(path)
    return path


@pytest.fixture
def edited(good: Path) -> Path:
    path = good.with_name("edited.json")
    path.write_text(good.read_text().replace('"failed"', '"skipped"', 1), encoding="utf-8")
    return path


def test_a_good_file(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["validate", str(good)]) == cli.OK

    assert capsys.readouterr().out == f"{good}: valid (2 targets, {len(example().results)} results, digest intact)\n"


def test_one_bad_file_among_good_ones_decides(good: Path, edited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["validate", str(good), str(edited), str(good)]) == cli.FAILED

    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith(f"{edited}: ")
    assert "  - edited after it was written" in lines[2]


def test_what_a_run_left_out_is_said(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example("the run was interrupted").write(good)

    assert cli.main(["validate", str(good)]) == cli.OK
    assert "certifies nothing:\n  - the run was interrupted\n" in capsys.readouterr().out


def test_json(good: Path, edited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = good.with_name("missing.json")

    assert cli.main(["validate", "--json", str(good), str(edited), str(missing)]) == cli.FAILED

    told = json.loads(capsys.readouterr().out)
    assert told[0] == {"file": str(good), "valid": True, "digest": "intact", "problems": []}
    assert [(each["valid"], each["digest"]) for each in told[1:]] == [(False, "broken"), (False, "unknown")]
    assert told[2]["problems"] == ["cannot be read: No such file or directory"]


def test_control_characters_of_a_file_stay_in_it(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example("stopped by \x1b[2J\n::error::").write(good)
    cli.main(["validate", str(good)])

    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert r"  - stopped by \x1b[2J\n::error::" in out.splitlines()


def test_without_jsonschema_it_says_what_to_install(
    good: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)

    assert cli.main(["validate", str(good)]) == cli.FAILED
    assert "pip install 'storagedriver[suite]'" in capsys.readouterr().err


def test_no_file_is_a_wrong_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["validate"])

    assert ended.value.code == cli.USAGE
    assert "usage: storagedriver validate" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_success(good: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as broken:
        command = [sys.executable, "-m", "storagedriver.cli", "validate", str(good)]
        done = subprocess.run(command, stdout=broken, stderr=subprocess.PIPE, check=False, timeout=60)

    assert (done.returncode, done.stderr) == (cli.FAILED, b"")


def test_an_encoding_without_the_characters_gets_escapes(tmp_path: Path) -> None:
    path = tmp_path / "é.json"
    example().write(path)
    command = [sys.executable, "-m", "storagedriver.cli", "validate", str(path)]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}, check=False)

    assert (done.returncode, done.stderr) == (cli.OK, b"")
    assert rb"\xe9.json: valid" in done.stdout
