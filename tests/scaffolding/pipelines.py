"""Running what pipelines are told to: the steps of a workflow and of an action, and the lines of a job, as their services do.

The services' own parts (checkout, an interpreter, uploads) are left out, and so is the installation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from scaffolding.fresh_environment import FreshEnvironment

_EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")
_BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")


@dataclass
class Ended:
    """How a run of a pipeline ended.

    Attributes:
        failed: The name of the step that failed first; None if none did.
        said: All that the steps printed.
        summary: What they wrote for the run's page.
        outputs: What they set, by step and name: "gate.passed".
    """

    failed: str | None = None
    said: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pipeline:
    """What runs pipelines.

    Attributes:
        environment: Where the project is installed.
        project: Its folder.
        commit: The commit that is judged.
        scratch: An empty folder.
        variables: More variables of the environment in which steps run.
    """

    environment: FreshEnvironment
    project: Path
    commit: str
    scratch: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def workflow(self, path: Path) -> Ended:
        """Run the jobs of a workflow of GitHub Actions that have no matrix of shards."""
        jobs = _load(path)["jobs"].values()
        (job,) = (each for each in jobs if "shard" not in each.get("strategy", {}).get("matrix", {}))
        return self._steps(_installed(job), {})

    def shards(self, path: Path) -> list[Ended]:
        """Run the job of a workflow that has a matrix of shards, for each of them."""
        (job,) = (each for each in _load(path)["jobs"].values() if "matrix" in each.get("strategy", {}))
        numbers = job["strategy"]["matrix"]["shard"]
        known = {"strategy.job-total": str(len(numbers))}
        return [self._steps(_installed(job), {**known, "matrix.shard": str(each)}) for each in numbers]

    def action(self, path: Path, inputs: Mapping[str, str]) -> Ended:
        """Run a composite action, with its defaults where no input is given."""
        action = _load(path)
        assert inputs.keys() <= action["inputs"].keys()
        given = {name: inputs.get(name, each.get("default", "")) for name, each in action["inputs"].items()}
        values = {f"inputs.{name}": _evaluated(text, {"github.sha": self.commit}) for name, text in given.items()}
        ended = self._steps(action["runs"]["steps"], values)
        for name, each in action["outputs"].items():
            ended.outputs[name] = _evaluated(each["value"], {**values, **_outputs(ended)})
        return ended

    def job(self, path: Path, name: str = "certify", **variables: str) -> Ended:
        """Run a job of a pipeline of GitLab, with what comes after it in any case, and these variables too."""
        job = _load(path)[name]
        ended = Ended()
        given = {"CI_COMMIT_SHA": self.commit, "CI_PROJECT_DIR": str(self.project), **variables}
        for part in ("script", "after_script"):
            lines = [line for line in job.get(part, []) if "pip install" not in line]
            done = self.environment.run(*_BASH, "\n".join(lines), folder=self.project, variables=given)
            ended.said += done.stdout
            if done.returncode and ended.failed is None:
                ended.failed = part
        return ended

    def _steps(self, steps: Iterable[Mapping[str, Any]], values: Mapping[str, str]) -> Ended:
        ended = Ended()
        files = {name: self.scratch / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for each in files.values():
            each.touch()
        own = {"GITHUB_SHA": self.commit, "GITHUB_RUN_ID": "18446744073", "RUNNER_TEMP": str(self.scratch)}
        own |= {**self.variables, **{name: str(path) for name, path in files.items()}}
        for step in steps:
            known = {**values, **_outputs(ended)}
            if "run" not in step or not self._is_due(step.get("if"), known, failed=ended.failed is not None):
                continue
            assert not _EXPRESSION.search(step["run"]), "the shell would run what stands in an input: give it by env"
            given = {name: _evaluated(text, known) for name, text in step.get("env", {}).items()}
            done = self.environment.run(*_BASH, step["run"], folder=self.project, variables={**own, **given})
            ended.said += done.stdout
            ended.outputs |= dict(_lines(step.get("id", ""), files["GITHUB_OUTPUT"]))
            if done.returncode and ended.failed is None:
                ended.failed = step["name"]
        ended.summary = files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        return ended

    def _is_due(self, condition: str | None, values: Mapping[str, str], *, failed: bool) -> bool:
        """Whether a step is run, by the few kinds of conditions that are used here."""
        whole = None if condition is None else _EXPRESSION.fullmatch(condition)
        assert condition is None or whole is not None
        terms = [] if whole is None else whole[1].split(" && ")
        due = "!cancelled()" in terms or not failed
        for term in terms:
            if term == "!cancelled()":
                continue
            file = re.fullmatch(r"hashFiles\('(.+)'\) != ''", term)
            compared = re.fullmatch(r"([\w.-]+) (!=|==) '(.*)'", term)
            assert file or compared, f"a condition that is not known here: {condition}"
            if file:
                due = due and (self.project / file[1]).is_file()
            elif compared:
                due = due and ((values.get(compared[1], "") == compared[3]) == (compared[2] == "=="))
        return due


def _installed(job: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [step for step in job["steps"] if "pip install" not in step.get("run", "")]


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _lines(step: str, file: Path) -> Iterator[tuple[str, str]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        yield f"{step}.{name}", value
    file.write_text("")


def _outputs(ended: Ended) -> dict[str, str]:
    return {f"steps.{name.replace('.', '.outputs.', 1)}": value for name, value in ended.outputs.items()}


def _evaluated(text: str, values: Mapping[str, str]) -> str:
    """A text with the values of its expressions, each of which is one name; one that is not set is empty."""
    return _EXPRESSION.sub(lambda found: values.get(found[1], ""), text)
