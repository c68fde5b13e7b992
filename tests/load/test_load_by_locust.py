"""Load by Locust: users whose client is a driver, in one process, and in workers with a master."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Not imported here: locust patches the process that imports it.
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("locust") is None,
    reason="locust is not installed: pip install 'storagedriver[locust]'",
)
PAGE = Path(__file__).parents[2] / "docs" / "load.md"
FILE = Path(__file__).with_name("storage_load.py")
SIZES = {"put_content": 1000, "writer": 2000, "reader": 2000, "walk": 0, "stat": 0}
"""The operations of a round in FILE, and the bytes that each moves."""


ENDS = """
import gevent
from locust import events

told = set()


@events.init.add_listener
def end_by_what_was_seen(environment, **_):
    @environment.events.request.add_listener
    def seen(name, **_):
        if name not in told:
            told.add(name)
            if told >= {"put_content", "get_content", "writer"}:
                gevent.spawn(environment.runner.quit)
"""
"""Ends the page's load as soon as each of its operations was told."""


class Load:
    """Processes of locust on one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "files").mkdir()
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str, file: Path = FILE) -> subprocess.Popen[str]:
        environment = {**os.environ, "STORAGE_LOAD_FOLDER": str(self.folder), "STORAGE_LOAD_OPERATIONS": "100"}
        command = [sys.executable, "-m", "locust", "-f", str(file), "--headless", *arguments]
        process = subprocess.Popen(
            command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.started.append(process)
        return process

    def stats(self) -> dict[str, dict[str, Any]]:
        """What was counted in the end of each operation."""
        return {row["name"]: row for row in json.loads((self.folder / "out.json").read_text())}

    def rounds(self) -> dict[str, int]:
        """How many rounds each user says that it made, by process and user."""
        return {path.name: int(path.read_text()) for path in self.folder.glob("*-load-*")}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        number: int = listener.getsockname()[1]
        return number


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    made = Load(tmp_path)
    yield made
    for process in made.started:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout is not None:
            process.stdout.close()


def test_a_master_and_its_workers_count_each_operation_once(load: Load) -> None:
    """What the master tells is what the users did: operations, bytes, and failures by their class alone."""
    port = str(free_port())
    master = load.start(
        *("--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port),
        *("--expect-workers", "2", "--users", "4", "--spawn-rate", "4", "--run-time", "60s", "--json-file", "out"),
    )
    workers = [load.start("--worker", "--master-host", "127.0.0.1", "--master-port", port) for _ in range(2)]
    said = master.communicate(timeout=90)[0]
    for each in workers:
        each.communicate(timeout=60)

    assert "Traceback" not in said
    rounds = load.rounds()
    assert list(rounds.values()) == [5] * 4, said
    assert len({name.partition("-")[0] for name in rounds}) == 2
    stats = load.stats()
    assert {name: row["num_requests"] for name, row in stats.items()} == dict.fromkeys(SIZES, 20)
    assert {name: row["total_content_length"] for name, row in stats.items()} == {
        name: 20 * size for name, size in SIZES.items()
    }
    assert {name: row["num_failures"] for name, row in stats.items() if row["num_failures"]} == {"stat": 20}
    assert json.loads((load.folder / "errors.json").read_text()) == [["stat", "PathNotFoundError", 20]]
    # Nothing of a user is left.
    assert list((load.folder / "files").iterdir()) == []


def test_the_page_has_a_load_that_runs(load: Load) -> None:
    """In one process, on a driver that needs no server."""
    (example,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    example, drivers = re.subn(r'driver = "s3"\n    parameters = .*', 'driver = "inmemory"', example)
    (load.folder / "load.py").write_text(example + ENDS)

    alone = load.start("--users=4", "--spawn-rate=4", "--run-time=60s", "--json-file=out", file=load.folder / "load.py")
    said = alone.communicate(timeout=60)[0]

    assert drivers == 1
    assert (alone.returncode, "Traceback" in said) == (0, False), said
    stats = load.stats()
    assert set(stats) == {"put_content", "get_content", "writer"}
    assert not any(row["num_failures"] for row in stats.values())
