"""Which resources grow with the operations, told from those that are warm after a while; and which operations are guilty."""

from __future__ import annotations

import itertools
import time
from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from storagedriver_suites.leaks.holdings import Holdings, Resource

LEAST_BYTES: Mapping[Resource, int] = {Resource.OBJECTS: 100, Resource.RESIDENT: 1024}
"""Growth per operation, in bytes, from which on memory is leaked: one record of each operation, or the body of every
sixty-fourth. Less is what Python itself keeps, and how the C library divides the memory that is free."""

LEAST_OF_A_KIND = 64
"""Bytes of objects that each operation of one kind has to leave for this kind to leak."""

LEAST_IN_A_ROUND = 512
"""Bytes of objects that a kind has to leave in each round besides. Python's own come and go in lots of some hundred
bytes, however many operations there are: 187 in each of nine rounds were seen where nothing leaked."""

WARM_UP = 2
"""Rounds before anything is counted; looked at as the others are, which warms up the looks as well."""

ROUNDS = 3
"""Rounds that are counted at least."""

MOST_ROUNDS = 9
"""Rounds for memory that has grown in each so far: a cache is full after some, a leak goes on."""

MOST_ROUNDS_COUNTED = 5
"""The same for what is counted: pools are full soon."""

MOST_SECONDS = 60.0
"""Seconds after which no further round begins, once there were enough."""

WARM_SECONDS = 20.0
"""Seconds after which it is warm enough."""


@dataclass(slots=True)
class Kind:
    """What one kind of operation left, over all rounds.

    Attributes:
        done: How often it was done.
        left: How much more was held after it, by resource.
        objects: Bytes of objects that it left in each round; made before, so as to take no memory then.
    """

    done: int = 0
    left: Counter[Resource] = field(default_factory=Counter)
    objects: array[int] = field(default_factory=lambda: array("q", [0] * MOST_ROUNDS))


@dataclass(slots=True)
class Growth:
    """What a process held before, between and after equal rounds of operations.

    Attributes:
        before: What it held when all was warm.
        amounts: What it held then, and after each round, by resource.
        after: What it holds after the last round.
        kinds: What each kind of operation left.
        fine: Whether little is judged too. A library that talks to a server has caches that come and go.
        places: Lines of code where most of the objects that were kept last were made.
    """

    before: Holdings
    amounts: dict[Resource, list[int]]
    after: Holdings
    kinds: Mapping[str, Kind]
    fine: bool
    places: tuple[str, ...] = ()

    @property
    def operations(self) -> int:
        """Operations of all rounds."""
        return sum(kind.done for kind in self.kinds.values())

    @property
    def rounds(self) -> int:
        return len(self.amounts[Resource.THREADS]) - 1

    def total(self, resource: Resource) -> int:
        """How many more there are than before, or how many bytes."""
        return self.amounts[resource][-1] - self.amounts[resource][0]

    def per_operation(self, resource: Resource) -> float:
        """The same for one operation."""
        return self.total(resource) / max(1, self.operations)

    def grows(self, resource: Resource) -> bool:
        """Whether it leaks: it grew in each round, and was not about to stop where time ended the rounds early."""
        steps = self._steps(resource)
        stopping = resource.in_bytes and self.rounds < MOST_ROUNDS and steps[-1] < steps[-2] * 3 / 4
        return self.grew(resource) and not stopping

    def _steps(self, resource: Resource) -> list[int]:
        return [after - before for before, after in itertools.pairwise(self.amounts[resource])]

    def grew(self, resource: Resource) -> bool:
        """Whether there was more after each round: what is warm after a while, as a cache or a pool is, stays as it is.

        Of objects it is enough that one kind of operation left some in each round, if there were more then. Resident
        memory may once in four rounds be less than that, as it is never quite the driver's alone.
        """
        steps = self._steps(resource)
        least = LEAST_BYTES[resource] * self.operations / self.rounds if resource.in_bytes else 1
        short = sum(step < least for step in steps)
        if resource is Resource.RESIDENT:
            return short <= len(steps) // 4 and self.total(resource) >= least * len(steps)
        if resource is Resource.OBJECTS and short:
            return self.fine and any(self._is_left_by(kind, steps) for kind in self.kinds.values())
        return not short

    def _is_left_by(self, kind: Kind, steps: Sequence[int]) -> bool:
        """Whether one kind of operation left objects in each round, and there were more by as much at its end."""
        least = max(LEAST_IN_A_ROUND, LEAST_OF_A_KIND * kind.done / self.rounds)
        return min(*steps, *kind.objects[: self.rounds]) >= least

    def guilty(self, resource: Resource) -> list[tuple[str, float]]:
        """The kinds of operations after which more was held, with how much one of each leaves.

        Of memory the worst is the first. What is counted shows in the simplest kind as well as in any, and they are in
        that order. Objects tell more of who keeps them than resident memory, of which free parts are used again.
        """
        if resource is Resource.RESIDENT and self.grows(Resource.OBJECTS):
            resource = Resource.OBJECTS
        total = sum(kind.left[resource] for kind in self.kinds.values() if kind.left[resource] > 0)
        left = [
            (name, kind.left[resource] / kind.done)
            for name, kind in self.kinds.items()
            # What is a small part of it all, or not there in each round, is noise, or somebody else's.
            if kind.done and kind.left[resource] >= self.rounds and kind.left[resource] * 20 > total
        ]
        return sorted(left, key=lambda each: -each[1]) if resource.in_bytes else left

    def more(self, resource: Resource) -> list[str]:
        """What is held more often than before: "3 more: socket to 127.0.0.1:9000, CLOSE_WAIT"."""
        if resource.in_bytes:
            return list(self.places) if resource is Resource.OBJECTS else []
        more = Counter(self.after.named[resource]) - Counter(self.before.named[resource])
        return [f"{count} more: {name}" for name, count in more.most_common(10)]


@dataclass(frozen=True, slots=True)
class Step:
    """A kind of operation within a round.

    Attributes:
        kind: What it is called.
        times: How often it is done in a round.
        act: Does it once.
    """

    kind: str
    times: int
    act: Callable[[], object]


def measure(
    steps: Sequence[Step],
    look: Callable[[], Holdings],
    settled: Callable[[Holdings | None], Holdings],
    *,
    fine: bool,
) -> Growth:
    """Do equal rounds of `steps`, more of them for as long as something grows in each.

    Args:
        steps: The kinds of operations of a round.
        look: What the process holds at this moment.
        settled: What it holds when all that was to end has ended, given what it held before.
        fine: As Growth has it.
    """
    warm = _beginning(steps, settled, fine=fine)
    began = time.monotonic()
    for number in range(WARM_UP):
        if time.monotonic() - began < WARM_SECONDS:
            _round(steps, look, warm, number)
    growth = _beginning(steps, settled, fine=fine)
    began = time.monotonic()
    while growth.rounds < _wanted(growth) and (growth.rounds < ROUNDS or time.monotonic() - began < MOST_SECONDS):
        _round(steps, look, growth, growth.rounds)
        growth.after = settled(growth.after)
        for resource, amounts in growth.amounts.items():
            amounts.append(growth.after.amount(resource))
    return growth


def _wanted(growth: Growth) -> int:
    """How many rounds there have to be."""
    if growth.rounds < ROUNDS:
        return ROUNDS
    growing = [resource for resource in Resource if growth.grew(resource)]
    return max((MOST_ROUNDS if each.in_bytes else MOST_ROUNDS_COUNTED for each in growing), default=ROUNDS)


def _beginning(steps: Sequence[Step], settled: Callable[[Holdings | None], Holdings], *, fine: bool) -> Growth:
    # Made before the look, as they take memory themselves.
    kinds = {step.kind: Kind() for step in steps}
    before = settled(None)
    return Growth(before, {resource: [before.amount(resource)] for resource in Resource}, before, kinds, fine)


def _round(steps: Sequence[Step], look: Callable[[], Holdings], growth: Growth, number: int) -> None:
    # Not what was settled: memory is counted otherwise there. Twice, as what was seen before takes memory itself.
    before = look()
    before = look()
    for step in steps:
        for _ in range(step.times):
            step.act()
        after = look()
        kind = growth.kinds[step.kind]
        kind.done += step.times
        for resource in Resource:
            more = after.amount(resource) - before.amount(resource)
            kind.left[resource] += more
            if resource is Resource.OBJECTS:
                kind.objects[number] = more
        before = after
