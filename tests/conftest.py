"""The project's own tests. A run with --driver is about that driver: then they are not collected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if config.getoption("storagedriver_driver") else None


@pytest.fixture(scope="session")
def need(pytestconfig: pytest.Config) -> Callable[[str | None], None]:
    """Skip the test for the reason given, if there is one; with --require-backends that is a failure."""

    def need(reason: str | None) -> None:
        if reason is None:
            return
        if pytestconfig.getoption("storagedriver_require_backends"):
            pytest.fail(f"--require-backends, and it cannot run here: {reason}")
        pytest.skip(reason)

    return need
