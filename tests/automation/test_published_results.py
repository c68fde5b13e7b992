"""The published results are what this project's own gate lets pass, and the table and the page are those of them."""

from __future__ import annotations

import dataclasses
import importlib
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from storagedriver.certification import Policy, decide, showing
from storagedriver.report import Report
from storagedriver.report.validation import Validation

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "reports" / "results"

pytestmark = pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published results are beside the sources")


@pytest.fixture
def policies(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """Which policy ci/judge.py judges each report by."""
    monkeypatch.syspath_prepend(ROOT / "ci")
    found: Mapping[str, str] = importlib.import_module("judge").POLICIES
    return found


@pytest.mark.parametrize("policy", ["gate.toml", "gate-trust.toml", "gate-containers.toml"])
def test_published_results_pass_the_projects_gate(tmp_path: Path, policy: str, policies: Mapping[str, str]) -> None:
    """On the day on which the newest was made, so that no waiver's end breaks this; the first had no digest yet."""
    names = [path.name for path in PUBLISHED.glob("*.json") if policies[path.stem] == policy]
    reports = {name: Report.read(PUBLISHED / name) for name in names}
    for name, report in reports.items():
        report.write(tmp_path / name)
    today = max(report.run.finished.date() for report in reports.values())

    verdict = decide(
        Policy.load(ROOT / "ci" / policy),
        [Validation.of(tmp_path / name) for name in sorted(reports)],
        today=today,
    )

    assert [line for line, _ in showing.as_lines(verdict)][-1] == f"gate passed: {len(reports)} targets"
    assert not verdict.findings


def test_the_table_and_the_page_are_up_to_date(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "ci" / "publish.py"), str(PUBLISHED), str(tmp_path / "results")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)

    again = (
        f"not up to date: .venv/bin/python ci/publish.py {PUBLISHED.relative_to(ROOT)} {PUBLISHED.relative_to(ROOT)}"
    )
    for name in ("results/README.md", "site/index.html"):
        fresh = (tmp_path / name).read_bytes()
        assert fresh == (ROOT / "reports" / name).read_bytes(), f"{name} is {again}"


def test_a_report_of_now_is_judged_in_the_place_of_the_published_one(tmp_path: Path) -> None:
    """What is published stands for what was not run whole."""
    command = [sys.executable, str(ROOT / "ci" / "judge.py"), str(PUBLISHED), str(tmp_path)]
    report = Report.read(PUBLISHED / "inmemory.json")
    cut = dataclasses.replace(report.run, complete=False, incomplete_reasons=("it was cut short",))

    dataclasses.replace(report, run=cut).write(tmp_path / "inmemory.json")
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)

    assert done.returncode == 1
    assert "it was cut short" in done.stdout
    assert (done.stdout.count("gate closed"), done.stdout.count("gate passed")) == (1, 2)
