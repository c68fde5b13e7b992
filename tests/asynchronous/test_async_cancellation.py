"""A task that is cancelled within a call: what reads is given up, what changes something is carried to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from asynchronous.dictionary_driver import DictionaryDriver, DictionaryParameters
from storagedriver import BackendError, WriterStateError
from storagedriver.asynchronous import AsyncUpload, settled


class GatedDriver(DictionaryDriver):
    """Whose calls wait until a gate is opened, and that tells which of them began and ended."""

    def __init__(self, parameters: DictionaryParameters) -> None:
        super().__init__(parameters)
        self.files.clear()
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun = asyncio.Event()
        self.discarded = 0

    async def others_run(self) -> None:
        self.begun.set()
        await self.gate.wait()

    async def _writer(self, path: str, *, append: bool) -> AsyncUpload:
        upload = await super()._writer(path, append=append)
        take, discard = upload.write, upload.discard

        async def write(data: memoryview, /) -> None:
            await self.others_run()
            await take(data)

        async def count() -> None:
            self.discarded += 1
            await discard()

        upload.write, upload.discard = write, count  # type: ignore[method-assign]
        return upload

    async def cancelled_within(self, call: Awaitable[object]) -> None:
        """Make the call, cancel its task once it is within the driver, and open the gate only then."""
        self.gate.clear()
        self.begun.clear()
        task = asyncio.ensure_future(call)
        await asyncio.wait_for(self.begun.wait(), 10)
        task.cancel()
        for _ in range(3):
            await asyncio.sleep(0)
        self.gate.set()
        with pytest.raises(asyncio.CancelledError):
            await task


def run(trial: Callable[[GatedDriver], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with GatedDriver(DictionaryParameters(store="cancelled")) as driver:
            await trial(driver)

    asyncio.run(main())


def test_cancelled_get_is_given_up() -> None:
    async def trial(driver: GatedDriver) -> None:
        await driver.put_content("/a", b"a")
        driver.gate.clear()
        driver.begun.clear()
        task = asyncio.ensure_future(driver.get_content("/a"))
        await driver.begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            # The gate is still shut: it waits for nothing.
            await asyncio.wait_for(task, 10)
        driver.gate.set()

    run(trial)


def test_cancelled_put_is_carried_to_its_end() -> None:
    """So that it cannot overtake the next one."""

    async def trial(driver: GatedDriver) -> None:
        await driver.cancelled_within(driver.put_content("/a", b"first"))
        assert await driver.get_content("/a") == b"first"
        await driver.put_content("/a", b"second")
        await asyncio.sleep(0.01)
        assert await driver.get_content("/a") == b"second"

    run(trial)


@pytest.mark.parametrize("call", ["move", "delete"])
def test_cancelled_change_is_carried_to_its_end(call: str) -> None:
    async def trial(driver: GatedDriver) -> None:
        await driver.put_content("/a", b"a")
        await driver.cancelled_within(driver.move("/a", "/b") if call == "move" else driver.delete("/a"))
        assert await driver.list("/") == (["/b"] if call == "move" else [])

    run(trial)


def test_cancelled_write_has_taken_all() -> None:
    """And the size tells, so that a caller who goes on knows where."""

    async def trial(driver: GatedDriver) -> None:
        writer = await driver.writer("/a")
        await driver.cancelled_within(writer.write(b"one"))
        assert writer.size == 3
        await writer.write(b"two")
        await writer.commit()
        assert await driver.get_content("/a") == b"onetwo"

    run(trial)


def test_cancelled_commit_is_known_as_a_commit() -> None:
    async def trial(driver: GatedDriver) -> None:
        writer = await driver.writer("/a")
        await writer.write(b"a")
        await driver.cancelled_within(writer.commit())
        assert await driver.get_content("/a") == b"a"
        with pytest.raises(WriterStateError):
            await writer.commit()

    run(trial)


def test_block_of_a_cancelled_task_cancels_its_writer() -> None:
    async def trial(driver: GatedDriver) -> None:
        async def written() -> None:
            async with await driver.writer("/a") as writer:
                await writer.write(b"a")
                await asyncio.sleep(60)

        task = asyncio.ensure_future(written())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert driver.discarded == 1
        assert await driver.list("/") == []

    run(trial)


def test_timeout_around_a_put_waits_for_it_and_is_told() -> None:
    async def trial(driver: GatedDriver) -> None:
        driver.gate.clear()
        asyncio.get_running_loop().call_later(0.05, driver.gate.set)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await driver.put_content("/a", b"a")
        assert await driver.get_content("/a") == b"a"

    run(trial)


class BrokenOffSource:
    """Bytes that come piece by piece, each only when the gate is open."""

    def __init__(self, driver: GatedDriver) -> None:
        self.driver = driver
        self.pieces = [b"one", b"two", b"three"]

    async def read(self, size: int, /) -> bytes:
        await self.driver.others_run()
        return self.pieces.pop(0) if self.pieces else b""

    async def close(self) -> None:
        self.pieces.clear()


def test_cancelled_read_takes_nothing() -> None:
    """Neither what it had already, nor what would have come: the next read goes on where it began."""

    async def trial(driver: GatedDriver) -> None:
        async def opened(path: str, offset: int) -> BrokenOffSource:
            return BrokenOffSource(driver)

        driver._reader = opened  # type: ignore[method-assign]
        reader = await driver.reader("/a")
        assert await reader.read(2) == b"on"
        driver.gate.clear()
        driver.begun.clear()
        task = asyncio.ensure_future(reader.read(5))
        await driver.begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        driver.gate.set()
        assert await reader.read() == b"etwothree"
        await reader.close()

    run(trial)


def test_cancelled_step_of_a_walk_leaves_out_nothing() -> None:
    async def trial(driver: GatedDriver) -> None:
        for path in ("/d/a", "/d/b/c", "/d/e"):
            await driver.put_content(path, b"")
        walk = await driver.walk("/")
        found = [(await anext(walk)).path]
        driver.gate.clear()
        driver.begun.clear()
        task = asyncio.ensure_future(anext(walk))
        await driver.begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        driver.gate.set()
        found += [info.path async for info in walk]
        assert found == ["/d", "/d/a", "/d/b", "/d/b/c", "/d/e"]

    run(trial)


class TestSettled:
    def test_failure_goes_with_the_cancellation(self) -> None:
        async def fail() -> None:
            await asyncio.sleep(0.01)
            raise BackendError("full")

        async def main() -> None:
            task = asyncio.ensure_future(settled(fail()))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            assert isinstance(caught.value.__cause__, BackendError)

        asyncio.run(main())

    def test_second_cancellation_waits_as_well(self) -> None:
        ended: list[str] = []

        async def work() -> None:
            await asyncio.sleep(0.02)
            ended.append("work")

        async def main() -> None:
            task = asyncio.ensure_future(settled(work()))
            for _ in range(2):
                await asyncio.sleep(0)
                task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert ended == ["work"]

        asyncio.run(main())

    def test_loop_that_is_shut_down_does_not_wait(self) -> None:
        """asyncio.run cancels every task, the work too: a server that is silent must not keep a program from ending."""
        seen: list[str] = []

        async def work() -> None:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                seen.append("told")
                raise

        async def main() -> None:
            asyncio.ensure_future(settled(work()))  # noqa: RUF006  left behind, as is tried
            await asyncio.sleep(0.01)

        asyncio.run(main())
        assert seen == ["told"]
