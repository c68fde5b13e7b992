"""An event loop in a thread of its own, in which other threads have coroutines run and wait for what they return."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import os
import threading
import weakref
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class LoopClosedError(RuntimeError):
    """The loop was closed before, or while, the coroutine ran."""


class ForkedError(RuntimeError):
    """The loop's thread is in the process that this one was forked from."""


class LoopThread:
    """The thread starts with the first call, and ends with close() or when this is forgotten.

    Safe between threads. A bound holds how many coroutines run at once; the others wait for their turn.
    """

    def __init__(self, name: str, limit: int) -> None:
        """No thread yet.

        Args:
            name: Of the thread.
            limit: How many coroutines run at once, at most.
        """
        self._name = name
        self._slots = asyncio.Semaphore(limit)
        # The garbage collector may close a forgotten stream at any moment, of this very thread too.
        self._lock = threading.RLock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._process = os.getpid()
        self._closed = False
        self._stop: weakref.finalize[Any, LoopThread] | None = None

    @property
    def is_here(self) -> bool:
        """Whether this process is the one that made it."""
        return self._process == os.getpid()

    @property
    def is_current(self) -> bool:
        """Whether the caller is the loop's own thread, which must not wait for itself."""
        return threading.current_thread() is self._thread

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` returns or raises.

        An exception of the waiting thread, as KeyboardInterrupt, cancels it and waits for its end; another one then ends the
        waiting.

        Raises:
            LoopClosedError: The loop is closed.
            ForkedError: It is in another process.
            concurrent.futures.CancelledError: The work was cancelled by somebody within the loop.
            RuntimeError: The caller is the loop's own thread, which would wait for itself.
        """
        if self.is_current:
            work.close()
            raise RuntimeError("a blocking call within the event loop that it would wait for")
        return self._wait(*self._begin(work))

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Have `work` run, and wait for nothing; what it raises is dropped. Of a closed loop nothing is asked."""
        try:
            self._begin(work)
        except (LoopClosedError, ForkedError):
            return

    def close(self, last: Coroutine[Any, Any, object]) -> None:
        """Run `last`, cancel what still runs, and end the thread. Closing twice is fine.

        Raises:
            Exception: What `last` raised. The thread has ended all the same.
        """
        try:
            with contextlib.suppress(LoopClosedError, ForkedError):
                self._wait(*self._begin(last, at_once=True))
        finally:
            if self.is_here:
                with self._lock:
                    self._closed = True
                    stop, thread = self._stop, self._thread
                if stop is not None and thread is not None:
                    stop()
                    if not self.is_current:
                        thread.join()

    # --- within

    def _wait(self, outcome: concurrent.futures.Future[T], task: list[asyncio.Task[T]]) -> T:
        try:
            return outcome.result()
        except BaseException:
            if not outcome.done():
                self._cancel(task, outcome)
            raise
        finally:
            # A future holds its exception, and that this frame: neither would go before the garbage collector comes.
            del outcome, task

    def _begin(
        self, work: Coroutine[Any, Any, T], *, at_once: bool = False
    ) -> tuple[concurrent.futures.Future[T], list[asyncio.Task[T]]]:
        """Have `work` run. The task is in the list as soon as the loop has come to it."""
        outcome: concurrent.futures.Future[T] = concurrent.futures.Future()
        task: list[asyncio.Task[T]] = []
        context = contextvars.copy_context()

        def begin() -> None:
            running = work if at_once else _within(self._slots, work)
            task.append(loop.create_task(running, context=context))
            task[0].add_done_callback(ended)

        def ended(done: asyncio.Task[T]) -> None:
            # It never began where the task was cancelled before.
            work.close()
            _tell(done, outcome)

        try:
            if not self.is_here:
                raise ForkedError("the event loop runs in the process that this one was forked from")
            # Under the lock: what is begun before close() is begun before the loop's end.
            with self._lock:
                loop = self._running()
                loop.call_soon_threadsafe(begin)
        except BaseException:
            work.close()
            raise
        return outcome, task

    def _cancel(self, task: list[asyncio.Task[T]], outcome: concurrent.futures.Future[T]) -> None:
        def cancel() -> None:
            task[0].cancel()

        # Closed meanwhile, the loop has cancelled what ran in it.
        with self._lock, contextlib.suppress(RuntimeError):
            self._running().call_soon_threadsafe(cancel)
        concurrent.futures.wait([outcome])

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._closed:
            raise LoopClosedError("the event loop is closed")
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            # A daemon, so that a driver which nobody closed does not keep the process from ending.
            self._thread = threading.Thread(target=_serve, args=(self._loop,), name=self._name, daemon=True)
            self._thread.start()
            self._stop = weakref.finalize(self, _end, self._loop, self._process)
            self._stop.atexit = False
        return self._loop


async def _within(slots: asyncio.Semaphore, work: Coroutine[Any, Any, T]) -> T:
    async with slots:
        return await work


def _tell(done: asyncio.Task[T], outcome: concurrent.futures.Future[T]) -> None:
    if done.cancelled():
        outcome.set_exception(concurrent.futures.CancelledError())
    elif (failure := done.exception()) is not None:
        outcome.set_exception(failure)
    else:
        outcome.set_result(done.result())


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        while running := asyncio.all_tasks(loop):
            for task in running:
                task.cancel()
            loop.run_until_complete(asyncio.wait(running))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _end(loop: asyncio.AbstractEventLoop, process: int) -> None:
    """Have the thread end. It is not waited for: the garbage collector calls this in any thread, at any moment."""
    if process == os.getpid():
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(loop.stop)
