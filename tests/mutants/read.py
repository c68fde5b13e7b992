"""Drivers whose readers begin elsewhere, end early, or are no good streams."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, BinaryIO, cast

from mutants.err import KeyedDriver
from mutants.model import mutant
from storagedriver import BackendError, InvalidOffsetError, PathNotFoundError, paths
from storagedriver.base import ByteSource
from storagedriver_drivers.inmemory.driver import InMemoryDriver
from storagedriver_drivers.inmemory.parameters import InMemoryParameters

if TYPE_CHECKING:
    from typing_extensions import Buffer

CHUNK = 64 * 1024
CONNECTIONS = 50


class FromBytes(InMemoryDriver):
    """Reads from bytes that are cut out of the content."""

    def _reader(self, path: str, offset: int) -> ByteSource:
        return io.BytesIO(self._cut(self._get_content(path), offset))

    def _cut(self, content: bytes, offset: int) -> bytes:
        return content[offset:]


@mutant("READ-1", bug="the offset is left out")
class OffsetIsIgnored(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        return content if offset < len(content) else b""


@mutant("READ-1", bug="the offset is one too many")
class OffByOne(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        return content[offset + (offset > 0) :]


@mutant("READ-1", bug="the offset is applied by the backend and by the driver")
class OffsetTwice(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        return content[offset:][offset:]


@mutant("READ-1", bug="beyond the second chunk the offset is left out")
class OffsetIsIgnoredFarOn(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        return content[offset if offset <= 2 * CHUNK or offset >= len(content) else 0 :]


@mutant("READ-1", bug="a reader begins at the start of the chunk that holds the offset")
class OffsetIsRoundedDown(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        return content[offset // CHUNK * CHUNK if offset >= CHUNK and offset < len(content) else offset :]


@mutant("READ-1", bug="an offset on the boundary of a chunk is taken for one in the chunk before")
class BoundaryIsDoubled(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        return content[offset - (0 < offset < len(content) and offset % CHUNK == 0) :]


@mutant("READ-1", bug="the last byte is left out, as a range that ends before its end")
class LastByteIsLeftOut(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        return content[offset:-1] if offset else content


@mutant("READ-1", bug="the file is opened as text")
class OpenedAsText(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        return content[offset:].replace(b"\r\n", b"\n")


@mutant("READ-1", bug="the offset counts characters")
class OffsetOfCharacters(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        try:
            return content.decode()[offset:].encode()
        except UnicodeDecodeError:
            return content[offset:]


@mutant("READ-1", bug="the offset of one reader stays for the next")
class OffsetStays(InMemoryDriver):
    _last = 0

    def _reader(self, path: str, offset: int) -> ByteSource:
        self._last = offset or self._last
        return super()._reader(path, self._last)


@mutant("READ-1", bug="B92: a reader gives content from a cache that other writers do not invalidate")
@mutant("READ-4", bug="B92: a reader gives a deleted file from a cache")
class CachedReader(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._cache: dict[str, bytes] = {}

    def _reader(self, path: str, offset: int) -> ByteSource:
        if path not in self._cache:
            self._cache[path] = self._get_content(path)
        return io.BytesIO(self._cache[path][offset:])

    def _put_content(self, path: str, content: bytes) -> None:
        self._cache.pop(path, None)
        super()._put_content(path, content)


@mutant("READ-2", bug="B02: a range at or beyond the end is answered with the whole file")
class WholeAtTheEnd(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        return content[offset:] if offset < len(content) else content


@mutant("READ-2", bug="B02: a range beyond the end is answered with the whole file, one at the end is not")
class WholeBeyondTheEnd(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        return content[offset:] if offset <= len(content) else content


@mutant("READ-2", bug="B01: the check of bounds is off by one, and refuses the end")
class EndIsRefused(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        if offset >= len(content) and offset:
            raise InvalidOffsetError(f"{offset} is beyond the end")
        return content[offset:]


@mutant("READ-2", bug="B01: beyond the end is refused, the end is not")
class BeyondIsRefused(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        if offset > len(content):
            raise InvalidOffsetError(f"{offset} is beyond the end")
        return content[offset:]


@mutant("READ-2", bug="the answer 416 is an error of the backend")
class UnsatisfiableIsAnError(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        if offset and offset >= len(content):
            raise BackendError("416")
        return content[offset:]


@mutant("READ-2", bug="an offset beyond the end is set back to the last byte")
class LastByteAtTheEnd(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        return content[min(offset, max(len(content) - 1, 0)) :]


@mutant("READ-2", bug="the offset is cut to 32 bits")
class OffsetIsCut(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        return content[offset & 0xFFFFFFFF :]


@mutant("READ-2", bug="an empty file has no range that begins at 0")
class EmptyFileHasNoRange(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        if not content:
            raise BackendError("416")
        return content[offset:]


class OwnOffsets(InMemoryDriver):
    """Judges offsets by itself."""

    def reader(self, path: str, offset: int = 0) -> BinaryIO:
        return super().reader(path, self._judged(path, offset) if offset < 0 else offset)

    def _judged(self, path: str, offset: int) -> int:
        return offset


@mutant("READ-3", bug="a negative offset counts from the end")
class FromTheEnd(OwnOffsets):
    def _judged(self, path: str, offset: int) -> int:
        return max(0, self.stat(path).size + offset)


@mutant("READ-3", bug="a negative offset is taken for 0")
class NegativeIsZero(OwnOffsets):
    def _judged(self, path: str, offset: int) -> int:
        return 0


@mutant("READ-3", bug="a negative offset is refused if it lies before the start, else it counts from the end")
class RefusedBeforeTheStart(OwnOffsets):
    def _judged(self, path: str, offset: int) -> int:
        size = self.stat(path).size
        return offset if size + offset < 0 else size + offset


@mutant("READ-3", bug="a negative offset reaches the library, whose ValueError comes out")
class LibraryRefuses(OwnOffsets):
    def _judged(self, path: str, offset: int) -> int:
        raise ValueError("negative seek value")


@mutant("READ-3", bug="a negative offset is an error of the backend")
class BackendRefuses(OwnOffsets):
    def _judged(self, path: str, offset: int) -> int:
        raise BackendError("400: invalid range").located(self.name, path)


class Missing(InMemoryDriver):
    """Has an answer of its own for readers of what is no file."""

    def _reader(self, path: str, offset: int) -> ByteSource:
        try:
            return super()._reader(path, offset)
        except PathNotFoundError:
            return self._missing(path, offset)

    def _missing(self, path: str, offset: int) -> ByteSource:
        raise PathNotFoundError


@mutant("READ-4", bug="what is absent is an empty stream")
class AbsentIsEmpty(Missing):
    def _missing(self, path: str, offset: int) -> ByteSource:
        return io.BytesIO()


@mutant("READ-4", bug="what is absent is an empty stream from an offset, as the end of a file is")
class AbsentIsEmptyFarOn(Missing):
    def _missing(self, path: str, offset: int) -> ByteSource:
        if offset:
            return io.BytesIO()
        raise PathNotFoundError


@mutant("READ-4", bug="a directory is an empty stream")
class DirectoryIsEmpty(Missing):
    def _missing(self, path: str, offset: int) -> ByteSource:
        self._stat(path)
        return io.BytesIO()


@mutant("READ-4", bug="a reader of a directory is an error of the backend")
class DirectoryIsAnError(Missing):
    def _missing(self, path: str, offset: int) -> ByteSource:
        self._stat(path)
        raise IsADirectoryError(path)


@mutant("READ-4", bug="B64: a path below a file crashes")
class BelowAFileCrashes(Missing):
    def _missing(self, path: str, offset: int) -> ByteSource:
        with contextlib.suppress(PathNotFoundError):
            if not self._stat(paths.parent(path)).is_dir:
                raise AttributeError("'File' object has no attribute 'children'")
        raise PathNotFoundError


@mutant("READ-4", bug="B70: that a thing is missing is not recognised")
class MissingIsNotRecognised(Missing):
    def _missing(self, path: str, offset: int) -> ByteSource:
        raise BackendError("404")


class LateSource:
    """Opens at the first read."""

    def __init__(self, driver: InMemoryDriver, path: str, offset: int) -> None:
        self._driver, self._path, self._offset = driver, path, offset
        self._source: ByteSource | None = None

    def read(self, size: int, /) -> bytes:
        if self._source is None:
            self._source = InMemoryDriver._reader(self._driver, self._path, self._offset)
        return self._source.read(size)

    def close(self) -> None: ...


@mutant("READ-4", bug="eager_open is declared, and nothing is opened before the first read")
class OpensLate(InMemoryDriver):
    def _reader(self, path: str, offset: int) -> ByteSource:
        return LateSource(self, path, offset)


class Stream(io.BytesIO):
    """A reader of a driver's own making, without a fault."""


class OwnStream(InMemoryDriver):
    """Gives readers that are streams of its own."""

    stream: type[Stream] = Stream

    def reader(self, path: str, offset: int = 0) -> BinaryIO:
        with super().reader(path, offset) as reader:
            return self.stream(reader.read())


@mutant("READ-5", bug="read(k) gives more than k bytes where a block is begun")
class ReadsWholeBlocks(OwnStream):
    class stream(Stream):  # noqa: N801  the attribute's name
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(-(-size // 16) * 16 if size and size > 0 else size)


@mutant("READ-5", bug="read() gives one buffer, not all")
class ReadGivesOneBuffer(OwnStream):
    class stream(Stream):  # noqa: N801  the attribute's name
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(4096 if size is None or size < 0 else size)


@mutant("READ-5", bug="read(0) is taken for read()")
class ReadOfNothingReadsAll(OwnStream):
    class stream(Stream):  # noqa: N801  the attribute's name
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(size or -1)


@mutant("READ-5", bug="a byte is lost between two pieces that are larger than the buffer")
class ByteIsLostBetweenBuffers(OwnStream):
    class stream(Stream):  # noqa: N801  the attribute's name
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            if size is not None and size >= CHUNK:
                super().read(1)
            return data


@mutant("READ-5", bug="readinto says that the buffer is full")
class ReadintoSaysFull(OwnStream):
    class stream(Stream):  # noqa: N801  the attribute's name
        def readinto(self, buffer: Buffer, /) -> int:
            return super().readinto(buffer) and memoryview(buffer).nbytes


@mutant("READ-5", bug="readinto clears what it does not fill")
class ReadintoClearsTheRest(OwnStream):
    class stream(Stream):  # noqa: N801  the attribute's name
        def readinto(self, buffer: Buffer, /) -> int:
            view = memoryview(buffer).cast("B")
            count = super().readinto(view)
            view[count:] = bytes(len(view) - count)
            return count


@mutant("READ-5", bug="there is no readinto")
class NoReadinto(OwnStream):
    class stream(Stream):  # noqa: N801  the attribute's name
        def readinto(self, buffer: Buffer, /) -> int:
            raise io.UnsupportedOperation("readinto")


@mutant("READ-5", bug="the last line is dropped if it has no line end")
class LastLineIsDropped(OwnStream):
    class stream(Stream):  # noqa: N801  the attribute's name
        def __next__(self) -> bytes:
            line = super().__next__()
            if not line.endswith(b"\n"):
                raise StopIteration
            return line


@mutant("READ-5", bug="readline ends at carriage returns too")
class CarriageReturnEndsALine(OwnStream):
    class stream(Stream):  # noqa: N801  the attribute's name
        def readline(self, size: int | None = -1, /) -> bytes:
            start = self.tell()
            line = super().readline(size)
            end = line.find(b"\r") + 1
            if 0 < end < len(line):
                self.seek(start + end)
                return line[:end]
            return line


@mutant("READ-5", bug="a line that is longer than the buffer ends with it")
class LineEndsWithTheBuffer(OwnStream):
    class stream(Stream):  # noqa: N801  the attribute's name
        def readline(self, size: int | None = -1, /) -> bytes:
            return super().readline(CHUNK if size is None or size < 0 else size)


@mutant("READ-5", bug="behind the end it begins anew")
class BeginsAnewAtTheEnd(OwnStream):
    class stream(Stream):  # noqa: N801  the attribute's name
        ended = False

        def read(self, size: int | None = -1, /) -> bytes:
            if self.ended:
                self.seek(0)
            data = super().read(size)
            self.ended = size != 0 and not data
            return data


@mutant("READ-5", bug="the second read at the end is an error")
class EndIsAnError(OwnStream):
    class stream(Stream):  # noqa: N801  the attribute's name
        ended = False

        def read(self, size: int | None = -1, /) -> bytes:
            if self.ended:
                raise EOFError("the stream has ended")
            data = super().read(size)
            self.ended = size != 0 and not data
            return data


class Unclosed(Stream):
    """Notes its close alone."""

    shut = False

    def close(self) -> None:
        self.shut = True

    @property
    def closed(self) -> bool:
        return self.shut


@mutant("READ-5", bug="a closed reader reads on")
class ClosedReadsOn(OwnStream):
    stream = Unclosed


@mutant("READ-5", bug="a closed reader is at its end")
class ClosedIsEmpty(OwnStream):
    class stream(Unclosed):  # noqa: N801  the attribute's name
        def read(self, size: int | None = -1, /) -> bytes:
            return b"" if self.shut else super().read(size)


@mutant("READ-5", bug="the second close is an error")
class SecondCloseIsAnError(OwnStream):
    class stream(Stream):  # noqa: N801  the attribute's name
        closes = 0

        def close(self) -> None:
            self.closes += 1
            super().close()
            if self.closes == 2:
                raise BackendError("the connection is closed already")


class PooledSource:
    """Takes one of a few connections."""

    def __init__(self, driver: Pooled, source: ByteSource) -> None:
        if driver.free < 1:
            raise BackendError("no connection is free")
        driver.free -= 1
        self._driver, self._source, self._held = driver, source, True

    def read(self, size: int, /) -> bytes:
        data = self._source.read(size)
        if size and not data:
            self.release()
        return data

    def release(self) -> None:
        self._driver.free += self._held
        self._held = False

    def close(self) -> None:
        self.release()


class Pooled(InMemoryDriver):
    """Has a pool of connections."""

    free = CONNECTIONS

    def _reader(self, path: str, offset: int) -> ByteSource:
        return PooledSource(self, super()._reader(path, offset))


class HalfReadSource(PooledSource):
    def close(self) -> None: ...


@mutant("READ-5", bug="a reader that is closed half-read keeps its connection")
class HalfReadKeepsItsConnection(Pooled):
    _buffer_size = 1

    def _reader(self, path: str, offset: int) -> ByteSource:
        return HalfReadSource(self, InMemoryDriver._reader(self, path, offset))


@mutant("READ-6", bug="B93: open readers use up what all other calls need too")
class OpenReadersUseUpThePool(Pooled):
    pass


@mutant("READ-6", bug="readers of one file share their position")
class SharedPosition(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._sources: dict[str, ByteSource] = {}

    def _reader(self, path: str, offset: int) -> ByteSource:
        source = super()._reader(path, offset)
        shared = self._sources.setdefault(path, source)
        if isinstance(shared, io.BytesIO):
            if shared.closed or shared.getvalue() != self._get_content(path):
                shared = self._sources[path] = source
            else:
                shared.seek(offset)
        return shared


class OneBufferSource:
    """Reads into the driver's only buffer."""

    def __init__(self, driver: OneBuffer, source: ByteSource) -> None:
        self._driver, self._source = driver, source

    def read(self, size: int, /) -> bytes:
        piece = self._source.read(min(size, 256))
        self._driver.buffer[: len(piece)] = piece
        self._driver.marks.append(self)
        if len(self._driver.marks) > 1 and self._driver.marks[-2] is not self:
            # Another reader has filled the buffer in between, and its bytes are what is there.
            return bytes(256)[: len(piece)]
        return bytes(self._driver.buffer[: len(piece)])

    def close(self) -> None:
        self._driver.marks.clear()


@mutant("READ-6", bug="all readers use one buffer")
class OneBuffer(InMemoryDriver):
    _buffer_size = 256

    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self.buffer = bytearray(256)
        self.marks: list[object] = []

    def _reader(self, path: str, offset: int) -> ByteSource:
        return OneBufferSource(self, super()._reader(path, offset))


@mutant("READ-6", bug="the close of one reader closes all of the file")
class CloseClosesAll(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._opened: dict[str, list[BinaryIO]] = {}

    def reader(self, path: str, offset: int = 0) -> BinaryIO:
        reader = super().reader(path, offset)
        self._opened.setdefault(path, []).append(reader)
        close = reader.close

        def close_all() -> None:
            close()
            for other in self._opened.pop(path, []):
                other.close()

        opened = cast("BinaryIO", io.BytesIO(reader.read()))
        return _with_close(opened, close_all, self._opened[path])


def _with_close(stream: BinaryIO, close: object, opened: list[BinaryIO]) -> BinaryIO:
    class Closing(io.BytesIO):
        def close(self) -> None:
            super().close()
            close()  # type: ignore[operator]

    made = Closing(stream.read())
    opened.append(made)
    return made


class RangeSource:
    """Fetches range after range by the path."""

    def __init__(self, driver: InMemoryDriver, path: str, offset: int, piece: int = 200) -> None:
        self._driver, self._path, self._position, self._piece = driver, path, offset, piece
        self._size = driver._stat(path).size

    def read(self, size: int, /) -> bytes:
        try:
            content = self._driver._get_content(self._path)
        except PathNotFoundError:
            return self.gone()
        piece = content[self._position : self._size][: min(size, self._piece)]
        self._position += len(piece)
        return piece

    def gone(self) -> bytes:
        raise PathNotFoundError

    def close(self) -> None: ...


class GoneIsTheEnd(RangeSource):
    def gone(self) -> bytes:
        return b""


@mutant("READ-7", bug="what is fetched range by range ends in silence where the file is gone")
class EndsWhereItIsGone(InMemoryDriver):
    _buffer_size = 1

    def _reader(self, path: str, offset: int) -> ByteSource:
        self._get_content(path)
        return GoneIsTheEnd(self, path, offset)


@mutant("READ-7", bug="what is fetched range by range goes on in the new content")
class GoesOnInTheNewContent(InMemoryDriver):
    _buffer_size = 1

    def _reader(self, path: str, offset: int) -> ByteSource:
        self._get_content(path)
        return RangeSource(self, path, offset)


@mutant("READ-7", bug="large ranges are fetched, and go on in the new content")
class LargeRangesGoOn(InMemoryDriver):
    def _reader(self, path: str, offset: int) -> ByteSource:
        self._get_content(path)
        return RangeSource(self, path, offset, piece=CHUNK)


@mutant("READ-7", bug="B89: a transfer that breaks off after many parts is taken for the end")
class BreaksOffAfterTwoChunks(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        return content[offset:][: 2 * CHUNK]


@mutant("READ-7", bug="B04: what the backend refuses is empty")
class RefusedIsEmpty(KeyedDriver):
    def _get_content(self, path: str) -> bytes:
        try:
            return super()._get_content(path)
        except PermissionError:
            return b""


@mutant("READ-7", bug="B04: what the backend refuses is an empty stream")
class RefusedIsAnEmptyStream(KeyedDriver):
    def _reader(self, path: str, offset: int) -> ByteSource:
        try:
            return super()._reader(path, offset)
        except PermissionError:
            return io.BytesIO()
