"""The published results are what this project's own gate lets pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from storagedriver.certification import Policy, decide, showing
from storagedriver.report import Report
from storagedriver.report.validation import Validation

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "reports" / "results"


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published results are beside the sources")
def test_published_results_pass_the_projects_gate(tmp_path: Path) -> None:
    """On the day on which the newest was made, so that no waiver's end breaks this; the first had no digest yet."""
    reports = {path.name: Report.read(path) for path in PUBLISHED.glob("*.json")}
    for name, report in reports.items():
        report.write(tmp_path / name)
    today = max(report.run.finished.date() for report in reports.values())

    verdict = decide(
        Policy.load(ROOT / "ci" / "gate.toml"),
        [Validation.of(tmp_path / name) for name in sorted(reports)],
        today=today,
    )

    assert [line for line, _ in showing.as_lines(verdict)][-1] == f"gate passed: {len(reports)} targets"
    assert not verdict.findings
