"""Files that show more of a failure than a line holds: written beside the report, and named where the failure is shown."""

from __future__ import annotations

import pickle

import pytest

from plugin.author_project import Run
from storagedriver import PathNotFoundError
from storagedriver.testing import ContractViolation

SHOWN = '''
from storagedriver.testing import ContractViolation, requirement


@requirement("CONC-2")
def test_shown(driver, tree):
    """Fails with a story and a picture, in which the driver's secret stands."""
    raise ContractViolation(
        "a history",
        expected="an order",
        seen="none",
        story=["thread 1  put A", "thread 2  get B"],
        exhibits={".svg": "<svg>picture</svg>"},
    )
'''


@pytest.fixture
def shown(author: pytest.Pytester) -> pytest.Pytester:
    author.makepyfile(test_shown=SHOWN)
    return author


@pytest.mark.parametrize("workers", [(), ("-n1",)])
def test_picture_lies_beside_the_report(shown: pytest.Pytester, workers: tuple[str, ...]) -> None:
    """It has the reproducer's name, also when the check ran in a worker of pytest-xdist."""
    run = Run(shown, "--driver=dictionary:DictionaryDriver", *workers, "test_shown.py", process=True)

    (script,) = [each for each in run.reproducers() if "shown" in each.name]
    assert script.with_suffix(".svg").read_text() == "<svg>picture</svg>"
    assert f"Shown in: report-reproducers/{script.with_suffix('.svg').name}" in run.said


def test_story_is_shown_and_kept_with_the_calls(shown: pytest.Pytester) -> None:
    run = Run(shown, "--driver=dictionary:DictionaryDriver", "test_shown.py")

    assert "What happened:\nthread 1  put A\nthread 2  get B" in run.said
    (check,) = [each for result in run.report.results for each in result.checks if "test_shown" in each.node_id]
    assert check.evidence is not None
    assert check.evidence.calls[-2:] == ("thread 1  put A", "thread 2  get B")


def test_picture_of_the_last_run_is_gone(shown: pytest.Pytester) -> None:
    """What lies beside a report is of that report."""
    first = Run(shown, "--driver=dictionary:DictionaryDriver", "test_shown.py", process=True)
    folder = first.report_path.with_name("report-reproducers")
    assert list(folder.glob("*.svg"))

    Run(shown, "--driver=dictionary:DictionaryDriver", "-k", "test_move", process=True)

    assert not list(folder.glob("*.svg"))


def test_violation_comes_whole_from_another_process() -> None:
    """All that it tells survives pickling."""
    raised = ContractViolation(
        "what",
        expected=b"1",
        seen="2",
        comparable=True,
        kinds=PathNotFoundError,
        story=["line"],
        exhibits={".svg": "<svg/>"},
    )

    restored = pickle.loads(pickle.dumps(raised))

    assert vars(restored) == vars(raised)
    assert str(restored) == str(raised)
