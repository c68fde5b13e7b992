"""Suites in an environment within the project are collected, and nothing else of that environment is."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from plugin.author_project import Run


@pytest.fixture(params=["venv", ".venv", "environment"])
def environment(request: pytest.FixtureRequest, author: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The suite `tiny` in an environment of the project, beside another package whose tests fail."""
    name: str = request.param
    packages = author.path / name / "lib" / "site-packages"
    packages.mkdir(parents=True)
    (author.path / name / "pyvenv.cfg").touch()
    for name in ("tinychecks", "tinychecks-1.0.dist-info"):
        (author.path / name).rename(packages / name)
    (packages / "other").mkdir()
    (packages / "other" / "test_other.py").write_text("def test_of_another_package(): assert False")
    (packages.parent / "test_beside.py").write_text("def test_beside(): assert False")
    monkeypatch.syspath_prepend(packages)
    # For the workers of pytest-xdist.
    monkeypatch.setenv("PYTHONPATH", str(packages), prepend=os.pathsep)
    return packages


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("arguments", [(), (".",)], ids=["unsaid", "the whole project"])
@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["alone", "workers"])
def test_suite_in_an_environment_of_the_project_runs(
    author: pytest.Pytester, run: Callable[..., Run], arguments: tuple[str, ...], workers: tuple[str, ...]
) -> None:
    author.makepyfile(test_own="def test_own(): pass")

    done = run("--driver=dictionary:DictionaryDriver", *arguments, *workers, process=bool(workers))

    ended = done.result.parseoutcomes()
    assert (ended["passed"], ended.get("failed"), ended.get("errors")) == (8, None, None)
    assert done.report.run.complete
    assert "test_of_another_package" not in done.said
    assert "test_beside" not in done.said


@pytest.mark.usefixtures("environment")
def test_without_a_driver_pytest_passes_over_it(author: pytest.Pytester) -> None:
    author.makepyfile(test_own="def test_own(): pass")

    author.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
