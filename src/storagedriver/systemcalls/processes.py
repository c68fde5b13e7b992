"""Operations of a driver in fresh processes whose system calls are traced, and tampered with."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from storagedriver.driver import StorageDriver
from storagedriver.systemcalls.calls import SystemCall, between, parse
from storagedriver.systemcalls.host import BEGIN, END, Ended, Job
from storagedriver.systemcalls.stores import LocalStore
from storagedriver.systemcalls.tracing import Injection


class TracingError(RuntimeError):
    """No trial could be made: the kit's or the machine's fault, never the driver's."""


@dataclass(frozen=True, slots=True)
class Run:
    """An operation that a process of its own did.

    Attributes:
        returned: What it returned.
        error: What it raised; None if it returned, or did not come so far.
        caused: Whether the exception of what failed is chained to it.
        finished: Whether it returned or raised: a process that was killed did neither.
        hung: Whether it was killed because it took too long.
        descriptors: Files of the store that it left open.
        calls: Its system calls about the store's folder, in their order; none if it was not traced.
        all_calls: All of its system calls.
        met: Whether something was done meanwhile.
        error_meanwhile: What that raised; None if it returned.
    """

    returned: object
    error: Exception | None
    finished: bool
    caused: bool = False
    hung: bool = False
    descriptors: tuple[str, ...] = ()
    calls: tuple[SystemCall, ...] = ()
    all_calls: tuple[SystemCall, ...] = ()
    met: bool = False
    error_meanwhile: Exception | None = None

    @property
    def injected(self) -> SystemCall | None:
        """The call that was tampered with; None if there was none."""
        return next((call for call in self.all_calls if call.injected), None)


def _outcome(pickled: bytes) -> tuple[object, Exception | None, bool]:
    """What an operation returned, what it raised, and whether that had a cause; of one that did not come so far nothing."""
    return pickle.loads(pickled) if pickled else (None, None, False)  # noqa: S301  written by our own process


class Processes:
    """Runs operations, each in a process of its own that a process which has imported the driver forks."""

    def __init__(self, seconds: float = 20) -> None:
        """Start it. Use it as a context manager.

        Args:
            seconds: An operation that takes longer counts as hung.
        """
        self._seconds = seconds
        self._folder = tempfile.TemporaryDirectory(prefix="storagedriver-")
        self._host = subprocess.Popen(
            [sys.executable, "-c", "from storagedriver.systemcalls.host import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        self._send((sys.path, self._folder.name))

    def run(
        self,
        store: LocalStore,
        operation: Callable[[StorageDriver], object],
        *,
        traced: bool = True,
        injection: Injection | None = None,
        whole: bool = False,
        largest_file: int | None = None,
        meanwhile: Callable[[StorageDriver], object] | None = None,
    ) -> Run:
        """Do an operation with a new driver on `store`. What the constructor does is not part of it.

        Args:
            store: The store.
            operation: A function of a module, or what pickles.
            traced: Whether strace looks on.
            injection: What it does to one of the calls.
            whole: Whether the calls tell what is written in full.
            largest_file: Bytes beyond which no file can be written during the operation: what crosses it is written
                short, and what follows fails with EFBIG.
            meanwhile: What another process does, with a driver of its own, while an injection has stopped the operation.

        Raises:
            TracingError: It could not be tried.
        """
        job = Job(
            constructor=store.constructor,
            parameters=store.parameters,
            operation=operation,
            folder=str(store.folder),
            traced=traced,
            injection=injection,
            whole=whole,
            largest_file=largest_file,
            seconds=self._seconds,
            meanwhile=meanwhile,
        )
        # Pickled twice: what can't be unpickled there must not be the end of it.
        self._send(pickle.dumps(job))
        assert self._host.stdout is not None
        try:
            ended: Ended = pickle.load(self._host.stdout)  # noqa: S301  written by our own process
        except EOFError:
            raise TracingError(f"the process that forks the trials ended with {self._host.wait()}") from None
        if ended.failure:
            raise TracingError(f"the driver's process could not be traced: {ended.failure}")
        if not ended.outcome and not ended.hung and ended.status >= 0:
            raise TracingError(f"the driver's process ended with {ended.status} in the middle of the operation")
        returned, error, caused = _outcome(ended.outcome)
        _, error_meanwhile, _ = _outcome(ended.meanwhile)
        calls = between(parse(ended.trace), BEGIN, END)
        return Run(
            returned=returned,
            error=error,
            caused=caused,
            finished=bool(ended.outcome),
            hung=ended.hung,
            descriptors=ended.descriptors,
            calls=tuple(call for call in calls if call.touches(str(store.folder))),
            all_calls=tuple(calls),
            met=bool(ended.meanwhile),
            error_meanwhile=error_meanwhile,
        )

    def _send(self, what: object) -> None:
        assert self._host.stdin is not None
        pickle.dump(what, self._host.stdin)
        self._host.stdin.flush()

    def close(self) -> None:
        """End the process."""
        assert self._host.stdin is not None
        assert self._host.stdout is not None
        self._host.kill()
        self._host.wait()
        self._folder.cleanup()
        self._host.stdout.close()
        # It may have ended with words in the pipe.
        with contextlib.suppress(BrokenPipeError):
            self._host.stdin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
