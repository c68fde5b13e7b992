"""How many steps of generated histories are made in a second: run `pytest tests/benchmarks/bench_properties.py`.

The aim is more than 3,000 on inmemory. The long run makes the 100,000 steps of one, too. Nothing here fails on a slow machine.
"""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from storagedriver import factory
from storagedriver_suites.properties.exploration import Effort, Exploration, explore

EFFORTS = {"short": (Effort(200, 50, 0), 5_000), "long": (Effort(2500, 80, 0), 100_000)}
"""How much is tried, and how many steps that is at least."""


@pytest.mark.parametrize("length", EFFORTS)
def test_steps_a_second(benchmark: BenchmarkFixture, length: str) -> None:
    """Histories on inmemory, judged by the model; none breaks a promise."""
    effort, least = EFFORTS[length]

    def run() -> Exploration:
        return explore(factory.create("inmemory"), "/bench", profile="quick", effort=effort, seed_number=1)

    found: Exploration = benchmark.pedantic(run, rounds=1)  # type: ignore[no-untyped-call]

    assert found.counterexamples == {}
    assert found.steps >= least
    benchmark.extra_info["steps"] = found.steps
    assert benchmark.stats is not None
    benchmark.extra_info["steps_a_second"] = round(found.steps / benchmark.stats.stats.mean)
