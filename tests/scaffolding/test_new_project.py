"""What a new user does, from the built wheel alone: make a driver, break it, see the gate stop it, repair it.

Rounds are judged by the pipelines that come with the project or with the kit. One is whole; the others are about little,
as that takes long.
"""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from scaffolding.fresh_environment import ROOT, FreshEnvironment
from scaffolding.pipelines import Ended, Pipeline
from storagedriver.report import Outcome, Report
from storagedriver.scaffolding import ProjectName, render
from storagedriver.testing import lengthy

DELETES = 'f"DELETE FROM files WHERE path = :path OR {_BELOW}"'
DELETES_TOO_MUCH = '"DELETE FROM files WHERE substr(path, 1, length(:path)) = :path"'
WHAT_BREAKS = "DEL-2 (MUST) failed"

pytestmark = lengthy(group="the project that was made")

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
        scratch.mkdir(exist_ok=True)
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


@needs_git
def test_a_driver_that_breaks_is_stopped_and_passes_once_it_is_repaired(project: Project, tmp_path: Path) -> None:
    """The action stops it, by a run of little, and says why; the workflow that the project has lets it pass, by a whole run."""
    store = project.folder / "src" / "my_store" / "store.py"
    text = store.read_text()
    assert text.count(DELETES) == 1
    store.write_text(text.replace(DELETES, DELETES_TOO_MUCH))
    project.commit("Delete by a shorter statement")

    stopped = project.pipeline(tmp_path / "broken").action(
        ROOT / "action.yml",
        {"driver": "my-store", "source": "src/my_store/driver.py", "arguments": "--requirement DEL -q"},
    )
    sarif = json.loads((project.folder / "certify" / "report.sarif").read_text())
    store.write_text(text)
    project.commit("Delete what lies below alone")
    passed = project.pipeline(tmp_path / "repaired").workflow(project.folder / ".github" / "workflows" / "certify.yml")

    _names_what_is_broken(stopped)
    assert "DEL-2" in {each["ruleId"] for each in sarif["runs"][0]["results"]}
    assert passed.failed is None, passed.said
    assert "gate passed: 1 target" in passed.said
    assert re.search(r"::notice title=my-store::.*MUSTs kept", passed.said)
    assert "MUSTs kept" in passed.summary
    report = project.report
    assert report.run.complete
    assert report.environment.commit == project.head
    outcomes = {each.requirement: each.outcome for each in report.results}
    assert set(outcomes.values()) == {Outcome.PASSED, Outcome.NOT_OFFERED}
    assert [name for name, outcome in outcomes.items() if outcome is Outcome.NOT_OFFERED] == ["URL-1", "URL-2"]


def _names_what_is_broken(ended: Ended) -> None:
    """The requirement, and what to do, on the run's page and at the driver's file."""
    assert ended.failed == "End as the policy decided", ended.said
    assert ended.outputs["passed"] == "false"
    assert 0 <= int(ended.outputs["percent"]) < 100
    (line,) = [each for each in ended.said.splitlines() if each.startswith("::error title=gate") and "DEL-2" in each]
    assert WHAT_BREAKS in line
    assert "repair the driver, or add a waiver for it" in line
    assert re.search(r"^::error file=src/my_store/driver\.py,line=1,title=DEL-2 ", ended.said, re.MULTILINE)
    assert WHAT_BREAKS in ended.summary


@needs_git
def test_what_else_is_wrong_is_said_too(project: Project, tmp_path: Path) -> None:
    """A policy that is not there, and a run that is not whole: by the action, GitLab's job, and the commands that were printed."""
    pipeline = project.pipeline(tmp_path)
    little = "--requirement=STAT-3"

    without_policy = pipeline.action(
        ROOT / "action.yml", {"driver": "my-store", "policy": "absent.toml", "arguments": little}
    )
    job = pipeline.job(project.folder / ".gitlab-ci.yml", PYTEST_ADDOPTS=little)
    judged = project.environment.run("bash", "-c", f"{project.judges} {little}", folder=project.folder)
    decided = project.environment.run("bash", "-c", project.decides, folder=project.folder)

    assert without_policy.failed == "Let the policy decide"
    assert "storagedriver: absent.toml: cannot be read: No such file or directory" in without_policy.said
    assert without_policy.outputs["passed"] == ""
    assert without_policy.summary == ""
    assert job.failed == "script"
    assert "the run is not complete: --requirement STAT-3" in job.said
    # What comes after a job's end comes after a bad one too.
    assert (project.folder / "certify" / "junit.xml").read_text().startswith("<?xml")
    assert judged.returncode == 0, judged.stdout
    assert decided.returncode == 1
    assert "the run is not complete" in decided.stdout


@needs_git
def test_shards_of_a_pipeline_are_put_together(project: Project, tmp_path: Path) -> None:
    """GitHub's jobs judge a part each, and the last one says what is missing; so do GitLab's, one of which did not start."""
    texts = render(ProjectName.of("my-store"), sharded=True)
    for path in (".github/workflows/certify.yml", ".gitlab-ci.yml"):
        (tmp_path / Path(path).name).write_text(texts[path].replace("[1, 2, 3, 4]", "[1, 2]"))
    pipeline = project.pipeline(tmp_path / "scratch")
    addopts = {"PYTEST_ADDOPTS": "--requirement=STAT"}

    shards = dataclasses.replace(pipeline, variables=addopts).shards(tmp_path / "certify.yml")
    merged = pipeline.workflow(tmp_path / "certify.yml")
    by_github = project.report
    shutil.rmtree(project.folder / "certify" / "shards")
    node = {"CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "2", "CI_PIPELINE_ID": "7"}
    shard = pipeline.job(tmp_path / ".gitlab-ci.yml", "shard", **node, **addopts)
    job = pipeline.job(tmp_path / ".gitlab-ci.yml")

    assert [each.failed for each in shards] == [None] * 2, [each.said for each in shards]
    # The shards hold all that was asked for; what was not is missed, although no shard is.
    assert merged.failed == "Put the shards together"
    assert re.search(r"report.json: 2 shards, \d+ checks\n", merged.said)
    (reason,) = by_github.run.incomplete_reasons
    assert "ran in no shard" in reason
    outcomes = {each.requirement: each.outcome for each in by_github.results}
    assert {name for name, outcome in outcomes.items() if outcome is Outcome.PASSED} == {"STAT-1", "STAT-2", "STAT-3"}
    assert by_github.run.seed == 18446744073
    assert shard.failed is None, shard.said
    assert job.failed == "script"
    assert "shard 2/2 is missing" in job.said
