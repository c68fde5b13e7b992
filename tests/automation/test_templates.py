"""ci/templates/, and what a policy of the templates asks for."""

from __future__ import annotations

import importlib
import re
import tomllib
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest
import yaml

from storagedriver.certification import Policy
from storagedriver.contract import REQUIREMENTS, Level
from storagedriver.registry import CHECKS
from storagedriver.scaffolding import ProjectName, render

ROOT = Path(__file__).parents[2]
CI = ROOT / "ci"


def test_templates_are_what_the_command_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one source: `python ci/render_templates.py` writes them anew."""
    monkeypatch.syspath_prepend(CI)
    script = importlib.import_module("render_templates")

    found = {path.name: path.read_text(encoding="utf-8") for path in (CI / "templates").iterdir()}

    assert found == dict(script.rendered())


def test_policy_leaves_out_what_no_suite_judges(tmp_path: Path) -> None:
    """And nothing that one does: a suite that is added to the kit is asked for by new projects."""
    (tmp_path / "gate.toml").write_text(render(ProjectName.of("mydriver"))["gate.toml"], encoding="utf-8")
    policy = Policy.load(tmp_path / "gate.toml")

    suites = [point.load() for point in entry_points(group=CHECKS) if point.name in policy.required_suites()]

    deciding = {each.group for each in REQUIREMENTS.values() if each.level is not Level.SHOULD}
    assert set(policy.without_groups) == deciding - {group for suite in suites for group in suite.GROUPS}
    assert policy.targets == ("mydriver",)


def test_project_asks_for_this_kit_and_registers_its_driver() -> None:
    project = tomllib.loads(render(ProjectName.of("my-store"))["pyproject.toml"])["project"]

    assert f"storagedriver>={version('storagedriver')}" in project["dependencies"]
    assert f"storagedriver[suite]>={version('storagedriver')}" in project["optional-dependencies"]["test"]
    assert project["entry-points"] == {
        "storagedriver.drivers": {"my-store": "my_store:MyStoreDriver"},
        "storagedriver.suites": {"my-store": "my_store.certification"},
    }


def test_action_is_documented() -> None:
    """Each input with what it is without being given, each output, and no other."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "certify-in-ci.md").read_text(encoding="utf-8")
    inputs, outputs = (page.partition(f"| {heading} |")[2].partition("\n\n")[0] for heading in ("input", "output"))

    rows = {row[0]: row[-1] for row in re.findall(r"^\| `([\w-]+)` \|(.*)\|([^|]*)\|$", inputs, re.MULTILINE)}

    assert set(rows) == set(action["inputs"])
    assert set(re.findall(r"^\| `([\w-]+)` \|", outputs, re.MULTILINE)) == set(action["outputs"])
    for name, each in action["inputs"].items():
        default = each.get("default", "")
        if default and "${{" not in default:
            assert rows[name].strip() == f"`{default}`"
        assert (rows[name].strip() == "needed") == each.get("required", False)
