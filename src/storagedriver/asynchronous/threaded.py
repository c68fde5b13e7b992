"""A StorageDriver in asynchronous code: each call in a thread, so that the event loop goes on meanwhile."""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from storagedriver import factory
from storagedriver.asynchronous.blocking import Blocking
from storagedriver.asynchronous.cancellation import settled
from storagedriver.asynchronous.driver import AsyncFileWriter, AsyncReader, AsyncStorageDriver
from storagedriver.asynchronous.walk import AsyncWalk
from storagedriver.driver import Capabilities, FileInfo, FileWriter, StorageDriver
from storagedriver.errors import ParameterError
from storagedriver.walk import Walk

if TYPE_CHECKING:
    from typing_extensions import Buffer

T = TypeVar("T")

THREADS = 16
"""How many threads a driver has at most, unless its maker says otherwise."""

_PIECE = 1 << 16


class ThreadedDriver(AsyncStorageDriver):
    """Runs each call of a StorageDriver in one of a few threads of its own.

    A thread cannot be interrupted: a task that is cancelled within a call waits for its end, also of one that only reads.
    """

    def __init__(self, driver: StorageDriver, threads: int = THREADS) -> None:
        """Make `driver` awaitable.

        Args:
            driver: The driver; close() closes it.
            threads: The number of calls that run at once, at least 1; the others wait. Open streams hold none.

        Raises:
            ParameterError: `threads` is below 1.
        """
        if threads < 1:
            raise ParameterError("at least 1 thread is needed", parameter="threads", driver_name=driver.name)
        self.inner = driver
        self._threads = ThreadPoolExecutor(threads, f"storagedriver {driver.name}")

    @property
    def name(self) -> str:  # type: ignore[override]  # the inner driver's
        return self.inner.name

    @property
    def capabilities(self) -> Capabilities:
        return self.inner.capabilities

    def __repr__(self) -> str:
        return f"<{type(self).__name__} around {self.inner!r}>"

    async def run(self, call: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """What a call returns or raises, made in a thread, in the context of the calling task."""

        async def wait() -> T:
            work = functools.partial(contextvars.copy_context().run, call, *arguments, **named)
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)

        return await settled(wait())

    async def get_content(self, path: str) -> bytes:
        return await self.run(self.inner.get_content, path)

    async def put_content(self, path: str, content: Buffer) -> None:
        await self.run(self.inner.put_content, path, content)

    async def reader(self, path: str, offset: int = 0) -> AsyncReader:
        opened: list[BinaryIO] = []
        try:
            # Kept also where the task is cancelled while the stream is opened: nobody else would close it.
            await self.run(lambda: opened.append(self.inner.reader(path, offset)))
        except asyncio.CancelledError:
            for stream in opened:
                await self.run(stream.close)
            raise
        return _ThreadedReader(self, opened[0])

    async def writer(self, path: str, append: bool = False) -> AsyncFileWriter:
        # One that is opened for a task which is cancelled meanwhile is left like one whose process ends: it published
        # nothing, and to close or cancel it could touch the stage that it continues.
        return _ThreadedWriter(self, await self.run(self.inner.writer, path, append))

    async def stat(self, path: str) -> FileInfo:
        return await self.run(self.inner.stat, path)

    async def list(self, path: str) -> Sequence[str]:
        return await self.run(self.inner.list, path)

    async def move(self, source: str, dest: str) -> None:
        await self.run(self.inner.move, source, dest)

    async def delete(self, path: str) -> None:
        await self.run(self.inner.delete, path)

    async def redirect_url(self, path: str, *, method: str = "GET", expires: float | None = None) -> str | None:
        return await self.run(self.inner.redirect_url, path, method=method, expires=expires)

    async def walk(self, path: str, *, start_after: str | None = None) -> AsyncWalk:
        return _ThreadedWalk(self, await self.run(self.inner.walk, path, start_after=start_after))

    async def close(self) -> None:
        try:
            await self.run(self.inner.close)
        finally:
            self._threads.shutdown(wait=False)


class _ThreadedReader(AsyncReader):
    def __init__(self, driver: ThreadedDriver, inner: BinaryIO) -> None:
        self._driver = driver
        self._inner = inner
        # What was read for a task that was cancelled meanwhile: the next read gives it.
        self._kept = bytearray()

    @property
    def closed(self) -> bool:
        return self._inner.closed

    async def read(self, size: int = -1, /) -> bytes:
        if self.closed:
            raise ValueError("read of a closed reader")
        missing = size - len(self._kept) if size >= 0 else -1
        if size < 0 or missing > 0:
            await self._driver.run(self._fetch, missing)
        data = bytes(self._kept if size < 0 else self._kept[:size])
        del self._kept[: len(data)]
        return data

    def _fetch(self, size: int) -> None:
        self._kept += self._inner.read(size)

    async def __anext__(self) -> bytes:
        data = await self.read(_PIECE)
        if not data:
            raise StopAsyncIteration
        return data

    async def close(self) -> None:
        await self._driver.run(self._inner.close)


class _ThreadedWriter(AsyncFileWriter):
    def __init__(self, driver: ThreadedDriver, inner: FileWriter) -> None:
        self._driver = driver
        self._inner = inner

    @property
    def size(self) -> int:
        return self._inner.size

    async def write(self, data: Buffer, /) -> int:
        return await self._driver.run(self._inner.write, data)

    async def commit(self) -> None:
        await self._driver.run(self._inner.commit)

    async def cancel(self) -> None:
        await self._driver.run(self._inner.cancel)

    async def close(self) -> None:
        await self._driver.run(self._inner.close)


class _ThreadedWalk(AsyncWalk):
    def __init__(self, driver: ThreadedDriver, inner: Walk) -> None:
        self._driver = driver
        self._inner = inner
        # What a step found for a task that was cancelled meanwhile: the next step gives it.
        self._found: list[FileInfo] = []

    async def __anext__(self) -> FileInfo:
        if not self._found:
            await self._driver.run(self._step)
        if not self._found:
            raise StopAsyncIteration
        return self._found.pop()

    def _step(self) -> None:
        self._found.extend(info for info in [next(self._inner, None)] if info is not None)

    def prune(self) -> None:
        self._inner.prune()

    async def close(self) -> None:
        self._found.clear()
        await self._driver.run(self._inner.close)


def create(name: str, parameters: Mapping[str, Any] | None = None) -> AsyncStorageDriver:
    """The driver called `name` for asynchronous code: the asynchronous one itself, or a blocking one in threads.

    Raises:
        InvalidStorageDriverError: No driver of this name is known; the message lists those that are.
        MissingDependencyError: A package the driver needs is not installed; the message names the pip command.
        ParameterError: A parameter is wrong.
    """
    constructor = factory.constructor(name)
    given = {} if parameters is None else parameters
    return constructor.constructor(given) if isinstance(constructor, Blocking) else ThreadedDriver(constructor(given))
