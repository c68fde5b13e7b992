"""Measurements among the figures of a report: how long an operation took at a size, what it moved, and what it held."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from storagedriver.report.trials import Figure

_SEPARATOR = ": "
_LARGEST_AMOUNT = 18
"""Digits of the largest amount: no report makes a reader compute with longer ones."""


class Statistic(enum.StrEnum):
    """What is told of an operation.

    Attributes:
        P50: The median of its durations.
        P90: What nine of ten calls stay below.
        P99: What 99 of 100 calls stay below.
        THROUGHPUT: What it does in a second.
        PEAK_MEMORY: The most that Python held meanwhile.
        REQUESTS: Requests to the server.
        SENT: Bytes on the wire to the server.
        RECEIVED: Bytes on the wire from the server.
    """

    P50 = "p50"
    P90 = "p90"
    P99 = "p99"
    THROUGHPUT = "throughput"
    PEAK_MEMORY = "peak memory"
    REQUESTS = "requests"
    SENT = "sent"
    RECEIVED = "received"


class Scale(enum.StrEnum):
    """What the cost of an operation grows with.

    Attributes:
        BYTES: The size of the content.
        FILES: The number of files in the directory.
        CLIENTS: How many call at once.
    """

    BYTES = "B"
    FILES = "files"
    CLIENTS = "clients"


@dataclass(frozen=True, slots=True, order=True)
class Workload:
    """What was measured.

    Attributes:
        operation: "put", "write stream"; it holds no colon.
        scale: What it grows with.
        amount: How much of that.
    """

    operation: str
    scale: Scale
    amount: int

    @property
    def size(self) -> str:
        """The amount for readers: "4 KiB", "1,000 files"."""
        if self.scale is Scale.BYTES:
            return binary(self.amount)
        return f"{self.amount:,} {self.scale if self.amount != 1 else self.scale.removesuffix('s')}"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number of a workload, kept in a report as the figure "put: 4096 B: p50".

    Attributes:
        workload: What was measured.
        statistic: What the number is.
        value: The number.
        unit: Its unit: "s", "B", "B/s"; empty for a count.
    """

    workload: Workload
    statistic: Statistic
    value: float
    unit: str

    @property
    def name(self) -> str:
        """The name of the figure."""
        work = self.workload
        return _SEPARATOR.join((work.operation, f"{work.amount} {work.scale}", self.statistic))

    @classmethod
    def of(cls, figure: Figure) -> Self | None:
        """The measurement that a figure is; None if it is another figure."""
        parts = figure.name.split(_SEPARATOR)
        if len(parts) != 3:
            return None
        amount = re.fullmatch(rf"([0-9]{{1,{_LARGEST_AMOUNT}}}) ([A-Za-z]+)", parts[1], re.ASCII)
        if amount is None or amount[2] not in set(Scale) or parts[2] not in set(Statistic):
            return None
        workload = Workload(parts[0], Scale(amount[2]), int(amount[1]))
        return cls(workload, Statistic(parts[2]), figure.value, figure.unit)

    @property
    def text(self) -> str:
        """The number for readers: "1.25 ms", "80 MiB/s"."""
        if self.unit == "s":
            return duration(self.value)
        if self.unit in {"B", "B/s"}:
            return binary(self.value) + self.unit.removeprefix("B")
        number = f"{self.value:,.4g}" if abs(self.value) < 1000 else f"{self.value:,.0f}"
        # What is counted stands in the size.
        return f"{number}/s" if self.unit.endswith("/s") else f"{number} {self.unit}".strip()


TIMES = (Statistic.P50, Statistic.P90, Statistic.P99, Statistic.THROUGHPUT)
"""What depends on the machine."""

COSTS = (Statistic.PEAK_MEMORY, Statistic.REQUESTS, Statistic.SENT, Statistic.RECEIVED)
"""What does not."""

Table = Mapping[Workload, Mapping[Statistic, Measurement]]
"""What was measured of each workload."""


def table(figures: Iterable[Figure]) -> Table:
    """The measurements among `figures`, workloads of one operation together, the smallest first."""
    found: dict[Workload, dict[Statistic, Measurement]] = {}
    operations: dict[tuple[str, Scale], None] = {}
    for figure in figures:
        measurement = Measurement.of(figure)
        if measurement is not None:
            work = measurement.workload
            operations[work.operation, work.scale] = None
            found.setdefault(work, {})[measurement.statistic] = measurement
    order = list(operations)
    return {
        work: found[work]
        for work in sorted(found, key=lambda each: (order.index((each.operation, each.scale)), each.amount))
    }


def other_than_measurements(figures: Iterable[Figure]) -> list[Figure]:
    """The figures that stand in no table."""
    return [figure for figure in figures if Measurement.of(figure) is None]


def statistics_of(shown: Table) -> list[Statistic]:
    """The columns of a table: what is known of any of its workloads."""
    return [each for each in Statistic if any(each in told for told in shown.values())]


def binary(number: float) -> str:
    """Bytes for readers: "0 B", "4 KiB", "1.5 MiB"."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(number) < 1024 or unit == "GiB":
            return f"{number:,.3g} {unit}" if abs(number) < 1000 else f"{number:,.0f} {unit}"
        number /= 1024
    raise AssertionError


def duration(seconds: float) -> str:
    """Seconds for readers: "12.5 µs", "3 ms", "1.2 s"."""
    for factor, unit in ((1e6, "µs"), (1e3, "ms")):
        if abs(seconds) * factor < 1000:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds:,.3g} s"
