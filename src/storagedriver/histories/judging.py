"""Judging a history: which guarantees it keeps, and the smallest part of it that shows why it keeps no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from storagedriver.histories.guarantees import Finding, Guarantee, Standing, findings
from storagedriver.histories.model import History, Kind
from storagedriver.histories.search import explain
from storagedriver.histories.shrinking import smallest_wrong


@dataclass(frozen=True, slots=True)
class Wrong:
    """A partition of a history that is not linearizable.

    Attributes:
        partition: All operations on these paths.
        findings: How each guarantee stands in it.
        smallest: The smallest part of it that is not linearizable.
    """

    partition: History
    findings: Mapping[Guarantee, Finding]
    smallest: History

    def proof(self, guarantee: Guarantee) -> History:
        """A small part of it that breaks this guarantee, as far as a few operations can show it."""
        witnesses = self.findings[guarantee].witnesses
        if not witnesses:
            return self.smallest
        kept = {each.number for each in witnesses}
        kept |= {each.number for each in self.partition if not each.changes_nothing or each.kind is Kind.OPEN}
        part = self.partition.only(kept)
        stuck = explain(part).stuck
        return self.smallest if stuck is None else smallest_wrong(part, stuck)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a history keeps.

    Attributes:
        operations: How many operations were judged.
        wrong: The partitions that are not linearizable.
    """

    operations: int
    wrong: tuple[Wrong, ...]

    def standing(self, guarantee: Guarantee) -> Standing:
        """Whether the whole history keeps it: all of its partitions do."""
        standings = {each.findings[guarantee].standing for each in self.wrong}
        if Standing.BROKEN in standings:
            return Standing.BROKEN
        return Standing.UNDECIDED if Standing.UNDECIDED in standings else Standing.KEPT

    def keeps(self, guarantee: Guarantee) -> bool:
        """Whether the guarantee is kept for sure."""
        return self.standing(guarantee) is Standing.KEPT

    @property
    def strongest(self) -> Guarantee | None:
        """The strongest guarantee that is kept; None if none is."""
        return next((each for each in Guarantee if self.keeps(each)), None)

    def breaking(self, guarantee: Guarantee) -> list[Wrong]:
        """The partitions that break a guarantee, that with the smallest proof first."""
        found = [each for each in self.wrong if each.findings[guarantee].standing is Standing.BROKEN]
        return sorted(found, key=lambda each: len(each.smallest))

    def __str__(self) -> str:
        if not self.wrong:
            return "linearizable"
        by_standing = {
            standing: [str(each) for each in Guarantee if self.standing(each) is standing] for standing in Standing
        }
        told = [f"{standing}: {', '.join(names)}" for standing, names in by_standing.items() if names]
        return "; ".join(["not linearizable", *told])


def judge(history: History) -> Verdict:
    """Judge each partition of a history by itself."""
    wrong = []
    for partition in history.partitions():
        stuck = explain(partition).stuck
        if stuck is not None:
            wrong.append(Wrong(partition, findings(partition), smallest_wrong(partition, stuck)))
    return Verdict(len(history), tuple(wrong))
