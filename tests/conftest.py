"""The project's own tests. A run with --driver is about that driver: then they are not collected."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if config.getoption("storagedriver_driver") else None
