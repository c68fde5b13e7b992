"""What a new user does, from the built wheel alone: make a driver, break it, see the gate stop it, repair it.

Rounds are judged by the pipelines that come with the project or with the kit. One is whole; the others are about little,
as that takes long.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scaffolding.fresh_environment import ROOT, FreshEnvironment
from scaffolding.pipelines import Pipeline
from storagedriver.report import Outcome, Report

DELETES = 'f"DELETE FROM files WHERE path = ?1 OR {_BELOW}"'
DELETES_TOO_MUCH = '"DELETE FROM files WHERE substr(path, 1, length(?1)) = ?1"'
WHAT_BREAKS = "DEL-2 (MUST) failed"

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="the program git is not installed")


class Project:
    """A project that `storagedriver new` made, under version control."""

    def __init__(self, environment: FreshEnvironment, folder: Path) -> None:
        """Make and install it, by the commands that it prints."""
        self.environment = environment
        self.folder = folder / "my-store"
        made = environment.run("storagedriver", "new", "my-store", folder=folder)
        assert made.returncode == 0, made.stdout
        installs, self.judges, self.decides = (line.strip() for line in made.stdout.splitlines() if line[:2] == "  ")
        assert installs == "cd my-store && python -m pip install --editable '.[dev]'"
        environment.install("--editable", str(self.folder))
        self._git("init", "--quiet", "--initial-branch=main")
        self.commit("A driver as it was made")

    def commit(self, message: str) -> str:
        """Commit all there is, and return the commit's name."""
        self._git("add", "--all")
        self._git("commit", "--quiet", f"--message={message}")
        return self.head

    @property
    def head(self) -> str:
        return self._git("rev-parse", "HEAD")

    def pipeline(self, scratch: Path) -> Pipeline:
        """What runs a pipeline on the commit that is checked out."""
        return Pipeline(self.environment, self.folder, self.head, scratch)

    @property
    def report(self) -> Report:
        return Report.read(self.folder / "certify" / "report.json")

    def _git(self, *words: str) -> str:
        who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
        done = subprocess.run(
            ["git", *who, *words], cwd=self.folder, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout.strip()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("new-user")
    return Project(FreshEnvironment(folder), folder)


@pytest.fixture
def broken(project: Project) -> Iterator[None]:
    """The project deletes what only begins alike too, and is repaired afterwards."""
    store = project.folder / "src" / "my_store" / "store.py"
    text = store.read_text()
    assert text.count(DELETES) == 1
    store.write_text(text.replace(DELETES, DELETES_TOO_MUCH))
    project.commit("Delete by a shorter statement")
    yield
    store.write_text(text)
    project.commit("Delete what lies below alone")


@needs_git
@pytest.mark.usefixtures("broken")
def test_a_broken_driver_is_stopped_by_the_action(project: Project, tmp_path: Path) -> None:
    """The gate closes, names the requirement, and says what to do, at the driver's file and on the run's page."""
    inputs = {"driver": "my-store", "source": "src/my_store/driver.py", "arguments": "--requirement DEL -q"}

    ended = project.pipeline(tmp_path).action(ROOT / "action.yml", inputs)

    assert ended.failed == "End as the policy decided", ended.said
    assert ended.outputs["passed"] == "false"
    assert 0 < int(ended.outputs["percent"]) < 100
    (line,) = [
        line for line in ended.said.splitlines() if line.startswith("::error title=gate closed") and "DEL-2" in line
    ]
    assert WHAT_BREAKS in line
    assert "repair the driver, or add a waiver for it" in line
    assert re.search(r"^::error file=src/my_store/driver\.py,line=1,title=DEL-2 ", ended.said, re.MULTILINE)
    assert WHAT_BREAKS in ended.summary
    sarif = json.loads((project.folder / "certify" / "report.sarif").read_text())
    assert "DEL-2" in {each["ruleId"] for each in sarif["runs"][0]["results"]}


@needs_git
def test_a_driver_as_it_was_made_or_repaired_certifies_in_the_workflow(project: Project, tmp_path: Path) -> None:
    """Every requirement that the driver's capabilities ask for is kept, and the project's own tests pass beside."""
    workflow = project.folder / ".github" / "workflows" / "certify.yml"

    ended = project.pipeline(tmp_path).workflow(workflow)

    assert ended.failed is None, ended.said
    assert "gate passed: 1 target" in ended.said
    assert re.search(r"::notice title=my-store::.*MUSTs kept", ended.said)
    assert "MUSTs kept" in ended.summary
    report = project.report
    assert report.run.complete
    assert report.environment.commit == project.head
    outcomes = {each.requirement: each.outcome for each in report.results}
    assert set(outcomes.values()) == {Outcome.PASSED, Outcome.NOT_OFFERED}
    assert [name for name, outcome in outcomes.items() if outcome is Outcome.NOT_OFFERED] == ["URL-1", "URL-2"]


@needs_git
def test_the_job_of_gitlab_shows_what_came_of_it_also_if_the_gate_is_closed(project: Project, tmp_path: Path) -> None:
    """Here it is closed because little was run; that checks failed would not have ended the job before the gate."""
    pipeline = project.pipeline(tmp_path)

    ended = pipeline.job(project.folder / ".gitlab-ci.yml", PYTEST_ADDOPTS="--requirement=STAT-3")

    assert ended.failed == "script"
    assert "the run is not complete: --requirement STAT-3" in ended.said
    assert (project.folder / "certify" / "junit.xml").read_text().startswith("<?xml")


@needs_git
def test_a_policy_that_cannot_be_read_ends_the_action(project: Project, tmp_path: Path) -> None:
    """The action says so, and neither of the driver's results."""
    inputs = {"driver": "my-store", "policy": "absent.toml", "arguments": "--requirement STAT-3 -q"}

    ended = project.pipeline(tmp_path).action(ROOT / "action.yml", inputs)

    assert ended.failed == "Let the policy decide"
    assert "storagedriver: absent.toml: cannot be read: No such file or directory" in ended.said
    assert ended.outputs["passed"] == ""
    assert ended.summary == ""


@needs_git
def test_the_commands_that_are_printed_are_those_of_the_project(project: Project) -> None:
    """The last two, shortened to one requirement: the report is written, and the gate tells that this is not all."""
    judged = project.environment.run("bash", "-c", f"{project.judges} --requirement=STAT-3", folder=project.folder)
    decided = project.environment.run("bash", "-c", project.decides, folder=project.folder)

    assert judged.returncode == 0, judged.stdout
    assert decided.returncode == 1
    assert "the run is not complete" in decided.stdout
