"""The smallest part of a wrong history that is still wrong, and wrong for the same reason."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise

from storagedriver.histories.contents import common_length
from storagedriver.histories.model import READS, History, Kind, Operation, Outcome
from storagedriver.histories.search import SearchLimitError, explain
from storagedriver.histories.sources import Sources, observes

_CONFIGURATIONS = 100_000
"""How far each look at a part goes; a part that takes longer to judge is not taken for wrong."""


def smallest_wrong(partition: History, stuck: int) -> History:
    """A sub-history that is not linearizable, from which nothing can be left out.

    What is left is a proof: an operation is left out only together with those that may have seen its effect, so if the
    sub-history has no linear order, neither has the whole.

    Args:
        partition: Is not linearizable.
        stuck: The time of the first return that no order explains, as explain() tells it.
    """
    whole, needs, kept = _end_of(*_wrong_beginning(partition, stuck))
    chunk = max(1, len(kept) // 2)
    while True:
        shrunk = False
        for numbers in _chunks(_by_call(whole, kept), chunk):
            if not kept.issuperset(numbers):
                continue  # Some went with an earlier one.
            left = _without(kept, numbers, needs)
            if left and _is_wrong(whole.only(left)):
                kept, shrunk = left, True
        if chunk > 1:
            chunk = max(1, chunk // 2)
        elif not shrunk:
            return whole.only(kept)


def unexplained(smallest: History) -> Operation:
    """The operation of a smallest wrong history that people look at first: the last that saw what it should not have."""
    looking = [each for each in smallest if each.changes_nothing] or list(smallest)
    return max(looking, key=lambda each: (_end(each), each.invoked))


_Needs = Mapping[int, frozenset[int]]
"""Which operations have to stay for each that stays."""


def _wrong_beginning(partition: History, stuck: int) -> tuple[History, _Needs, set[int]]:
    """What was called until then: the history it is of, what needs what, and the numbers of a part that is wrong."""
    needs = _needs(partition)
    kept = _without((each.number for each in partition if each.invoked <= stuck), (), needs)
    if _is_wrong(partition.only(kept)):
        return partition, needs, kept
    # It takes one that had not come back by then, and what that saw later does not belong to the proof.
    beginning = _until(partition, stuck)
    return beginning, _needs(beginning), {each.number for each in beginning}


def _end_of(whole: History, needs: _Needs, kept: set[int]) -> tuple[History, _Needs, set[int]]:
    """The same with the last operations alone, as few as are wrong: what is wrong mostly happened just before."""
    ordered = _by_call(whole, kept)
    count = 8
    while count < len(ordered):
        left = _with_needed(ordered[:count], needs) & kept
        left = _without(left, (), needs)
        if left and _is_wrong(whole.only(left)):
            return whole, needs, left
        count *= 2
    return whole, needs, kept


def _by_call(whole: History, kept: set[int]) -> list[int]:
    """The numbers of what was called last first."""
    return [each.number for each in reversed(whole.operations) if each.number in kept]


def _with_needed(numbers: Iterable[int], needs: _Needs) -> set[int]:
    found: set[int] = set()
    new = set(numbers)
    while new:
        found |= new
        new = {needed for number in new for needed in needs[number]} - found
    return found


def _until(partition: History, moment: int) -> History:
    """The history as it was at that moment: what had not come back was of unknown outcome."""
    operations = []
    for each in partition:
        if each.invoked > moment:
            continue
        if _end(each) <= moment:
            operations.append(each)
        elif each.kind not in READS:
            operations.append(replace(each, outcome=Outcome.UNKNOWN, result=None))
    kept = tuple(operations)
    return History(kept, partition.initial)


def _is_wrong(history: History) -> bool:
    try:
        return explain(history, most=_CONFIGURATIONS).order is None
    except SearchLimitError:
        return False


def _needs(history: History) -> _Needs:
    """Which operations have to stay for each that stays, so that what it saw is explained by what is left, if at all."""
    sources = Sources(history)
    opened = {each.stream: each.number for each in history if each.kind is Kind.OPEN}
    needs: dict[int, frozenset[int]] = {}
    for each in history:
        needed: set[int] = set()
        if observes(each):
            needed.update(source.operation.number for source in sources.current(each) if source.operation is not None)
        if each.changes_nothing and each.outcome is Outcome.OK and not needed:
            # It saw what was overwritten, or what nobody wrote: without a writer people would not see what is wrong.
            seen = [source.operation for source in sources.of(each) if source.operation is not None]
            needed.update({seen[-1].number} if seen else _mixed(each, history))
        if each.kind is Kind.APPEND:
            needed.add(opened[each.stream])
        needs[each.number] = frozenset(needed)
    return needs


def _mixed(read: Operation, history: History) -> set[int]:
    """The writes whose contents what was read begins and ends like."""
    if not isinstance(read.result, bytes) or not read.result:
        return set()
    seen = read.result
    writes = [each for each in history if each.argument and each.path == read.path and each.invoked <= _end(read)]
    heads = max(((common_length(seen, each.argument or b""), each.number) for each in writes), default=(0, 0))
    tails = max(
        ((common_length(seen[::-1], (each.argument or b"")[::-1]), each.number) for each in writes), default=(0, 0)
    )
    return {number for length, number in (heads, tails) if length}


def _without(kept: Iterable[int], numbers: Iterable[int], needs: _Needs) -> set[int]:
    """What stays of `kept` without `numbers` and without all that needs them."""
    left = set(kept).difference(numbers)
    while True:
        lost = {number for number in left if not needs[number] <= left}
        if not lost:
            return left
        left -= lost


def _chunks(numbers: list[int], size: int) -> Iterable[list[int]]:
    bounds = [*range(0, len(numbers), size), len(numbers)]
    return [numbers[begin:end] for begin, end in pairwise(bounds)]


def _end(operation: Operation) -> float:
    return math.inf if operation.responded is None else operation.responded
