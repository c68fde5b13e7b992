"""`storagedriver matrix`: each cell has a report, nothing is run twice, and what did not pass is named."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from matrix.conftest import PLAN, Matrix
from storagedriver import cli
from storagedriver.report import Outcome, Report

WRONG_MOVE = "\n    def _move(self, source, dest):\n        pass\n"
SHARDS = PLAN.replace("seed = 7", "seed = 7\nshards = 2")


def waited_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def test_each_cell_has_a_report_and_is_run_once(matrix: Matrix) -> None:
    """A second run keeps what it finds; a changed driver is run again, and no other one; and so is an edited report."""
    code, said = matrix.run("--jobs=2")
    assert code == cli.OK, said
    assert "2 cells: 2 passed" in said
    reports = {name: Report.read(matrix.folder / "certify" / f"{name}.json") for name in ("good", "other")}
    assert all(each.run.complete for each in reports.values())
    assert reports["good"].run.arguments == ("--driver=dictionary:DictionaryDriver", "--suite=tiny", "--seed=7")

    code, said = matrix.run()
    assert (code, said.count("(of before)")) == (cli.OK, 2)

    with (matrix.folder / "other.py").open("a") as driver:
        driver.write(WRONG_MOVE)
    code, said = matrix.run()
    assert code == cli.FAILED
    assert "good: passed (of before)" in said
    assert "other: failed (" in said.replace("(of before)", "")
    assert "  failed: other: MUSTs kept:" in said
    assert list((matrix.folder / "certify" / "other-reproducers").glob("*.py"))

    report = matrix.folder / "certify" / "good.json"
    document = json.loads(report.read_text())
    report.write_text(json.dumps({**document, "run": {**document["run"], "seed": 8}}))
    code, said = matrix.run()
    # A failure is a result: it is not run until it goes away.
    assert (code, "other: failed (of before)" in said, said.count("(of before)")) == (cli.FAILED, True, 1)
    assert Report.read(report).run.seed == 7


def test_shards_become_one_report(matrix: Matrix) -> None:
    """What `certify/*.json` names are whole ones; a shard that fails fails the whole."""
    with (matrix.folder / "other.py").open("a") as driver:
        driver.write(WRONG_MOVE)
    matrix.plan('suites = "tiny"\n[[cells]]\ndriver = "other:OtherDriver"\nname = "other"\nshards = 2\n')

    code, said = matrix.run("--jobs=2", "--json")

    (told,) = json.loads(said)
    (path,) = (matrix.folder / "certify").glob("*.json")
    assert code == cli.FAILED
    assert (told["cell"], told["ending"], told["report"]) == ("other", "failed", str(path))
    other = Report.read(path)
    assert other.run.complete
    assert sum(len(each.checks) for each in other.results) == 8
    assert [each.requirement for each in other.results if each.outcome is Outcome.FAILED] == ["MOVE-1"]


def test_what_cannot_be_judged_is_told(matrix: Matrix) -> None:
    """A driver that is skipped here is left out, as long as nobody requires it; one that is not there is broken."""
    (matrix.folder / "conftest.py").write_text(
        "from storagedriver import register_suite\nfrom dictionary import DictionaryDriver\n"
        "register_suite('elsewhere', DictionaryDriver.from_parameters, skip_check=lambda: 'no key here')\n"
    )
    matrix.plan(
        'suites = ["tiny"]\n[[cells]]\ndriver = "elsewhere"\n[[cells]]\ndriver = "dictionary:DictionaryDriver"\n'
    )

    code, said = matrix.run()
    required, _ = matrix.run("--require-backends")

    assert (code, required) == (cli.OK, cli.FAILED), said
    assert "  left out: elsewhere: elsewhere: its skip_check says: no key here; see " in said
    matrix.plan('suites = ["tiny"]\n[[cells]]\ndriver = "dictionary:DictionaryDrivr"\n')
    code, said = matrix.run()
    assert code == cli.FAILED
    assert "broken: dictionary-DictionaryDrivr: pytest ended with 4: " in said
    assert "did you mean 'DictionaryDriver'?" in said
    assert not list((matrix.folder / "certify").glob("*Drivr.json"))


def test_a_run_that_was_killed_goes_on(matrix: Matrix) -> None:
    """Its cell ends with it; the next run keeps what was done and makes the rest."""
    started, ended, wait = (matrix.folder / name for name in ("started", "ended", "wait"))
    (matrix.folder / "other.py").write_text(
        "import pathlib, time\nfrom dictionary import DictionaryDriver\n\n\nclass OtherDriver(DictionaryDriver):\n"
        f"    files = {{}}\n\n    def _put_content(self, path, content):\n        pathlib.Path({str(started)!r}).touch()\n"
        f"        while pathlib.Path({str(wait)!r}).exists():\n            time.sleep(0.05)\n"
        "        super()._put_content(path, content)\n\n"
        f"    def close(self):\n        super().close()\n        pathlib.Path({str(ended)!r}).touch()\n"
    )
    wait.touch()
    process = matrix.start()
    waited_for(started.exists, "the second cell began")

    process.kill()
    process.wait(60)
    waited_for(ended.exists, "the run of the second cell ended")
    wait.unlink()
    code, said = matrix.run()

    assert code == cli.OK, said
    assert said.startswith("[1/2] good: passed (of before)\n[2/2] other: passed (")
    assert said.count("(of before)") == 1


def test_the_cells_are_listed(matrix: Matrix) -> None:
    matrix.plan(SHARDS)

    code, said = matrix.run("--list")

    first, *rest = said.splitlines()
    assert code == cli.OK
    assert first == "good 1/2: pytest --driver=dictionary:DictionaryDriver --suite=tiny --seed=7 --shard=1/2"
    assert len(rest) == 3


def test_without_a_file_it_is_what_is_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["matrix", "--list", "--json"]) == cli.OK

    cells = {each["cell"]: each["arguments"] for each in json.loads(capsys.readouterr().out)}
    assert cells["inmemory"] == ["--driver=inmemory"]
    assert cells["s3-moto"] == ["--driver=s3", "--backend=moto:moto"]
    assert not any("external" in each for each in cells)


def test_a_wrong_file_runs_nothing(matrix: Matrix, capsys: pytest.CaptureFixture[str]) -> None:
    matrix.plan("cells = 1")

    assert cli.main(["matrix", str(matrix.folder / "matrix.toml")]) == cli.USAGE
    assert cli.main(["matrix", str(matrix.folder / "absent.toml")]) == cli.USAGE

    first, second = capsys.readouterr().err.splitlines()
    assert "matrix.toml: cells: " in first
    assert "absent.toml: cannot be read: No such file or directory" in second
    assert not Path(matrix.folder, "certify").exists()
