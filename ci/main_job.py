"""The main job: the suites against inmemory and filesystem, the table on the screen, the report in certify/report.json."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

DRIVERS = ("--driver=inmemory", "--driver=filesystem")
REPORT = "certify/report.json"


def arguments(given: Sequence[str]) -> list[str]:
    """What pytest is called with: the user's arguments, and the defaults for what they leave open."""
    command: list[str] = []
    if not _names(given, "--driver"):
        command += DRIVERS
    if not _names(given, "--certify-report"):
        command += ["--certify-report", REPORT]
    return [*command, *given]


def _names(given: Sequence[str], option: str) -> bool:
    return any(word == option or word.startswith(f"{option}=") for word in given)


if __name__ == "__main__":
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments(sys.argv[1:])])
