"""A cell of the matrix: a driver, a server, and what is run on them."""

from __future__ import annotations

import dataclasses
import os
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from storagedriver.report.shard import Shard


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One run of pytest.

    Attributes:
        name: What its report is called, without ".json"; all shards of a run have the same.
        driver: As after --driver.
        options: The other arguments of pytest, without the report.
        parameters: Parameters of the driver, names and values. They go through the environment, so that no list of processes shows them.
        shard: The part of the run that it is; None for a whole one.
        addopts: PYTEST_ADDOPTS of whoever planned it, for all machines.
    """

    name: str
    driver: str
    options: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    shard: Shard | None = None
    addopts: str = field(default_factory=lambda: os.environ.get("PYTEST_ADDOPTS", ""))

    def part(self, shard: Shard) -> Self:
        """A shard of this cell."""
        return dataclasses.replace(self, shard=shard)

    @property
    def title(self) -> str:
        """What it is called where people read: "s3-minio", "s3-minio 2/4"."""
        return self.name if self.shard is None else f"{self.name} {self.shard}"

    @property
    def report(self) -> Path:
        """Its report, relative to the folder of reports. Those of shards lie apart, so that `*.json` is whole ones."""
        if self.shard is None:
            return Path(f"{self.name}.json")
        return Path("shards", self.name, f"{self.shard.number}-of-{self.shard.count}.json")

    @property
    def arguments(self) -> tuple[str, ...]:
        """What pytest is called with, but for the report."""
        shard = () if self.shard is None else (f"--shard={self.shard}",)
        return (f"--driver={self.driver}", *self.options, *shard)

    def environment(self, report: Path) -> dict[str, str]:
        """The environment of its process, with the report to write.

        The report's place is no argument: arguments are part of the report, and whoever runs the cell has a folder of its own.
        """
        from storagedriver.plugin.options import environment_prefix  # noqa: PLC0415  pytest, for where cells are run

        prefix = environment_prefix(self.driver)
        given = {f"{prefix}{name.upper()}": value for name, value in self.parameters}
        words = [*shlex.split(self.addopts), f"--certify-report={report}"]
        return {**os.environ, **given, "PYTEST_ADDOPTS": shlex.join(words)}
