"""Publish the reports of a run of all tests: copy them to reports/results/, and write the table and the page of them.

`python3 ci/test.py --containers-in-full` leaves a report of each driver on each server in certify/. What is not complete, or
has a requirement that failed or errored and that no policy of the gate waives, is named and left out. Runs in the environment that those tests made: `.venv/bin/python ci/publish.py`.
`.venv/bin/python ci/publish.py reports/results reports/results` makes the table and the page of what is there anew.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from waived import broken

from storagedriver.report import Report, ReportError, Tally, Target, site

ROOT = Path(__file__).resolve().parent.parent
MADE = ROOT / "certify"
PUBLISHED = ROOT / "reports" / "results"

TITLE = "The reference drivers of storagedriver on all servers"

HEADER = """\
# Results

One file for each driver on each server: every requirement of [the contract](../../docs/contract.md), the checks that
judged it, and what was skipped or is not offered, with the reason. [The report](../../docs/report.md) describes the
format. [The page](../site/index.html) shows all of them: open it in a browser.
`python3 ci/test.py --containers-in-full`, then `.venv/bin/python ci/publish.py`, makes both anew.

| driver | server | version | run as | profile | MUSTs kept | the others |
|---|---|---|---|---|---|---|
"""


def main(given: Sequence[str]) -> int:
    """Publish, and return the exit status: 1 if a report was left out."""
    made, published = (Path(given[0]), Path(given[1])) if given else (MADE, PUBLISHED)
    published.mkdir(parents=True, exist_ok=True)
    rows, refused, kept = [], [], {}
    # report.json is the main job's, whatever it was last asked to judge.
    for path in sorted(each for each in made.glob("*.json") if each.name != "report.json"):
        try:
            report = Report.read(path)
            problem = refusal(report)
        except ReportError as error:
            problem = str(error)
        if problem is not None:
            refused.append(f"{path.name}: {problem}")
            continue
        if made.resolve() != published.resolve():
            shutil.copy(path, published / path.name)
        kept[path.name] = report
        rows += [row(report, target, path.name) for target in report.targets]
    (published / "README.md").write_text(HEADER + "".join(rows), encoding="utf-8")
    page = published.parent / "site" / "index.html"
    page.parent.mkdir(exist_ok=True)
    page.write_text(site.render(kept, title=TITLE), encoding="utf-8")
    print(f"{len(rows)} published in {published}")
    for line in refused:
        print(f"left out: {line}")
    return 1 if refused or not rows else 0


def refusal(report: Report) -> str | None:
    """Why a report is not to be published."""
    if not report.run.complete:
        return f"it certifies nothing: {'; '.join(report.run.incomplete_reasons)}"
    wrong = broken(report)
    return f"not kept: {', '.join(wrong)}" if wrong else None


def row(report: Report, target: Target, file: str) -> str:
    """The line of a target in the table."""
    server = target.server
    place = (server.name, server.version or "unknown", server.mode) if server else ("none", "", "")
    tally = Tally.of(report.of(target.label))
    rest = ", ".join(f"{count} {outcome.words}" for outcome, count in tally.rest)
    cells = [f"[`{target.driver}`]({file})", *place, report.run.profile, f"{tally.kept} of {tally.total}", rest]
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
