from __future__ import annotations

from pathlib import Path

from storagedriver.contract import Level
from storagedriver.report import LATTICE, Outcome, Report, Tally, schema

PAGE = (Path(__file__).parents[2] / "docs" / "report.md").read_text(encoding="utf-8")


def test_the_page_tells_the_lattice_and_the_outcomes_as_they_are() -> None:
    assert f"<!-- lattice -->\n{', '.join(LATTICE)}\n" in PAGE
    assert all(f"\n| `{outcome}` |" in PAGE for outcome in Outcome)
    assert schema.IDENTIFIER in PAGE


def test_the_page_shows_the_headline_as_it_is() -> None:
    counts = {Outcome.PASSED: 58, Outcome.FAILED: 1, Outcome.SKIPPED: 1, Outcome.NOT_OFFERED: 1}
    assert f"```text\n{Tally(Level.MUST, counts, partly=0).sentence}\n```" in PAGE


def test_the_page_names_the_parts_of_a_report() -> None:
    for field in Report.__dataclass_fields__:
        assert f"`{field}`" in PAGE
