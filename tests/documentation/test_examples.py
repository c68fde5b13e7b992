"""The README's driver certifies as it stands there, in so few lines, and breaks as the tutorial says."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from storagedriver.report import Outcome, Report
from storagedriver.testing import lengthy

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TUTORIAL = (ROOT / "docs" / "write-a-driver.md").read_text(encoding="utf-8")
IN_MEMORY = Path("/dev/shm")
BEGINNING = "import contextlib, datetime"


def example(page: str, beginning: str) -> str:
    """The example of `page` that has this beginning."""
    blocks: list[str] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    return next(block for block in blocks if block.startswith(beginning))


@pytest.fixture
def author(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.Pytester]:
    """A folder with what the README says to save. Databases are in memory where there is room for files in it.

    SQLite waits for the disk at the end of each transaction, of which there are thousands. No check sees that: the driver
    does not say that it is durable.
    """
    pytester.makepyfile(sqlite_driver=example(README, BEGINNING))
    pytester.makeconftest(example(README, "from sqlite_driver"))
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield pytester


def certify(author: pytest.Pytester, *arguments: str) -> tuple[int, Report]:
    result = author.runpytest_subprocess(
        "--driver=sqlite", "--certify-report=report.json", "-p", "no:cacheprovider", "-q", *arguments
    )
    return int(result.ret), Report.read(author.path / "report.json")


@lengthy
def test_driver_of_the_readme_certifies(author: pytest.Pytester) -> None:
    """Every check that applies to it passes, and the run is complete."""
    status, report = certify(author)

    assert status == pytest.ExitCode.OK
    assert report.run.complete
    assert {each.outcome for each in report.results} <= {Outcome.PASSED, Outcome.NOT_OFFERED, Outcome.SKIPPED}


def test_driver_of_the_readme_is_short() -> None:
    """The README says 40 lines: imports are counted, blank ones are not."""
    assert "## A driver in 40 lines" in README
    assert len([line for line in example(README, BEGINNING).splitlines() if line.strip()]) <= 40


def test_bug_of_the_tutorial_is_found(author: pytest.Pytester) -> None:
    """The delete that the tutorial breaks is rejected, by the requirement that it names."""
    driver = author.path / "sqlite_driver.py"
    broken = f"        {example(TUTORIAL, 'self._row(')}"
    source, count = re.subn(r' +self\._row\("DELETE.*', lambda _: broken, driver.read_text())
    driver.write_text(source)

    status, report = certify(author, "--requirement=DEL")

    assert count == 1
    assert status == pytest.ExitCode.TESTS_FAILED
    assert "DEL-2" in {each.requirement for each in report.results if each.outcome is Outcome.FAILED}
    assert list((author.path / "report-reproducers").glob("*.py"))
