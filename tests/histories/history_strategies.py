"""Histories: any at all, right ones by construction, and a checker that tries every order."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence

from hypothesis import strategies as st

from storagedriver.histories import History, Kind, Operation, Outcome

CONTENTS = (b"a", b"b", b"ab", b"")
PATHS = ("/x", "/y")


@st.composite
def histories(draw: st.DrawFn, *, most: int = 6) -> History:
    """Up to `most` operations of three processes on two files, with any results; a few never came back."""
    operations: list[Operation] = []
    clocks = dict.fromkeys(("p", "q", "r"), 0)
    streams: list[tuple[int, str]] = []
    initial = draw(st.dictionaries(st.sampled_from(PATHS), st.sampled_from(CONTENTS), max_size=1), label="initial")
    for number in range(draw(st.integers(1, most), label="operations")):
        process = draw(st.sampled_from(sorted(clocks)), label="process")
        begin = clocks[process] + draw(st.integers(1, 6), label="wait")
        end = begin + draw(st.integers(1, 8), label="duration")
        clocks[process] = end
        kind = draw(st.sampled_from([each for each in Kind if each is not Kind.APPEND or streams]), label="kind")
        path = draw(st.sampled_from(PATHS), label="path")
        stream = None
        if kind is Kind.OPEN:
            stream = number
        elif kind is Kind.APPEND:
            stream, path = streams.pop()
            begin, end = (max(each.invoked for each in operations) + shift for shift in (20, 25))
            clocks[process] = max(end, clocks[process])
        outcomes = [Outcome.OK]
        if kind not in {Kind.PUT, Kind.COMMIT, Kind.APPEND}:
            outcomes.append(Outcome.ABSENT)
        if kind not in {Kind.GET, Kind.STAT, Kind.OPEN}:
            outcomes.append(Outcome.UNKNOWN)
        outcome = draw(st.sampled_from(outcomes), label="outcome")
        result: bytes | int | None = None
        if outcome is Outcome.OK and kind is Kind.GET:
            result = draw(st.sampled_from(CONTENTS), label="content seen")
        elif outcome is Outcome.OK and kind in {Kind.STAT, Kind.OPEN}:
            result = draw(st.integers(0, 2), label="size seen")
        if kind is Kind.OPEN and outcome is Outcome.OK:
            streams.append((number, path))
        writes = kind in {Kind.PUT, Kind.COMMIT, Kind.APPEND}
        operations.append(
            Operation(
                number=number,
                process=process,
                kind=kind,
                path=path,
                invoked=begin,
                responded=end,
                outcome=outcome,
                argument=draw(st.sampled_from(CONTENTS), label="argument") if writes else None,
                result=result,
                dest=draw(st.sampled_from(PATHS), label="dest") if kind is Kind.MOVE else None,
                stream=stream,
            )
        )
    return History(tuple(operations), initial)


def orders(operations: Sequence[Operation]) -> Iterator[tuple[Operation, ...]]:
    """Every order of the operations, each with and without those of unknown outcome."""
    unknown = [each for each in operations if each.outcome is Outcome.UNKNOWN]
    known = [each for each in operations if each.outcome is not Outcome.UNKNOWN]
    for count in range(len(unknown) + 1):
        for took_effect in itertools.combinations(unknown, count):
            yield from itertools.permutations([*known, *took_effect])


def explains(history: History, order: Sequence[Operation]) -> bool:
    """Whether the order, one operation after the other, gives each what it saw: on a dictionary, with no kit in it."""
    files: dict[str, bytes] = dict(history.initial)
    taken: dict[int | None, bytes] = {}
    for each in order:
        there = files.get(each.path)
        if each.outcome is Outcome.ABSENT:
            if there is not None:
                return False
            continue
        if each.kind in {Kind.PUT, Kind.COMMIT}:
            files[each.path] = each.argument or b""
        elif each.kind is Kind.APPEND:
            if each.stream not in taken:
                return False
            files[each.path] = taken.pop(each.stream) + (each.argument or b"")
        elif there is None or (each.result is not None and each.result not in (there, len(there))):
            return False
        elif each.kind is Kind.OPEN:
            taken[each.stream] = there
        elif each.kind is Kind.DELETE:
            del files[each.path]
        elif each.kind is Kind.MOVE and each.dest is not None:
            files[each.dest] = files.pop(each.path)
    return True


def keeps_to_real_time(order: Sequence[Operation]) -> bool:
    """Whether nothing comes behind what was called only after its return."""
    return not any(later.precedes(earlier) for earlier, later in itertools.combinations(order, 2))


def keeps_to_processes(order: Sequence[Operation]) -> bool:
    """Whether each process's operations are in the order in which it called them; unknown outcomes are free."""
    return not any(
        earlier.process == later.process
        and later.invoked < earlier.invoked
        and Outcome.UNKNOWN not in {earlier.outcome, later.outcome}
        for earlier, later in itertools.combinations(order, 2)
    )


def right_history(seed: int, count: int, *, paths: int, processes: int, unknown: float = 0.0) -> History:
    """A linearizable history: at a moment between its call and its return, each operation was done on a dictionary.

    Args:
        seed: For all that is random.
        count: How many operations.
        paths: How many files.
        processes: How many processes; as many operations overlap.
        unknown: The share of writes of which nobody knows whether they were done; half of them were.
    """
    chance = random.Random(seed)
    free = {f"thread {number}": 0 for number in range(processes)}
    moments = []
    for _ in range(count):
        process = min(free, key=lambda name: free[name])
        begin = free[process] + chance.randint(1, 5)
        moment = begin + chance.randint(1, 100)
        free[process] = moment + chance.randint(2, 100)
        moments.append((moment, process, begin, free[process] - 1))
    files: dict[str, bytes] = {}
    operations = []
    kinds = [Kind.GET] * 4 + [Kind.STAT, Kind.PUT, Kind.PUT, Kind.COMMIT, Kind.DELETE]
    for number, (_, process, begin, end) in enumerate(sorted(moments)):
        path = f"/file-{chance.randrange(paths)}"
        kind = chance.choice(kinds)
        there = files.get(path)
        outcome, argument, result = Outcome.OK, None, None
        lost = kind not in {Kind.GET, Kind.STAT} and chance.random() < unknown
        done = not lost or chance.random() < 0.5
        if kind in {Kind.PUT, Kind.COMMIT}:
            argument = b"%d:" % number + b"." * chance.randrange(20)
            if done:
                files[path] = argument
        elif there is None:
            outcome = Outcome.ABSENT
        elif kind is Kind.DELETE:
            if done:
                del files[path]
        else:
            result = there if kind is Kind.GET else len(there)
        operations.append(
            Operation(
                number=number,
                process=process,
                kind=kind,
                path=path,
                invoked=begin,
                responded=end,
                outcome=Outcome.UNKNOWN if lost else outcome,
                argument=argument,
                result=None if lost else result,
            )
        )
    return History(tuple(operations))
