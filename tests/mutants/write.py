"""Drivers whose streams show early, lose bytes, or make nothing of nothing; and what such drivers are made of."""

from __future__ import annotations

import contextlib
import io
import sys
import threading
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import pytest

from mutants.model import mutant
from storagedriver import (
    BackendError,
    FileInfo,
    FileWriter,
    Limits,
    PathConflictError,
    PathNotFoundError,
    paths,
)
from storagedriver.base import ByteSource, Upload, _UploadWriter
from storagedriver_drivers.inmemory.driver import InMemoryDriver, InMemoryUpload
from storagedriver_drivers.inmemory.parameters import InMemoryParameters
from storagedriver_drivers.inmemory.store import Directory
from storagedriver_suites.behaviour import streams

if TYPE_CHECKING:
    from typing_extensions import Buffer


CHUNK = 4096


class Uploading(InMemoryDriver):
    """Streams as `Stream` has them, in chunks of a declared size."""

    capabilities = replace(InMemoryDriver.capabilities, limits=Limits(chunk_size=CHUNK))
    Stream: ClassVar[type[InMemoryUpload]] = InMemoryUpload

    def _writer(self, path: str, *, append: bool) -> Upload:
        made = super()._writer(path, append=append)
        assert isinstance(made, InMemoryUpload)
        upload = self.Stream(made._store, made._key, made._content, continued=made._stage)
        self._opened(upload, path, append=append)
        return upload

    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        """For mutants that do more at the opening."""


class Writing(InMemoryDriver):
    """Writers as `Writer` has them."""

    Writer: ClassVar[type[_UploadWriter]] = _UploadWriter

    def writer(self, path: str, append: bool = False) -> FileWriter:
        made = super().writer(path, append)
        assert isinstance(made, _UploadWriter)
        return self.Writer(self, path, made._upload)


class Impatient(InMemoryDriver):
    """The checks do not wait long for it: it hangs for ever, and that is seen at once."""

    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._patience = pytest.MonkeyPatch()
        self._patience.setattr(streams, "HANG_SECONDS", 0.5)

    def close(self) -> None:
        self._patience.undo()
        super().close()


# --- WRITE-1


@mutant("WRITE-1", bug="writes go straight into the file")
class WritesInPlace(Uploading):
    class Stream(InMemoryUpload):
        def write(self, data: memoryview, /) -> None:
            super().write(data)
            self._store.put(self._key, bytes(self._content))


@mutant("WRITE-1", bug="each full chunk is published as it comes")
class FullChunksShow(Uploading):
    class Stream(InMemoryUpload):
        def write(self, data: memoryview, /) -> None:
            super().write(data)
            if len(self._content) >= CHUNK:
                self._store.put(self._key, bytes(self._content[: len(self._content) // CHUNK * CHUNK]))


@mutant("WRITE-1", bug="an old file is cut to nothing at the opening")
class TruncatesAtTheOpening(Uploading):
    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        with contextlib.suppress(PathNotFoundError):
            self._store.get_file(upload._key)
            if not append:
                self._store.put(upload._key, b"")


@mutant("WRITE-1", bug="an append goes straight into the file")
class AppendsInPlace(Uploading):
    class Stream(InMemoryUpload):
        def write(self, data: memoryview, /) -> None:
            super().write(data)
            with contextlib.suppress(PathNotFoundError):
                old = self._store.get_file(self._key).content
                if old and self._content.startswith(old):
                    self._store.put(self._key, bytes(self._content))


@mutant("WRITE-1", bug="stat tells the size of the stream")
class StatTellsOfTheStream(Uploading):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._writing: dict[str, InMemoryUpload] = {}

    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        self._writing[path] = upload

    def _stat(self, path: str) -> FileInfo:
        found = super()._stat(path)
        writing = self._writing.get(path)
        return found if writing is None or not writing.size else replace(found, size=writing.size)


@mutant("WRITE-1", rows=("E6",), bug="the temporary file is listed beside the file")
class TemporaryFileIsListed(Uploading):
    class Stream(InMemoryUpload):
        def write(self, data: memoryview, /) -> None:
            super().write(data)
            with contextlib.suppress(PathConflictError):
                self._store.put(f"{self._key}.part", bytes(self._content))

        def commit(self) -> None:
            super().commit()
            self._clear()

        def discard(self) -> None:
            super().discard()
            self._clear()

        def _clear(self) -> None:
            with contextlib.suppress(PathNotFoundError):
                self._store.delete(f"{self._key}.part")


@mutant("WRITE-1", rows=("E6",), bug="the uploads of the store lie in a directory at its root")
class UploadsAtTheRoot(TemporaryFileIsListed):
    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        self._store.put(f"{self._root}/_uploads/1", b"")


@mutant("WRITE-1", bug="the parents of the file are made at the opening")
class ParentsAtTheOpening(Uploading):
    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        node = self._store._root
        for name in paths.components(upload._key)[:-1]:
            child = node.children.setdefault(name, Directory())
            if not isinstance(child, Directory):
                return
            node = child


@mutant("WRITE-1", bug="a stream can be moved before it is committed")
class StreamIsMoved(StatTellsOfTheStream):
    def _stat(self, path: str) -> FileInfo:
        return InMemoryDriver._stat(self, path)

    def _move(self, source: str, dest: str) -> None:
        writing = self._writing.get(source)
        if writing is not None:
            self._store.put(self._key(source), bytes(writing._content))
        super()._move(source, dest)


# --- WRITE-2


@mutant("WRITE-2", bug="what does not fill a chunk is lost at the commit of a longer stream")
class LastPartIsLost(Uploading):
    class Stream(InMemoryUpload):
        def commit(self) -> None:
            if len(self._content) > CHUNK:
                del self._content[len(self._content) // CHUNK * CHUNK :]
            super().commit()


@mutant("WRITE-2", rows=("B33",), bug="a file is the segments that a listing shows, which lags behind them")
class ManifestOfALaggingListing(Uploading):
    """The listing shows a new segment from the second time on that it is asked."""

    looks: ClassVar[Counter[tuple[str, bytes]]] = Counter()

    def _shown(self, path: str, content: bytes) -> bytes:
        self.looks[path, content] += 1
        newest = (len(content) - 1) // CHUNK * CHUNK
        return content[:newest] if newest > 0 and self.looks[path, content] == 1 else content

    def _get_content(self, path: str) -> bytes:
        return self._shown(path, super()._get_content(path))

    def _reader(self, path: str, offset: int) -> ByteSource:
        return io.BytesIO(self._get_content(path)[min(offset, sys.maxsize) :])


@mutant("WRITE-2", bug="a stream that ends with a chunk loses this one")
class LastFullChunkIsLost(Uploading):
    class Stream(InMemoryUpload):
        def commit(self) -> None:
            if self._content and not len(self._content) % CHUNK:
                del self._content[-CHUNK:]
            super().commit()


@mutant("WRITE-2", bug="a write of just a buffer's size is dropped")
class WriteOfABufferIsDropped(InMemoryDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        class Dropping(InMemoryUpload):
            def write(self, data: memoryview, /) -> None:
                if len(data) != 65536:
                    super().write(data)

        made = super()._writer(path, append=append)
        assert isinstance(made, InMemoryUpload)
        return Dropping(made._store, made._key, made._content, continued=made._stage)


@mutant("WRITE-2", bug="pieces are named by three digits, and put together in the order of their names")
class PiecesOfThreeDigits(Uploading):
    class Stream(InMemoryUpload):
        def write(self, data: memoryview, /) -> None:
            pieces: dict[str, bytes] = self.__dict__.setdefault("pieces", {"": bytes(self._content)})
            pieces[f"{len(pieces):03}"] = bytes(data)
            super().write(data)

        def commit(self) -> None:
            pieces: dict[str, bytes] = self.__dict__.get("pieces", {})
            if pieces:
                self._content[:] = b"".join(pieces[name] for name in sorted(pieces))
            super().commit()


@mutant("WRITE-2", bug="a commit has given its content away before it fails, and repeated it publishes nothing")
class FailedCommitGivesAway(Uploading):
    class Stream(InMemoryUpload):
        def commit(self) -> None:
            content, self._content = self._content, bytearray()
            self._store.put(self._key, bytes(content))
            self._end_stage()


@mutant("WRITE-2", bug="parts are put together in the order of their names: 10 before 2")
class PartsInTheOrderOfTheirNames(Uploading):
    class Stream(InMemoryUpload):
        def commit(self) -> None:
            parts = [self._content[at : at + CHUNK] for at in range(0, len(self._content), CHUNK)]
            in_order = sorted(range(1, len(parts) + 1), key=str)
            self._content = bytearray(b"".join(parts[number - 1] for number in in_order))
            super().commit()


@mutant("WRITE-2", bug="writes are put together in the order of their names: 10 before 2")
class WritesInTheOrderOfTheirNames(Uploading):
    class Stream(InMemoryUpload):
        def write(self, data: memoryview, /) -> None:
            self._writes = [*getattr(self, "_writes", [bytes(self._content)]), bytes(data)]
            super().write(data)

        def commit(self) -> None:
            writes = getattr(self, "_writes", [bytes(self._content)])
            in_order = sorted(range(len(writes)), key=str)
            self._content = bytearray(b"".join(writes[number] for number in in_order))
            super().commit()


@mutant("WRITE-2", bug="the tail of longer old content stays")
class TailOfTheOldStays(Uploading):
    class Stream(InMemoryUpload):
        def commit(self) -> None:
            with contextlib.suppress(PathNotFoundError):
                self._content += self._store.get_file(self._key).content[len(self._content) :]
            super().commit()


@mutant("WRITE-2", bug="lines end as on another system")
class LineEndsAreChanged(Uploading):
    class Stream(InMemoryUpload):
        def write(self, data: memoryview, /) -> None:
            super().write(memoryview(bytes(data).replace(b"\r\n", b"\n")))


@mutant("WRITE-2", rows=("B16",), bug="the last two parts are joined, which the server refuses")
class LastPartsAreJoined(Uploading):
    class Stream(InMemoryUpload):
        def commit(self) -> None:
            if len(self._content) > 2 * CHUNK and len(self._content) % CHUNK:
                raise BackendError("EntityTooLarge: all parts but the last must be of one size")
            super().commit()


@mutant("WRITE-2", rows=("B07",), bug="a part that ends with the stream is waited for, for ever")
class EndWithinAPartHangs(Impatient, Uploading):
    class Stream(InMemoryUpload):
        def commit(self) -> None:
            if len(self._content) > CHUNK and len(self._content) % CHUNK:
                threading.Event().wait()
            super().commit()


@mutant("WRITE-2", rows=("B95",), bug="write returns the size of all there is")
class ReturnsTheTotal(Writing):
    class Writer(_UploadWriter):
        def write(self, data: Buffer, /) -> int:
            super().write(data)
            return self.size


@mutant("WRITE-2", bug="write returns the number of items")
class ReturnsTheItems(Writing):
    class Writer(_UploadWriter):
        def write(self, data: Buffer, /) -> int:
            length = super().write(data)
            return len(data) if isinstance(data, memoryview) and data.ndim else length


@mutant("WRITE-2", bug="as many bytes are written as the view has items")
class WritesAsManyBytesAsItems(Writing):
    class Writer(_UploadWriter):
        def write(self, data: Buffer, /) -> int:
            if isinstance(data, memoryview) and data.ndim and data.itemsize > 1:
                data = data.tobytes()[: len(data)]
            return super().write(data)


@mutant("WRITE-2", rows=("B94",), bug="a bytearray is written as it is printed")
class BytearrayAsPrinted(Writing):
    class Writer(_UploadWriter):
        def write(self, data: Buffer, /) -> int:
            if not isinstance(data, bytearray):
                return super().write(data)
            super().write(repr(data).encode())
            return len(data)


@mutant("WRITE-2", bug="of a view with strides all that lies below it is written")
class StridesAreIgnored(Writing):
    class Writer(_UploadWriter):
        def write(self, data: Buffer, /) -> int:
            if isinstance(data, memoryview) and not data.c_contiguous:
                return super().write(memoryview(data.obj).cast("B")[: data.nbytes])
            return super().write(data)


@mutant("WRITE-2", bug="text is taken, and encoded")
class TextIsTaken(Writing):
    class Writer(_UploadWriter):
        def write(self, data: Buffer, /) -> int:
            return super().write(data.encode() if isinstance(data, str) else data)


@mutant("WRITE-2", bug="text is refused, but breaks the stream")
class TextBreaksTheStream(Writing):
    class Writer(_UploadWriter):
        def write(self, data: Buffer, /) -> int:
            if isinstance(data, str):
                self.close()
            return super().write(data)


@mutant("WRITE-2", bug="the caller's buffer is kept and read at the commit")
class BufferIsKept(Writing):
    class Writer(_UploadWriter):
        def write(self, data: Buffer, /) -> int:
            self._require_open("write")
            if not isinstance(data, bytearray):
                return super().write(data)
            self._kept = [*getattr(self, "_kept", []), (len(bytes(self._upload._content)), data)]  # type: ignore[attr-defined]
            return super().write(bytes(data))

        def commit(self) -> None:
            for position, data in getattr(self, "_kept", []):
                self._upload._content[position : position + len(data)] = data  # type: ignore[attr-defined]
            super().commit()


@mutant("WRITE-2", bug="an empty write is the end of the stream")
class EmptyWriteEnds(Writing):
    class Writer(_UploadWriter):
        def write(self, data: Buffer, /) -> int:
            self._ended = getattr(self, "_ended", False) or not memoryview(data).nbytes
            return memoryview(data).nbytes if self._ended else super().write(data)


# --- WRITE-9


@mutant("WRITE-9", rows=("B14",), bug="an upload of no parts cannot be completed")
class NoPartsAreRefused(Uploading):
    class Stream(InMemoryUpload):
        def commit(self) -> None:
            if not self._content:
                raise BackendError("MalformedXML: you must specify at least one part")
            super().commit()


@mutant("WRITE-9", rows=("B14",), bug="of a stream without a write nothing is made")
class NothingIsMade(Uploading):
    class Stream(InMemoryUpload):
        def commit(self) -> None:
            if self._content:
                super().commit()
            else:
                self._end_stage()


@mutant("WRITE-9", bug="a stream without a write leaves the old file")
class OldFileStays(Uploading):
    class Stream(InMemoryUpload):
        def commit(self) -> None:
            with contextlib.suppress(PathNotFoundError):
                if not self._content:
                    self._content += self._store.get_file(self._key).content
            super().commit()


@mutant("WRITE-9", bug="an append without a write empties the file")
class EmptyAppendEmpties(Uploading):
    class Stream(InMemoryUpload):
        written = False

        def write(self, data: memoryview, /) -> None:
            self.written = True
            super().write(data)

        def commit(self) -> None:
            if not self.written and self._stage is None:
                self._content.clear()
            super().commit()
