"""The project's own tests. A run with --driver is about that driver: then they are not collected."""

from __future__ import annotations

import socket
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

from storagedriver.plugin import sharding

pytest_plugins = ["pytester"]

# How long an example takes, or the making of one, says nothing on a busy machine.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--half-of-mutants",
        metavar="NUMBER",
        type=int,
        help="run one half of the faulty drivers, drawn by NUMBER, and those of which the table of detection power does not tell"
        " that the checks as they are reject them",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Workers begin with what takes long, as they do in a run of the suites."""
    if hasattr(config, "workerinput") and not config.getoption("storagedriver_driver"):
        items[:] = sharding.shared_out(items, config.workerinput["workercount"])


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if config.getoption("storagedriver_driver") else None


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port on 127.0.0.1 where nothing answers, kept until the test ends: a free one may be another's by then."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        yield silent.getsockname()[1]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With --require-backends a test that is skipped has failed: there everything it may need has to be."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and item.config.getoption("storagedriver_require_backends"):
        report.outcome = "failed"
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.longrepr = f"--require-backends, and this was skipped: {reason}"
    return report
