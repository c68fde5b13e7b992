"""What is between a driver and a library: what it counts, and what each fault does."""

from __future__ import annotations

import threading

import pytest

from storagedriver.wire import Injection, LateAnswer, LibraryAccess, LibraryFault, LibraryProxy, LostAnswer, LostRequest


def timed_out() -> Exception:
    return TimeoutError("no answer")


class Server:
    """Counts what reaches it."""

    def __init__(self) -> None:
        self.asked = 0

    def answer(self) -> int:
        self.asked += 1
        return self.asked


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def proxy() -> LibraryProxy:
    return LibraryProxy()


def test_requests_are_counted_and_called_by_their_kind(proxy: LibraryProxy, server: Server) -> None:
    assert [proxy.between(what, server.answer) for what in ("a read", "a write")] == [1, 2]
    assert [each.label for each in proxy.exchanges] == ["1: a read", "2: a write"]

    proxy.begin()

    proxy.between("a read", server.answer)
    assert [each.label for each in proxy.exchanges] == ["1: a read"]
    assert not proxy.struck.is_set()


@pytest.mark.parametrize(
    ("fault", "reaches"), [(LostRequest("timed out", timed_out), 0), (LostAnswer("timed out", timed_out), 1)]
)
def test_the_request_or_its_answer_is_lost(
    proxy: LibraryProxy, server: Server, fault: LibraryFault, reaches: int
) -> None:
    """One of them; those before and after go through."""
    proxy.begin(Injection(fault=fault, at=2))
    assert proxy.between("a write", server.answer) == 1
    assert not proxy.struck.is_set()

    with pytest.raises(TimeoutError, match="no answer"):
        proxy.between("a write", server.answer)

    assert proxy.struck.is_set()
    assert server.asked == 1 + reaches
    assert proxy.between("a write", server.answer) == 2 + reaches


def test_a_refusal_is_lost_too(proxy: LibraryProxy) -> None:
    def refuse() -> None:
        raise FileNotFoundError("no such object")

    proxy.begin(Injection(fault=LostAnswer("timed out", timed_out)))

    with pytest.raises(TimeoutError):
        proxy.between("a read", refuse)


def test_a_lasting_fault_hits_all_that_follow(proxy: LibraryProxy, server: Server) -> None:
    proxy.begin(Injection(fault=LostRequest("timed out", timed_out), at=2, lasting=True))
    proxy.between("a write", server.answer)

    for _ in range(3):
        with pytest.raises(TimeoutError):
            proxy.between("a write", server.answer)

    assert server.asked == 1


def test_an_answer_is_late_and_the_same(proxy: LibraryProxy, server: Server) -> None:
    proxy.begin(Injection(fault=LateAnswer(seconds=0.01)))

    assert proxy.between("a read", server.answer) == 1


def test_requests_of_many_threads_are_all_counted(proxy: LibraryProxy) -> None:
    threads = [threading.Thread(target=lambda: [proxy.between("a read", int) for _ in range(200)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [each.number for each in proxy.exchanges] == list(range(1, 1601))


def test_at_least_one_failure_is_needed() -> None:
    with pytest.raises(ValueError, match="at least one"):
        LibraryAccess(open=lambda _, __: pytest.fail("not opened"), failures={})
