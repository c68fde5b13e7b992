"""Maps of what was tried one by one: operations by conditions, a sign for each trial."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from storagedriver.report.performance import other_than_measurements
from storagedriver.report.site.subjects import Subject
from storagedriver.report.trials import Ending, Trials, TrialTally, summed

SIGNS: Mapping[Ending, str] = {Ending.SURVIVED: "✓", Ending.REFUSED: "↩", Ending.VIOLATED: "✗"}
"""A sign for each ending, so that none is told by its colour alone."""

WORDS: Mapping[Ending, str] = {
    Ending.SURVIVED: "survived",
    Ending.REFUSED: "a clean error, or turned away",
    Ending.VIOLATED: "a violation of the contract",
}

SIGNS_SHOWN = 12
"""Trials of a cell with a sign for each; of more the cell tells the numbers."""


@dataclass(frozen=True, slots=True)
class MapCell:
    """The trials of an operation under a condition.

    Attributes:
        endings: How they ended, in their order.
        violated: Where the contract was broken: "2: PUT object".
    """

    endings: tuple[Ending, ...]
    violated: tuple[str, ...]

    @property
    def worst(self) -> Ending:
        """The worst ending."""
        return max(self.endings, key=list(Ending).index)

    @property
    def signs(self) -> str:
        """A sign for each trial, or the number for each sign."""
        if len(self.endings) <= SIGNS_SHOWN:
            return "".join(SIGNS[each] for each in self.endings)
        return " ".join(f"{SIGNS[each]} {self.endings.count(each)}" for each in Ending if each in self.endings)

    @property
    def told(self) -> str:
        """The same in words: "2 survived, 1 violated"."""
        return ", ".join(f"{self.endings.count(each)} {each.value}" for each in Ending if each in self.endings)


@dataclass(frozen=True, slots=True)
class TrialMap:
    """The trials of one kind on one target.

    Attributes:
        tally: How many ended how.
        operations: The columns.
        conditions: The rows.
        cells: What there is, by operation and condition.
    """

    tally: TrialTally
    operations: tuple[str, ...]
    conditions: tuple[str, ...]
    cells: Mapping[tuple[str, str], MapCell]

    @property
    def title(self) -> str:
        """The kind, for readers: "Power failures"."""
        return self.tally.kind.words.capitalize()


@dataclass(frozen=True, slots=True)
class Tried:
    """What was tried on one target, and measured.

    Attributes:
        subject: The target.
        maps: By kind.
        figures: What was measured, by requirement.
    """

    subject: Subject
    maps: tuple[TrialMap, ...]
    figures: tuple[tuple[str, str], ...]


def tried(shown: tuple[Subject, ...]) -> Iterator[Tried]:
    """The targets on which something was tried one by one, or measured."""
    for subject in shown:
        trials = [
            each for result in subject.latest.results.values() for check in result.checks for each in check.trials
        ]
        maps = tuple(
            _map(tally, [each for each in trials if each.kind is tally.kind]) for tally in TrialTally.of(trials)
        )
        told = tuple(
            (name, figure.text)
            for name, result in subject.latest.results.items()
            for figure in summed(other_than_measurements(each for check in result.checks for each in check.figures))
        )
        if maps or told:
            yield Tried(subject, maps, told)


def _map(tally: TrialTally, trials: list[Trials]) -> TrialMap:
    joined: dict[tuple[str, str], list[tuple[str, Ending]]] = {}
    for each in trials:
        joined.setdefault((each.operation, each.condition), []).extend(zip(each.points, each.endings, strict=True))
    cells = {
        place: MapCell(
            tuple(ending for _, ending in met), tuple(point for point, ending in met if ending is Ending.VIOLATED)
        )
        for place, met in joined.items()
        if met
    }
    operations = tuple(dict.fromkeys(operation for operation, _ in cells))
    conditions = tuple(dict.fromkeys(condition for _, condition in cells))
    return TrialMap(tally, operations, conditions, cells)
