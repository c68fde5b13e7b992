"""Projects of driver authors, outside of this tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

# Loaded for good: a run within this process would load them anew, and have two classes of each name.
import storagedriver.plugin
import storagedriver.report.terminal  # noqa: F401
from plugin.author_project import DICTIONARY_DRIVER, TINY_CHECKS, Run
from storagedriver.registry import registered_suites, unregister_suite


@pytest.fixture
def author(pytester: pytest.Pytester) -> Iterator[pytest.Pytester]:
    """The project of an author: `dictionary.py` with a good driver, and an installed suite `tiny` beside the kit's."""
    pytester.makepyfile(dictionary=DICTIONARY_DRIVER)
    checks = pytester.mkpydir("tinychecks")
    (checks / "__init__.py").write_text("GROUPS = ('CONT', 'READ', 'STAT', 'MOVE', 'WALK')")
    (checks / "test_tiny.py").write_text(TINY_CHECKS)
    information = pytester.mkdir("tinychecks-1.0.dist-info")
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: tinychecks\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[storagedriver.checks]\ntiny = tinychecks\n")
    pytester.syspathinsert()
    before = registered_suites()
    yield pytester
    for name, registration in registered_suites().items():
        if name not in before and str(registration.registered_at).endswith("conftest.py"):
            unregister_suite(name)


@pytest.fixture
def run(author: pytest.Pytester) -> Callable[..., Run]:
    """Runs the tiny suite with arguments of pytest."""

    def runs(*arguments: str, process: bool = False, suite: str = "tiny") -> Run:
        return Run(author, *arguments, process=process, suite=suite)

    return runs
