"""CONC: moves against readers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial

import pytest

from storagedriver import PathNotFoundError, StorageDriver
from storagedriver.testing import Subject, Tree, expect, requirement
from storagedriver_suites.behaviour.streams import read_from
from storagedriver_suites.concurrency.running import at_once
from storagedriver_suites.concurrency.workloads import content_of, load_of

LOOKS: dict[str, Callable[[StorageDriver, str], bytes | int]] = {
    "get_content": lambda driver, path: driver.get_content(path),
    "reader": read_from,
    "stat": lambda driver, path: driver.stat(path).size,
}
"""Ways to look at a file; each raises PathNotFoundError where nothing is."""

WATCHED = [*((look, 2000) for look in LOOKS), ("get_content", 1_200_000), ("stat", 1_200_000)]
"""How a file is looked at, and its size in bytes: of many buffers too."""


def _seen(look: Callable[[StorageDriver, str], bytes | int], driver: StorageDriver, path: str) -> bytes | int | None:
    try:
        return look(driver, path)
    except PathNotFoundError:
        return None


def _watched(
    subject: Subject, tree: Tree, look: str, drivers: str, order: Sequence[str], *, size: int
) -> tuple[list[tuple[object, object]], bytes]:
    """What was seen at both paths, one right after the other, while a file was moved once; and its content."""
    rounds = load_of(subject).rounds
    content = content_of(1, 1, size)
    used = [subject.unrecorded() for _ in range(1 if drivers == "one" else 2)]
    meet = threading.Barrier(3)
    pairs: list[tuple[object, object]] = []

    def move() -> None:
        for turn in range(rounds):
            source, dest = tree.path(f"{turn}/source"), tree.path(f"{turn}/dest")
            used[0].put_content(source, content)
            meet.wait()
            used[0].move(source, dest)
            meet.wait()
            expect.file(used[0], dest, content, "a file that was moved while others looked")

    def watch() -> None:
        for turn in range(rounds):
            meet.wait()
            for _ in range(4):
                pairs.append(  # noqa: PERF401  the order in which both are looked at is what matters
                    tuple(_seen(LOOKS[look], used[-1], tree.path(f"{turn}/{name}")) for name in order)  # type: ignore[arg-type]
                )
            meet.wait()

    at_once(subject, [move, watch, watch], "looks at a file that is moved", meet)
    return pairs, content


@requirement("CONC-2")
@pytest.mark.parametrize(("look", "size"), WATCHED)
@pytest.mark.parametrize("drivers", ["one", "each"])
def test_moved_file_is_never_nowhere(tree: Tree, subject: Subject, look: str, drivers: str, size: int) -> None:
    """Who looks at source and then at dest, while the file goes from one to the other, finds it at one of them, whole."""
    pairs, content = _watched(subject, tree, look, drivers, ("source", "dest"), size=size)

    whole = len(content) if look == "stat" else content
    for pair in pairs:
        expect.true(pair != (None, None), "a look at source, then at dest", expected="the file", seen="nothing at both")
        expect.true(all(seen in (None, whole) for seen in pair), "a file while it is moved", expected=whole, seen=pair)


@requirement("CONC-2", capability="atomic_move")
@pytest.mark.parametrize(("look", "size"), WATCHED)
@pytest.mark.parametrize("drivers", ["one", "each"])
def test_moved_file_is_never_at_both(tree: Tree, subject: Subject, look: str, drivers: str, size: int) -> None:
    """Who looks at dest and then at source finds the file at no more than one of them."""
    pairs, _ = _watched(subject, tree, look, drivers, ("dest", "source"), size=size)

    for pair in pairs:
        expect.true(None in pair, "a look at dest, then at source", expected="the file at one", seen="it is at both")


@requirement("CONC-2")
def test_one_of_several_moves_wins(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """Threads that move one file to places of their own at once: it is whole wherever a move said that it is.

    With capability atomic_move one of them alone succeeds, and the others say PathNotFoundError.
    """
    rounds, movers = load_of(subject).rounds, 4
    shared = subject.unrecorded()
    content = content_of(1, 1, 500)
    meet = threading.Barrier(movers)
    moved: list[tuple[int, int]] = []

    def move(number: int) -> None:
        for turn in range(rounds):
            if number == 0:
                shared.put_content(tree.path(f"{turn}/source"), content)
            meet.wait()
            try:
                shared.move(tree.path(f"{turn}/source"), tree.path(f"{turn}/dest-{number}"))
            except PathNotFoundError:
                continue
            moved.append((turn, number))

    at_once(subject, [partial(move, number) for number in range(movers)], "several moves of one file", meet)

    for turn, number in moved:
        expect.file(driver, tree.path(f"{turn}/dest-{number}"), content, "a file that several threads moved")
    if driver.capabilities.atomic_move:
        expect.equal(sorted(turn for turn, _ in moved), list(range(rounds)), "turns in which a move succeeded")
