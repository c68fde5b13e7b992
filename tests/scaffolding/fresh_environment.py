"""An environment such as a new user has: the kit from its built wheel, and nothing of this clone."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = 300
"""A command that takes longer hangs."""

_PROGRAM = """\
#!{python}
import sys

from pytest import console_main

sys.exit(console_main())
"""


class FreshEnvironment:
    """A virtual environment. What the kit depends on it has from the environment that runs the tests."""

    def __init__(self, folder: Path) -> None:
        """Make it, build the wheel, and install that."""
        self._folder = folder / "environment"
        venv.create(self._folder, symlinks=True)
        self.python = self._folder / "bin" / "python"
        purelib = Path(sysconfig.get_path("purelib", vars={"base": str(self._folder)}))
        # Behind its own packages. The clone is not among them: its .pth file is not read in a folder that another one names.
        (purelib / "of-the-tests.pth").write_text(sysconfig.get_path("purelib"))
        program = self._folder / "bin" / "pytest"
        program.write_text(_PROGRAM.format(python=self.python))
        program.chmod(0o755)
        self._build(folder / "dist")
        (wheel,) = (folder / "dist").glob("*.whl")
        self.install(str(wheel))

    def install(self, *words: str) -> None:
        """Install a package without what it depends on."""
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "--quiet", "--disable-pip-version-check"]
        done = subprocess.run(
            [*pip, "install", "--no-deps", "--no-build-isolation", *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def run(
        self, *command: str, folder: Path, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program with the environment's own before all others; what it says is read as one text."""
        return subprocess.run(
            command,
            cwd=folder,
            env={**self._variables(), **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def _variables(self) -> dict[str, str]:
        # What pytest, coverage and pipelines tell their children would make these the tests' own.
        others = ("PYTEST_", "COV_", "COVERAGE_", "GITHUB_", "CI_", "STORAGEDRIVER_", "GIT_", "PYTHON")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        path = f"{self._folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return {**kept, "PATH": path, "NO_COLOR": "1", "COLUMNS": "120", "VIRTUAL_ENV": str(self._folder)}

    def _build(self, dist: Path) -> None:
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(dist), str(ROOT)]
        done = subprocess.run(build, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
