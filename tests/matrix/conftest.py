"""A project with two drivers and a tiny suite, and matrices of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from plugin.author_project import DICTIONARY_DRIVER, TINY_CHECKS

PLAN = """
suites = ["tiny"]
seed = 7

[[cells]]
driver = "dictionary:DictionaryDriver"
name = "good"

[[cells]]
driver = "other:OtherDriver"
name = "other"
"""


@dataclass
class Matrix:
    """The project, and the command in it.

    Attributes:
        folder: Where it lies.
    """

    folder: Path
    _started: list[subprocess.Popen[str]] = field(default_factory=list)

    def plan(self, text: str) -> None:
        (self.folder / "matrix.toml").write_text(text)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        # One that is killed in its middle removes nothing of its own.
        temporary = self.folder / "temporary"
        temporary.mkdir(exist_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-m", "storagedriver.cli", "matrix", "matrix.toml", *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTEST_ADDOPTS": "-p no:cacheprovider", "TMPDIR": str(temporary)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._started.append(process)
        return process

    def run(self, *arguments: str) -> tuple[int, str]:
        """The exit code, and all that was said."""
        process = self.start(*arguments)
        said = process.communicate(timeout=120)[0]
        return process.returncode, said

    def end(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(60)
            if process.stdout is not None:
                process.stdout.close()


@pytest.fixture
def matrix(tmp_path: Path) -> Iterator[Matrix]:
    """A matrix of two cells, each of which takes little time."""
    (tmp_path / "dictionary.py").write_text(DICTIONARY_DRIVER)
    (tmp_path / "other.py").write_text(
        "from dictionary import DictionaryDriver\n\n\nclass OtherDriver(DictionaryDriver):\n    files = {}\n"
    )
    checks = tmp_path / "tinychecks"
    checks.mkdir()
    (checks / "__init__.py").write_text("GROUPS = ('CONT', 'READ', 'STAT', 'MOVE', 'WALK')")
    (checks / "test_tiny.py").write_text(TINY_CHECKS)
    information = tmp_path / "tinychecks-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: tinychecks\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[storagedriver.checks]\ntiny = tinychecks\n")
    made = Matrix(tmp_path)
    made.plan(PLAN)
    yield made
    made.end()
