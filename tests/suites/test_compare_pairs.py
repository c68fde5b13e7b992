"""The comparison of drivers with their peers: who is faster by how much, and which goals are missed."""

from __future__ import annotations

from typing import BinaryIO

import pytest

from benchmarks.compare.document import section
from benchmarks.compare.pairs import Comparison, Workload, compare


class Contestant:
    """Remembers the order of all calls."""

    def __init__(self, name: str, calls: list[str]) -> None:
        self._name, self._calls = name, calls

    def put(self, name: str, content: bytes) -> None:
        self._calls.append(self._name)

    def get(self, name: str) -> bytes:
        raise NotImplementedError

    def upload(self, name: str, source: BinaryIO) -> None:
        raise NotImplementedError

    def download(self, name: str) -> int:
        raise NotImplementedError


def test_contestants_take_turns() -> None:
    """Each round has a call of both, and the one that begins changes."""
    calls: list[str] = []
    work = Workload("put", 1, 4, lambda each, name, content: each.put(name, content))

    list(compare("mine", Contestant("a", calls), {"peer": Contestant("b", calls)}, work, {}))

    measured = calls[-8:]
    assert [{*measured[at : at + 2]} for at in range(0, 8, 2)] == [{"a", "b"}] * 4
    assert measured[0] != measured[2]


def test_ratio_is_the_median_of_the_rounds() -> None:
    """Not the ratio of the medians: what hits a round hits both. Above 1 the driver is faster."""
    found = Comparison.of("mine", "peer", "put", [(1.0, 2.0), (10.0, 30.0), (2.0, 1.0)], None)

    assert found.ratio == 2.0
    assert found.spread == (1.25, 2.5)
    assert (found.seconds, found.peer_seconds) == (2.0, 2.0)


@pytest.mark.parametrize(("ratio", "goal", "missed"), [(0.9, 0.95, True), (0.95, 0.95, False), (0.1, None, False)])
def test_missed_goals_are_told(ratio: float, goal: float | None, missed: bool) -> None:
    """In the line of the table, and in the number at its end; where there is no goal none is missed."""
    found = Comparison("mine", "peer", "put", ratio, (ratio, ratio), 2.0, 1.0, goal)

    text = section([found], {"date": "d", "cores": 2, "system": "s", "python": "p", "packages": {}, "servers": {}})

    assert found.missed is missed
    assert ("missed |" in text) is missed
    assert f"{int(missed)} of {int(goal is not None)} goals are missed" in text
