"""An asynchronous driver as a StorageDriver: for callers that block, and for the suites, which judge it like any other."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import io
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

from storagedriver.asynchronous.driver import AsyncFileWriter, AsyncReader, AsyncStorageDriver
from storagedriver.asynchronous.loop_thread import ForkedError, LoopClosedError, LoopThread
from storagedriver.asynchronous.walk import AsyncWalk
from storagedriver.content_stream import ContentStream
from storagedriver.driver import Capabilities, FileInfo, FileWriter, StorageDriver
from storagedriver.errors import BackendError, ParameterError, UnsupportedMethodError
from storagedriver.walk import Walk

if TYPE_CHECKING:
    from typing_extensions import Buffer

T = TypeVar("T")

CALLS_AT_ONCE = 64
"""How many calls of one driver run at once, unless its maker says otherwise."""

_BUFFER = 1 << 16
"""Bytes that a reader asks for at once when the caller asks for less."""


class BlockingDriver(StorageDriver):
    """Runs each call in an event loop that has a thread of its own, and waits for it. Safe between threads (CONC-1).

    The thread starts with the first call, and close() ends it. A driver that was used does not survive a fork: in the child
    its calls raise UnsupportedMethodError (CONC-4), whatever the asynchronous one declares.
    """

    def __init__(self, driver: AsyncStorageDriver, limit: int = CALLS_AT_ONCE) -> None:
        """Take over `driver`, which nobody else then uses: it belongs to the loop.

        Args:
            driver: The asynchronous driver.
            limit: The number of calls that run at once, at least 1; the others wait. Open streams count in none.

        Raises:
            ParameterError: `limit` is below 1.
        """
        if limit < 1:
            raise ParameterError("at least 1 call at once is needed", parameter="limit", driver_name=driver.name)
        self.inner = driver
        self._loop = LoopThread(f"storagedriver {driver.name}", limit)

    @property
    def name(self) -> str:  # type: ignore[override]  # the inner driver's
        return self.inner.name

    @property
    def capabilities(self) -> Capabilities:
        return dataclasses.replace(self.inner.capabilities, fork_safe=False)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} around {self.inner!r}>"

    # --- calls

    def _run(self, path: str | None, work: Coroutine[Any, Any, T]) -> T:
        with self._explained(path):
            return self._loop.run(work)

    @contextlib.contextmanager
    def _explained(self, path: str | None) -> Iterator[None]:
        try:
            yield
        except ForkedError as error:
            detail = "use after a fork; make another driver in each process"
            raise UnsupportedMethodError(detail).located(self.name, path) from error
        except LoopClosedError as error:
            raise BackendError("the driver is closed").located(self.name, path) from error
        except concurrent.futures.CancelledError as error:
            # As an error of the driver: callers that block know of no cancellation.
            raise BackendError("the call was cancelled in the event loop").located(self.name, path) from error

    def get_content(self, path: str) -> bytes:
        return self._run(path, self.inner.get_content(path))

    def put_content(self, path: str, content: Buffer) -> None:
        self._run(path, self.inner.put_content(path, content))

    def reader(self, path: str, offset: int = 0) -> BinaryIO:
        source = self._run(path, self.inner.reader(path, offset))
        return cast("BinaryIO", io.BufferedReader(_BlockingStream(self, path, source), _BUFFER))

    def writer(self, path: str, append: bool = False) -> FileWriter:
        return _BlockingWriter(self, path, self._run(path, self.inner.writer(path, append)))

    def stat(self, path: str) -> FileInfo:
        return self._run(path, self.inner.stat(path))

    def list(self, path: str) -> Sequence[str]:
        return self._run(path, self.inner.list(path))

    def move(self, source: str, dest: str) -> None:
        self._run(source, self.inner.move(source, dest))

    def delete(self, path: str) -> None:
        self._run(path, self.inner.delete(path))

    def redirect_url(self, path: str, *, method: str = "GET", expires: float | None = None) -> str | None:
        return self._run(path, self.inner.redirect_url(path, method=method, expires=expires))

    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        return _BlockingWalk(self, path, self._run(path, self.inner.walk(path, start_after=start_after)))

    def close(self) -> None:
        with self._explained(None):
            self._loop.close(self.inner.close())


class _BlockingStream(ContentStream):
    """An AsyncReader as a raw stream."""

    def __init__(self, driver: BlockingDriver, path: str, source: AsyncReader) -> None:
        super().__init__(driver.name, path)
        self._driver = driver
        self._source = source
        self._is_forgotten = False

    def _fetch(self, size: int) -> bytes:
        return self._driver._run(self._path, self._source.read(size))  # noqa: SLF001  its own stream

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        loop = self._driver._loop  # noqa: SLF001  its own stream
        if self._is_forgotten or loop.is_current:
            loop.start(self._source.close())
        else:
            with self._driver._explained(self._path), contextlib.suppress(ForkedError, LoopClosedError):  # noqa: SLF001
                loop.run(self._source.close())

    def __del__(self) -> None:
        # The garbage collector runs in any thread, at any moment: it must not wait for a loop that may wait for it.
        self._is_forgotten = True
        super().__del__()


class _BlockingWriter(FileWriter):
    def __init__(self, driver: BlockingDriver, path: str, inner: AsyncFileWriter) -> None:
        self._driver = driver
        self._path = path
        self._inner = inner

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._driver._run(self._path, work)  # noqa: SLF001  its own stream

    @property
    def size(self) -> int:
        return self._inner.size

    def write(self, data: Buffer, /) -> int:
        return self._run(self._inner.write(data))

    def commit(self) -> None:
        self._run(self._inner.commit())

    def cancel(self) -> None:
        self._run(self._inner.cancel())

    def close(self) -> None:
        self._run(self._inner.close())


class _BlockingWalk(Walk):
    def __init__(self, driver: BlockingDriver, path: str, inner: AsyncWalk) -> None:
        self._driver = driver
        self._path = path
        self._inner = inner

    def __next__(self) -> FileInfo:
        async def step() -> FileInfo | None:
            return await anext(self._inner, None)

        info = self._driver._run(self._path, step())  # noqa: SLF001  its own walk
        if info is None:
            raise StopIteration
        return info

    def prune(self) -> None:
        self._inner.prune()

    def close(self) -> None:
        self._driver._run(self._path, self._inner.close())  # noqa: SLF001  its own walk


@dataclass(frozen=True, slots=True)
class Blocking:
    """The constructor to register for an asynchronous driver: makes it, and a BlockingDriver around it. It pickles.

    Attributes:
        constructor: Makes the asynchronous driver of its parameters, as `AsyncBaseDriver.from_parameters`.
        limit: The number of calls that run at once.
    """

    constructor: Callable[[Mapping[str, Any]], AsyncStorageDriver]
    limit: int = CALLS_AT_ONCE

    @property
    def __self__(self) -> object:
        """The class of the asynchronous driver, as a bound method tells it: there its model of parameters is found."""
        owner: object = self.constructor.__self__  # type: ignore[attr-defined]  # of a function: AttributeError, as it should
        return owner

    def __call__(self, parameters: Mapping[str, Any] | None = None) -> BlockingDriver:
        """The driver of these parameters.

        Raises:
            ParameterError: A parameter is wrong.
        """
        return BlockingDriver(self.constructor({} if parameters is None else parameters), self.limit)
