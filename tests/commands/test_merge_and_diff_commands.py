"""`storagedriver merge` and `storagedriver diff`: what they write and say, and how they end."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from report.example_report import BEHAVIOUR, ENVIRONMENT, all_passed, check, example, run, target
from storagedriver import cli
from storagedriver.report import Collector, Outcome, Report
from storagedriver.report.digest import KEY

NARROWED = "2 of 4 checks were deselected by -k 'one'"


def shard(path: Path, *, first: Outcome, second: Outcome) -> str:
    collector = Collector(["CONT"])
    collector.add_target(target("inmemory"))
    collector.add_check("inmemory", check("CONT-1", first, reason="why"))
    collector.add_check("inmemory", check("CONT-2", second, reason="why"))
    collector.report(run(NARROWED), ENVIRONMENT).write(path)
    return str(path)


@pytest.fixture
def parts(tmp_path: Path) -> list[str]:
    return [
        shard(tmp_path / "1.json", first=Outcome.PASSED, second=Outcome.NOT_RUN),
        shard(tmp_path / "2.json", first=Outcome.NOT_RUN, second=Outcome.PASSED),
    ]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out" / "report.json"


def test_shards_become_a_report(parts: list[str], out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["merge", str(out), *parts]) == cli.OK

    assert Report.read(out).run.complete
    assert capsys.readouterr().out == f"{out}: 2 shards, 2 checks\n"


def test_what_no_shard_ran_is_named(parts: list[str], out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["merge", str(out), parts[0]]) == cli.FAILED

    assert not Report.read(out).run.complete
    assert capsys.readouterr().out.splitlines()[1:] == [
        "  of an incomplete run, so it certifies nothing:",
        "  - 1 check of inmemory ran in no shard",
        "  not run on inmemory: behaviour/test_cont.py::test_CONT_2_1",
    ]


def test_a_disagreement_is_named(parts: list[str], out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    third = shard(out.parent.parent / "3.json", first=Outcome.FAILED, second=Outcome.NOT_RUN)

    assert cli.main(["merge", "--json", str(out), *parts, third]) == cli.OK

    told = json.loads(capsys.readouterr().out)
    assert told["flaky"] == [{"target": "inmemory", "check": "behaviour/test_cont.py::test_CONT_1_1"}]
    assert (told["complete"], told["checks"], told["missing"]) == (True, 2, [])


def test_an_edited_shard_is_not_laundered(parts: list[str], out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(Path(parts[0]).read_text())
    del document[KEY]
    Path(parts[0]).write_text(json.dumps(document))

    assert cli.main(["merge", str(out), *parts]) == cli.FAILED
    assert "1.json has no digest" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["1.json", "2.json"], "1.json exists"),
        (["new.json", "1.json", "./new.json"], "both OUT and a shard"),
    ],
)
def test_a_forgotten_name_overwrites_nothing(
    parts: list[str],
    arguments: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(Path(parts[0]).parent)
    before = Path(parts[0]).read_bytes()

    assert cli.main(["merge", *arguments]) == cli.USAGE
    assert words in capsys.readouterr().err
    assert Path(parts[0]).read_bytes() == before


def test_force_replaces(parts: list[str], out: Path) -> None:
    out.parent.mkdir()
    out.write_text("old")

    assert cli.main(["merge", "--force", str(out), *parts]) == cli.OK
    assert Report.read(out).run.complete


@pytest.mark.parametrize("twice", [True, False])
def test_shards_that_do_not_fit_write_nothing(
    parts: list[str], out: Path, capsys: pytest.CaptureFixture[str], twice: bool
) -> None:
    other = dataclasses.replace(Report.read(parts[1]), environment=dataclasses.replace(ENVIRONMENT, commit="abc"))
    other.write(parts[1])

    assert cli.main(["merge", str(out), parts[0], parts[0] if twice else parts[1]]) == cli.FAILED

    told = capsys.readouterr().err
    assert ("is given twice" if twice else "has another commit than") in told
    assert not out.exists()


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    good = Collector(BEHAVIOUR)
    good.add_target(target("s3@seaweedfs"))
    all_passed(good, "s3@seaweedfs")
    good.report(run(exit_status=0), ENVIRONMENT).write(tmp_path / "good.json")
    example(labels=["inmemory", "s3@seaweedfs"]).write(tmp_path / "bad.json")
    return str(tmp_path / "good.json"), str(tmp_path / "bad.json")


def test_a_regression_is_an_exit_code(pair: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = pair
    assert cli.main(["diff", good, bad]) == cli.FAILED
    assert "  CONT-2 of s3@seaweedfs: passed, now failed" in capsys.readouterr().out.splitlines()

    assert cli.main(["diff", bad, bad]) == cli.OK
    assert capsys.readouterr().out == "nothing changed\n"


@pytest.mark.parametrize("option", [["--json"], ["--format=json"]])
def test_a_comparison_as_json(pair: tuple[str, str], option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["diff", *option, *pair]) == cli.FAILED
    assert json.loads(capsys.readouterr().out)["new_targets"] == ["inmemory"]


def test_a_comparison_as_markdown(pair: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["diff", "--format=markdown", *pair]) == cli.FAILED
    assert "#### Regressed\n\n| requirement | target | ended | because | checks |\n| --- |" in capsys.readouterr().out


def test_a_file_that_is_no_report_is_no_success(pair: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    Path(pair[0]).write_text("{}")

    assert cli.main(["diff", *pair]) == cli.FAILED
    assert f"{pair[0]}: not a storagedriver report" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_colours_are_for_terminals(pair: tuple[str, str], environment: dict[str, str], coloured: bool) -> None:
    variables = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    command = [sys.executable, "-m", "storagedriver.cli", "diff", *pair]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**variables, "TERM": "xterm", **environment},
        check=False,
        timeout=60,
    )

    assert done.returncode == cli.FAILED
    assert ("\x1b[31" in done.stdout or "\x1b[1;31" in done.stdout) == coloured
