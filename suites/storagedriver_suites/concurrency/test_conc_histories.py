"""CONC: histories of many threads, judged by what the driver declares."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from storagedriver import StorageDriver
from storagedriver.histories import HistoryRecorder
from storagedriver.testing import Subject, Tree, chunk_size, expect, full, lengthy, requirement
from storagedriver_suites.concurrency.evidence import expect_consistent
from storagedriver_suites.concurrency.running import at_once, look, run_threads
from storagedriver_suites.concurrency.workloads import (
    MIXED,
    SEEDS,
    Action,
    Load,
    Step,
    content_of,
    load_of,
    perform,
    workload,
)

pytestmark = lengthy


def opened(subject: Subject, drivers: str, workers: int) -> list[StorageDriver]:
    """The drivers that the workers share: one, or one for each."""
    return [subject.unrecorded() for _ in range(1 if drivers == "one" else workers)]


@requirement("CONC-2")
@pytest.mark.parametrize("drivers", ["one", "each"])
@pytest.mark.parametrize("seed", SEEDS)
def test_history_of_many_threads(driver: StorageDriver, tree: Tree, subject: Subject, seed: int, drivers: str) -> None:
    """Gets, reads, stats, puts, streams, appends and deletes of few files by many threads, on one driver or on several."""
    load = load_of(subject)
    work = workload(seed, load, tree, capabilities=driver.capabilities)

    history = run_threads(subject, opened(subject, drivers, load.workers), work, "random work of many threads")

    expect_consistent(history, driver.capabilities, f"history of random work, seed {seed}")


@requirement("CONC-2")
@pytest.mark.parametrize("seed", SEEDS)
def test_history_of_one_contended_file(driver: StorageDriver, tree: Tree, subject: Subject, seed: int) -> None:
    """All work on one file, half of it writes, each worker with a driver of its own."""
    usual = load_of(subject)
    load = Load(workers=usual.workers, steps=usual.steps, files=1, rounds=1)
    actions = {**MIXED, Action.PUT: 8, Action.STREAM: 6, Action.DELETE: 4}
    work = workload(seed, load, tree, actions=actions, capabilities=driver.capabilities)

    history = run_threads(subject, opened(subject, "each", load.workers), work, "random work on one file")

    expect_consistent(history, driver.capabilities, f"history of random work on one file, seed {seed}")


@requirement("CONC-2")
@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=full) for seed in range(2, 6))])
def test_history_of_large_files(driver: StorageDriver, tree: Tree, subject: Subject, seed: int) -> None:
    """Contents larger than a chunk, which backends take in several requests: no read is a mix, and none is cut."""
    load = Load(workers=4, steps=4 if subject.target.backend is not None else 12, files=1, rounds=1)
    chunk = chunk_size(driver)
    actions = {Action.GET: 3, Action.READ: 3, Action.PUT: 2, Action.STREAM: 2}
    work = workload(seed, load, tree, actions=actions, sizes=(10, chunk, 2 * chunk), capabilities=driver.capabilities)

    history = run_threads(subject, opened(subject, "one", load.workers), work, "random work on a large file")

    expect_consistent(history, driver.capabilities, f"history of random work on a large file, seed {seed}")


@requirement("CONC-2", capability="atomic_move")
@pytest.mark.parametrize("drivers", ["one", "each"])
@pytest.mark.parametrize("seed", SEEDS)
def test_history_with_moves(driver: StorageDriver, tree: Tree, subject: Subject, seed: int, drivers: str) -> None:
    """Moves between the files join the history, which is then one of all of them."""
    usual = load_of(subject)
    load = Load(workers=min(6, usual.workers), steps=usual.steps // 2, files=3, rounds=1)
    actions = {Action.GET: 4, Action.READ: 2, Action.STAT: 2, Action.PUT: 3, Action.DELETE: 1, Action.MOVE: 4}
    work = workload(seed, load, tree, actions=actions, capabilities=driver.capabilities)

    history = run_threads(subject, opened(subject, drivers, load.workers), work, "random work with moves")

    expect_consistent(history, driver.capabilities, f"history of random work with moves, seed {seed}")


@requirement("CONC-2")
@pytest.mark.parametrize("written", ["put", "stream"])
def test_new_file_appears_at_once(driver: StorageDriver, tree: Tree, subject: Subject, written: str) -> None:
    """A file that is put or committed for the first time is there whole, for all who look, and then stays.

    Some look by get, some by stat, some by a reader; one lists the directory and then gets what was listed.
    """
    load = load_of(subject)
    recorder = HistoryRecorder()
    watched = recorder.wrap(subject.unrecorded())
    paths = [tree.path(f"d/file-{number}") for number in range(load.rounds)]
    start = threading.Barrier(5)

    def write() -> None:
        threading.current_thread().name = "writer"
        for number, path in enumerate(paths):
            start.wait()
            action = Action.PUT if written == "put" else Action.STREAM
            perform(watched, Step(action, path, content_of(0, number, 2000)))

    def watch(number: int, action: Action) -> None:
        threading.current_thread().name = f"watcher {number}"
        for path in paths:
            start.wait()
            for _ in range(6):
                perform(watched, Step(action, path))

    def take_listed() -> None:
        threading.current_thread().name = "lister"
        for path in paths:
            start.wait()
            for _ in range(3):
                listed = watched.list(tree.path("d")) if path != paths[0] else []
                if path in listed:
                    expect.equal(len(watched.get_content(path)), 2000, "size of a new file that was just listed")

    at_once(
        subject,
        [
            write,
            partial(watch, 1, Action.GET),
            partial(watch, 2, Action.STAT),
            partial(watch, 3, Action.READ),
            take_listed,
        ],
        "looks at new files",
        start,
    )

    expect_consistent(recorder.history(), driver.capabilities, f"looks at files that appear by a {written}")


@requirement("CONC-2")
@pytest.mark.parametrize("drivers", ["one", "each"])
def test_last_of_several_writers_wins_whole(driver: StorageDriver, tree: Tree, subject: Subject, drivers: str) -> None:
    """Writers of one path that are open at once, and commit at once, leave the content of one of them."""
    load = load_of(subject)
    recorder = HistoryRecorder()
    writers = 4
    used = [recorder.wrap(each) for each in opened(subject, drivers, writers)]
    path = tree.path("d/file")
    ready = threading.Barrier(writers)

    def write(number: int) -> None:
        threading.current_thread().name = f"thread {number + 1}"
        writing = used[number % len(used)]
        for turn in range(load.rounds):
            content = content_of(number, turn, 900 + 10 * number)
            ready.wait()
            with writing.writer(path) as writer:
                writer.write(content[:300])
                ready.wait()
                writer.write(content[300:600])
                writer.write(content[600:])
                ready.wait()
                writer.commit()
            perform(writing, Step(Action.GET, path))

    at_once(subject, [partial(write, number) for number in range(writers)], "writers of one path", ready)
    look(used[0], [[Step(Action.GET, path)]])

    expect_consistent(recorder.history(), driver.capabilities, "commits of several writers to one path")


@requirement("CONC-2", capability="append")
@pytest.mark.parametrize("drivers", ["one", "each"])
def test_appends_in_turn_are_all_kept(driver: StorageDriver, tree: Tree, subject: Subject, drivers: str) -> None:
    """Threads that append to one file one after the other, while others read it, lose nothing of each other."""
    load = load_of(subject)
    recorder = HistoryRecorder()
    used = [recorder.wrap(each) for each in opened(subject, drivers, 4)]
    path = tree.path("d/file")
    used[0].put_content(path, b"begin ")
    appenders = 4
    turns = load.rounds // 2 * appenders
    meet = threading.Barrier(appenders)

    def append(number: int) -> None:
        threading.current_thread().name = f"thread {number + 1}"
        for turn in range(turns):
            # One after the other, and never the same twice: what each remembers is out of date each time.
            meet.wait()
            if turn % appenders == number:
                perform(used[number % len(used)], Step(Action.APPEND, path, content_of(number, turn, 10 + number)))

    def watch() -> None:
        threading.current_thread().name = "watcher"
        for _ in range(load.rounds * 2):
            perform(used[-1], Step(Action.GET, path))
            perform(used[-1], Step(Action.STAT, path))

    at_once(subject, [*(partial(append, number) for number in range(appenders)), watch], "appends in turn", meet)
    look(used[0], [[Step(Action.GET, path)]])

    expect_consistent(recorder.history(), driver.capabilities, "appends by several threads in turn")
    size = 6 + sum(len(content_of(turn % appenders, turn, 10 + turn % appenders)) for turn in range(turns))
    expect.equal(driver.stat(path).size, size, "size of a file to which several threads appended in turn")
