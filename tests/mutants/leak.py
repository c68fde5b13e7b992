"""Drivers that keep what they used: descriptors, sockets, threads, files, uploads, memory."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import os
import queue
import secrets
import signal
import socket
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from mutants.model import mutant
from mutants.write import Uploading
from storagedriver import FileInfo, PathNotFoundError
from storagedriver.base import ByteSource, Upload
from storagedriver_drivers.filesystem import FilesystemDriver
from storagedriver_drivers.filesystem.parameters import FilesystemParameters
from storagedriver_drivers.inmemory.driver import InMemoryDriver, InMemoryUpload
from storagedriver_drivers.inmemory.parameters import InMemoryParameters


class Wrapping:
    """An upload around another."""

    def __init__(self, inner: Upload) -> None:
        self._inner = inner

    @property
    def size(self) -> int:
        return self._inner.size

    def write(self, data: memoryview, /) -> None:
        self._inner.write(data)

    def commit(self) -> None:
        self._inner.commit()

    def suspend(self) -> None:
        self._inner.suspend()

    def discard(self) -> None:
        self._inner.discard()


def _a_descriptor() -> int:
    return os.open(os.devnull, os.O_RDONLY)


# --- segments


@mutant("LEAK-1", bug="a move onto a file leaves its segments, which are not named after it")
class SegmentsOfDestStay(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        with contextlib.suppress(PathNotFoundError):
            replaced = self._store.get_file(self._key(dest))
            self._store.stage(f"/~segments-{secrets.token_hex(8)}", bytearray(replaced.content))
        super()._move(source, dest)


# --- descriptors


@mutant("LEAK-1", bug="a stage that another writer continues is opened to be copied, and stays open")
class StageInUseStaysOpen(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._continued: weakref.WeakValueDictionary[str, Upload] = weakref.WeakValueDictionary()

    def _writer(self, path: str, *, append: bool) -> Upload:
        upload = super()._writer(path, append=append)
        if append and path in self._continued:
            _a_descriptor()
        elif append:
            self._continued[path] = upload
        return upload


@mutant("LEAK-1", bug="a reader closes its file at the end of the content, and not before")
class ClosedAtTheEndAlone(InMemoryDriver):
    class Source:
        def __init__(self, inner: ByteSource) -> None:
            self._inner = inner
            self._fd = _a_descriptor()

        def read(self, size: int, /) -> bytes:
            data = self._inner.read(size)
            if not data and self._fd >= 0:
                os.close(self._fd)
                self._fd = -1
            return data

        def close(self) -> None:
            self._inner.close()

    def _reader(self, path: str, offset: int) -> ByteSource:
        return self.Source(super()._reader(path, offset))


@mutant("LEAK-1", rows=("B104",), bug="an opening that fails half-way leaves its descriptor")
class FailedOpeningStaysOpen(InMemoryDriver):
    def _reader(self, path: str, offset: int) -> ByteSource:
        fd = _a_descriptor()
        source = super()._reader(path, offset)
        os.close(fd)
        return source


@mutant("LEAK-1", rows=("B31",), bug="close returns at the error of a flush, and leaves the descriptor open")
class FlushErrorLeavesTheDescriptor(InMemoryDriver):
    """What is written goes through a file that has no name."""

    class Spooled(Wrapping):
        def __init__(self, inner: Upload) -> None:
            super().__init__(inner)
            self._fd, name = tempfile.mkstemp()
            Path(name).unlink()
            self._forgotten = weakref.finalize(self, os.close, self._fd)
            self._buffer = b""

        @property
        def size(self) -> int:
            return self._inner.size + len(self._buffer)

        def write(self, data: memoryview, /) -> None:
            self._buffer += data

        def commit(self) -> None:
            self._flush()
            self._inner.commit()
            self._close()

        def suspend(self) -> None:
            # It is closed here, and no finaliser has to.
            self._forgotten.detach()
            self._flush()
            os.close(self._fd)
            self._inner.suspend()

        def discard(self) -> None:
            self._inner.discard()
            self._close()

        def _flush(self) -> None:
            data, written = self._buffer, 0
            while written < len(data):
                written += os.write(self._fd, data[written:])
            self._inner.write(memoryview(data))
            self._buffer = b""

        def _close(self) -> None:
            if self._forgotten.detach() is not None:
                os.close(self._fd)

    def _writer(self, path: str, *, append: bool) -> Upload:
        return self.Spooled(super()._writer(path, append=append))


# --- sockets


class Connected(InMemoryDriver):
    """Each reader has a connection, which its close gives back."""

    class Source:
        def __init__(self, inner: ByteSource) -> None:
            self._inner = inner
            self._ends = socket.socketpair()

        def read(self, size: int, /) -> bytes:
            return self._inner.read(size)

        def close(self) -> None:
            for end in self._ends:
                end.close()
            self._inner.close()

    def _reader(self, path: str, offset: int) -> ByteSource:
        return self.Source(super()._reader(path, offset))


@mutant("LEAK-1", bug="the driver keeps its open readers, to close them when it is closed: none is ever forgotten")
class OpenReadersAreKept(Connected):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._open: list[BinaryIO] = []

    def reader(self, path: str, offset: int = 0) -> BinaryIO:
        stream = super().reader(path, offset)
        self._open = [*(each for each in self._open if not each.closed), stream]
        return stream

    def close(self) -> None:
        for stream in self._open:
            stream.close()


@mutant("LEAK-1", bug="each thread has a connection of its own, which outlives the thread")
class ConnectionOfEachThread(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._connections: dict[threading.Thread, socket.socket] = {}

    def _get_content(self, path: str) -> bytes:
        self._connections.setdefault(threading.current_thread(), socket.socket())
        return super()._get_content(path)

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()


@mutant("LEAK-1", bug="drivers are cached by parameters that are never the same twice, and none is ever closed")
class DriversAreCached(InMemoryDriver):
    cached: ClassVar[dict[int, Any]] = {}

    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._connection = socket.socket()
        self.cached[id(parameters)] = self, parameters

    def close(self) -> None:
        """The next driver of the same parameters is this one."""


# --- threads


@mutant("LEAK-1", rows=("B23",), bug="after an upload's error its helper waits to tell the rest, and nobody listens")
class HelperWaitsForEver(Uploading):
    class Stream(InMemoryUpload):
        def commit(self) -> None:
            results: queue.Queue[BaseException | None] = queue.Queue(maxsize=1)
            threading.Thread(target=self._upload, args=(results,), daemon=True, name="uploader").start()
            result = results.get()
            if result is not None:
                raise result

        def _upload(self, results: queue.Queue[BaseException | None]) -> None:
            try:
                super().commit()
            except Exception as error:  # noqa: BLE001  handed over
                results.put(error)
                # There is room for one result.
                results.put(None)
            results.put(None)


@mutant("LEAK-1", bug="each listing has a thread, which waits for somebody to ask for more")
class ThreadOfEachListing(InMemoryDriver):
    def _list(self, path: str) -> list[str]:
        threading.Thread(target=threading.Event().wait, daemon=True, name="lister").start()
        return [*super()._list(path)]


@mutant("LEAK-1", bug="the driver's threads go on when it is closed")
class WorkersOutliveTheDriver(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._work: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        threading.Thread(target=self._serve, args=(self._work,), daemon=True, name="worker").start()

    @staticmethod
    def _serve(work: queue.SimpleQueue[Callable[[], object]]) -> None:
        while True:
            work.get()()


# --- files


@mutant("LEAK-1", bug="the temporary file of a stream goes at the commit, and at no other end")
class TemporaryFileOfTheCancelled(InMemoryDriver):
    class Spooled(Wrapping):
        def __init__(self, inner: Upload) -> None:
            super().__init__(inner)
            fd, name = tempfile.mkstemp(prefix="upload-")
            os.close(fd)
            self._name = Path(name)

        def commit(self) -> None:
            self._inner.commit()
            self._name.unlink(missing_ok=True)

    def _writer(self, path: str, *, append: bool) -> Upload:
        return self.Spooled(super()._writer(path, append=append))


# --- what lies on the backend


@mutant("LEAK-1", bug="cancel after close leaves the upload that was begun")
class CancelLeavesTheUpload(Uploading):
    class Stream(InMemoryUpload):
        def discard(self) -> None:
            """It was closed, and is not open any more."""


# --- memory


@mutant("LEAK-1", rows=("B103",), bug="the buffer of a path is emptied by a commit alone")
class BufferOfTheCancelled(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._buffers: dict[str, bytearray] = {}

    class Buffering(Wrapping):
        def __init__(self, inner: Upload, buffers: dict[str, bytearray], path: str) -> None:
            super().__init__(inner)
            self._buffers = buffers
            self._path = path

        def write(self, data: memoryview, /) -> None:
            super().write(data)
            self._buffers.setdefault(self._path, bytearray()).extend(data)

        def commit(self) -> None:
            super().commit()
            self._buffers.pop(self._path, None)

    def _writer(self, path: str, *, append: bool) -> Upload:
        return self.Buffering(super()._writer(path, append=append), self._buffers, path)


@mutant("LEAK-1", bug="a record of each call is kept, for ever")
class CallsAreKept(InMemoryDriver):
    calls: ClassVar[list[tuple[str, str]]] = []

    def _stat(self, path: str) -> FileInfo:
        self.calls.append(("stat", path))
        return super()._stat(path)

    def _put_content(self, path: str, content: bytes) -> None:
        self.calls.append(("put", path))
        super()._put_content(path, content)


@mutant("LEAK-1", bug="what was read is cached, by path, without a bound")
class CacheWithoutBound(InMemoryDriver):
    cached: ClassVar[dict[str, FileInfo]] = {}

    def _stat(self, path: str) -> FileInfo:
        info = super()._stat(path)
        if not info.is_dir:
            self.cached[path] = info
        return info


@mutant("LEAK-1", bug="memory that a library took is not given back")
class LibraryKeepsMemory(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        library = ctypes.CDLL(None)
        library.malloc.restype = ctypes.c_void_p
        # What is never written to takes no memory.
        ctypes.memset(library.malloc(ctypes.c_size_t(len(content))), 1, len(content))


@mutant("LEAK-1", bug="a move that something is in the way of leaves the directory of dest open")
class RefusedMoveLeavesADescriptor(FilesystemDriver):
    def __init__(self, parameters: FilesystemParameters) -> None:
        super().__init__(parameters)
        self._folder = Path(parameters.rootdirectory)

    def _move(self, source: str, dest: str) -> None:
        try:
            directory = os.open(self._folder / dest.lstrip("/"), os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            super()._move(source, dest)
            return
        super()._move(source, dest)
        os.close(directory)


# --- settings of the process


@mutant("LEAK-1", bug="files are to be the user's alone, and so the mask of the whole process is set")
class MaskStays(InMemoryDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        os.umask(0o077)
        return super()._writer(path, append=append)


@mutant("LEAK-1", bug="a move changes to another directory, and back to where the user is at home")
class ComesBackHome(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        os.chdir(Path.home())
        super()._move(source, dest)


@mutant("LEAK-1", bug="the timeout of requests is that of all sockets of the process")
class TimeoutOfAllSockets(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        socket.setdefaulttimeout(10)
        return super()._list(path)


@mutant("LEAK-1", bug="what a library is to use is put into the environment, where it looks for it")
class ToldByTheEnvironment(InMemoryDriver):
    def _reader(self, path: str, offset: int) -> ByteSource:
        os.environ["STORE_READ_AHEAD"] = "1024"
        return super()._reader(path, offset)


@mutant("LEAK-1", bug="logging is set up for the whole process")
class SetsLoggingUp(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        logging.basicConfig(level=logging.ERROR)
        return super()._list(path)


class _Redacts(logging.Filter):
    """Holds nothing back."""


@mutant("LEAK-1", bug="the filter that keeps secrets out of a library's log outlives its driver")
class FilterOutlivesItsDriver(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        logging.getLogger("store.client").addFilter(_Redacts())


@mutant("LEAK-1", bug="a stream is committed whatever signal comes, and the handler of the signal is not put back")
class HandlerOfASignalStays(InMemoryDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        return super()._writer(path, append=append)


@mutant("LEAK-1", bug="garbage is not collected while there is much to do, and never again")
class CollectsNoMoreGarbage(InMemoryDriver):
    def _scan(self, path: str) -> Iterable[FileInfo]:
        gc.disable()
        return super()._scan(path)


class _HoldsAfterItsClose:
    """A source whose descriptor is closed as it is forgotten, and not before."""

    def __init__(self, inner: ByteSource) -> None:
        self._inner = inner
        self._held = _a_descriptor()
        weakref.finalize(self, os.close, self._held)

    def read(self, size: int, /) -> bytes:
        return self._inner.read(size)

    def close(self) -> None:
        self._inner.close()


@mutant("LEAK-1", bug="a reader that is closed keeps its descriptor until it is forgotten")
class ClosedReaderHolds(InMemoryDriver):
    def _reader(self, path: str, offset: int) -> ByteSource:
        return _HoldsAfterItsClose(super()._reader(path, offset))
