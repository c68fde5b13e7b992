"""The search for an order, against one that tries every order, and against known histories."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from histories.history_strategies import (
    explains,
    histories,
    keeps_to_processes,
    keeps_to_real_time,
    orders,
    right_history,
)
from storagedriver.histories import (
    History,
    Kind,
    Operation,
    Outcome,
    SearchLimitError,
    explain,
    is_linearizable,
    sequential_order,
)

P, Q, R = "p", "q", "r"


def operation(number: int, process: str, kind: Kind, begin: int, end: int | None, **fields: object) -> Operation:
    return Operation(
        number=number,
        process=process,
        kind=kind,
        path="/x",
        invoked=begin,
        responded=end,
        **fields,  # type: ignore[arg-type]
    )


def put(number: int, process: str, begin: int, end: int, content: bytes, **fields: object) -> Operation:
    return operation(number, process, Kind.PUT, begin, end, argument=content, **fields)


def get(number: int, process: str, begin: int, end: int, content: bytes | None) -> Operation:
    if content is None:
        return operation(number, process, Kind.GET, begin, end, outcome=Outcome.ABSENT)
    return operation(number, process, Kind.GET, begin, end, result=content)


@settings(max_examples=600, deadline=None)
@given(histories())
def test_agrees_with_trying_every_order(history: History) -> None:
    """A history has a linear order exactly if one of all orders is one; partition by partition comes to the same."""
    expected = any(keeps_to_real_time(order) and explains(history, order) for order in orders(history.operations))

    assert (explain(history).order is not None) == expected
    assert is_linearizable(history) == expected


@settings(max_examples=300, deadline=None)
@given(histories(most=5))
def test_sequential_order_agrees_with_trying_every_order(history: History) -> None:
    expected = any(keeps_to_processes(order) and explains(history, order) for order in orders(history.operations))

    assert (sequential_order(history) is not None) == expected


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 3), st.integers(1, 6), st.sampled_from([0.0, 0.2]))
def test_what_was_done_at_single_moments_has_an_order(
    seed: int, count: int, paths: int, processes: int, unknown: float
) -> None:
    """The order found is itself a proof: it keeps to real time, has all that came back, and explains what was seen."""
    history = right_history(seed, count, paths=paths, processes=processes, unknown=unknown)
    for partition in history.partitions():
        order = explain(partition).order

        assert order is not None
        assert keeps_to_real_time(order)
        assert explains(partition, order)
        known = {each.number for each in partition if each.outcome is not Outcome.UNKNOWN}
        assert known <= {each.number for each in order}


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000), st.data())
def test_stuck_is_the_first_return_that_no_order_explains(seed: int, data: st.DataObject) -> None:
    """What was called until just before it has an order, as far as it had come back; with that return it has none."""
    history = right_history(seed, 12, paths=1, processes=3)
    reads = [each for each in history if each.kind is Kind.GET and each.outcome is Outcome.OK]
    if not reads:
        return
    changed = data.draw(st.sampled_from(reads), label="read that sees something else")
    wrong = History(
        tuple(dataclasses.replace(each, result=b"strange") if each is changed else each for each in history)
    )

    stuck = explain(wrong).stuck

    assert stuck is not None
    assert explain(until(wrong, stuck)).order is None
    assert explain(until(wrong, stuck - 1)).order is not None


def until(history: History, moment: int) -> History:
    operations = [
        each
        if each.responded is not None and each.responded <= moment
        else dataclasses.replace(each, outcome=Outcome.UNKNOWN, result=None)
        for each in history
        if each.invoked <= moment
    ]
    return History(tuple(operations))


# Examples of the literature: Herlihy and Wing (1990), Lamport (1979, 1986), Attiya and Welch (1994).

KNOWN = {
    # A read beside a write may see either content.
    "beside-the-old": ([put(1, P, 0, 1, b"a"), put(2, P, 2, 8, b"b"), get(3, Q, 3, 4, b"a")], True, True),
    "beside-the-new": ([put(1, P, 0, 1, b"a"), put(2, P, 2, 8, b"b"), get(3, Q, 3, 4, b"b")], True, True),
    # What came back is to be seen.
    "stale": ([put(1, P, 0, 1, b"a"), put(2, P, 2, 3, b"b"), get(3, Q, 4, 5, b"a")], False, True),
    "stale-to-itself": ([put(1, P, 0, 1, b"a"), put(2, P, 2, 3, b"b"), get(3, P, 4, 5, b"a")], False, False),
    # New-old inversion, which a regular register shows and an atomic one does not.
    "new-then-old": (
        [put(1, P, 0, 1, b"a"), put(2, P, 2, 9, b"b"), get(3, Q, 3, 4, b"b"), get(4, R, 5, 6, b"a")],
        False,
        True,
    ),
    "new-then-old-to-one": (
        [put(1, P, 0, 1, b"a"), put(2, P, 2, 9, b"b"), get(3, Q, 3, 4, b"b"), get(4, Q, 5, 6, b"a")],
        False,
        False,
    ),
    # Two readers see two writes in two orders.
    "two-orders": (
        [
            put(1, P, 0, 20, b"a"),
            put(2, Q, 0, 20, b"b"),
            get(3, R, 1, 2, b"a"),
            get(4, R, 3, 4, b"b"),
            get(5, "s", 5, 6, b"b"),
            get(6, "s", 7, 8, b"a"),
        ],
        False,
        False,
    ),
    "from-nowhere": ([put(1, P, 0, 1, b"a"), get(2, Q, 2, 3, b"z")], False, False),
    "from-the-future": ([get(1, Q, 0, 1, b"a"), put(2, P, 2, 3, b"a")], False, True),
    "lost": ([put(1, P, 0, 1, b"a"), get(2, Q, 2, 3, None)], False, True),
    # An unknown outcome: done later, or never; but not done and then undone.
    "unknown-done-late": (
        [put(1, P, 0, 1, b"a", outcome=Outcome.UNKNOWN), get(2, Q, 2, 3, None), get(3, Q, 4, 5, b"a")],
        True,
        True,
    ),
    "unknown-never": ([put(1, P, 0, 1, b"a", outcome=Outcome.UNKNOWN), get(2, Q, 2, 3, None)], True, True),
    "unknown-undone": (
        [put(1, P, 0, 1, b"a", outcome=Outcome.UNKNOWN), get(2, Q, 2, 3, b"a"), get(3, Q, 4, 5, None)],
        False,
        False,
    ),
    "deleted-twice": (
        [put(1, P, 0, 1, b"a"), operation(2, P, Kind.DELETE, 2, 5), operation(3, Q, Kind.DELETE, 2, 5)],
        False,
        False,
    ),
    "deleted-once": (
        [
            put(1, P, 0, 1, b"a"),
            operation(2, P, Kind.DELETE, 2, 5),
            operation(3, Q, Kind.DELETE, 2, 5, outcome=Outcome.ABSENT),
        ],
        True,
        True,
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_history(name: str) -> None:
    """It is linearizable, and sequentially consistent, as the literature says."""
    operations, linear, sequential = KNOWN[name]
    history = History(tuple(operations))

    assert is_linearizable(history) == linear
    assert (sequential_order(history) is not None) == sequential


def appended(*pieces: tuple[int, str, int, int, int, bytes]) -> list[Operation]:
    found = []
    for stream, process, opened, size, committed, piece in pieces:
        found += [
            operation(10 * stream, process, Kind.OPEN, opened, opened + 1, result=size, stream=stream),
            operation(10 * stream + 1, process, Kind.APPEND, committed, committed + 1, argument=piece, stream=stream),
        ]
    return found


def test_append_makes_what_its_stream_took_and_the_rest() -> None:
    """The last commit wins whole: what another appended in between is gone (WRITE-8)."""
    before = put(1, P, 0, 1, b"a")
    both = appended((1, P, 2, 1, 6, b"b"), (2, Q, 2, 1, 8, b"c"))

    assert is_linearizable(History((before, *both, get(2, P, 10, 11, b"ac"))))
    assert not is_linearizable(History((before, *both, get(2, P, 10, 11, b"abc"))))


def test_append_after_another_keeps_it() -> None:
    before = put(1, P, 0, 1, b"a")
    in_turn = appended((1, P, 2, 1, 4, b"b"), (2, Q, 6, 2, 8, b"c"))

    assert is_linearizable(History((before, *in_turn, get(2, P, 10, 11, b"abc"))))
    assert not is_linearizable(History((before, *in_turn, get(2, P, 10, 11, b"ac"))))


def test_move_ties_paths_together() -> None:
    """Each path by itself looks right; together they show that the file was nowhere."""
    moved = Operation(number=2, process=P, kind=Kind.MOVE, path="/x", dest="/y", invoked=2, responded=9)
    nowhere = get(3, Q, 3, 4, None), dataclasses.replace(get(4, Q, 5, 6, None), path="/y")
    history = History((put(1, P, 0, 1, b"a"), moved, *nowhere))

    assert [part.paths for part in history.partitions()] == [["/x", "/y"]]
    assert not is_linearizable(history)
    assert is_linearizable(history.only({1, 2, 3}))
    assert is_linearizable(history.only({1, 2, 4}))


def test_search_gives_up_where_it_is_told_to() -> None:
    history = History(
        (*(put(number, f"p{number}", 0, 100, b"%d" % number) for number in range(8)), get(9, Q, 0, 100, b"none"))
    )

    with pytest.raises(SearchLimitError) as caught:
        explain(history, most=10)
    assert caught.value.visited > 10
