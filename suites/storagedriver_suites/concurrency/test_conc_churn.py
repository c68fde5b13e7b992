"""CONC: writes, lists and deletes in one tree at once lose nothing that they do not concern."""

from __future__ import annotations

import contextlib
import random
import threading
from functools import partial

import pytest

from storagedriver import PathNotFoundError, StorageDriver
from storagedriver.testing import Subject, Tree, expect, requirement
from storagedriver_suites.concurrency.running import at_once
from storagedriver_suites.concurrency.workloads import SEEDS, Action, Step, content_of, load_of, perform

CHURNING = 4
"""Threads that put, move and delete."""


def _churn(driver: StorageDriver, tree: Tree, number: int, chance: random.Random, turns: int) -> None:
    """Put, stream, move and delete files around the stable ones, under names of this thread's own."""
    there: set[str] = set()
    for turn in range(turns):
        # Names before, between and behind the stable ones.
        path = tree.path(f"d/{chance.choice('agmt')}-{number}-{chance.randrange(4)}")
        if chance.random() < 0.3:
            path += "/below/file"
        if path in there:
            if chance.random() < 0.3 and not path.endswith("file"):
                driver.move(path, tree.path(f"d/z-{number}"))
                driver.delete(tree.path(f"d/z-{number}"))
            else:
                driver.delete(path.removesuffix("/below/file"))
            there.remove(path)
        elif not any(each.startswith(f"{path}/") or path.startswith(f"{each}/") for each in there):
            action = chance.choice([Action.PUT, Action.STREAM])
            perform(driver, Step(action, path, content_of(number, turn, 100)))
            there.add(path)


@requirement("CONC-3")
@pytest.mark.parametrize("drivers", ["one", "each"])
@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_stable_is_always_there(
    driver: StorageDriver, tree: Tree, subject: Subject, seed: int, drivers: str
) -> None:
    """While threads put, move and delete around them, files that nobody touches are in each list and walk, and readable."""
    load = load_of(subject)
    stable = {tree.path(f"d/{name}"): content_of(9, number, 300) for number, name in enumerate("bhnu")}
    stable[tree.path("d/p/q/file")] = b"deep"
    for path, content in stable.items():
        driver.put_content(path, content)
    children = {path for path in stable if path.count("/") == tree.path("d/b").count("/")} | {tree.path("d/p")}
    walked = [*sorted(stable), tree.path("d/p"), tree.path("d/p/q")]
    used = [subject.unrecorded() for _ in range(1 if drivers == "one" else CHURNING + 1)]
    over = threading.Event()
    left = threading.Semaphore(0)

    def churn(number: int) -> None:
        try:
            chance = random.Random(f"{seed}-{number}")
            _churn(used[number % len(used)], tree, number, chance, load.steps * 2)
        finally:
            left.release()

    def wait() -> None:
        for _ in range(CHURNING):
            left.acquire()
        over.set()

    def look(number: int) -> None:
        looking = used[-1]
        names = sorted(stable)
        for turn in range(100_000):
            last = over.is_set()
            listed = looking.list(tree.path("d"))
            expect.equal(children - set(listed), set(), "stable children that a list beside changes misses")
            expect.equal(len(set(listed)), len(listed), "children listed, each once, beside changes")
            seen = [info.path for info in looking.walk(tree.path("d"))]
            expect.equal(set(walked) - set(seen), set(), "stable paths that a walk beside changes misses")
            expect.equal(len(set(seen)), len(seen), "paths walked, each once, beside changes")
            path = names[(turn + number) % len(names)]
            expect.equal(looking.get_content(path), stable[path], "content of a stable file beside changes")
            expect.equal(looking.stat(path).size, len(stable[path]), "size of a stable file beside changes")
            if last:
                return

    at_once(
        subject,
        [*(partial(churn, number) for number in range(CHURNING)), wait, partial(look, 0), partial(look, 1)],
        "lists and walks beside changes",
    )


@requirement("CONC-3")
@pytest.mark.parametrize("written", ["put", "stream"])
@pytest.mark.parametrize("drivers", ["one", "each"])
def test_writes_side_by_side_are_all_kept(
    driver: StorageDriver, tree: Tree, subject: Subject, written: str, drivers: str
) -> None:
    """Threads that write different files of one directory at once, new ones and old ones, find all of them afterwards."""
    load = load_of(subject)
    used = [subject.unrecorded() for _ in range(1 if drivers == "one" else load.workers)]
    action = Action.PUT if written == "put" else Action.STREAM
    start = threading.Barrier(load.workers)
    rounds = max(4, load.rounds // 3)

    def write(number: int) -> None:
        for turn in range(rounds):
            start.wait()
            for path in (f"d/new-{turn}-{number}", f"d/old-{number}"):
                perform(used[number % len(used)], Step(action, tree.path(path), content_of(number, turn, 60)))

    at_once(subject, [partial(write, number) for number in range(load.workers)], "writes side by side", start)

    due = {
        tree.path(f"d/new-{turn}-{number}"): content_of(number, turn, 60)
        for turn in range(rounds)
        for number in range(load.workers)
    }
    due |= {tree.path(f"d/old-{number}"): content_of(number, rounds - 1, 60) for number in range(load.workers)}
    expect.children(driver, tree.path("d"), due, "files that threads wrote side by side")
    for path, content in due.items():
        expect.equal(driver.get_content(path), content, "content that was written beside other files")


@requirement("CONC-3")
@pytest.mark.parametrize("removed", ["delete", "move"])
@pytest.mark.parametrize("drivers", ["one", "each"])
def test_write_into_a_directory_that_becomes_empty(tree: Tree, subject: Subject, removed: str, drivers: str) -> None:
    """A file that is written while the last other file of its directory goes is there afterwards."""
    rounds = load_of(subject).rounds
    used = [subject.unrecorded() for _ in range(1 if drivers == "one" else 2)]
    meet = threading.Barrier(2)

    def remove() -> None:
        for turn in range(rounds):
            path = tree.path(f"d/{turn % 3}/e/last")
            used[0].put_content(path, b"last")
            meet.wait()
            if removed == "delete":
                used[0].delete(path)
            else:
                used[0].move(path, tree.path("gone"))
            meet.wait()
            meet.wait()

    def write() -> None:
        for turn in range(rounds):
            path = tree.path(f"d/{turn % 3}/e/new")
            meet.wait()
            perform(used[-1], Step(Action.STREAM if turn % 2 else Action.PUT, path, b"new"))
            meet.wait()
            expect.equal(used[-1].get_content(path), b"new", "a file written while its directory became empty")
            expect.children(used[-1], tree.path(f"d/{turn % 3}/e"), [path], "its directory")
            used[-1].delete(path)
            expect.not_found(partial(used[-1].list, tree.path(f"d/{turn % 3}")), "the directory after its last file")
            meet.wait()

    at_once(subject, [remove, write], "writes into directories that become empty", meet)


@requirement("CONC-3")
@pytest.mark.parametrize("changed", ["file", "directory"])
@pytest.mark.parametrize("drivers", ["one", "each"])
def test_list_beside_a_child_that_comes_and_goes(
    driver: StorageDriver, tree: Tree, subject: Subject, changed: str, drivers: str
) -> None:
    """While the first child of a directory is put and deleted again and again, no list or walk misses another."""
    looks = load_of(subject).rounds * 4
    used = [subject.unrecorded() for _ in range(1 if drivers == "one" else 2)]
    stable = sorted(tree.path(f"d/{name}") for name in "bcdefgh")
    for path in stable:
        driver.put_content(path, b"stable")
    coming = tree.path("d/a" if changed == "file" else "d/a/b")
    over = threading.Event()

    def change() -> None:
        while not over.is_set():
            used[0].put_content(coming, b"coming")
            used[0].delete(tree.path("d/a"))

    def look() -> None:
        try:
            for turn in range(looks):
                listed = used[-1].list(tree.path("d"))
                expect.equal([each for each in stable if each not in listed], [], "children that a list misses")
                expect.equal(len(set(listed)), len(listed), "children listed, each once")
                if turn % 3 == 0:
                    seen = [info.path for info in used[-1].walk(tree.path("d"))]
                    expect.equal([each for each in stable if each not in seen], [], "paths that a walk misses")
        finally:
            over.set()

    at_once(subject, [change, look], "lists beside a child that comes and goes")


@requirement("CONC-3")
def test_delete_of_a_directory_beside_others(tree: Tree, subject: Subject) -> None:
    """Deletes of directories, while siblings of like names appear, take nothing else with them.

    What is written into a directory while it is deleted may go or stay; it is whole if it stays.
    """
    rounds = load_of(subject).rounds
    shared = subject.unrecorded()
    meet = threading.Barrier(3)

    def delete() -> None:
        for turn in range(rounds):
            for name in ("x", "s/y"):
                shared.put_content(tree.path(f"{turn}/a/{name}"), b"going")
            meet.wait()
            shared.delete(tree.path(f"{turn}/a"))
            meet.wait()

    def write() -> None:
        for turn in range(rounds):
            kept = [tree.path(f"{turn}/{name}") for name in ("ab", "a-b", "a.b", "a0/x")]
            meet.wait()
            for path in kept:
                perform(shared, Step(Action.PUT, path, content_of(1, turn, 40)))
            meet.wait()
            for path in kept:
                expect.equal(shared.get_content(path), content_of(1, turn, 40), "a file beside a deleted directory")

    def write_below() -> None:
        for turn in range(rounds):
            path = tree.path(f"{turn}/a/late")
            meet.wait()
            perform(shared, Step(Action.PUT, path, content_of(2, turn, 40)))
            meet.wait()
            with contextlib.suppress(PathNotFoundError):
                expect.equal(shared.get_content(path), content_of(2, turn, 40), "a file in a deleted directory")

    at_once(subject, [delete, write, write_below], "deletes of directories beside writes", meet)
