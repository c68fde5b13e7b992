"""CONC: every method from many threads at once."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from storagedriver import PathNotFoundError, StorageDriver, StorageDriverError
from storagedriver.testing import Subject, Tree, chunk_size, expect, requirement
from storagedriver_suites.behaviour.shapes import put_all
from storagedriver_suites.behaviour.streams import read_from, write_stream
from storagedriver_suites.concurrency.running import at_once
from storagedriver_suites.concurrency.workloads import SEEDS, Action, Step, content_of, load_of, perform

T = TypeVar("T")

THREADS = 8

CROWD = 100
"""Threads that call at once; drivers that limit their calls let some dozens through."""

CROWD_TURNS = 4


class Worker:
    """One thread's use of every method, in a directory of its own, with the answers that are due."""

    def __init__(self, driver: StorageDriver, tree: Tree, number: int) -> None:
        self._driver = driver
        self._top = tree.path(f"thread-{number}")
        self._number = number
        self._turn = 0
        self._files: dict[str, bytes] = {}

    def turn(self, chance: random.Random) -> None:
        """One round of all methods, in a random order."""
        self._turn += 1
        content = content_of(self._number, self._turn, 200)
        self._files[f"{self._top}/d/put"] = content
        self._driver.put_content(f"{self._top}/d/put", content)
        calls: list[Callable[[], None]] = [
            self._stream,
            self._get,
            self._stat,
            self._list,
            self._walk,
            self._move,
            self._delete,
            self._absent,
            self._redirect,
        ]
        chance.shuffle(calls)
        for call in calls:
            call()

    def _stream(self) -> None:
        path, content = f"{self._top}/d/stream", content_of(self._number, self._turn, 1200)
        with self._driver.writer(path) as writer:
            for begin in range(0, len(content), 500):
                writer.write(content[begin : begin + 500])
            expect.equal(writer.size, len(content), "size of a writer beside other threads")
            writer.commit()
        if self._driver.capabilities.append:
            with self._driver.writer(path, append=True) as writer:
                writer.write(b"end")
                writer.commit()
            content += b"end"
        self._files[path] = content

    def _get(self) -> None:
        for path, content in self._files.items():
            expect.equal(self._driver.get_content(path), content, "content by get_content beside other threads")
            expect.equal(read_from(self._driver, path), content, "content by a reader beside other threads")
            with self._driver.reader(path, 100) as reader:
                expect.equal(reader.read(), content[100:], "content from an offset beside other threads")

    def _stat(self) -> None:
        for path, content in self._files.items():
            expect.equal(self._driver.stat(path).size, len(content), "size by stat beside other threads")
        expect.equal(self._driver.stat(self._top).is_dir, True, "is_dir of a directory beside other threads")

    def _list(self) -> None:
        expect.children(self._driver, f"{self._top}/d", self._files, "children of a thread's own directory")

    def _walk(self) -> None:
        seen = [info.path for info in self._driver.walk(self._top)]
        expect.equal(seen, [f"{self._top}/d", *sorted(self._files)], "walk of a thread's own directory")

    def _move(self) -> None:
        content = content_of(self._number, self._turn, 50)
        self._driver.put_content(f"{self._top}/moving", content)
        self._driver.move(f"{self._top}/moving", f"{self._top}/moved")
        expect.file(self._driver, f"{self._top}/moved", content, "a file moved beside other threads")
        self._driver.delete(f"{self._top}/moved")

    def _delete(self) -> None:
        for name in ("a", "b/c"):
            self._driver.put_content(f"{self._top}/going/{name}", b"going")
        self._driver.delete(f"{self._top}/going")
        expect.absent(self._driver, f"{self._top}/going/b/c", "a file of a directory deleted beside other threads")

    def _absent(self) -> None:
        with expect.raises(PathNotFoundError, "absent beside other threads", path=f"{self._top}/none"):
            self._driver.get_content(f"{self._top}/none")

    def _redirect(self) -> None:
        url = self._driver.redirect_url(f"{self._top}/d/put")
        expect.equal(url is not None, self._driver.capabilities.redirect, "whether a URL is given beside other threads")


@requirement("CONC-1")
@pytest.mark.parametrize("seed", SEEDS)
def test_every_method_beside_every_other(tree: Tree, subject: Subject, seed: int) -> None:
    """Threads that use all methods of one driver, each in a directory of its own, get the answers they would get alone."""
    turns = max(2, load_of(subject).rounds // 10)
    shared = subject.unrecorded()
    workers = [Worker(shared, tree, number) for number in range(THREADS)]

    def work(number: int) -> None:
        chance = random.Random(f"{seed}-{number}")
        for _ in range(turns):
            workers[number].turn(chance)

    at_once(subject, [partial(work, number) for number in range(THREADS)], "all methods from many threads")


@requirement("CONC-1")
def test_gets_and_puts_of_one_file_end(tree: Tree, subject: Subject) -> None:
    """Readers do not wait for a writer that waits for them: many of both, on one path, all come to their end."""
    shared = subject.unrecorded()
    path = tree.path("d/file")
    shared.put_content(path, b"first")
    rounds = load_of(subject).rounds

    def work(number: int) -> None:
        actions = (Action.PUT, Action.GET, Action.STAT, Action.READ)
        for turn in range(rounds):
            content = content_of(number, turn, 100) if number % 2 else b""
            perform(shared, Step(actions[0] if number % 2 else actions[1 + turn % 3], path, content))
            shared.list(tree.path("d"))

    at_once(subject, [partial(work, number) for number in range(2 * THREADS)], "gets and puts of one file")


@requirement("CONC-1")
def test_more_calls_than_a_driver_lets_through_at_once_all_end(tree: Tree, subject: Subject) -> None:
    """Who waits for a limit within the driver is woken: many more calls at once than any limit is likely to be."""
    shared = subject.unrecorded()
    path = tree.path("d/file")
    shared.put_content(path, b"first")

    def work(number: int) -> None:
        for turn in range(CROWD_TURNS):
            perform(shared, Step(Action.GET if (number + turn) % 2 else Action.PUT, path, b"%d" % number))

    at_once(subject, [partial(work, number) for number in range(_crowd(subject))], "many calls at once")


def _crowd(subject: Subject) -> int:
    """How many threads call at once. A server is spared, since its own limits are none of the driver's."""
    return 2 * THREADS if subject.target.backend is not None else CROWD


@requirement("CONC-1")
def test_drivers_are_made_by_many_threads_at_once(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """Drivers that threads make of the same parameters at once all see the one store, and closing one closes no other."""
    driver.put_content(tree.path("d/file"), b"content")
    closed = threading.Barrier(THREADS)

    def use(number: int) -> None:
        made = subject.construct(subject.parameters)
        try:
            expect.equal(made.get_content(tree.path("d/file")), b"content", "content by a driver made beside others")
            made.put_content(tree.path(f"d/{number}"), b"%d" % number)
        finally:
            closed.wait()
            if number % 2:
                made.close()
            closed.wait()
        if number % 2 == 0:
            expect.equal(made.get_content(tree.path(f"d/{number}")), b"%d" % number, "content after others were closed")
            made.close()

    at_once(subject, [partial(use, number) for number in range(THREADS)], "drivers made at once", closed)

    expect.children(
        driver, tree.path("d"), [tree.path(f"d/{name}") for name in ("file", *range(THREADS))], "what all drivers put"
    )


@requirement("CONC-1")
def test_thread_that_runs_an_event_loop_may_call(driver: StorageDriver, tree: Tree) -> None:
    """A coroutine that calls the driver, and waits for it, gets what every caller gets."""

    async def use() -> list[object]:
        driver.put_content(tree.path("d/put"), b"content")
        write_stream(driver, tree.path("d/stream"), [b"con", b"tent"])
        driver.move(tree.path("d/put"), tree.path("d/moved"))
        return [
            driver.get_content(tree.path("d/moved")),
            read_from(driver, tree.path("d/stream")),
            driver.stat(tree.path("d/stream")).size,
            sorted(driver.list(tree.path("d"))),
            [info.path for info in driver.walk(tree.path("d"))],
            driver.delete(tree.path("d")),
        ]

    seen = asyncio.run(use())

    files = tree.paths("d/moved", "d/stream")
    expect.equal(seen, [b"content", b"content", 7, files, files, None], "what a coroutine is answered")


@requirement("CONC-1")
def test_streams_and_walks_go_on_in_other_threads(tree: Tree, subject: Subject) -> None:
    """What one thread opened another goes on with, as in programs that await each call in whichever thread is free."""
    shared = subject.unrecorded()
    chunk = chunk_size(shared)
    # Some chunks may be held back, to be sent together.
    content = content_of(1, 1, 5 * chunk + 5000)

    def elsewhere(call: Callable[[], T]) -> T:
        found: list[T] = []
        at_once(subject, [lambda: found.append(call())], "a call in a thread of its own")
        return found[0]

    # Opened in this thread, which goes on to live: another one that had ended could be taken for each that comes after it.
    writer = shared.writer(tree.path("d/file"))
    for begin in range(0, len(content), chunk // 2 + 1000):
        elsewhere(partial(writer.write, content[begin : begin + chunk // 2 + 1000]))
    elsewhere(writer.commit)
    elsewhere(writer.close)
    reader = shared.reader(tree.path("d/file"), offset=1)
    read = [elsewhere(partial(reader.read, size)) for size in (1, 2000, -1)]
    elsewhere(reader.close)
    walk = shared.walk(tree.root)
    seen = [elsewhere(lambda: next(walk)).path for _ in range(2)]
    elsewhere(walk.close)
    elsewhere(shared.writer(tree.path("d/cancelled")).cancel)

    expect.equal(b"".join(read), content[1:], "what a reader gives in one thread after the other")
    expect.equal(seen, [tree.path("d"), tree.path("d/file")], "what a walk gives in one thread after the other")
    expect.equal(elsewhere(lambda: shared.get_content(tree.path("d/file"))), content, "what a writer wrote so")


@requirement("CONC-1")
def test_error_in_one_thread_hinders_no_other(tree: Tree, subject: Subject) -> None:
    """Each call that raised in this thread, which lives on, is followed by calls of another thread, which all return."""
    shared = subject.unrecorded()
    put_all(shared, tree.root, ["d/file", "source"])
    file, absent = tree.path("d/file"), tree.path("absent")
    failing: Mapping[str, Callable[[], object]] = {
        "get_content": lambda: shared.get_content(absent),
        "reader": lambda: read_from(shared, absent),
        "reader at a negative offset": lambda: shared.reader(file, -1),
        "stat": lambda: shared.stat(absent),
        "list": lambda: shared.list(absent),
        "list of a file": lambda: shared.list(file),
        "walk": lambda: list(shared.walk(absent)),
        "append": lambda: shared.writer(absent, append=True),
        "delete": lambda: shared.delete(absent),
        "move of what is absent": lambda: shared.move(absent, tree.path("dest")),
        "move onto a directory": lambda: shared.move(tree.path("source"), tree.path("d")),
        "move to below itself": lambda: shared.move(tree.path("source"), tree.path("source/below")),
        "put to below a file": lambda: shared.put_content(f"{file}/below", b"1"),
        "put onto a directory": lambda: shared.put_content(tree.path("d"), b"1"),
        "stream onto a directory": lambda: write_stream(shared, tree.path("d"), [b"1"]),
        "write of a str": lambda: write_stream(shared, tree.path("str"), ["text"]),  # type: ignore[list-item]
    }

    def use() -> None:
        path = tree.path("u/file")
        shared.put_content(path, b"content")
        expect.equal(shared.get_content(path), b"content", "content that another thread put")
        shared.move(path, tree.path("u/moved"))
        expect.equal(list(shared.list(tree.path("u"))), tree.paths("u/moved"), "what another thread moved")
        shared.delete(tree.path("u"))

    for what, fail in failing.items():
        with contextlib.suppress(StorageDriverError, TypeError):
            fail()
        at_once(subject, [use], f"calls in another thread after a {what} that failed")


@requirement("CONC-1", needs=["root"])
def test_drivers_of_two_roots_are_apart(subject: Subject) -> None:
    """Threads that use drivers of two roots at once, at the same paths, each get what lies in their own."""
    stores = [subject.open_root(name) for name in ("r", "s")]
    contents = [content_of(number, number, 500) for number in (1, 2)]
    for store, content in zip(stores, contents, strict=True):
        store.put_content("/d/file", content)
    rounds = 60 if subject.target.backend is not None else 400
    wrong: list[bytes] = []
    before = Path.cwd()

    def work(store: StorageDriver, content: bytes) -> None:
        for number in range(rounds):
            seen = store.get_content("/d/file")
            if seen != content:
                wrong.append(seen)
            if number % 10 == 0:
                store.put_content("/d/file", content)
                store.list("/d")

    at_once(
        subject,
        [partial(work, store, content) for store, content in zip(stores, contents, strict=True)] * 2,
        "threads that use drivers of two roots",
    )

    expect.equal(wrong, [], "what was read of the other root, or of neither")
    expect.equal(Path.cwd(), before, "the folder that the process is in")


@requirement("CONC-1")
def test_walks_and_streams_are_apart(tree: Tree, subject: Subject) -> None:
    """Walks, readers and writers that are open at once on one driver, each in a thread, don't mix."""
    shared = subject.unrecorded()
    for number in range(10):
        shared.put_content(tree.path(f"d/{number}/file"), content_of(9, number, 5000 + number))
    start = threading.Barrier(THREADS)

    def work(number: int) -> None:
        walk = shared.walk(tree.path("d"))
        writer = shared.writer(tree.path(f"written/{number}"))
        reader = shared.reader(tree.path(f"d/{number}/file"))
        with writer, reader:
            seen, read = [], b""
            for turn in range(20):
                start.wait()
                seen.append(next(walk).path)
                read += reader.read(100)
                writer.write(b"%d %d;" % (number, turn))
            read += reader.read()
            writer.commit()
        walked = [path for digit in range(10) for path in (tree.path(f"d/{digit}"), tree.path(f"d/{digit}/file"))]
        expect.equal(seen, walked, "a walk beside others")
        expect.equal(read, content_of(9, number, 5000 + number), "content by a reader beside others")
        written = b"".join(b"%d %d;" % (number, turn) for turn in range(20))
        expect.equal(shared.get_content(tree.path(f"written/{number}")), written, "what a writer wrote beside others")

    at_once(subject, [partial(work, number) for number in range(THREADS)], "walks and streams at once", start)
