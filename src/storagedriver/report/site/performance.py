"""Measurements as plots: how the duration of an operation grows with its size, both by powers of ten."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from storagedriver.report.performance import (
    Measurement,
    Scale,
    Statistic,
    Table,
    Workload,
    duration,
    statistics_of,
    table,
)
from storagedriver.report.site.subjects import Subject

WIDTH = 320
HEIGHT = 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 16, 34
_LEAST, _MOST = 1e-9, 1e9
"""Seconds between which a duration is drawn; what an edited report may hold beyond them is drawn at the edge."""


@dataclass(frozen=True, slots=True)
class Point:
    """One size in the plot.

    Attributes:
        told: What stands at it for readers.
        x: Its place, from the left.
        y: The height of the median, from the top.
        slow: The height of what nine of ten calls stay below.
    """

    told: str
    x: float
    y: float
    slow: float


@dataclass(frozen=True, slots=True)
class Plot:
    """The plot of an operation.

    Attributes:
        title: The operation.
        points: Its sizes, the smallest first.
        least: The duration at the bottom.
        most: The duration at the top.
        first: The smallest size.
        last: The largest size.
        top: The height of `most`.
        bottom: The height of `least`.
    """

    title: str
    points: tuple[Point, ...]
    least: str
    most: str
    first: str
    last: str
    top: float = _TOP
    bottom: float = HEIGHT - _BOTTOM

    @property
    def median(self) -> str:
        """The medians as points of a polyline."""
        return " ".join(f"{point.x:g},{point.y:g}" for point in self.points)

    @property
    def slow(self) -> str:
        """What nine of ten calls stay below, as points of a polyline."""
        return " ".join(f"{point.x:g},{point.slow:g}" for point in self.points)


@dataclass(frozen=True, slots=True)
class Performance:
    """What was measured on one target.

    Attributes:
        subject: The target.
        columns: What is told of the workloads.
        rows: The workloads, with what is known of each.
        plots: One for each operation of which at least two sizes were timed.
    """

    subject: Subject
    columns: tuple[Statistic, ...]
    rows: Table
    plots: tuple[Plot, ...]


def measured(shown: tuple[Subject, ...]) -> Iterator[Performance]:
    """The targets on which something was measured at several sizes."""
    for subject in shown:
        rows = table(
            figure for result in subject.latest.results.values() for check in result.checks for figure in check.figures
        )
        if rows:
            yield Performance(subject, tuple(statistics_of(rows)), rows, tuple(_plots(rows)))


def _plots(rows: Table) -> Iterator[Plot]:
    operations: dict[tuple[str, Scale], list[tuple[Workload, Mapping[Statistic, Measurement]]]] = {}
    for workload, told in rows.items():
        if Statistic.P50 in told:
            operations.setdefault((workload.operation, workload.scale), []).append((workload, told))
    for (operation, _), timed in operations.items():
        if len(timed) > 1:
            yield _plot(operation, timed)


def _plot(operation: str, timed: list[tuple[Workload, Mapping[Statistic, Measurement]]]) -> Plot:
    medians = [_drawn(told[Statistic.P50].value) for _, told in timed]
    slow = [_drawn(told.get(Statistic.P90, told[Statistic.P50]).value) for _, told in timed]
    least = 10.0 ** math.floor(math.log10(min(medians + slow)))
    most = 10.0 ** math.ceil(math.log10(max(medians + slow)))
    # Nothing has no logarithm: it stands where one does.
    amounts = [math.log(max(1, workload.amount)) for workload, _ in timed]
    width = max(amounts) - min(amounts) or 1.0
    bottom = HEIGHT - _BOTTOM

    def across(amount: float) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * (amount - min(amounts)) / width, 1)

    def high(seconds: float) -> float:
        decades = math.log10(most / least) or 1.0
        return round(bottom - (bottom - _TOP) * math.log10(seconds / least) / decades, 1)

    return Plot(
        title=operation,
        points=tuple(
            Point(f"{workload.size}: {told[Statistic.P50].text}", across(amount), high(middle), high(late))
            for (workload, told), amount, middle, late in zip(timed, amounts, medians, slow, strict=True)
        ),
        least=duration(least),
        most=duration(most),
        first=timed[0][0].size,
        last=timed[-1][0].size,
    )


def _drawn(seconds: float) -> float:
    return min(max(seconds, _LEAST), _MOST)
