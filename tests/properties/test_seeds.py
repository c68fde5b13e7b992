"""A seed is enough to make the same histories again."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from storagedriver import factory
from storagedriver_suites.properties.exploration import Effort, Exploration, explore


def explored() -> Exploration:
    return explore(factory.create("inmemory"), "/check", profile="quick", effort=Effort(40, 40, 0), seed_number=1)


def test_what_else_is_loaded_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hypothesis takes numbers and texts out of the modules of a project, which here has another one the second time."""
    before = explored()
    (tmp_path / "constants_of_a_project.py").write_text(
        f"NUMBERS = {list(range(100, 1000))}\nTEXTS = {list('abcdefgh')}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("constants_of_a_project")

    after = explored()

    assert after.steps == before.steps > 0
    assert after.judged == before.judged
