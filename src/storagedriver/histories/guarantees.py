"""What a history keeps where it is not linearizable: weaker guarantees, each judged by itself and named."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from storagedriver.histories.model import History, Kind, Operation, Outcome
from storagedriver.histories.search import SearchLimitError, sequential_order
from storagedriver.histories.sources import Sources, observes

SEQUENTIAL_CONFIGURATIONS = 10_000
"""How far the search for a sequential order goes: it is exponential in the whole history, unlike that for a linear one."""


class Guarantee(StrEnum):
    """What a history of files may keep, the strongest first; each is about one file, or files that moves tie together.

    LINEARIZABLE: one order of all operations explains what each saw, and what came back before another was called is
    before it. SEQUENTIAL: the same, but only the order within each process counts. REGULAR: each read saw a write that
    was not overwritten when the read was called, or one that was going on. MONOTONIC_READS: no process saw an older
    content after a newer one. READ_YOUR_WRITES: no process saw what its own write had replaced. WHOLE: each read saw
    the content of some complete write, or nothing where nothing may have been.
    """

    LINEARIZABLE = "linearizable"
    SEQUENTIAL = "sequential"
    REGULAR = "regular"
    MONOTONIC_READS = "monotonic reads"
    READ_YOUR_WRITES = "read your writes"
    WHOLE = "whole contents"


class Standing(StrEnum):
    """Whether a guarantee was kept."""

    KEPT = "kept"
    BROKEN = "broken"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Finding:
    """How one guarantee stands.

    Attributes:
        standing: Whether it was kept.
        witnesses: Operations that together show that it is broken, where a few can.
    """

    standing: Standing
    witnesses: tuple[Operation, ...] = ()


KEPT = Finding(Standing.KEPT)


def findings(partition: History) -> Mapping[Guarantee, Finding]:
    """How each guarantee stands in a partition that is not linearizable; where it is, all others follow from that."""
    sources = Sources(partition)
    judges: Mapping[Guarantee, Callable[[History, Sources], Finding]] = {
        Guarantee.SEQUENTIAL: _sequential,
        Guarantee.REGULAR: _regular,
        Guarantee.MONOTONIC_READS: _monotonic_reads,
        Guarantee.READ_YOUR_WRITES: _read_your_writes,
        Guarantee.WHOLE: _whole,
    }
    found = {Guarantee.LINEARIZABLE: Finding(Standing.BROKEN)}
    return found | {guarantee: judge(partition, sources) for guarantee, judge in judges.items()}


def _sequential(partition: History, _: Sources) -> Finding:
    try:
        order = sequential_order(partition, most=SEQUENTIAL_CONFIGURATIONS)
    except SearchLimitError:
        return Finding(Standing.UNDECIDED)
    return KEPT if order is not None else Finding(Standing.BROKEN)


def _looks(partition: History) -> list[Operation]:
    return [each for each in partition if observes(each) and each.changes_nothing]


def _regular(partition: History, sources: Sources) -> Finding:
    for each in _looks(partition):
        if not sources.current(each):
            return Finding(Standing.BROKEN, (each,))
    return KEPT


def _monotonic_reads(partition: History, sources: Sources) -> Finding:
    newest: dict[tuple[str, str], tuple[float, Operation]] = {}
    for each in _looks(partition):
        seen = sources.of(each)
        if not seen:
            continue  # What nobody wrote is neither old nor new.
        lane = (each.process, each.path)
        floor, before = newest.get(lane, (-math.inf, each))
        if max(source.responded for source in seen) < floor:
            return Finding(Standing.BROKEN, (before, each))
        earliest = min(source.invoked for source in seen)
        if earliest > floor:
            newest[lane] = (earliest, each)
    return KEPT


def _read_your_writes(partition: History, sources: Sources) -> Finding:
    written: dict[tuple[str, str], Operation] = {}
    for each in partition:
        if not each.changes_nothing:
            if each.outcome is not Outcome.UNKNOWN:
                written.update({(each.process, path): each for path in each.paths})
            continue
        own = written.get((each.process, each.path))
        seen = sources.of(each) if own is not None and observes(each) else []
        if own is not None and seen and max(source.responded for source in seen) < own.invoked:
            return Finding(Standing.BROKEN, (own, each))
    return KEPT


def _whole(partition: History, sources: Sources) -> Finding:
    for each in partition:
        if each.kind is Kind.GET and isinstance(each.result, bytes) and not sources.is_whole(each.path, each.result):
            return Finding(Standing.BROKEN, (each,))
    removed = {path for each in partition if each.kind in {Kind.DELETE, Kind.MOVE} for path in each.paths}
    # Absence counts too: where nothing ever removes, nothing is there before the first write alone.
    for each in _looks(partition):
        if each.outcome is Outcome.ABSENT and each.path not in removed and not sources.current(each):
            return Finding(Standing.BROKEN, (each,))
    return KEPT
