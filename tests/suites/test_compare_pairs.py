"""The comparison of drivers with their peers: who is faster by how much, and which goals are missed."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import BinaryIO

import pytest

from benchmarks.compare.contestants import Bench
from benchmarks.compare.document import Environment, Measured, merge, published, section
from benchmarks.compare.pairs import Comparison, compare
from benchmarks.compare.workloads import KIB, Act, NotWholeError, Workload

ENVIRONMENT = Environment(date="2026-01-02", python="3.11.1", system="Linux", cores=2, packages={}, servers={})


class Contestant:
    """Keeps what it is given, and remembers the order of all calls."""

    def __init__(self, name: str, calls: list[str]) -> None:
        self._name, self._calls = name, calls
        self._content = b""

    def put(self, name: str, content: bytes) -> None:
        self._calls.append(self._name)
        self._content = content

    def get(self, name: str) -> bytes:
        self._calls.append(self._name)
        return self._content

    def upload(self, name: str, source: BinaryIO) -> None:
        self.put(name, source.read())

    def download(self, name: str, sink: BinaryIO) -> None:
        sink.write(self.get(name))


class Truncating(Contestant):
    """Loses the last byte of what it gives back."""

    def get(self, name: str) -> bytes:
        return super().get(name)[:-1]


class Damaging(Contestant):
    """Changes the last byte of what it gives back."""

    def get(self, name: str) -> bytes:
        content = super().get(name)
        return content[:-1] + bytes([content[-1] ^ 1])


class SelfMeasuring(Bench):
    """Says that it takes a second, whatever is asked of it."""

    def __init__(self, calls: list[str]) -> None:
        self._calls = calls

    def seconds(self, size: int, *, writes: bool, is_stream: bool) -> float:
        self._calls.append(f"{size} {writes} {is_stream}")
        return 1.0


def comparison(driver: str = "mine", *, ratio: float = 2.0, goal: float | None = None) -> Comparison:
    return Comparison(driver, "peer", "put", ratio, (ratio, ratio), 2.0, 1.0, goal)


def test_contestants_take_turns() -> None:
    """Each round has a call of both, and the one that begins changes."""
    calls: list[str] = []
    work = Workload(Act.PUT, KIB, 4)

    list(compare("mine", Contestant("a", calls), {"peer": Contestant("b", calls)}, work, {}))

    measured = calls[-8:]
    assert [{*measured[at : at + 2]} for at in range(0, 8, 2)] == [{"a", "b"}] * 4
    assert measured[0] != measured[2]


@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize("faulty", [Truncating, Damaging])
def test_only_whole_bytes_are_timed(act: Act, faulty: type[Contestant]) -> None:
    """A peer that gives back other bytes than it was given is refused before its time counts."""
    work = Workload(act, KIB, 4)

    with pytest.raises(NotWholeError, match=f"{act.value} of 1 KiB"):
        list(compare("mine", Contestant("a", []), {"peer": faulty("b", [])}, work, {}))


@pytest.mark.parametrize("act", list(Act))
def test_program_that_measures_itself_takes_turns(act: Act) -> None:
    """It is told what is moved, and the driver does its rounds beside it."""
    calls: list[str] = []
    work = Workload(act, KIB, 10)

    (found,) = compare("mine", Contestant("a", calls), {"bench": SelfMeasuring(calls)}, work, {})

    asked = f"{KIB} {act in {Act.PUT, Act.UPLOAD}} {act in {Act.UPLOAD, Act.DOWNLOAD}}"
    measured = calls[-15:]
    assert measured.count(asked) == 5
    assert measured.count("a") == 10
    assert found.peer_seconds == 1.0


def test_ratio_is_the_median_of_the_rounds() -> None:
    """Not the ratio of the medians: what hits a round hits both. Above 1 the driver is faster."""
    found = Comparison.of("mine", "peer", "put", [(1.0, 2.0), (10.0, 30.0), (2.0, 1.0)], None)

    assert found.ratio == 2.0
    assert found.spread == (1.25, 2.5)
    assert (found.seconds, found.peer_seconds) == (2.0, 2.0)


@pytest.mark.parametrize(("ratio", "goal", "missed"), [(0.9, 0.95, True), (0.95, 0.95, False), (0.1, None, False)])
def test_missed_goals_are_told(ratio: float, goal: float | None, missed: bool) -> None:
    """In the line of the table, and in the number above all; where there is no goal none is missed."""
    found = comparison(ratio=ratio, goal=goal)

    text = section({"mine": Measured(ENVIRONMENT, [found])})

    assert found.missed is missed
    assert ("missed |" in text) is missed
    assert f"{int(missed)} of {int(goal is not None)} goals are missed" in text


@pytest.mark.parametrize(("upper", "word"), [(0.94, "missed |"), (0.95, "missed narrowly |")])
def test_a_goal_that_a_quarter_of_the_turns_reach_is_missed_narrowly(upper: float, word: str) -> None:
    """It counts as missed all the same."""
    found = Comparison("mine", "peer", "put", 0.9, (0.8, upper), 2.0, 1.0, 0.95)

    text = section({"mine": Measured(ENVIRONMENT, [found])})

    assert found.missed
    assert word in text
    assert "1 of 1 goals are missed" in text


@pytest.mark.parametrize(
    ("own", "theirs", "few", "missed"),
    [(2, 1, True, True), (1, 1, True, False), (2, 1, False, False), (1, 2, True, False)],
)
def test_requests_beyond_the_peers_are_told(own: int, theirs: int, few: bool, missed: bool) -> None:
    """Where the peer is what the driver is made on; of others the numbers are told alone."""
    found = Comparison(
        "mine", "peer", "put", 1.0, (1.0, 1.0), 1.0, 1.0, None, requests=own, peer_requests=theirs, few_requests=few
    )

    text = section({"mine": Measured(ENVIRONMENT, [found])})

    assert found.asks_more is missed
    assert (f"| {own} to {theirs}, missed |" in text) is missed
    assert f"Of few requests {int(missed)} of {int(few)} are missed." in text


def test_drivers_that_were_not_run_stay(tmp_path: Path) -> None:
    """A run of one driver replaces what was published of it; the others keep their numbers and their date."""
    results, page = tmp_path / "compare.json", tmp_path / "page.md"
    page.write_text("# Performance\n\nBy hand.\n", encoding="utf-8")
    before = Measured(ENVIRONMENT, [comparison("a", ratio=0.5, goal=1.0)])
    merge({"b": before, "a": before}, results, page)
    later = Measured(
        Environment(
            date="2026-02-03", python="3.11.1", system="Linux", cores=4, packages={"x": "1"}, servers={"s": "2"}
        ),
        [dataclasses.replace(comparison("a", ratio=3.0, goal=1.0), requests=2, peer_requests=1, few_requests=True)],
    )

    merge({"a": later}, results, page)

    assert published(results) == {"a": later, "b": before}
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Performance\n\nBy hand.\n")
    assert re.findall(r"^### (\w+)\n\nRun on (\S+) ", text, flags=re.MULTILINE) == [
        ("a", "2026-02-03"),
        ("b", "2026-01-02"),
    ]
    assert "1 of 2 goals are missed" in text
