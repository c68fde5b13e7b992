"""The history of a target: its kept MUSTs, report by report, as points of a plot."""

from __future__ import annotations

from dataclasses import dataclass

from storagedriver.report.site.subjects import Release, Subject

WIDTH = 640
HEIGHT = 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 24, 16, 34

_LABELS = 8
"""Labels that fit under the plot."""


@dataclass(frozen=True, slots=True)
class Point:
    """One report in the plot.

    Attributes:
        release: What it tells.
        x: Its place, from the left.
        kept: The height of its kept MUSTs, from the top.
        total: The height of all its MUSTs.
        labelled: Whether its date stands under it.
    """

    release: Release
    x: float
    kept: float
    total: float
    labelled: bool


@dataclass(frozen=True, slots=True)
class Plot:
    """The plot of a target.

    Attributes:
        points: Its reports, the oldest first, at equal distances: runs cluster in time, releases are read one by one.
        most: The number of MUSTs at the top.
        top: The height of that number.
        bottom: The height of 0.
    """

    points: tuple[Point, ...]
    most: int
    top: float
    bottom: float

    @property
    def line(self) -> str:
        """The kept MUSTs as points of a polyline."""
        return " ".join(f"{point.x:g},{point.kept:g}" for point in self.points)

    @property
    def ceiling(self) -> str:
        """All MUSTs as points of a polyline."""
        return " ".join(f"{point.x:g},{point.total:g}" for point in self.points)


def plot(subject: Subject) -> Plot | None:
    """The plot of a target; None if only one report tells of it."""
    releases = subject.releases
    if len(releases) < 2:
        return None
    most = max(1, *(release.tally.total for release in releases))
    bottom = HEIGHT - _BOTTOM
    step = (WIDTH - _LEFT - _RIGHT) / (len(releases) - 1)
    every = -(-len(releases) // _LABELS)

    def height(number: int) -> float:
        return round(bottom - (bottom - _TOP) * number / most, 1)

    points = tuple(
        Point(
            release,
            round(_LEFT + step * number, 1),
            height(release.tally.kept),
            height(release.tally.total),
            (len(releases) - 1 - number) % every == 0,
        )
        for number, release in enumerate(releases)
    )
    return Plot(points, most, _TOP, bottom)
