"""Reports before the gate, each by the policy for its kind: `.venv/bin/python ci/judge.py reports/results certify`.

A report in a later folder is judged in the place of that of the same name in an earlier one: the published ones stand for
what was not run whole here.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from all_tests import IN_CONTAINERS, PARTS, TRUST

MAIN_JOB = "report"
"""The main job's report, of whatever it was last asked to judge."""

_POLICIES = {TRUST: "gate-trust.toml", IN_CONTAINERS: "gate-containers.toml", None: "gate.toml"}
"""By the suites that were run."""

POLICIES = {part.report: _POLICIES[part.suites] for part in PARTS if part.report is not None}
"""The policy for each report, by the name of its file without the ending."""


def main(folders: Sequence[str]) -> int:
    """Judge the reports of folders, and return the exit status: the worst of the gate's."""
    reports = {report.stem: report for folder in folders for report in sorted(Path(folder).glob("*.json"))}
    by_policy: dict[str, list[str]] = {}
    for name, report in sorted(reports.items()):
        if name != MAIN_JOB:
            by_policy.setdefault(POLICIES[name], []).append(str(report))
    worst = 0
    for policy in sorted({*POLICIES.values()}):
        print(f"\n===== {policy}", flush=True)
        gate = [sys.executable, "-m", "storagedriver.cli", "gate", f"--policy={Path(__file__).parent / policy}"]
        worst = max(worst, subprocess.run([*gate, *by_policy.get(policy, [])], check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
