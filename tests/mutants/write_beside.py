"""Drivers whose streams mix with others, hold up others, or take all memory."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol
from unittest import mock

from mutants.leak import Wrapping
from mutants.model import mutant
from mutants.write import CHUNK, Impatient, StatTellsOfTheStream, Uploading
from storagedriver import (
    BackendError,
    FileInfo,
    PathConflictError,
    PathNotFoundError,
)
from storagedriver.base import ByteSource, Upload
from storagedriver_drivers.filesystem import datafile
from storagedriver_drivers.filesystem.driver import FilesystemDriver
from storagedriver_drivers.filesystem.parameters import FilesystemParameters
from storagedriver_drivers.filesystem.staging import Staging
from storagedriver_drivers.filesystem.tree import Tree
from storagedriver_drivers.inmemory.driver import InMemoryDriver, InMemoryUpload
from storagedriver_drivers.inmemory.parameters import InMemoryParameters


class _AnyFileIsProof(InMemoryUpload):
    def commit(self) -> None:
        if self._stage is not None and self._store.staged(self._key) is not self._stage:
            with contextlib.suppress(PathNotFoundError):
                self._store.get_file(self._key)
                return
        super().commit()


@mutant("WRITE-8", bug="where a stage is gone and a file is there, it was committed already: any file")
class AnyFileIsProofOfACommit(Uploading):
    Stream = _AnyFileIsProof


# --- WRITE-7


@mutant("WRITE-7", rows=("B103",), bug="all that is written is held in memory until the commit")
class HeldUntilTheCommit(FilesystemDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        return _Holding(super()._writer(path, append=append))


@mutant("WRITE-7", bug="what a stream continues is read whole, and kept")
class ContinuedContentIsHeld(FilesystemDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        upload = super()._writer(path, append=append)
        self._held = self._get_content(path) if append and upload.size else b""
        return upload


class _NotesEachWrite(Wrapping):
    def __init__(self, inner: Upload) -> None:
        super().__init__(inner)
        self._notes: list[tuple[int, bytes]] = []

    def write(self, data: memoryview, /) -> None:
        super().write(data)
        self._notes.append((self.size, hashlib.sha256(data).digest()))


@mutant("WRITE-7", bug="something is kept of each write")
class EachWriteIsNoted(FilesystemDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        return _NotesEachWrite(super()._writer(path, append=append))


class _Holding:
    """An upload that gets everything at once, at the end."""

    def __init__(self, inner: Upload) -> None:
        self._inner = inner
        self._held = bytearray()

    @property
    def size(self) -> int:
        return self._inner.size + len(self._held)

    def write(self, data: memoryview, /) -> None:
        self._held += data

    def commit(self) -> None:
        self._send()
        self._inner.commit()

    def suspend(self) -> None:
        self._send()
        self._inner.suspend()

    def discard(self) -> None:
        self._inner.discard()

    def _send(self) -> None:
        if self._held:
            self._inner.write(memoryview(bytes(self._held)))
            self._held.clear()


@mutant("WRITE-7", rows=("B103",), bug="what was written is sent, but the buffer is never emptied")
class BufferIsNeverEmptied(FilesystemDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        return _Remembering(super()._writer(path, append=append))


class _Remembering(_Holding):
    def write(self, data: memoryview, /) -> None:
        self._inner.write(data)
        self._held += data

    @property
    def size(self) -> int:
        return self._inner.size

    def _send(self) -> None:
        """It is sent already."""


@mutant("WRITE-7", bug="the driver keeps what its streams wrote, for ever")
class DriverRemembers(Uploading):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._uploads: list[InMemoryUpload] = []

    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        self._uploads.append(upload)


# --- WRITE-8


@mutant("WRITE-8", rows=("B29",), bug="all writers of a path share one temporary file")
class OneTemporaryFile(Uploading):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._temporary: dict[str, bytearray] = {}

    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        shared = self._temporary.setdefault(path, bytearray())
        shared[:] = upload._content
        upload._content = shared


@mutant("WRITE-8", bug="the temporary file is taken away by the first commit")
class FirstCommitTakesTheTemporaryFile(Uploading):
    class Stream(InMemoryUpload):
        others: ClassVar[dict[str, set[InMemoryUpload]]] = {}

        def commit(self) -> None:
            open_ones = self.others.get(self._key, {self})
            if self not in open_ones:
                raise BackendError("no such file: the temporary one")
            super().commit()
            self.others[self._key] = set()

        def discard(self) -> None:
            super().discard()
            self.others.get(self._key, set()).discard(self)

    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        self.Stream.others.setdefault(upload._key, set()).add(upload)


@mutant("WRITE-8", bug="the writer that was opened last wins, not the last commit")
class LastOpenedWins(StatTellsOfTheStream):
    def _stat(self, path: str) -> FileInfo:
        return InMemoryDriver._stat(self, path)

    class Stream(InMemoryUpload):
        superseded = False

        def commit(self) -> None:
            if self.superseded:
                self._end_stage()
            else:
                super().commit()

    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        before = self._writing.get(path)
        if isinstance(before, LastOpenedWins.Stream):
            before.superseded = True
        super()._opened(upload, path, append=append)


@mutant("WRITE-8", bug="an append takes what is there at its commit, not at its opening")
class AppendsToWhatIsThereAtTheCommit(Uploading):
    class Stream(InMemoryUpload):
        base: bytes | None = None

        def commit(self) -> None:
            if self.base is not None:
                with contextlib.suppress(PathNotFoundError):
                    self._content[: len(self.base)] = self._store.get_file(self._key).content
            super().commit()

    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        if append and upload._stage is None:
            assert isinstance(upload, AppendsToWhatIsThereAtTheCommit.Stream)
            upload.base = bytes(upload._content)


@mutant("WRITE-8", bug="cancel of one writer takes what another has committed")
class CancelTakesTheOthersFile(Uploading):
    class Stream(InMemoryUpload):
        before: bytes | None = None

        def discard(self) -> None:
            super().discard()
            with contextlib.suppress(PathNotFoundError, PathConflictError):
                if self.before is None:
                    self._store.get_file(self._key)
                    self._store.delete(self._key)

    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        assert isinstance(upload, CancelTakesTheOthersFile.Stream)
        with contextlib.suppress(PathNotFoundError):
            upload.before = self._store.get_file(upload._key).content


@mutant("WRITE-8", bug="parts are numbered by path: those of two writers are mixed")
class PartsOfTwoAreMixed(Uploading):
    class Stream(InMemoryUpload):
        parts: ClassVar[dict[tuple[str, int], bytes]] = {}

        def write(self, data: memoryview, /) -> None:
            sent = len(self._content) // CHUNK
            super().write(data)
            for number in range(sent, len(self._content) // CHUNK):
                self.parts[self._key, number] = bytes(self._content[number * CHUNK : (number + 1) * CHUNK])

        def commit(self) -> None:
            for number in range(len(self._content) // CHUNK):
                part = self.parts.get((self._key, number))
                if part is not None:
                    self._content[number * CHUNK : (number + 1) * CHUNK] = part
            super().commit()


# --- WRITE-12


class Lock(Protocol):
    """What a writer holds from its opening to its end."""

    def acquire(self) -> bool: ...
    def release(self) -> None: ...


class Locking(Impatient, Uploading):
    """A writer holds a lock; readers wait for it."""

    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._lock = self._make_lock()

    def _make_lock(self) -> Lock:
        return threading.Lock()

    def _writer(self, path: str, *, append: bool) -> Upload:
        self._lock.acquire()
        try:
            upload = super()._writer(path, append=append)
        except BaseException:
            self._lock.release()
            raise
        return _Releasing(upload, self._lock)

    def _reader(self, path: str, offset: int) -> ByteSource:
        self._lock.acquire()
        try:
            return super()._reader(path, offset)
        finally:
            self._lock.release()


class _Releasing(_Holding):
    def __init__(self, inner: Upload, lock: Lock) -> None:
        super().__init__(inner)
        self._held_lock = lock

    def commit(self) -> None:
        super().commit()
        self._release()

    def suspend(self) -> None:
        super().suspend()
        self._release()

    def discard(self) -> None:
        super().discard()
        self._release()

    def _release(self) -> None:
        with contextlib.suppress(RuntimeError):
            self._held_lock.release()


@mutant("WRITE-12", rows=("B09",), bug="a writer holds the lock until its commit, and readers wait for it")
class WriterHoldsTheLock(Locking):
    pass


@mutant("WRITE-12", bug="a writer holds a lock that only its own thread passes")
class WriterHoldsTheLockOfItsThread(Locking):
    def _make_lock(self) -> Lock:
        return threading.RLock()


@mutant("WRITE-12", rows=("B93",), bug="each open reader holds a slot of the limiter")
class ReadersHoldSlots(Impatient):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._slots = threading.BoundedSemaphore(16)

    def _reader(self, path: str, offset: int) -> ByteSource:
        self._slots.acquire()
        try:
            source = super()._reader(path, offset)
        except BaseException:
            self._slots.release()
            raise
        return _Slotted(source, self._slots)

    def _stat(self, path: str) -> FileInfo:
        with self._slots:
            return super()._stat(path)


class _Slotted:
    def __init__(self, inner: ByteSource, slots: threading.Semaphore) -> None:
        self._inner = inner
        self._slots = slots

    def read(self, size: int, /) -> bytes:
        return self._inner.read(size)

    def close(self) -> None:
        self._slots.release()
        self._inner.close()


@mutant("WRITE-12", rows=("B93",), bug="each open writer holds a slot of the limiter")
class WritersHoldSlots(Locking):
    def _make_lock(self) -> Lock:
        return threading.Semaphore(20)

    def _reader(self, path: str, offset: int) -> ByteSource:
        return InMemoryDriver._reader(self, path, offset)


@mutant("WRITE-12", bug="a path that is written cannot be read until the commit")
class PathIsLocked(Impatient, Uploading):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._locks: dict[str, threading.Lock] = {}

    def _lock_of(self, path: str) -> threading.Lock:
        return self._locks.setdefault(path, threading.Lock())

    def _writer(self, path: str, *, append: bool) -> Upload:
        upload = super()._writer(path, append=append)
        self._lock_of(path).acquire()
        return _Releasing(upload, self._lock_of(path))

    def _get_content(self, path: str) -> bytes:
        with self._lock_of(path):
            return super()._get_content(path)

    def _reader(self, path: str, offset: int) -> ByteSource:
        with self._lock_of(path):
            return super()._reader(path, offset)


class Named(FilesystemDriver):
    """Calls the data files of its streams by names of its own."""

    def __init__(self, parameters: FilesystemParameters) -> None:
        super().__init__(parameters)
        self._staging = _Named(self._tree, self._name)

    def _name(self) -> str:
        return datafile.new_name()


class _Named(Staging):
    def __init__(self, tree: Tree, name: Callable[[], str]) -> None:
        super().__init__(tree)
        self._name = name

    def begin(self, components: Sequence[str]) -> datafile.DataFile:
        with mock.patch.object(datafile, "new_name", self._name):
            return super().begin(components)


@mutant("WRITE-8", bug="temporary files are numbered by process and driver, as if a process had one driver")
class NumberedByEachDriver(Named):
    _count = 0

    def _name(self) -> str:
        self._count += 1
        return f"~{os.getpid():016x}{self._count:016x}"
