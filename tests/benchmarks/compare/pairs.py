"""A driver and a peer at one workload, in turns, so that what else the machine does hits both."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

from benchmarks.compare.contestants import Bench, Contestant
from benchmarks.compare.workloads import Workload

TURNS_OF_A_BENCH = 5
"""How often a program that measures itself takes its turn: each of them makes many calls."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a driver did beside a peer.

    Attributes:
        driver: "s3@minio".
        peer: "boto3".
        workload: "upload of 64 MiB".
        ratio: The median of the ratios of the rounds: 2 where the driver takes half of the peer's time.
        spread: The quartiles of these ratios.
        seconds: The median of the driver's durations.
        peer_seconds: The median of the peer's.
        goal: What the ratio is to be at least; None where there is no goal.
        requests: How many the driver makes; None where they were not counted.
        peer_requests: How many the peer makes; None where they were not counted.
        few_requests: Whether the driver is to make no more than the peer.
    """

    driver: str
    peer: str
    workload: str
    ratio: float
    spread: tuple[float, float]
    seconds: float
    peer_seconds: float
    goal: float | None
    requests: int | None = None
    peer_requests: int | None = None
    few_requests: bool = False

    @classmethod
    def of(
        cls, driver: str, peer: str, workload: str, taken: Sequence[tuple[float, float]], goal: float | None
    ) -> Self:
        """What follows from the durations of each round, the driver's first."""
        ratios = [theirs / own for own, theirs in taken]
        quarters = statistics.quantiles(ratios, n=4, method="inclusive")
        return cls(
            driver=driver,
            peer=peer,
            workload=workload,
            ratio=statistics.median(ratios),
            spread=(quarters[0], quarters[2]),
            seconds=statistics.median(own for own, _ in taken),
            peer_seconds=statistics.median(theirs for _, theirs in taken),
            goal=goal,
        )

    @property
    def missed(self) -> bool:
        """Whether there is a goal, and the driver is slower."""
        return self.goal is not None and self.ratio < self.goal

    @property
    def missed_narrowly(self) -> bool:
        """Whether it is missed by less than the turns of one run differ: a quarter of them reach the goal."""
        return self.goal is not None and self.missed and self.spread[1] >= self.goal

    @property
    def asks_more(self) -> bool:
        """Whether the driver makes more requests, and is not to."""
        if not self.few_requests or self.requests is None or self.peer_requests is None:
            return False
        return self.requests > self.peer_requests


def compare(
    label: str,
    own: Contestant,
    peers: Mapping[str, Contestant | Bench],
    work: Workload,
    goals: Mapping[str, float | None],
) -> Iterator[Comparison]:
    """The driver beside each peer at one workload, in turns, after it was seen that each gives back what it was given.

    Args:
        label: What the driver is called.
        own: The driver.
        peers: The others, by name.
        work: What is done.
        goals: What each ratio is to be at least.

    Raises:
        NotWholeError: The bytes of a contestant do not come back whole.
        BenchError: A program that measures itself failed.
    """
    content = random.Random(work.size).randbytes(work.size)
    for name, peer in peers.items():
        work.check(own, "own", content)
        if isinstance(peer, Bench):
            turns, calls = TURNS_OF_A_BENCH, max(1, work.rounds // TURNS_OF_A_BENCH)
            theirs = partial(peer.seconds, work.size, writes=work.act.is_write, is_stream=work.act.is_stream)
        else:
            work.check(peer, "peer", content)
            turns, calls = work.rounds, 1
            theirs = partial(_seconds, work, peer, "peer", content, calls)
        taken = _in_turns(turns, partial(_seconds, work, own, "own", content, calls), theirs)
        yield Comparison.of(label, name, work.name, taken, goals.get(name))


def _in_turns(turns: int, own: Callable[[], float], theirs: Callable[[], float]) -> list[tuple[float, float]]:
    """The durations of both in each turn; whoever is second may find what the first has warmed."""
    taken: list[tuple[float, float]] = []
    for number in range(turns):
        if number % 2:
            first, second = own(), theirs()
        else:
            second, first = theirs(), own()
        taken.append((first, second))
    return taken


def _seconds(work: Workload, each: Contestant, path: str, content: bytes, calls: int) -> float:
    """How long a call takes, over so many calls."""
    began = time.perf_counter()
    for _ in range(calls):
        work.do(each, path, content)
    return (time.perf_counter() - began) / calls
