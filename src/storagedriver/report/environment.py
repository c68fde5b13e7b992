"""What is known about the machine and the software that a report was made with."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from storagedriver.report.model import Environment

TOOLS = ("pytest", "hypothesis", "pydantic")
"""Distributions whose versions are always told."""

GIT_SECONDS = 10
"""How long git may take to name the commit."""


def this_environment(sdks: Iterable[str] = (), *, tree: Path | None = None) -> Environment:
    """The environment of this process.

    Args:
        sdks: Names of distributions whose versions matter beside those of TOOLS; what is not installed is left out.
        tree: A folder of the checkout whose commit is told; the working directory if None.
    """
    return Environment(
        storagedriver=version("storagedriver") or "unknown",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        platform=platform.platform(),
        packages={name: found for name in (*TOOLS, *sdks) if (found := version(name)) is not None},
        commit=commit(tree or Path.cwd()),
    )


def version(distribution: str) -> str | None:
    """The version of an installed distribution; None if it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def commit(tree: Path) -> str | None:
    """The commit checked out at `tree`, with "-dirty" if tracked files were changed; None if git does not tell."""
    git = shutil.which("git")
    if git is None:
        return None
    # A hook's GIT_DIR would name another repository than the one that `tree` lies in.
    settings = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = [git, "--no-optional-locks", "describe", "--always", "--dirty", "--abbrev=64", "--exclude=*"]
    try:
        told = subprocess.run(  # noqa: S603  constant words
            command, cwd=tree, env=settings, capture_output=True, text=True, timeout=GIT_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return told.stdout.strip() or None if told.returncode == 0 else None
