"""How long judging a history takes: run `pytest tests/benchmarks/bench_histories.py`.

The aim: 10,000 operations of 8 threads on 8 files within 10 s, whether right or wrong. Nothing here fails on a slow
machine.
"""

from __future__ import annotations

import dataclasses

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from histories.history_strategies import right_history
from storagedriver.histories import Guarantee, History, Kind, Outcome, judge


def wrong_at(history: History, share: float) -> History:
    """The history with one read, that far from its beginning, which sees a content that was replaced long before."""
    reads = [each for each in history if each.kind is Kind.GET and each.outcome is Outcome.OK]
    read = reads[int(len(reads) * share)]
    old = [each for each in history if each.path == read.path and each.argument and each.precedes(read)][-20]
    return History(tuple(dataclasses.replace(each, result=old.argument) if each is read else each for each in history))


@pytest.mark.parametrize("paths", [8, 1])
@pytest.mark.parametrize("wrong", [None, 0.1, 0.9])
def test_judging(benchmark: BenchmarkFixture, paths: int, wrong: float | None) -> None:
    """10,000 operations: a right history, or one that goes wrong early or late, proof and weaker guarantees included."""
    history = right_history(1, 10_000, paths=paths, processes=8)
    if wrong is not None:
        history = wrong_at(history, wrong)

    verdict = benchmark.pedantic(judge, (history,), rounds=3)  # type: ignore[no-untyped-call]

    assert verdict.keeps(Guarantee.LINEARIZABLE) == (wrong is None)
