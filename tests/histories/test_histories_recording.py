"""What a HistoryRecorder makes of calls on a driver."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from storagedriver import BackendError, PathNotFoundError, StorageDriver
from storagedriver.histories import History, HistoryDriver, HistoryRecorder, Kind, Outcome, is_linearizable, joined
from storagedriver.interception import Call, InterceptedDriver, T
from storagedriver_drivers.inmemory import InMemoryDriver


class Failing(InterceptedDriver):
    """Does what it is asked for, and then says that it failed."""

    operation = ""

    def intercept(self, call: Call, proceed: Callable[[], T]) -> T:
        result = proceed()
        if call.operation == self.operation:
            raise BackendError("the answer was lost")
        return result


@pytest.fixture
def recorder() -> HistoryRecorder:
    return HistoryRecorder()


@pytest.fixture
def failing() -> Failing:
    return Failing(InMemoryDriver.from_parameters())


@pytest.fixture
def driver(recorder: HistoryRecorder, failing: Failing) -> HistoryDriver:
    return recorder.wrap(failing)


def told(history: History) -> list[tuple[object, ...]]:
    return [(each.kind, each.outcome, each.argument, each.result) for each in history]


def test_calls_are_operations(driver: StorageDriver, recorder: HistoryRecorder) -> None:
    driver.put_content("/a", bytearray(b"one"))
    driver.get_content("/a")
    driver.stat("/a")
    driver.move("/a", "/b")
    driver.delete("/b")
    with pytest.raises(PathNotFoundError):
        driver.get_content("/b")
    driver.list("/")

    history = recorder.history()
    assert told(history) == [
        (Kind.PUT, Outcome.OK, b"one", None),
        (Kind.GET, Outcome.OK, None, b"one"),
        (Kind.STAT, Outcome.OK, None, 3),
        (Kind.MOVE, Outcome.OK, None, None),
        (Kind.DELETE, Outcome.OK, None, None),
        (Kind.GET, Outcome.ABSENT, None, None),
    ]
    assert history.operations[3].paths == ("/a", "/b")
    assert is_linearizable(history)


def test_streams_are_their_commit(driver: StorageDriver, recorder: HistoryRecorder) -> None:
    """One that continues a file is what it took, and the commit; one that is cancelled is nothing."""
    with driver.writer("/a") as writer:
        writer.write(b"on")
        writer.write(memoryview(b"e"))
        writer.commit()
    with driver.writer("/a", append=True) as writer:
        writer.write(b", two")
        writer.commit()
    driver.writer("/a").cancel()

    history = recorder.history()
    assert told(history) == [
        (Kind.COMMIT, Outcome.OK, b"one", None),
        (Kind.OPEN, Outcome.OK, None, 3),
        (Kind.APPEND, Outcome.OK, b", two", None),
    ]
    opened, committed = history.operations[1:]
    assert opened.stream is not None
    assert opened.stream == committed.stream


def test_reader_is_a_get_if_it_is_read_to_its_end(driver: StorageDriver, recorder: HistoryRecorder) -> None:
    driver.put_content("/a", b"one")
    with driver.reader("/a") as reader:
        assert reader.read() == b"one"
    with driver.reader("/a") as reader:
        assert list(iter(lambda: reader.read(2), b"")) == [b"on", b"e"]
    with driver.reader("/a") as reader:
        reader.read(2)
    with driver.reader("/a", 1) as reader:
        reader.read()
    with pytest.raises(PathNotFoundError):
        driver.reader("/none")

    assert told(recorder.history())[1:] == [
        (Kind.GET, Outcome.OK, None, b"one"),
        (Kind.GET, Outcome.OK, None, b"one"),
        (Kind.GET, Outcome.ABSENT, None, None),
    ]


def test_reader_that_stays_open_is_a_process_of_its_own(driver: StorageDriver, recorder: HistoryRecorder) -> None:
    driver.put_content("/a", b"one")
    with driver.reader("/a") as reader:
        driver.put_content("/a", b"two")
        reader.read()

    history = recorder.history()
    assert len(history.processes) == 2
    assert is_linearizable(history)


def test_write_that_failed_may_have_taken_effect(
    driver: StorageDriver, recorder: HistoryRecorder, failing: Failing
) -> None:
    """Its outcome is unknown, so a later read of it is no error; a read that failed tells nothing."""
    failing.operation = "put_content"
    with pytest.raises(BackendError):
        driver.put_content("/a", b"one")
    failing.operation = "get_content"
    with pytest.raises(BackendError):
        driver.get_content("/a")
    failing.operation = "delete"
    with pytest.raises(BackendError):
        driver.delete("/a")
    failing.operation = ""
    with pytest.raises(PathNotFoundError):
        driver.get_content("/a")

    history = recorder.history()
    assert told(history) == [
        (Kind.PUT, Outcome.UNKNOWN, b"one", None),
        (Kind.DELETE, Outcome.UNKNOWN, None, None),
        (Kind.GET, Outcome.ABSENT, None, None),
    ]
    assert "the answer was lost" in history.operations[0].detail
    assert is_linearizable(history)


def test_write_that_has_not_returned_is_of_unknown_outcome(recorder: HistoryRecorder) -> None:
    begun, going_on = threading.Event(), threading.Event()

    class Waiting(InterceptedDriver):
        def intercept(self, call: Call, proceed: Callable[[], T]) -> T:
            result = proceed()
            begun.set()
            going_on.wait(30)
            return result

    driver = recorder.wrap(Waiting(InMemoryDriver.from_parameters()))
    thread = threading.Thread(target=driver.put_content, args=("/a", b"one"))
    thread.start()
    assert begun.wait(30)
    during = recorder.history()
    going_on.set()
    thread.join()

    assert [(each.outcome, each.responded) for each in during] == [(Outcome.UNKNOWN, None)]
    assert [each.outcome for each in recorder.history()] == [Outcome.OK]


def test_refused_calls_are_left_out(driver: StorageDriver, recorder: HistoryRecorder) -> None:
    driver.put_content("/a", b"one")
    for refused in (
        lambda: driver.put_content("/a/", b""),
        lambda: driver.put_content("/a/below", b""),
        lambda: driver.put_content("/a", "text"),  # type: ignore[arg-type]
        lambda: driver.reader("/a", -1),
    ):
        with pytest.raises((ValueError, TypeError, OSError)):
            refused()

    assert len(recorder.history()) == 1


def test_histories_of_processes_are_joined() -> None:
    histories = []
    for name in ("first", "second"):
        recorder = HistoryRecorder(name)
        driver = recorder.wrap(InMemoryDriver.from_parameters({"store": "joined"}))
        with driver.writer(f"/{name}") as writer:
            writer.commit()
        with driver.writer(f"/{name}", append=True) as writer:
            writer.commit()
        histories.append(recorder.history())

    both = joined(histories)

    assert len(both) == 6
    assert [name.partition(" ")[0] for name in both.processes] == ["first", "second"]
    assert len({each.stream for each in both if each.stream is not None}) == 2
