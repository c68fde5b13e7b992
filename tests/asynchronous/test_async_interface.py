"""The asynchronous interface through a small driver: arguments, errors, streams and walks, as callers see them."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from asynchronous.dictionary_driver import DictionaryDriver, DictionaryParameters, make
from storagedriver import (
    BackendError,
    FileWriter,
    InvalidOffsetError,
    InvalidPathError,
    PathConflictError,
    PathNotFoundError,
    StorageDriver,
    UnsupportedMethodError,
    Walk,
    WriterStateError,
    asynchronous,
    factory,
)
from storagedriver.asynchronous import AsyncFileWriter, AsyncStorageDriver, AsyncWalk, ThreadedDriver, create

Trial = Callable[[AsyncStorageDriver], Coroutine[Any, Any, None]]


@pytest.fixture(params=["asynchronous", "in threads"])
def run(request: pytest.FixtureRequest) -> Callable[[Trial], None]:
    """Runs a trial on an asynchronous driver, and on a blocking one in threads: both are one interface."""

    def run(trial: Trial) -> None:
        async def main() -> None:
            # Each test's own: a store lives as long as an object that has it, which may be long after its test.
            store = {"store": request.node.name}
            native = request.param == "asynchronous"
            driver = DictionaryDriver(DictionaryParameters(**store)) if native else create("inmemory", store)
            async with driver:
                await trial(driver)

        asyncio.run(main())

    return run


@pytest.mark.parametrize(
    ("blocking", "awaited"),
    [(StorageDriver, AsyncStorageDriver), (FileWriter, AsyncFileWriter), (Walk, AsyncWalk)],
    ids=lambda kind: kind.__name__,
)
def test_operations_are_those_of_the_blocking_interface(blocking: type, awaited: type) -> None:
    """By name and by their arguments: what one interface learns, the other has too."""
    for name, method in inspect.getmembers(blocking, inspect.isfunction):
        if name.startswith("_"):
            continue
        assert inspect.signature(getattr(awaited, name)).parameters == inspect.signature(method).parameters, name


def test_content(run: Callable[[Trial], None]) -> None:
    async def trial(driver: AsyncStorageDriver) -> None:
        await driver.put_content("/d/a", bytearray(b"content"))
        assert await driver.get_content("/d/a") == b"content"
        assert (await driver.stat("/d/a")).size == 7
        assert await driver.list("/") == ["/d"]
        await driver.move("/d/a", "/d/b")
        assert await driver.list("/d") == ["/d/b"]
        assert await driver.redirect_url("/d/b") is None
        await driver.delete("/d")
        with pytest.raises(PathNotFoundError):
            await driver.stat("/d/b")

    run(trial)


def test_errors_are_the_same(run: Callable[[Trial], None]) -> None:
    async def trial(driver: AsyncStorageDriver) -> None:
        await driver.put_content("/a", b"a")
        for call, kind in (
            (driver.get_content("no-slash"), InvalidPathError),
            (driver.put_content("/", b""), InvalidPathError),
            (driver.put_content("/" + 300 * "x", b""), InvalidPathError),
            (driver.reader("/a", -1), InvalidOffsetError),
            (driver.get_content("/absent"), PathNotFoundError),
            (driver.list("/a"), PathNotFoundError),
            (driver.move("/a", "/a/b"), PathConflictError),
            (driver.walk("/absent"), PathNotFoundError),
            (driver.put_content("/a", "text"), TypeError),  # type: ignore[arg-type]  # as is tried
        ):
            with pytest.raises(kind):
                await call

    run(trial)


def test_reader(run: Callable[[Trial], None]) -> None:
    content = bytes(range(256)) * 1024

    async def trial(driver: AsyncStorageDriver) -> None:
        await driver.put_content("/a", content)
        async with await driver.reader("/a", 3) as reader:
            assert await reader.read(0) == b""
            assert await reader.read(5) == content[3:8]
            assert await reader.read(100_000) == content[8:100_008]
            assert await reader.read() == content[100_008:]
            assert await reader.read() == await reader.read(1) == b""
        assert reader.closed
        await reader.close()
        with pytest.raises(ValueError, match="closed"):
            await reader.read(1)
        async with await driver.reader("/a") as reader:
            assert await reader.read(1) == content[:1]
            assert b"".join([piece async for piece in reader]) == content[1:]
        async with await driver.reader("/a", len(content) + 1) as reader:
            assert await reader.read() == b""

    run(trial)


def test_writer(run: Callable[[Trial], None]) -> None:
    async def trial(driver: AsyncStorageDriver) -> None:
        async with await driver.writer("/a") as writer:
            assert await writer.write(b"one") == 3
            assert await writer.write(memoryview(b"two")[::2]) == 2
            assert writer.size == 5
            with pytest.raises(PathNotFoundError):
                await driver.get_content("/a")
            await writer.commit()
        with pytest.raises(WriterStateError):
            await writer.write(b"late")
        with pytest.raises(WriterStateError):
            await writer.cancel()
        async with await driver.writer("/a", append=True) as writer:
            assert writer.size == 5
            await writer.write(b"!")
            await writer.commit()
        assert await driver.get_content("/a") == b"oneto!"
        writer = await driver.writer("/a")
        with pytest.raises(RuntimeError, match="of the block"):
            async with writer:
                raise RuntimeError("of the block")
        with pytest.raises(WriterStateError):
            await writer.commit()
        assert await driver.get_content("/a") == b"oneto!"

    run(trial)


def test_walk(run: Callable[[Trial], None]) -> None:
    async def trial(driver: AsyncStorageDriver) -> None:
        for path in ("/d/a", "/d-x/a", "/d/b/c", "/e"):
            await driver.put_content(path, b"")
        assert [info.path async for info in await driver.walk("/")] == [
            "/d", "/d/a", "/d/b", "/d/b/c", "/d-x", "/d-x/a", "/e",
        ]  # fmt: skip
        assert [info.path async for info in await driver.walk("/", start_after="/d/b/c")] == ["/d-x", "/d-x/a", "/e"]
        found = []
        async with await driver.walk("/") as walk:
            async for info in walk:
                found.append(info.path)
                if info.path == "/d":
                    walk.prune()
        assert found == ["/d", "/d-x", "/d-x/a", "/e"]
        walk = await driver.walk("/")
        await anext(walk)
        await walk.close()
        assert [info async for info in walk] == []

    run(trial)


def test_tasks_run_at_the_same_time(run: Callable[[Trial], None]) -> None:
    async def trial(driver: AsyncStorageDriver) -> None:
        await asyncio.gather(*(driver.put_content(f"/{number}", bytes([number])) for number in range(50)))
        read = await asyncio.gather(*(driver.get_content(f"/{number}") for number in range(50)))
        assert read == [bytes([number]) for number in range(50)]

    run(trial)


def test_failed_step_of_a_walk_may_be_made_again() -> None:
    """Nothing is left out where the backend failed for a moment (ERR-3)."""

    async def main() -> None:
        driver = DictionaryDriver(DictionaryParameters(store="failing-walk"))
        for path in ("/d/a", "/e"):
            await driver.put_content(path, b"")
        walk = await driver.walk("/")
        assert (await anext(walk)).path == "/d"
        scan = driver._scan

        async def fail(path: str) -> Any:
            driver._scan = scan  # type: ignore[method-assign]
            raise OSError("for a moment")

        driver._scan = fail  # type: ignore[method-assign]
        with pytest.raises(BackendError):
            await anext(walk)
        assert [info.path async for info in walk] == ["/d/a", "/e"]

    asyncio.run(main())


def test_undeclared_append_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DictionaryDriver, "capabilities", type(DictionaryDriver.capabilities)())

    with pytest.raises(UnsupportedMethodError):
        asyncio.run(DictionaryDriver(DictionaryParameters()).writer("/a", append=True))


def test_create_gives_the_asynchronous_driver_itself() -> None:
    factory.register("dictionary", make)
    try:
        driver = create("dictionary", {"store": "created"})
        with factory.create("dictionary", {"store": "created"}) as blocking:
            blocking.put_content("/a", b"a")
        assert type(driver) is DictionaryDriver
        assert asyncio.run(driver.get_content("/a")) == b"a"
    finally:
        factory.unregister("dictionary")


def test_cancelled_read_in_a_thread_takes_nothing() -> None:
    """The thread reads on, and what it read is given by the next read."""

    async def main() -> None:
        inner = factory.create("inmemory", {"store": "slow-reads"})
        driver = ThreadedDriver(inner, threads=1)
        await driver.put_content("/a", b"0123456789")
        reader = await driver.reader("/a")
        task = asyncio.ensure_future(reader.read(4))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await reader.read(6) == b"012345"
        assert await reader.read() == b"6789"
        await reader.close()
        await driver.close()

    asyncio.run(main())


def test_all_is_sorted_and_complete() -> None:
    public = {
        name for name, value in vars(asynchronous).items() if not name.startswith("_") and not inspect.ismodule(value)
    }

    assert list(asynchronous.__all__) == sorted(set(asynchronous.__all__))
    assert set(asynchronous.__all__) == public
