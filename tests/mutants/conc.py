"""Drivers that are right in one thread, and wrong beside another."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import threading
import time
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mutants.leak import Wrapping
from mutants.model import mutant
from mutants.write_beside import Named
from storagedriver import BackendError, FileInfo, PathConflictError, PathNotFoundError, StorageDriverError, paths
from storagedriver.base import ByteSource, Upload
from storagedriver.multipart_upload import Multipart, MultipartTarget, MultipartUpload
from storagedriver_drivers.filesystem import FilesystemDriver
from storagedriver_drivers.filesystem.parameters import FilesystemParameters
from storagedriver_drivers.filesystem.upload import FilesystemUpload
from storagedriver_drivers.inmemory import InMemoryDriver, InMemoryParameters
from storagedriver_drivers.inmemory.driver import InMemoryUpload
from storagedriver_drivers.s3.driver import S3Driver
from storagedriver_suites.concurrency import running
from storagedriver_suites.concurrency.workloads import load_of


def give_way() -> None:
    """Let another thread go on, as a request to a backend does: that takes some time, and a pause of none may end at once."""
    time.sleep(0.0002)


# --- CONC-1: every method from many threads


@mutant("CONC-1", bug="each call runs an event loop of its own, which no thread may that runs one")
class RunsALoop(InMemoryDriver):
    def _get_content(self, path: str) -> bytes:
        async def got() -> bytes:
            return InMemoryDriver._get_content(self, path)

        coroutine = got()
        try:
            return asyncio.run(coroutine)
        finally:
            coroutine.close()


@mutant("CONC-1", rows=("B29",), bug="the temporary name is fixed, so two puts of one path steal each other's file")
class FixedTemporaryName(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        temporary = f"{path}.tmp"
        super()._put_content(temporary, content)
        give_way()
        super()._move(temporary, path)


@mutant("CONC-1", rows=("B47",), bug="the directory is read without the lock, while it changes")
class ListWithoutTheLock(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        names: dict[str, FileInfo] = self.__dict__.setdefault("_names", {})
        for _ in names:
            give_way()
        return super()._list(path)

    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        names = self.__dict__.setdefault("_names", {})
        if names.pop(path, None) is None:
            names[path] = self._stat(path)


@mutant("CONC-1", bug="the answer is kept in the driver until it is returned, and may be another thread's by then")
class AnswerKeptInTheDriver(InMemoryDriver):
    _answer = b""

    def _get_content(self, path: str) -> bytes:
        self._answer = super()._get_content(path)
        give_way()
        return self._answer


class Hanging(InMemoryDriver):
    """Hangs for ever where it does, and is not waited for long."""

    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._patience = pytest.MonkeyPatch()
        self._patience.setattr(running, "load_of", lambda subject: replace(load_of(subject), patience=3))

    def close(self) -> None:
        self._patience.undo()
        super().close()


@mutant("CONC-1", rows=("B76",), bug="who holds a lock takes it again, which hangs once a writer waits between")
class LockTakenAgain(Hanging):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._turnstile = threading.Lock()
        self._readers = threading.Semaphore(2)

    def _stat(self, path: str) -> FileInfo:
        with self._readers:
            return super()._stat(path)

    def _get_content(self, path: str) -> bytes:
        with self._readers:
            give_way()
            self._stat(path)
            return super()._get_content(path)


class Limiting(Hanging):
    """Lets a few calls through at once; the others wait to be woken."""

    slots = 4

    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._free = self.slots
        self._freed = threading.Condition()

    def _get_content(self, path: str) -> bytes:
        with self._slot():
            return super()._get_content(path)

    def _put_content(self, path: str, content: bytes) -> None:
        with self._slot():
            super()._put_content(path, content)

    @contextlib.contextmanager
    def _slot(self) -> Iterator[None]:
        with self._freed:
            while not self._free:
                self._freed.wait()
            self._free -= 1
        try:
            # As long as a quick request to a server takes.
            time.sleep(0.001)
            yield
        finally:
            with self._freed:
                self._free += 1
                self._wake()

    def _wake(self) -> None:
        raise NotImplementedError


@mutant("CONC-1", rows=("B77",), bug="a waiter is woken only where the limit is left, and one sleeps for ever")
class WakesAtTheLimitAlone(Limiting):
    def _wake(self) -> None:
        if self._free == 1:
            self._freed.notify()


@mutant(
    "CONC-1", rows=("B77",), bug="a waiter is woken only where the limit is left, and the limit is that of a server"
)
class WakesAtALargeLimitAlone(WakesAtTheLimitAlone):
    slots = 25


@mutant("CONC-1", bug="each call goes to the root as to the folder that the process is in")
class GoesToItsRoot(FilesystemDriver):
    def __init__(self, parameters: FilesystemParameters) -> None:
        super().__init__(parameters)
        self._folder = parameters.rootdirectory

    def _get_content(self, path: str) -> bytes:
        self._stat(path)
        with contextlib.chdir(self._folder):
            give_way()
            return Path(path.lstrip("/")).read_bytes()


# --- CONC-2: histories


@mutant("CONC-2", rows=("B28",), bug="a put is visible half done")
class TornPut(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content[: len(content) // 2])
        give_way()
        super()._put_content(path, content)


@mutant("CONC-2", bug="a put writes over the old content before it cuts off what is left of that")
class OldTailDuringAPut(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        with contextlib.suppress(StorageDriverError):
            old = self._get_content(path)
            super()._put_content(path, content + old[len(content) :])
            give_way()
        super()._put_content(path, content)


@mutant("CONC-2", bug="a large file is moved by a copy and a delete")
class LargeMoveIsACopy(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        if self._stat(source).size < 1 << 20:
            super()._move(source, dest)
            return
        self._put_content(dest, self._get_content(source))
        give_way()
        self._delete(source)


class TwoSteps(InMemoryUpload):
    """Shows the new file before its content."""

    def commit(self) -> None:
        self._store.put(self._key, b"")
        give_way()
        super().commit()


@mutant("CONC-2", bug="a commit makes the file first, and fills it then")
class CommitInTwoSteps(InMemoryDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        made = super()._writer(path, append=append)
        assert isinstance(made, InMemoryUpload)
        return TwoSteps(self._store, made._key, made._content, continued=made._stage)


class DeleteFirst(InMemoryUpload):
    """Makes room before it publishes."""

    def commit(self) -> None:
        with contextlib.suppress(StorageDriverError):
            self._store.get_file(self._key)
            self._store.delete(self._key)
        give_way()
        super().commit()


@mutant("CONC-2", bug="a commit deletes the old file before it makes the new one")
class CommitDeletesFirst(InMemoryDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        made = super()._writer(path, append=append)
        assert isinstance(made, InMemoryUpload)
        return DeleteFirst(self._store, made._key, made._content, continued=made._stage)


class ReadAgainAtCommit(InMemoryUpload):
    """Appends to the content that its driver remembers."""

    def __init__(self, driver: AppendToARememberedBase, key: str, base: bytes) -> None:
        super().__init__(driver._store, key, bytearray(base), continued=None)
        self._driver = driver

    def commit(self) -> None:
        self._driver.bases[self._key] = bytes(self._content)
        super().commit()


@mutant("CONC-2", bug="an append continues what this driver wrote last, whatever others appended since")
class AppendToARememberedBase(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self.bases: dict[str, bytes] = {}

    def _writer(self, path: str, *, append: bool) -> Upload:
        key = self._key(path)
        if not append or self._store.staged(key) is not None:
            return super()._writer(path, append=append)
        current = self._store.get_file(key).content
        base = self.bases.get(key, current)
        return ReadAgainAtCommit(self, key, base if current.startswith(base) else current)


class RereadsTheBase(InMemoryUpload):
    """Reads what is committed at the commit, and writes it back with the new bytes behind it."""

    def __init__(self, made: InMemoryUpload) -> None:
        super().__init__(made._store, made._key, made._content, continued=made._stage)
        self._began_with = len(made._content)

    def commit(self) -> None:
        with contextlib.suppress(PathNotFoundError):
            base = self._store.get_file(self._key).content
            give_way()
            self._content[: self._began_with] = base
        super().commit()


@mutant("CONC-2", bug="an append reads, changes and writes the file with nothing to keep others out: an update is lost")
class LostUpdateByAppend(InMemoryDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        made = super()._writer(path, append=append)
        assert isinstance(made, InMemoryUpload)
        return RereadsTheBase(made) if append else made


@mutant("CONC-2", bug="each driver caches what it read, and does not hear of what others write")
class CachePerDriver(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._cache: dict[str, bytes] = {}

    def _get_content(self, path: str) -> bytes:
        found = super()._get_content(path)
        # Beside a right answer for what is absent, so that only what others replaced is wrong.
        return self._cache.setdefault(path, found)

    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        self._cache[path] = content

    def _writer(self, path: str, *, append: bool) -> Upload:
        self._cache.pop(path, None)
        return super()._writer(path, append=append)

    def _delete(self, path: str) -> None:
        super()._delete(path)
        for each in [key for key in self._cache if key == path or paths.is_below(key, path)]:
            self._cache.pop(each, None)

    def _move(self, source: str, dest: str) -> None:
        super()._move(source, dest)
        self._cache.clear()


@mutant("CONC-2", bug="a cache is filled with what was read before a put, after it")
class CacheFilledTooLate(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._cache: dict[str, bytes] = {}

    def _get_content(self, path: str) -> bytes:
        found = self._store.get_file(self._key(path)).content
        if path not in self._cache:
            give_way()
            self._cache[path] = found
        return self._cache[path]

    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        self._cache.pop(path, None)

    def _writer(self, path: str, *, append: bool) -> Upload:
        made = super()._writer(path, append=append)
        assert isinstance(made, InMemoryUpload)
        return Forgetting(self._cache, path, made)

    def _delete(self, path: str) -> None:
        super()._delete(path)
        self._cache.clear()

    def _move(self, source: str, dest: str) -> None:
        super()._move(source, dest)
        self._cache.clear()


class Forgetting(InMemoryUpload):
    """Drops a path from a cache once it is committed."""

    def __init__(self, cache: dict[str, bytes], path: str, made: InMemoryUpload) -> None:
        super().__init__(made._store, made._key, made._content, continued=made._stage)
        self._cache, self._path = cache, path

    def commit(self) -> None:
        super().commit()
        self._cache.pop(self._path, None)


@mutant("CONC-2", bug="a put that finds an old file writes it back if it is gone in between: a delete is undone")
class DeleteResurrected(InMemoryDriver):
    def _stat(self, path: str) -> FileInfo:
        found = self._store.get(self._key(path))
        info = super()._stat(path)
        give_way()
        if not info.is_dir:
            # As drivers do that renew a file's metadata by putting it again.
            with contextlib.suppress(StorageDriverError):
                self._renew(path, found)
        return info

    def _renew(self, path: str, found: object) -> None:
        try:
            self._store.get_file(self._key(path))
        except PathNotFoundError:
            super()._put_content(path, getattr(found, "content", b""))


@mutant("CONC-2", bug="reads go to a copy that is brought up to date a little later")
class LaggingCopy(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._copy: dict[str, list[bytes]] = {}

    def _put_content(self, path: str, content: bytes) -> None:
        old = self._copy.setdefault(path, [])
        with contextlib.suppress(StorageDriverError):
            old.append(self._store.get_file(self._key(path)).content)
        super()._put_content(path, content)

    def _get_content(self, path: str) -> bytes:
        found = super()._get_content(path)
        # Every third read asks the copy that lags by one write; the next asks the right one again.
        self._reads = getattr(self, "_reads", 0) + 1
        lagging = self._copy.get(path)
        return lagging[-1] if self._reads % 3 == 0 and lagging else found


@mutant("CONC-2", bug="a move deletes the source before the copy is there")
class MoveShowsNeither(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        if isinstance(self._children(source), bytes):
            content = self._get_content(source)
            self._check_dest(source, dest)
            self._store.delete(self._key(source))
            give_way()
            super()._put_content(dest, content)
        else:
            super()._move(source, dest)

    def _children(self, path: str) -> bytes | None:
        return getattr(self._store.get(self._key(path)), "content", None)

    def _check_dest(self, source: str, dest: str) -> None:
        with contextlib.suppress(PathNotFoundError):
            if self._stat(dest).is_dir:
                raise PathConflictError("a directory is there", path=dest)


@mutant("CONC-2", bug="a move that is declared atomic copies, and deletes the source then")
class MoveShowsBoth(MoveShowsNeither):
    def _move(self, source: str, dest: str) -> None:
        if isinstance(self._children(source), bytes):
            content = self._get_content(source)
            self._check_dest(source, dest)
            InMemoryDriver._put_content(self, dest, content)
            give_way()
            with contextlib.suppress(PathNotFoundError):
                self._store.delete(self._key(source))
        else:
            InMemoryDriver._move(self, source, dest)


class PathSource:
    """Reads piece by piece whatever is at the path by then."""

    def __init__(self, driver: InMemoryDriver, path: str, offset: int) -> None:
        self._driver, self._path, self._position = driver, path, offset

    def read(self, size: int, /) -> bytes:
        give_way()
        piece = self._driver._get_content(self._path)[self._position :][: min(size, 500)]
        self._position += len(piece)
        return piece

    def close(self) -> None: ...


@mutant("CONC-2", bug="a reader goes on in the content that has replaced its own")
class ReaderMixesContents(InMemoryDriver):
    _buffer_size = 1

    def _reader(self, path: str, offset: int) -> ByteSource:
        self._get_content(path)
        return PathSource(self, path, offset)


# --- CONC-3: changes beside lists


class Listing(InMemoryDriver):
    """Lists in two pages, as backends do."""

    def _scan(self, path: str) -> Iterable[FileInfo]:
        return [self._stat(child) for child in self._list(path)]


@mutant(
    "CONC-3", bug="the second page of a listing begins at a count, so it misses a child once an earlier one is gone"
)
class SecondPageByCount(Listing):
    def _list(self, path: str) -> Iterable[str]:
        first = sorted(super()._list(path))[:3]
        give_way()
        try:
            rest = sorted(super()._list(path))[3:]
        except PathNotFoundError:
            rest = []
        return [*first, *(each for each in rest if each not in first)]

    def _scan(self, path: str) -> Iterable[FileInfo]:
        return InMemoryDriver._scan(self, path)


@mutant("CONC-3", rows=("B53",), bug="a walk fails where a child is deleted between the listing and the stat")
class WalkMeetsAGap(Listing):
    def _scan(self, path: str) -> Iterable[FileInfo]:
        found = []
        for child in self._list(path):
            give_way()
            found.append(self._stat(child))
        return found


@mutant("CONC-3", bug="the index of all files is read, changed and written back: of two writes at once one is lost")
class IndexReadChangedWritten(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        directory = self._key(paths.parent(path))
        with self._store._lock:
            before = self._before(directory)
        give_way()
        super()._put_content(path, content)
        with self._store._lock:
            self._write_back(directory, before, paths.name(path))

    def _before(self, directory: str) -> set[str] | None:
        try:
            return set(getattr(self._store._find(directory), "children", ()))
        except PathNotFoundError:
            return None

    def _write_back(self, directory: str, before: set[str] | None, name: str) -> None:
        if before is None:
            return
        children = getattr(self._store._find(directory), "children", {})
        for other in set(children) - before - {name}:
            del children[other]


@mutant("CONC-3", bug="a directory that a delete found empty is removed with what was written into it since")
class EmptyDirectoryRemovedLate(InMemoryDriver):
    def _delete(self, path: str) -> None:
        directory = paths.parent(path)
        last = directory != paths.ROOT and list(super()._list(directory)) == [path]
        super()._delete(path)
        if last and paths.parent(directory) != paths.ROOT:
            give_way()
            with contextlib.suppress(StorageDriverError):
                super()._delete(directory)

    def _move(self, source: str, dest: str) -> None:
        super()._move(source, dest)


@mutant(
    "CONC-3", rows=("B54",), bug="the delete of a directory takes a sibling of the like name that appears meanwhile"
)
class DeleteTakesSiblings(InMemoryDriver):
    def _delete(self, path: str) -> None:
        try:
            before = set(super()._list(paths.parent(path)))
        except PathNotFoundError:
            before = set()
        super()._delete(path)
        give_way()
        with contextlib.suppress(PathNotFoundError):
            for sibling in set(super()._list(paths.parent(path))) - before:
                if sibling.startswith(path):
                    super()._delete(sibling)


# --- CONC-4: processes


@mutant(
    "CONC-4", bug="fork_safe is declared, and a lock that another thread held at the fork is never free in the child"
)
class LockHeldAtTheFork(FilesystemDriver):
    def __init__(self, parameters: FilesystemParameters) -> None:
        super().__init__(parameters)
        self._held = threading.Lock()

    def _put_content(self, path: str, content: bytes) -> None:
        with self._held:
            super()._put_content(path, content)

    def _get_content(self, path: str) -> bytes:
        with self._held:
            return super()._get_content(path)

    def _list(self, path: str) -> Iterable[str]:
        with self._held:
            return super()._list(path)


@mutant("CONC-4", rows=("B122",), bug="fork_safe is declared, and the child refuses what its parent opened")
class BoundToItsProcess(FilesystemDriver):
    def __init__(self, parameters: FilesystemParameters) -> None:
        super().__init__(parameters)
        self._process = os.getpid()

    def _get_content(self, path: str) -> bytes:
        if os.getpid() != self._process:
            raise OSError("the connection belongs to another process")
        return super()._get_content(path)


@mutant(
    "CONC-4", bug="fork_safe is declared, and a child that lets go of its parent's stream removes what that has staged"
)
class ForkedChildCleansUp(FilesystemDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        upload = super()._writer(path, append=append)
        assert isinstance(upload, FilesystemUpload)
        data: Any = upload._data
        data._forgotten.detach()
        data._forgotten = weakref.finalize(data, self._clean_up, data.directory, data.name)
        return upload

    @staticmethod
    def _clean_up(directory: int, name: str) -> None:
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=directory)


@mutant("CONC-4", bug="a spawned process gets a store of its own, though shared is declared")
class StoreOfItsOwn(FilesystemDriver):
    def __init__(self, parameters: FilesystemParameters) -> None:
        here = parameters.rootdirectory / str(os.getpid())
        super().__init__(parameters.model_copy(update={"rootdirectory": here}))


class OfItsThread:
    """What only the thread may use that made it."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def require_own_thread(self) -> None:
        if threading.get_ident() != self._thread:
            raise BackendError("the connection was made in another thread")


@mutant("CONC-1", bug="a stream is of the thread that opened it, as its connection is")
class WriterOfItsThread(InMemoryDriver):
    class Writing(Wrapping, OfItsThread):
        def __init__(self, inner: Upload) -> None:
            Wrapping.__init__(self, inner)
            OfItsThread.__init__(self)

        def write(self, data: memoryview, /) -> None:
            self.require_own_thread()
            super().write(data)

    def _writer(self, path: str, *, append: bool) -> Upload:
        return self.Writing(super()._writer(path, append=append))


@mutant("CONC-1", bug="a reader is of the thread that opened it, as its connection is")
class ReaderOfItsThread(InMemoryDriver):
    class Reading(OfItsThread):
        def __init__(self, inner: ByteSource) -> None:
            super().__init__()
            self._inner = inner
            self.close = inner.close

        def read(self, size: int, /) -> bytes:
            self.require_own_thread()
            return self._inner.read(size)

    def _reader(self, path: str, offset: int) -> ByteSource:
        return self.Reading(super()._reader(path, offset))


@mutant("CONC-1", bug="a call that raises leaves its lock locked, which its own thread does not notice")
class LockStaysAfterAnError(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._lock = threading.RLock()

    def _move(self, source: str, dest: str) -> None:
        self._wait()
        super()._move(source, dest)
        self._lock.release()

    def _put_content(self, path: str, content: bytes) -> None:
        self._wait()
        try:
            super()._put_content(path, content)
        finally:
            self._lock.release()

    def _wait(self) -> None:
        # Not for ever: a thread that hangs for good would be in the way of all that follow.
        if not self._lock.acquire(timeout=2):
            raise BackendError("it hangs")


class _BegunByEachThread(MultipartUpload):
    def __init__(self, target: MultipartTarget, *, chunk_size: int) -> None:
        self._local = threading.local()
        super().__init__(target, chunk_size=chunk_size)

    @property
    def _multipart(self) -> Multipart | None:
        return getattr(self._local, "multipart", None)

    @_multipart.setter
    def _multipart(self, value: Multipart | None) -> None:
        self._local.multipart = value


@mutant("CONC-1", bug="what a stream has begun on the server is kept by thread, as connections are")
class UploadOfEachThread(S3Driver):
    def _upload(self, path: str) -> MultipartUpload:
        return _BegunByEachThread(self._target(path), chunk_size=self._parameters.chunksize)


@mutant("CONC-4", bug="names are drawn from a generator that a fork copies")
class NamesOfACopiedGenerator(Named):
    def __init__(self, parameters: FilesystemParameters) -> None:
        super().__init__(parameters)
        self._generator = random.Random()

    def _name(self) -> str:
        return f"~{self._generator.getrandbits(128):032x}"
