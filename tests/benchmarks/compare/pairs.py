"""Two contestants at one workload, in turns, so that what else the machine does hits both."""

from __future__ import annotations

import io
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from benchmarks.compare.contestants import Contestant

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Workload:
    """What both do.

    Attributes:
        name: "upload of 64 MiB".
        size: Bytes that each call moves.
        rounds: How often each does it.
        act: Does it once.
        is_stream: Whether it is a large stream, which has goals of its own.
    """

    name: str
    size: int
    rounds: int
    act: Callable[[Contestant, str, bytes], object]
    is_stream: bool = False


def _put(to: Contestant, name: str, content: bytes) -> None:
    to.put(name, content)


def _get(of: Contestant, name: str, content: bytes) -> None:
    if len(of.get(name)) != len(content):
        raise ValueError(f"{name} is not whole")


def _upload(to: Contestant, name: str, content: bytes) -> None:
    to.upload(name, io.BytesIO(content))


def _download(of: Contestant, name: str, content: bytes) -> None:
    if of.download(name) != len(content):
        raise ValueError(f"{name} is not whole")


def workloads(stream: int) -> tuple[Workload, ...]:
    """What is compared; streams have `stream` bytes."""
    large = f"{stream // MIB} MiB"
    return (
        Workload("put of 4 KiB", 4 * KIB, 40, _put),
        Workload("get of 4 KiB", 4 * KIB, 60, _get),
        Workload("put of 1 MiB", MIB, 15, _put),
        Workload("get of 1 MiB", MIB, 25, _get),
        Workload(f"upload of {large}", stream, 5, _upload, is_stream=True),
        Workload(f"download of {large}", stream, 7, _download, is_stream=True),
    )


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
    """

    driver: str
    peer: str
    workload: str
    ratio: float
    spread: tuple[float, float]
    seconds: float
    peer_seconds: float
    goal: float | None

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


def compare(
    label: str, own: Contestant, peers: Mapping[str, Contestant], work: Workload, goals: Mapping[str, float | None]
) -> Iterator[Comparison]:
    """The driver beside each peer at one workload: a call of each in turn, round after round.

    Args:
        label: What the driver is called.
        own: The driver.
        peers: The others, by name.
        work: What is done.
        goals: What each ratio is to be at least.
    """
    content = random.Random(work.size).randbytes(work.size)
    for name, peer in peers.items():
        for each, path in ((own, "own"), (peer, "peer")):
            each.upload(path, io.BytesIO(content)) if work.is_stream else each.put(path, content)
            work.act(each, path, content)
        taken: list[tuple[float, float]] = []
        for number in range(work.rounds):
            pair = [(own, "own"), (peer, "peer")]
            # Whoever is second may find what the first has warmed.
            times = {path: _timed(work, each, path, content) for each, path in (pair if number % 2 else pair[::-1])}
            taken.append((times["own"], times["peer"]))
        yield Comparison.of(label, name, work.name, taken, goals.get(name))


def _timed(work: Workload, each: Contestant, path: str, content: bytes) -> float:
    began = time.perf_counter()
    work.act(each, path, content)
    return time.perf_counter() - began
