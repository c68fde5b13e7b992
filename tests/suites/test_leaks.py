"""The suite leaks: what it takes for a leak, what for a cache that gets warm, and what it says."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator

import pytest

from mutants.model import all_mutants
from storagedriver.registry import unregister_suite
from storagedriver_suites.leaks import growth as growing
from storagedriver_suites.leaks.growth import Growth, Step, measure
from storagedriver_suites.leaks.holdings import Holdings, Resource

MUTANTS = {each.driver.__name__: each for each in all_mutants()}


class Process:
    """A process that holds what it is told to."""

    def __init__(self) -> None:
        self.sockets = 0
        self.bytes = 0

    def look(self, _: Holdings | None = None) -> Holdings:
        named = {resource: () for resource in Resource if not resource.in_bytes}
        return Holdings(
            {**named, Resource.SOCKETS: ("socket to a server",) * self.sockets},
            {Resource.OBJECTS: self.bytes, Resource.RESIDENT: self.bytes},
        )

    def keep(self, size: int) -> None:
        self.bytes += size

    def grown_by(self, *acts: Callable[[], None], times: int = 4) -> Growth:
        steps = [Step(f"kind {number}", times, act) for number, act in enumerate(acts)]
        return measure(steps, self.look, self.look, fine=True)


@pytest.fixture
def process() -> Process:
    return Process()


def _nothing() -> None:
    """An operation that gives back what it used."""


def test_each_operation_that_leaves_a_socket_is_named(process: Process) -> None:
    """The kind of operation, and how many each leaves."""

    def leak() -> None:
        process.sockets += 1

    growth = process.grown_by(_nothing, leak, _nothing)

    assert growth.grows(Resource.SOCKETS)
    assert growth.guilty(Resource.SOCKETS) == [("kind 1", 1.0)]
    assert growth.total(Resource.SOCKETS) == growth.operations // 3
    assert growth.more(Resource.SOCKETS) == [f"{growth.operations // 3} more: socket to a server"]


@pytest.mark.parametrize("size", [10, 15, 20])
def test_pool_that_fills_is_no_leak(process: Process, size: int) -> None:
    """However many rounds it takes to fill, as long as it is full before the last."""

    def use() -> None:
        process.sockets = min(process.sockets + 1, size)

    assert not process.grown_by(use).grows(Resource.SOCKETS)


def test_cache_that_fills_is_no_leak(process: Process) -> None:
    """Memory that grows at first, and then no more."""
    kept = itertools.chain([1000] * 30, itertools.repeat(0))

    def use() -> None:
        process.bytes += next(kept)

    growth = process.grown_by(use)

    assert growth.total(Resource.OBJECTS) > 0
    assert not growth.grows(Resource.OBJECTS)


def test_growth_that_time_cut_short_has_to_go_on(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no time for more rounds, what grows by less and less is no leak."""
    monkeypatch.setattr(growing, "MOST_SECONDS", 0.0)
    kept = iter([20_000, 20_000, 20_000, 10_000, 4_000])

    declining = process.grown_by(lambda: process.keep(next(kept)), times=1)
    steady = process.grown_by(lambda: process.keep(4_000), times=1)

    assert (declining.rounds, declining.grows(Resource.OBJECTS)) == (3, False)
    assert (steady.rounds, steady.grows(Resource.OBJECTS)) == (3, True)


def test_memory_that_goes_up_and_down_is_no_leak(process: Process) -> None:
    """Though there is more at the end than before."""
    changes = itertools.cycle([300_000, -280_000])

    def use() -> None:
        process.bytes += next(changes)

    growth = process.grown_by(use, times=1)

    assert not growth.grows(Resource.OBJECTS)
    assert not growth.grows(Resource.RESIDENT)


def test_body_that_is_kept_of_each_operation_is_a_leak(process: Process) -> None:
    """64 KiB an operation, in the process's memory and in that of objects."""

    def keep() -> None:
        process.bytes += 65536

    growth = process.grown_by(keep)

    assert growth.grows(Resource.OBJECTS)
    assert growth.grows(Resource.RESIDENT)
    assert growth.per_operation(Resource.RESIDENT) == 65536


def test_small_record_of_one_kind_among_many_is_a_leak(process: Process) -> None:
    """What is little for each operation is much for each of that kind."""

    def keep() -> None:
        process.bytes += 80

    growth = process.grown_by(keep, *[_nothing] * 40, times=9)

    assert growth.grows(Resource.OBJECTS)
    assert growth.guilty(Resource.OBJECTS) == [("kind 0", 80)]
    assert not growth.grows(Resource.RESIDENT)


def test_some_hundred_bytes_in_each_round_are_pythons_own(process: Process) -> None:
    """However few operations there were: an object or a part of a table in each round is no record of an operation."""

    def use() -> None:
        process.bytes += 106

    growth = process.grown_by(use, *[_nothing] * 40, times=1)

    assert not growth.grows(Resource.OBJECTS)


@pytest.fixture
def faulty(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name under which the mutant of this class is registered."""
    found = MUTANTS[request.param]
    found.register()
    yield found.name
    unregister_suite(found.name)


@pytest.mark.parametrize(
    ("faulty", "told"),
    [
        (
            "OpenReadersAreKept",
            {"sockets": "each 'reader that is dropped half-way' leaves 2"},
        ),
        (
            "FlushErrorLeavesTheDescriptor",
            {"descriptors": "each 'write to a full disk' leaves"},
        ),
    ],
    indirect=["faulty"],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_failure_names_what_grew_and_by_what(pytester: pytest.Pytester, faulty: str, told: dict[str, str]) -> None:
    """The resource's own check fails, and says which operation leaves how many; checks of other kinds pass."""
    pytester.runpytest_inprocess(
        "--suite=leaks", f"--driver={faulty}", "--certify-report=report.json", "-p", "no:cacheprovider"
    )

    (result,) = json.loads((pytester.path / "report.json").read_text())["results"]
    failures = {each["node_id"]: each["evidence"]["seen"] for each in result["checks"] if each["evidence"]}
    for resource, expected in told.items():
        (seen,) = (text for node, text in failures.items() if f"-{resource}]" in node)
        assert expected in seen
    assert not any("threads" in node or "backend" in node for node in failures)
