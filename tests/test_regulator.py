"""The regulator: a bound that holds, is given back, and never hangs."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, TypeVar

import pytest

from storagedriver import ParameterError, PathNotFoundError, StorageDriver
from storagedriver.interception import Call, InterceptedDriver
from storagedriver.regulator import Regulator
from storagedriver_drivers.inmemory import InMemoryDriver

T = TypeVar("T")
DEADLINE = 30.0


class Gauge(InterceptedDriver):
    """Counts how many calls are in it at once, and holds those to `stat` until `full` of them are."""

    def __init__(self, inner: StorageDriver, full: int = 1) -> None:
        super().__init__(inner)
        self.most = self.now = 0
        self._lock = threading.Lock()
        self._together = threading.Barrier(full)

    def intercept(self, call: Call, proceed: Callable[[], T]) -> T:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            if call.operation == "stat":
                self._together.wait(DEADLINE)
            return proceed()
        finally:
            with self._lock:
                self.now -= 1


@pytest.fixture
def inner() -> StorageDriver:
    driver = InMemoryDriver.from_parameters()
    driver.put_content("/a", b"content")
    return driver


def in_thread(call: Callable[[], T]) -> T:
    """What `call` returns in a thread of its own; a hang fails the test instead of the run."""
    result: list[T] = []
    thread = threading.Thread(target=lambda: result.append(call()), daemon=True)
    thread.start()
    thread.join(DEADLINE)
    assert not thread.is_alive(), "the call hangs"
    return result[0]


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_limit_is_used_and_never_passed(inner: StorageDriver, limit: int) -> None:
    # stat returns only when `limit` calls are inside, so the bound is neither lower nor higher.
    gauge = Gauge(inner, full=limit)
    driver = Regulator(gauge, limit)

    with ThreadPoolExecutor(limit * 4) as pool:
        done, pending = wait([pool.submit(driver.stat, "/a") for _ in range(limit * 8)], timeout=DEADLINE)

    assert not pending
    assert all(future.result().size == 7 for future in done)
    assert gauge.most == limit


@pytest.mark.parametrize("limit", [1, 3])
def test_no_wake_up_is_lost(inner: StorageDriver, limit: int) -> None:
    driver = Regulator(inner, limit)
    calls = limit + 50
    start = threading.Barrier(calls)

    def call() -> int:
        start.wait(DEADLINE)
        return driver.stat("/a").size

    with ThreadPoolExecutor(calls) as pool:
        for _ in range(50):
            done, pending = wait([pool.submit(call) for _ in range(calls)], timeout=DEADLINE)
            assert not pending
            assert {future.result() for future in done} == {7}


def test_open_streams_hold_no_slot(inner: StorageDriver) -> None:
    driver = Regulator(inner, 2)
    readers = [driver.reader("/a") for _ in range(5)]
    writers = [driver.writer(f"/w{number}") for number in range(5)]
    walks = [driver.walk("/") for _ in range(5)]
    assert [next(walk).path for walk in walks] == ["/a"] * 5
    assert [reader.read(1) for reader in readers] == [b"c"] * 5
    assert [writer.write(b"x") for writer in writers] == [1] * 5

    assert in_thread(lambda: driver.stat("/a").size) == 7

    opened: list[Any] = [*readers, *writers, *walks]
    for stream in opened:
        stream.close()


@pytest.mark.parametrize(
    "failing",
    [
        lambda driver: driver.get_content("/absent"),
        lambda driver: driver.stat("/absent"),
        lambda driver: driver.list("/absent"),
        lambda driver: driver.reader("/absent"),
        lambda driver: driver.writer("/absent", append=True),
        lambda driver: driver.delete("/absent"),
        lambda driver: driver.move("/absent", "/b"),
        lambda driver: driver.walk("/absent"),
    ],
    ids=["get_content", "stat", "list", "reader", "writer", "delete", "move", "walk"],
)
def test_a_failing_call_gives_its_slot_back(inner: StorageDriver, failing: Callable[[StorageDriver], Any]) -> None:
    driver = Regulator(inner, 1)

    for _ in range(3):
        with pytest.raises(PathNotFoundError):
            failing(driver)

    assert in_thread(lambda: driver.get_content("/a")) == b"content"


def test_end_of_a_walk_gives_its_slot_back(inner: StorageDriver) -> None:
    driver = Regulator(inner, 1)

    assert [info.path for info in driver.walk("/")] == ["/a"]
    assert in_thread(lambda: driver.stat("/a").size) == 7


def test_writer_fed_by_a_reader_of_the_same_driver(inner: StorageDriver) -> None:
    driver = Regulator(inner, 1)

    def copy() -> bytes:
        with driver.reader("/a") as reader, driver.writer("/copy") as writer:
            while piece := reader.read(2):
                writer.write(piece)
            writer.commit()
        return driver.get_content("/copy")

    assert in_thread(copy) == b"content"


def test_call_within_a_call_of_the_same_thread(inner: StorageDriver) -> None:
    class Nested(InterceptedDriver):
        def intercept(self, call: Call, proceed: Callable[[], T]) -> T:
            if call.operation == "get_content":
                driver.stat("/a")
            return proceed()

    driver = Regulator(Nested(inner), 1)

    assert in_thread(lambda: driver.get_content("/a")) == b"content"
    # The inner call did not give back the slot of the outer one, nor keep one.
    assert in_thread(lambda: driver.get_content("/a")) == b"content"


def test_forgotten_reader_is_closed_within_a_call(inner: StorageDriver) -> None:
    forgotten: list[Any] = []

    class Forgetting(InterceptedDriver):
        def intercept(self, call: Call, proceed: Callable[[], T]) -> T:
            if call.operation == "stat":
                forgotten.clear()
            return proceed()

    driver = Regulator(Forgetting(inner), 1)
    forgotten.append(driver.reader("/a"))

    assert in_thread(lambda: driver.stat("/a").size) == 7


@pytest.mark.parametrize("limit", [0, -1, -(2**63), True, 1.5, "3", None])
def test_bad_limit(inner: StorageDriver, limit: Any) -> None:
    with pytest.raises(ParameterError) as caught:
        Regulator(inner, limit)

    assert caught.value.parameter == "limit"
    assert caught.value.driver_name == "inmemory"


@pytest.mark.parametrize("limit", [1, 2, 2**31, 2**64])
def test_good_limit(inner: StorageDriver, limit: int) -> None:
    assert Regulator(inner, limit).get_content("/a") == b"content"


def test_it_is_the_driver_otherwise(inner: StorageDriver) -> None:
    driver = Regulator(inner, 1)

    assert driver.name == inner.name
    assert driver.capabilities == inner.capabilities
