"""Verdicts: what is kept where a history is not linearizable, and the smallest part that shows it."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from histories.history_strategies import explains, histories, keeps_to_real_time, orders, right_history
from histories.test_histories_search import KNOWN, P, Q, get, put
from storagedriver.histories import (
    Guarantee,
    History,
    Kind,
    Operation,
    Outcome,
    Standing,
    is_linearizable,
    judge,
    unexplained,
)
from storagedriver.histories.guarantees import findings

BROKEN = {
    "stale": {Guarantee.REGULAR},
    "stale-to-itself": {Guarantee.SEQUENTIAL, Guarantee.REGULAR, Guarantee.READ_YOUR_WRITES},
    "new-then-old": set(),
    "new-then-old-to-one": {Guarantee.SEQUENTIAL, Guarantee.MONOTONIC_READS},
    "from-nowhere": {Guarantee.SEQUENTIAL, Guarantee.REGULAR, Guarantee.WHOLE},
    "from-the-future": {Guarantee.REGULAR},
    "lost": {Guarantee.REGULAR, Guarantee.WHOLE},
}
"""What each known history breaks besides linearizability."""


@pytest.mark.parametrize("name", BROKEN)
def test_names_what_a_known_history_breaks(name: str) -> None:
    history = History(tuple(KNOWN[name][0]))

    verdict = judge(history)

    broken = {guarantee for guarantee in Guarantee if verdict.standing(guarantee) is Standing.BROKEN}
    assert broken == {Guarantee.LINEARIZABLE, *BROKEN[name]}
    assert str(verdict).startswith("not linearizable; kept: " if len(broken) < len(Guarantee) else "not linearizable")


def test_strongest_is_the_first_that_is_kept() -> None:
    assert judge(History(tuple(KNOWN["beside-the-old"][0]))).strongest is Guarantee.LINEARIZABLE
    assert judge(History(tuple(KNOWN["new-then-old"][0]))).strongest is Guarantee.SEQUENTIAL
    assert judge(History(tuple(KNOWN["new-then-old-to-one"][0]))).strongest is Guarantee.REGULAR
    assert judge(History(tuple(KNOWN["from-nowhere"][0]))).strongest is Guarantee.MONOTONIC_READS


def test_linearizable_history_keeps_all() -> None:
    verdict = judge(right_history(1, 300, paths=3, processes=4))

    assert verdict.wrong == ()
    assert all(verdict.keeps(each) for each in Guarantee)
    assert str(verdict) == "linearizable"


@settings(max_examples=300, deadline=None)
@given(
    histories() | st.integers(0, 10_000).map(lambda seed: right_history(seed, 40, paths=2, processes=4, unknown=0.1))
)
def test_weaker_guarantees_follow_from_the_strongest(history: History) -> None:
    """Each judge of a weaker guarantee by itself finds nothing wrong with what is linearizable."""
    for partition in history.partitions():
        assume(is_linearizable(partition))
        found = findings(partition)

        weaker = set(Guarantee) - {Guarantee.LINEARIZABLE}
        assert {guarantee: found[guarantee].standing for guarantee in weaker} == dict.fromkeys(weaker, Standing.KEPT)


@settings(max_examples=300, deadline=None)
@given(histories())
def test_smallest_part_is_wrong_by_every_order(history: History) -> None:
    """The proof is one: a checker that tries every order finds none for it, and it is a part of the history."""
    verdict = judge(history)
    assume(verdict.wrong)

    for wrong in verdict.wrong:
        smallest = wrong.smallest
        assert 0 < len(smallest) <= len(wrong.partition)
        assert {each.number for each in smallest} <= {each.number for each in wrong.partition}
        assert not any(keeps_to_real_time(order) and explains(smallest, order) for order in orders(smallest.operations))
        assert unexplained(smallest) in smallest.operations


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.data())
def test_stale_read_in_a_long_history_is_shown_by_few_operations(seed: int, data: st.DataObject) -> None:
    """The write that was seen, one that had replaced it, and the read; of 200, some more where a delete went on meanwhile."""
    history = right_history(seed, 200, paths=2, processes=4)
    reads = [each for each in history if each.kind is Kind.GET and each.outcome is Outcome.OK]
    read = data.draw(st.sampled_from(reads[len(reads) // 2 :]), label="read")
    before = [each for each in history if each.path == read.path and each.argument and each.precedes(read)]
    replaced = [
        each
        for each in before
        if any(each.precedes(other) for other in before) and each.argument not in {read.result, None}
    ]
    assume(replaced)
    old = data.draw(st.sampled_from(replaced), label="write that it sees")
    wrong = changed(history, read, old.argument)

    (found,) = judge(wrong).wrong

    assert 3 <= len(found.smallest) <= 10
    assert {each.number for each in found.smallest} >= {old.number, read.number}
    assert unexplained(found.smallest).number == read.number


def changed(history: History, read: Operation, result: bytes | None) -> History:
    return History(
        tuple(dataclasses.replace(each, result=result) if each.number == read.number else each for each in history)
    )


def test_torn_read_is_shown_with_the_writes_it_mixes() -> None:
    """A read that no write explains would be a proof by itself; people want to see whose halves it has."""
    history = right_history(3, 100, paths=1, processes=3)
    writes = [each for each in history if each.argument]
    read = next(each for each in reversed(history.operations) if each.kind is Kind.GET and each.outcome is Outcome.OK)
    first, second = writes[-6].argument or b"", writes[-5].argument or b""
    wrong = changed(history, read, first + second)

    verdict = judge(wrong)

    assert {each.number for each in verdict.wrong[0].smallest} == {writes[-6].number, writes[-5].number, read.number}
    assert verdict.standing(Guarantee.WHOLE) is Standing.BROKEN


def test_paths_are_judged_apart() -> None:
    """What is wrong with one file is told of that file, and says nothing of others."""
    right = [put(1, P, 0, 1, b"a"), get(2, Q, 2, 3, b"a")]
    wrong = [dataclasses.replace(each, path="/y", number=each.number + 10) for each in KNOWN["from-nowhere"][0]]
    shifted = [
        dataclasses.replace(each, invoked=each.invoked + 10, responded=(each.responded or 0) + 10) for each in wrong
    ]

    verdict = judge(History((*right, *shifted)))

    assert [each.partition.paths for each in verdict.wrong] == [["/y"]]
    assert verdict.breaking(Guarantee.WHOLE) == list(verdict.wrong)
    assert verdict.operations == 4
