"""The search for one order of all operations that explains what each saw.

It is the algorithm of Wing and Gong (1993) with the memory of Lowe (2017): a depth-first search over the operations that
may come next, which never enters a pair of (operations already ordered, state) twice. As a process has one operation at
a time, the operations already ordered are told by how far each process has come.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from storagedriver.histories.model import History, Kind, Operation, Outcome
from storagedriver.histories.semantics import Semantics, State

_NEVER = math.inf


class SearchLimitError(Exception):
    """The search was given up.

    Attributes:
        visited: How many configurations it had entered.
    """

    def __init__(self, visited: int) -> None:
        super().__init__(f"given up after {visited:,} configurations")
        self.visited = visited


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a search found.

    Attributes:
        order: An order that explains what each operation saw, or None if there is none. Operations of unknown outcome
            are in it if they took effect.
        stuck: Without an order: the time of the first return that no order of what was called until then explains.
    """

    order: tuple[Operation, ...] | None
    stuck: int | None = None


def explain(history: History, *, most: int | None = None) -> Explanation:
    """Look for an order of the operations that explains what each saw and keeps to real time.

    Args:
        history: Should be a partition: the search is exponential in what overlaps.
        most: Configurations after which to give up; None for never.

    Raises:
        SearchLimitError: `most` did not suffice.
    """
    search = _Search(history, real_time=True)
    order = search.run(most)
    return Explanation(None if order is None else tuple(order), int(search.furthest) if order is None else None)


def is_linearizable(history: History) -> bool:
    """Whether each partition of a history has an order that explains what each operation saw."""
    return all(explain(partition).order is not None for partition in history.partitions())


def sequential_order(history: History, *, most: int | None = None) -> tuple[Operation, ...] | None:
    """As explain(), but only the order within each process is kept to (sequential consistency).

    Raises:
        SearchLimitError: `most` did not suffice.
    """
    order = _Search(history, real_time=False).run(most)
    return None if order is None else tuple(order)


class _Lane:
    """The operations of one process, which take effect one after the other."""

    __slots__ = ("invoked", "operations", "responded")

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations
        self.invoked = [each.invoked for each in operations]
        self.responded = [
            _NEVER if each.outcome is Outcome.UNKNOWN or each.responded is None else each.responded
            for each in operations
        ]


class _Search:
    """One search.

    `furthest` is the latest return before which all that came back was ordered; where no order is found, it is the
    first that no order explains.
    """

    def __init__(self, history: History, *, real_time: bool) -> None:
        self._semantics = Semantics(history)
        self._real_time = real_time
        self.furthest: float = -math.inf
        known: dict[str, list[Operation]] = {}
        unknown: list[_Lane] = []
        for each in history:
            if each.outcome is not Outcome.UNKNOWN:
                known.setdefault(each.process, []).append(each)
            elif each.kind not in {Kind.GET, Kind.STAT, Kind.OPEN}:
                # It may take effect at any later time, so it is no part of its process's order any more.
                unknown.append(_Lane([each]))
        self._lanes = [*(_Lane(operations) for operations in known.values()), *unknown]
        self._needed = len(known)
        self._after = _remembered(self._semantics.after)

    def run(self, most: int | None) -> list[Operation] | None:
        at = [0] * len(self._lanes)
        state = self._semantics.initial
        entered: set[tuple[tuple[int, ...], int]] = set()
        order: list[Operation] = []
        # What was left to try at each configuration that had more than one way on.
        choices: list[tuple[list[int], State, int, list[int]]] = []
        while True:
            candidates, done = self._advance(at, state, order)
            if done:
                return order
            # States are kept by _remembered, one object each, so the id tells them apart.
            key = (tuple(at), id(state))
            if key in entered:
                candidates = []
            elif candidates:
                entered.add(key)
                if most is not None and len(entered) > most:
                    raise SearchLimitError(len(entered))
            if candidates:
                choices.append((at, state, len(order), candidates))
            while choices and not choices[-1][3]:
                choices.pop()
            if not choices:
                return None
            before, held, length, left = choices[-1]
            lane = left.pop()
            del order[length:]
            at = before.copy()
            operation = self._lanes[lane].operations[at[lane]]
            order.append(operation)
            at[lane] += 1
            following = self._after(held, operation)
            assert following is not None, "only what can follow is a candidate"
            state = following

    def _advance(self, at: list[int], state: State, order: list[Operation]) -> tuple[list[int], bool]:
        """Order all that only looks and fits `state`; the lanes whose next operation may follow then, the best last.

        What only looks can be ordered at once: an order in which it comes later stays one if it comes now.
        """
        lanes = self._lanes
        while True:
            bound = self._bound(at)
            self.furthest = max(self.furthest, bound)
            candidates: list[tuple[float, int]] = []
            done, looked = True, False
            for number, lane in enumerate(lanes):
                position = at[number]
                if position == len(lane.operations):
                    continue
                done = done and number >= self._needed
                if lane.invoked[position] > bound:
                    continue
                operation = lane.operations[position]
                following = self._after(state, operation)
                if following is state and operation.changes_nothing:
                    at[number] += 1
                    order.append(operation)
                    looked = True
                elif following is not None:
                    candidates.append((lane.responded[position], number))
            if not looked:
                # Whoever came back first is the likeliest to have been first; who never came back, the least.
                candidates.sort(reverse=True)
                return [number for _, number in candidates], done

    def _bound(self, at: list[int]) -> float:
        """When the first of the operations that are not yet ordered came back: what was called later cannot be next."""
        if not self._real_time:
            return _NEVER
        return min(
            (
                lane.responded[position]
                for position, lane in zip(at, self._lanes, strict=True)
                if position < len(lane.responded)
            ),
            default=_NEVER,
        )


def _remembered(after: Callable[[State, Operation], State | None]) -> Callable[[State, Operation], State | None]:
    """`after`, which gives the same object for equal states, and compares no contents twice."""
    states: dict[State, State] = {}
    results: dict[tuple[int, int], State | None] = {}

    def find(state: State, operation: Operation) -> State | None:
        state = states.setdefault(state, state)
        key = (id(state), operation.number)
        if key not in results:
            found = after(state, operation)
            results[key] = found if found is None else states.setdefault(found, found)
        return results[key]

    return find
