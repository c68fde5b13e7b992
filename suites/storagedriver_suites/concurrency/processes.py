"""Doing a workload by several processes: each with a driver of its own, or all with one that was made before a fork."""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from storagedriver import StorageDriver
from storagedriver.histories import History, HistoryRecorder, joined
from storagedriver.testing import ContractViolation, Subject
from storagedriver_suites.behaviour.streams import together, write_stream
from storagedriver_suites.concurrency.workloads import Step, perform

R = TypeVar("R")

OLD = bytes(range(256)) * 2000
"""What is read while its reader's process is forked."""

CONTINUED = b"staged and ended"
"""What a stream that is continued before a fork commits after it."""

START_SECONDS = 60
"""How long processes may take to start."""

HANG_SECONDS = 10
"""After this time a forked child counts as hung."""


def run_processes(subject: Subject, work: Sequence[Sequence[Step]]) -> History:
    """The history of each worker's steps, made by a process each, which all begin at once (needs shared)."""
    histories: list[History] = []
    with socket.create_server(("127.0.0.1", 0), backlog=len(work)) as meeting:
        meeting.settimeout(START_SECONDS)
        port = meeting.getsockname()[1]

        def start() -> None:
            with contextlib.ExitStack() as arrived:
                for _ in work:
                    # Each waits for this end to be closed.
                    arrived.enter_context(meeting.accept()[0])

        def run(number: int) -> None:
            histories.append(subject.elsewhere(work_elsewhere, port, f"process {number + 1}", list(work[number])))

        runs: list[Callable[[], None]] = [partial(run, number) for number in range(len(work))]
        together([start, *runs], "random work of several processes")
    return joined(histories)


def work_elsewhere(driver: StorageDriver, port: int, name: str, steps: Sequence[Step]) -> History:
    """Wait until all are there, make the steps, and return their history: what each process does."""
    recorder = HistoryRecorder(name)
    recorded = recorder.wrap(driver)
    with socket.create_connection(("127.0.0.1", port), START_SECONDS) as meeting:
        meeting.recv(1)
    for step in steps:
        perform(recorded, step)
    return recorder.history()


def work_in_forks(driver: StorageDriver, work: Sequence[Sequence[Step]]) -> History:
    """The joined histories of forked children that all use `driver`, which this process used before."""
    started, start = os.pipe()

    def run(number: int) -> History:
        os.close(start)
        os.read(started, 1)
        recorder = HistoryRecorder(f"fork {number + 1}")
        recorded = recorder.wrap(driver)
        for step in work[number]:
            perform(recorded, step)
        return recorder.history()

    children = [Child(partial(run, number)) for number in range(len(work))]
    os.close(started)
    os.close(start)
    return joined([child.result() for child in children])


class Child:
    """A forked child that runs one function."""

    def __init__(self, function: Callable[[], object]) -> None:
        """Fork; the child is killed if it takes longer than HANG_SECONDS."""
        self._from_child, to_parent = os.pipe()
        self._pid = os.fork()
        if self._pid:
            os.close(to_parent)
            return
        status = 1
        try:
            # What hangs does so in a lock, perhaps, that no exception can leave: only a signal ends it for sure.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(HANG_SECONDS)
            outcome: tuple[object, BaseException | None]
            try:
                outcome = function(), None
            except Exception as error:  # noqa: BLE001  handed to the parent
                outcome = None, error
            with os.fdopen(to_parent, "wb") as stream:
                stream.write(pickle.dumps(outcome))
            status = 0
        finally:
            os._exit(status)

    def result(self) -> History:
        """What its function returned.

        Raises:
            ContractViolation: It hung, or died.
            Exception: What its function raised.
        """
        with os.fdopen(self._from_child, "rb") as stream:
            sent = stream.read()
        _, status = os.waitpid(self._pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == -signal.SIGALRM:
            raise ContractViolation(
                "a driver in a forked child", expected=f"it works within {HANG_SECONDS} s", seen="it hangs"
            )
        if code != 0 or not sent:
            raise ContractViolation(
                "a driver in a forked child", expected="it works", seen=f"the child ended with {code}"
            )
        returned, error = pickle.loads(sent)  # noqa: S301  written by our own child
        if error is not None:
            raise error
        result: History = returned
        return result


def fork_with_open_streams(driver: StorageDriver, directory: str) -> tuple[bytes, bytes, bytes]:
    """Fork while streams are open, of which the child lets go; what the parent's then read, and commit: new and continued."""
    resumed = driver.capabilities.resumable_writes
    driver.put_content(f"{directory}/read", OLD)
    if resumed:
        with driver.writer(f"{directory}/continued") as staging:
            staging.write(b"staged")
    # In a list alone, so that a child that empties it has no name for them left.
    writers = [driver.writer(f"{directory}/new")]
    writers[0].write(b"begun")
    if resumed:
        writers.append(driver.writer(f"{directory}/continued", append=True))
    readers = [driver.reader(f"{directory}/read")]
    read = readers[0].read(1000)

    def let_go() -> None:
        writers.clear()
        readers.clear()
        gc.collect()

    Child(let_go).result()

    for writer in writers:
        with writer:
            writer.write(b" and ended")
            writer.commit()
    with readers[0]:
        read += readers[0].read()
    continued = driver.get_content(f"{directory}/continued") if resumed else CONTINUED
    return read, driver.get_content(f"{directory}/new"), continued


def fork_and_write_alike(
    driver: StorageDriver, directory: str, names: tuple[str, str], turns: int
) -> list[list[bytes]]:
    """Write streams beside those of a forked child, piece by piece in turn; what then is at both names, by turns.

    What is drawn or counted in a driver before a fork is the same in both processes after it.
    """
    driver.put_content(f"{directory}/first", b"first")
    write_stream(driver, f"{directory}/second", [b"second"])
    mine, its = socket.socketpair()

    def write(who: bytes, name: str, meeting: socket.socket, other: socket.socket) -> None:
        other.close()
        meeting.settimeout(HANG_SECONDS)
        with meeting:
            for turn in range(turns):
                with driver.writer(f"{directory}/{name}-{turn}") as writer:
                    for piece in (b"begun by ", who):
                        writer.write(piece)
                        meeting.sendall(b"1")
                        if not meeting.recv(1):
                            return  # The other process has ended, which is told by itself.
                    writer.commit()

    child = Child(partial(write, b"a child", names[1], its, mine))
    try:
        write(b"its parent", names[0], mine, its)
    finally:
        child.result()
    return [[driver.get_content(f"{directory}/{name}-{turn}") for name in names] for turn in range(turns)]


def fork_while_used(driver: StorageDriver, directory: str, forks: int) -> None:
    """Fork while other threads are in the middle of calls; each child uses the driver, and so do the threads on."""
    over = threading.Event()

    def use(number: int) -> None:
        path = f"{directory}/thread-{number}"
        while not over.is_set():
            driver.put_content(path, b"content")
            driver.get_content(path)
            driver.list(directory)

    def child(number: int) -> None:
        path = f"{directory}/fork-{number}"
        with driver.writer(path) as writer:
            writer.write(b"forked")
            writer.commit()
        driver.get_content(path)
        driver.list(directory)
        driver.delete(path)

    driver.put_content(f"{directory}/first", b"first")
    threads = [threading.Thread(target=use, args=(number,), daemon=True) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        for number in range(forks):
            Child(partial(child, number)).result()
    finally:
        over.set()
        deadline = time.monotonic() + HANG_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
