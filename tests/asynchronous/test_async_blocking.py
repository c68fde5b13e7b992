"""An asynchronous driver behind the blocking interface: its thread, and how calls end there."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import multiprocessing
import pickle
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator

import pytest

from asynchronous.dictionary_driver import DictionaryDriver, DictionaryParameters, make
from storagedriver import (
    BackendError,
    Capabilities,
    FileInfo,
    ParameterError,
    PathNotFoundError,
    UnsupportedMethodError,
)
from storagedriver.asynchronous import BlockingDriver

DEADLINE = 20.0


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it holds before the deadline."""
    end = time.monotonic() + DEADLINE
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()


class GatedDriver(DictionaryDriver):
    """Whose calls wait until a gate is opened. It tells how many wait at once, and which were cancelled."""

    def __init__(self, parameters: DictionaryParameters) -> None:
        super().__init__(parameters)
        self.gate = threading.Event()
        self.waiting = 0
        self.most = 0
        self.cancelled = 0

    async def others_run(self) -> None:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        try:
            while not self.gate.is_set():  # noqa: ASYNC110  opened by another thread
                await asyncio.sleep(0.005)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.waiting -= 1


@pytest.fixture
def inner(request: pytest.FixtureRequest) -> GatedDriver:
    driver = GatedDriver(DictionaryParameters(store=request.node.name))
    driver.files.clear()
    return driver


@pytest.fixture
def driver(inner: GatedDriver) -> Iterator[BlockingDriver]:
    with BlockingDriver(inner, limit=3) as made:
        yield made


def in_threads(count: int, act: Callable[[], object]) -> list[threading.Thread]:
    threads = [threading.Thread(target=act, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(DEADLINE)
        assert not thread.is_alive()


def loop_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "storagedriver dictionary"]


def test_calls_of_many_threads_run_at_once_up_to_the_bound(driver: BlockingDriver, inner: GatedDriver) -> None:
    threads = in_threads(8, lambda: driver.put_content("/a", b"a"))
    assert eventually(lambda: inner.waiting == 3)
    inner.gate.set()
    join(threads)

    assert inner.most == 3
    assert driver.get_content("/a") == b"a"


def test_thread_starts_with_the_first_call_and_ends_with_close(inner: GatedDriver) -> None:
    inner.gate.set()
    before = len(loop_threads())
    driver = BlockingDriver(inner)
    assert len(loop_threads()) == before
    driver.put_content("/a", b"a")
    assert len(loop_threads()) == before + 1

    driver.close()
    driver.close()

    assert len(loop_threads()) == before
    assert inner.is_closed


def test_driver_that_was_never_called_is_closed_too(inner: GatedDriver) -> None:
    BlockingDriver(inner).close()

    assert inner.is_closed


def test_calls_after_close_fail(driver: BlockingDriver) -> None:
    driver.close()

    with pytest.raises(BackendError, match="closed") as caught:
        driver.get_content("/a")
    assert (caught.value.driver_name, caught.value.path) == ("dictionary", "/a")


def test_call_that_runs_while_the_driver_is_closed_ends_with_an_error(
    driver: BlockingDriver, inner: GatedDriver
) -> None:
    failures: list[BaseException] = []

    def call() -> None:
        try:
            driver.get_content("/a")
        except BackendError as error:
            failures.append(error)

    threads = in_threads(1, call)
    assert eventually(lambda: inner.waiting == 1)
    driver.close()
    join(threads)

    assert len(failures) == 1
    assert inner.cancelled == 1


def test_failure_of_the_drivers_close_ends_the_thread_all_the_same(
    driver: BlockingDriver, inner: GatedDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise BackendError("still in use")

    inner.gate.set()
    driver.put_content("/a", b"a")
    monkeypatch.setattr(inner, "close", fail)

    with pytest.raises(BackendError, match="still in use"):
        driver.close()
    assert not loop_threads()


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT interrupts the main thread, also where this process was begun in the background, by a shell that ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_interrupt_cancels_the_call_and_waits_for_its_end(driver: BlockingDriver, inner: GatedDriver) -> None:
    def interrupt() -> None:
        assert eventually(lambda: inner.waiting == 1)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        driver.get_content("/a")

    assert (inner.waiting, inner.cancelled) == (0, 1)


@pytest.mark.usefixtures("interruptible")
def test_interrupted_put_is_carried_to_its_end(driver: BlockingDriver, inner: GatedDriver) -> None:
    """What was begun may not go on in the background and overtake what the caller does next."""

    def interrupt() -> None:
        assert eventually(lambda: inner.waiting == 1)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        time.sleep(0.05)
        inner.gate.set()

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        driver.put_content("/a", b"a")

    assert driver.get_content("/a") == b"a"
    assert not inner.cancelled


def test_cancellation_within_the_loop_is_an_error_of_the_driver(
    driver: BlockingDriver, inner: GatedDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A blocking caller never sees CancelledError, which no `except Exception` catches."""

    async def cancelled(path: str) -> FileInfo:
        raise asyncio.CancelledError

    monkeypatch.setattr(inner, "_stat", cancelled)

    with pytest.raises(BackendError, match="cancelled"):
        driver.stat("/a")


def test_call_from_within_the_loop_is_refused(driver: BlockingDriver, inner: GatedDriver) -> None:
    """It would wait for itself for ever."""
    inner.gate.set()

    async def calls_itself(path: str) -> FileInfo:
        return driver.stat(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inner, "_stat", calls_itself)
        with pytest.raises(RuntimeError, match="event loop"):
            driver.stat("/a")


def test_forgotten_readers_are_closed(
    driver: BlockingDriver, inner: GatedDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without waiting: the garbage collector runs in any thread, the loop's too."""
    inner.gate.set()
    driver.put_content("/a", b"content")
    closed: list[object] = []

    class Source:
        async def read(self, size: int, /) -> bytes:
            return b"x" * size

        async def close(self) -> None:
            closed.append(self)

    async def opened(path: str, offset: int) -> Source:
        return Source()

    monkeypatch.setattr(inner, "_reader", opened)
    reader = driver.reader("/a")
    assert reader.read(1) == b"x"
    del reader
    gc.collect()

    assert eventually(lambda: len(closed) == 1)


def test_forgotten_driver_leaves_no_thread(inner: GatedDriver) -> None:
    inner.gate.set()
    driver = BlockingDriver(inner)
    driver.put_content("/a", b"a")
    gone = weakref.ref(driver)
    del driver
    gc.collect()

    assert gone() is None
    assert eventually(lambda: not loop_threads())


def _use_after_fork(driver: BlockingDriver, told: multiprocessing.Queue[str]) -> None:
    try:
        driver.get_content("/a")
    except UnsupportedMethodError as error:
        told.put(str(error))
    driver.close()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # that it has threads is what is tried
def test_forked_child_is_told(driver: BlockingDriver, inner: GatedDriver) -> None:
    """The loop runs in the parent: the child would wait for ever. The parent goes on."""
    inner.gate.set()
    driver.put_content("/a", b"a")
    processes = multiprocessing.get_context("fork")
    told: multiprocessing.Queue[str] = processes.Queue()
    child = processes.Process(target=_use_after_fork, args=(driver, told))
    child.start()
    child.join(DEADLINE)

    assert child.exitcode == 0
    assert "after a fork" in told.get(timeout=DEADLINE)
    assert driver.get_content("/a") == b"a"
    assert not driver.capabilities.fork_safe


def test_constructor_pickles() -> None:
    """As spawned processes need it (CONC-4)."""
    copied = pickle.loads(pickle.dumps(make))

    with copied({"store": "pickled"}) as driver:
        assert driver.name == "dictionary"


def test_wrong_parameters_and_bounds_are_refused(inner: GatedDriver) -> None:
    with pytest.raises(ParameterError, match="unknown"):
        make({"stor": "x"})
    with pytest.raises(ParameterError, match="limit"):
        BlockingDriver(inner, limit=0)


def test_context_of_the_caller_is_seen(
    driver: BlockingDriver, inner: GatedDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that spans of the driver's library are children of the caller's."""
    span: contextvars.ContextVar[str] = contextvars.ContextVar("span", default="none")
    seen: list[str] = []

    async def look(path: str) -> bytes:
        seen.append(span.get())
        raise PathNotFoundError

    monkeypatch.setattr(inner, "_get_content", look)
    span.set("the caller's")
    with pytest.raises(PathNotFoundError):
        driver.get_content("/a")

    assert seen == ["the caller's"]


def test_capabilities_are_those_of_the_driver_but_for_forks(driver: BlockingDriver, inner: GatedDriver) -> None:
    declared: Capabilities = inner.capabilities
    assert declared.fork_safe
    assert driver.capabilities.append is declared.append
    assert driver.capabilities.limits == declared.limits
