"""A small asynchronous driver, right in all that it declares: files in a dictionary, with the loop's other tasks in between."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable

from storagedriver import Capabilities, FileInfo, PathConflictError, PathNotFoundError, UnsupportedMethodError, paths
from storagedriver.asynchronous import AsyncBaseDriver, Blocking
from storagedriver.parameters import DriverParameters

# Lists of it are made in one step: each driver has a loop, and a thread, of its own.
FILES: dict[str, dict[str, tuple[bytes, dt.datetime]]] = {}
"""What all drivers of one store see."""


class DictionaryParameters(DriverParameters):
    store: str = "of-the-tests"


class DictionaryDriver(AsyncBaseDriver):
    name = "dictionary"
    Parameters = DictionaryParameters
    capabilities = Capabilities(
        append=True, atomic_put=True, atomic_write=True, eager_open=True, consistent_list=True, fork_safe=True
    )

    def __init__(self, parameters: DictionaryParameters) -> None:
        self.files = FILES.setdefault(parameters.store, {})
        self.is_closed = False

    async def others_run(self) -> None:
        """Where a driver of a server would wait for it."""
        await asyncio.sleep(0)

    async def close(self) -> None:
        self.is_closed = True

    async def _get_content(self, path: str) -> bytes:
        await self.others_run()
        found = self.files.get(path)
        if found is None:
            raise PathNotFoundError
        return found[0]

    async def _put_content(self, path: str, content: bytes) -> None:
        await self.others_run()
        self.files[path] = content, dt.datetime.now(dt.UTC)

    async def _stat(self, path: str) -> FileInfo:
        await self.others_run()
        found = self.files.get(path)
        if found is not None:
            content, changed = found
            return FileInfo(path, len(content), changed, is_dir=False)
        if path != "/" and not any(paths.is_below(each, path) for each in list(self.files)):
            raise PathNotFoundError
        return FileInfo(path, 0, None, is_dir=True)

    async def _list(self, path: str) -> Iterable[str]:
        await self.others_run()
        return paths.children(path, [each for each in list(self.files) if paths.is_below(each, path)])

    async def _move(self, source: str, dest: str) -> None:
        await self.others_run()
        if source not in self.files:
            await self._stat(source)
            raise UnsupportedMethodError("move of a directory")
        if any(paths.is_below(each, dest) for each in list(self.files)):
            raise PathConflictError(path=dest)
        self.files[dest] = self.files.pop(source)

    async def _delete(self, path: str) -> None:
        await self.others_run()
        doomed = [each for each in list(self.files) if each == path or paths.is_below(each, path)]
        if not doomed:
            raise PathNotFoundError
        for each in doomed:
            self.files.pop(each, None)


make = Blocking(DictionaryDriver.from_parameters)


class ForgetfulDriver(DictionaryDriver):
    """A wrong one: a writer publishes what was written before it is committed."""

    async def _writer(self, path: str, *, append: bool) -> object:  # type: ignore[override]
        upload = await super()._writer(path, append=append)
        take = upload.write

        async def write(data: memoryview) -> None:
            await take(data)
            await upload.commit()

        upload.write = write  # type: ignore[method-assign]
        return upload


make_forgetful = Blocking(ForgetfulDriver.from_parameters)


class StumblingDriver(DictionaryDriver):
    """A wrong one: while several calls run, a put of one is lost to another, since it looks first and writes later."""

    async def _put_content(self, path: str, content: bytes) -> None:
        files = self.files.copy()
        await self.others_run()
        files[path] = content, dt.datetime.now(dt.UTC)
        self.files.clear()
        self.files.update(files)


make_stumbling = Blocking(StumblingDriver.from_parameters)
