"""Durations of calls, their percentiles, and how they grow.

The fixture of pytest-benchmark turns itself off under xdist, and its statistics have no percentile beyond the quartiles:
the standard library's are used.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from storagedriver.report.performance import Measurement, Scale, Statistic, Workload
from storagedriver.testing import Subject
from storagedriver_suites.performance.effort import Effort

_SHORTEST = 1e-9
"""Seconds that a clock tells apart."""


@dataclass(frozen=True, slots=True)
class Durations:
    """How long each of equal calls took, in seconds."""

    seconds: tuple[float, ...]

    def percentile(self, percent: int) -> float:
        """What `percent` of 100 calls stay below; between two calls it is interpolated."""
        if len(self.seconds) == 1:
            return self.seconds[0]
        return statistics.quantiles(self.seconds, n=100, method="inclusive")[percent - 1]

    @property
    def median(self) -> float:
        """The same for one half."""
        return statistics.median(self.seconds)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """No collection of garbage within, which would be counted as the driver's."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def repeated(act: Callable[[int], object], effort: Effort, prepare: Callable[[int], object] | None = None) -> Durations:
    """The durations of `act`, done as often as the effort allows, after one that warms up.

    Args:
        act: Is given a number that it was not given before.
        effort: How long and how often.
        prepare: Called before each with the same number, and not measured.
    """
    taken: list[float] = []
    prepared = prepare or (lambda _: None)
    prepared(0)
    act(0)
    with _undisturbed():
        deadline = time.perf_counter() + effort.seconds
        while len(taken) < effort.least or (len(taken) < effort.most and time.perf_counter() < deadline):
            number = len(taken) + 1
            prepared(number)
            began = time.perf_counter()
            act(number)
            taken.append(time.perf_counter() - began)
    return Durations(tuple(taken))


def tell(subject: Subject, workload: Workload, statistic: Statistic, value: float, unit: str = "") -> None:
    """Put a measurement into the report."""
    subject.measured(Measurement(workload, statistic, value, unit).name, value, unit)


def tell_durations(subject: Subject, workload: Workload, durations: Durations) -> None:
    """Put the percentiles of a workload into the report."""
    for statistic, percent in ((Statistic.P50, 50), (Statistic.P90, 90), (Statistic.P99, 99)):
        tell(subject, workload, statistic, durations.percentile(percent), "s")


def tell_work(subject: Subject, workload: Workload, durations: Durations) -> None:
    """Put the percentiles of a workload into the report, and how much of its amount is done in a second."""
    tell_durations(subject, workload, durations)
    if workload.amount:
        unit = "B/s" if workload.scale is Scale.BYTES else f"{workload.scale}/s"
        tell(subject, workload, Statistic.THROUGHPUT, workload.amount / max(durations.median, _SHORTEST), unit)


def growth(medians: Mapping[int, float]) -> float | None:
    """The exponent by which durations grow with an amount: 1 where twice as much takes twice as long, 0 where it is equal.

    It is the slope of the line that fits the logarithms best; None where fewer than two amounts are positive.
    """
    points = [(amount, max(seconds, _SHORTEST)) for amount, seconds in medians.items() if amount > 0]
    if len(points) < 2:
        return None
    amounts: Sequence[float] = [math.log(amount) for amount, _ in points]
    return statistics.linear_regression(amounts, [math.log(seconds) for _, seconds in points]).slope


def tell_growth(subject: Subject, operation: str, scale: Scale, medians: Mapping[int, float]) -> None:
    """Put the growth of an operation into the report."""
    exponent = growth(medians)
    if exponent is not None:
        subject.measured(f"growth of {operation} with {'size' if scale is Scale.BYTES else scale}", round(exponent, 3))
