"""Requests that a library makes over a protocol of its own: they are counted and disturbed at the library's calls."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from storagedriver.driver import StorageDriver
from storagedriver.wire.proxy import Injection

T = TypeVar("T")


class Between(Protocol):
    """Stands between a driver and the library of its server: each request goes through it."""

    def __call__(self, what: str, send: Callable[[], T], /) -> T:
        """Let a request go its way, and return its answer.

        Args:
            what: What it is, in a few words, the same each time.
            send: Sends it and waits for its answer.

        Raises:
            Exception: What the library raises, of itself or because something was made to go wrong.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryAccess:
    """What the author of a driver tells whose requests no proxy can read, so that they can be disturbed all the same.

    Attributes:
        open: Makes a driver of its parameters whose requests go through what is given.
        failures: What the library raises where the server cannot be asked, by what it means: {"timed out": ...}. They are
            functions of a module, as processes that are killed need them too.
        parameters: Parameters for drivers whose server is disturbed: short timeouts and few retries.
        seconds: The declared timeout: with these parameters each call ends within this time, whatever the server does
            (FAULT-2).
    """

    open: Callable[[Mapping[str, Any], Between], StorageDriver]
    failures: Mapping[str, Callable[[], Exception]]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 60.0

    def __post_init__(self) -> None:
        if not self.failures:
            raise ValueError("failures names at least one error")

    def lost_requests(self) -> list[LibraryFault]:
        """A fault for each failure: the server sees nothing of the request."""
        return [LostRequest(what, failure) for what, failure in self.failures.items()]

    def lost_answers(self) -> list[LibraryFault]:
        """A fault for each failure: the server has done what was asked, and nobody is told."""
        return [LostAnswer(what, failure) for what, failure in self.failures.items()]


@dataclass(frozen=True, slots=True)
class LibraryCall:
    """A request that was made.

    Attributes:
        number: Its number since counting began, from 1 on.
        what: What it is.
    """

    number: int
    what: str

    @property
    def label(self) -> str:
        """Number and kind: "3: a write"."""
        return f"{self.number}: {self.what}"


class LibraryFault(Protocol):
    """Something that goes wrong with one request."""

    @property
    def condition(self) -> str:
        """What goes wrong, in a few words, as reports name it."""
        ...

    def hits(self, exchange: LibraryCall) -> bool:
        """Whether it makes a difference to a request that went through undisturbed."""
        ...

    def make(self, send: Callable[[], T]) -> T:
        """Let the request go its way, but for what goes wrong."""
        ...


@dataclass(frozen=True, slots=True)
class LostRequest:
    """The server sees nothing of the request, and the library says that it failed."""

    what: str
    failure: Callable[[], Exception]

    @property
    def condition(self) -> str:
        return f"request lost: {self.what}"

    def hits(self, exchange: LibraryCall) -> bool:  # noqa: ARG002
        return True

    def make(self, send: Callable[[], T]) -> T:  # noqa: ARG002
        raise self.failure()


@dataclass(frozen=True, slots=True)
class LostAnswer:
    """The server has done what was asked, and the library says that it failed."""

    what: str
    failure: Callable[[], Exception]

    @property
    def condition(self) -> str:
        return f"answer lost: {self.what}"

    def hits(self, exchange: LibraryCall) -> bool:  # noqa: ARG002
        return True

    def make(self, send: Callable[[], T]) -> T:
        # A refusal is an answer too.
        with contextlib.suppress(Exception):
            send()
        raise self.failure()


@dataclass(frozen=True, slots=True)
class LateAnswer:
    """The answer comes late.

    Attributes:
        seconds: How late.
    """

    seconds: float = 0.3
    condition: str = "slow answer"

    def hits(self, exchange: LibraryCall) -> bool:  # noqa: ARG002
        return True

    def make(self, send: Callable[[], T]) -> T:
        answer = send()
        time.sleep(self.seconds)
        return answer


@dataclass(frozen=True, slots=True)
class Killed:
    """The driver's process is killed before the request, or after the server has done it.

    Attributes:
        after: Whether the server has done it.
    """

    after: bool = False

    @property
    def condition(self) -> str:
        return "killed after a request" if self.after else "killed before a request"

    def hits(self, exchange: LibraryCall) -> bool:  # noqa: ARG002
        return True

    def make(self, send: Callable[[], T]) -> T:
        if self.after:
            with contextlib.suppress(Exception):
                send()
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("unreachable")


class LibraryProxy:
    """Counts the requests that go through between(), and lets the k-th of them go wrong. Safe between threads.

    Attributes:
        struck: Set once a request was hit.
        injection: What is to go wrong; None for nothing.
    """

    def __init__(self) -> None:
        self.struck = threading.Event()
        self.injection: Injection[LibraryFault] | None = None
        self._lock = threading.Lock()
        self._calls: list[LibraryCall] = []

    @property
    def exchanges(self) -> list[LibraryCall]:
        """The requests since begin(), in their order."""
        with self._lock:
            return list(self._calls)

    def begin(self, injection: Injection[LibraryFault] | None = None) -> None:
        """Count from 1 again, and let `injection` happen, or nothing."""
        with self._lock:
            self.injection = injection
            self._calls.clear()
            self.struck.clear()

    def between(self, what: str, send: Callable[[], T], /) -> T:
        """See Between."""
        with self._lock:
            call = LibraryCall(len(self._calls) + 1, what)
            self._calls.append(call)
            injection = self.injection
            if injection is None or not injection.hits(call.number):
                injection = None
            else:
                self.struck.set()
        return send() if injection is None else injection.fault.make(send)


def open_disturbed(
    access: LibraryAccess, injection: Injection[LibraryFault], parameters: Mapping[str, Any]
) -> StorageDriver:
    """A driver whose requests `injection` hits, counted from its first on: what another process opens."""
    proxy = LibraryProxy()
    proxy.begin(injection)
    return access.open(parameters, proxy.between)
