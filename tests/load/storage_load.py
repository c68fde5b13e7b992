"""A locustfile: users of the driver filesystem, each of which makes a few rounds and writes down how many."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import ClassVar

from storagedriver.load import StorageUser  # isort: skip  # first, as it patches

import gevent
from locust import constant, events, task
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import MasterRunner

from storagedriver import PathNotFoundError

FOLDER = Path(os.environ["STORAGE_LOAD_FOLDER"])
ROUNDS = 5
SIZE = 1000


@events.init.add_listener  # type: ignore[untyped-decorator]  # of a library that is not looked into
def end_by_count(environment: Environment, **_: object) -> None:
    """The master ends the run as soon as it knows of all operations, on a slow machine later."""
    if not isinstance(environment.runner, MasterRunner):
        return
    due = int(os.environ["STORAGE_LOAD_OPERATIONS"])
    ending: list[object] = []

    def reported(**_: object) -> None:
        if environment.stats.total.num_requests >= due and not ending:
            # A little later, so that one too many would be seen.
            ending.append(gevent.spawn_later(0.5, environment.runner.quit))

    def told(**_: object) -> None:
        errors = [(each.name, each.error, each.occurrences) for each in environment.stats.errors.values()]
        (FOLDER / "errors.json").write_text(json.dumps(errors))

    environment.events.worker_report.add_listener(reported)
    environment.events.quitting.add_listener(told)


class FileUser(StorageUser):
    driver = "filesystem"
    parameters: ClassVar = {"rootdirectory": str(FOLDER / "files")}
    blocking = True
    wait_time = constant(0.01)
    rounds = 0

    @task  # type: ignore[untyped-decorator]  # of a library that is not looked into
    def round(self) -> None:
        self.client.put_content(self.path("a"), b"1" * SIZE)
        with self.client.writer(self.path("b")) as writer:
            writer.write(b"1" * SIZE)
            writer.write(b"2" * SIZE)
            writer.commit()
        with self.client.reader(self.path("b")) as reader:
            assert len(reader.read(100) + reader.read()) == 2 * SIZE
        assert [info.path for info in self.client.walk(self.root)] == [self.path("a"), self.path("b")]
        with contextlib.suppress(PathNotFoundError):
            self.client.stat(self.path(f"absent-{self.rounds}"))
        self.rounds += 1
        if self.rounds == ROUNDS:
            raise StopUser

    def on_stop(self) -> None:
        super().on_stop()
        (FOLDER / f"{os.getpid()}{self.root.replace('/', '-')}").write_text(str(self.rounds))
