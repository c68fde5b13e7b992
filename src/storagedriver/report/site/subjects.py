"""What the page is about: the targets of the reports, each with what older reports say of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from storagedriver.contract import REQUIREMENTS, in_order
from storagedriver.report.grants import Grant
from storagedriver.report.model import Report, Result, Target
from storagedriver.report.site.anchors import anchors
from storagedriver.report.tally import Tally


@dataclass(frozen=True, slots=True)
class Release:
    """What one report says of a target.

    Attributes:
        file: The report's file, as it was given.
        report: The report.
        target: The target.
        results: Its results by requirement.
    """

    file: str
    report: Report
    target: Target
    results: Mapping[str, Result]

    @property
    def tally(self) -> Tally:
        """Its MUSTs."""
        return Tally.of(self.results.values())

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What it has earned, and what not."""
        return Grant.of(self.results.values())

    @property
    def version(self) -> str:
        """What was judged: the distribution, or the kit where the driver comes from none."""
        return self.target.distribution or f"storagedriver {self.report.environment.storagedriver}"


@dataclass(frozen=True, slots=True)
class Subject:
    """A target of the page.

    Attributes:
        name: Its label; with the name of the report's file where several reports have that label.
        anchor: Its place in the page.
        latest: What is shown of it.
        releases: All that is known of it, the oldest first, the latest included.
    """

    name: str
    anchor: str
    latest: Release
    releases: tuple[Release, ...]


def subjects(reports: Mapping[str, Report], older: Mapping[str, Report]) -> tuple[Subject, ...]:
    """The targets of `reports`, by their files, in their order; `older` reports tell of the same labels.

    Where several of the reports have a label, an older one belongs to that of the same file name.
    """
    current = list(_releases(reports))
    past = list(_releases(older))
    times = Counter(each.target.label for each in current)
    names = [
        each.target.label if times[each.target.label] == 1 else f"{each.target.label} ({PurePath(each.file).stem})"
        for each in current
    ]
    found = []
    for release, name, anchor in zip(current, names, anchors(names), strict=True):
        same = [
            each
            for each in past
            if each.target.label == release.target.label
            and (times[each.target.label] == 1 or PurePath(each.file).name == PurePath(release.file).name)
        ]
        releases = sorted((*same, release), key=lambda each: (each.report.run.started, each.file))
        found.append(Subject(name, anchor, release, tuple(releases)))
    return tuple(found)


def _releases(reports: Mapping[str, Report]) -> Iterator[Release]:
    for file, report in reports.items():
        by_target: dict[str, dict[str, Result]] = {target.label: {} for target in report.targets}
        for result in report.results:
            by_target[result.target][result.requirement] = result
        for target in report.targets:
            yield Release(file, report, target, by_target[target.label])


def requirements(shown: tuple[Subject, ...]) -> dict[str, list[str]]:
    """The requirements that any of them has a result of, by their groups, in the order of the contract."""
    present = {name: result.group for subject in shown for name, result in subject.latest.results.items()}
    order = {name: position for position, name in enumerate(REQUIREMENTS)}
    return {
        group: sorted(
            (name for name, own in present.items() if own == group),
            key=lambda name: (order.get(name, len(order)), len(name), name),
        )
        for group in in_order(set(present.values()))
    }
