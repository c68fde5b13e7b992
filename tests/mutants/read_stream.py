"""Drivers whose readers are no good streams."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO

from mutants.model import mutant
from storagedriver import BackendError
from storagedriver.base import ByteSource
from storagedriver_drivers.inmemory.driver import InMemoryDriver

if TYPE_CHECKING:
    from typing_extensions import Buffer

CHUNK = 64 * 1024
CONNECTIONS = 50


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


@mutant("READ-5", bug="None is no size to read")
class NoneIsNoSize(OwnStream):
    class stream(Stream):  # noqa: N801  the attribute's name
        def read(self, size: int | None = -1, /) -> bytes:
            if size is None:
                raise TypeError("size must be an int")
            return super().read(size)


@mutant("READ-5", bug="a reader says that it can seek, and stays where it is")
class SeekDoesNothing(OwnStream):
    class stream(Stream):  # noqa: N801  the attribute's name
        def seek(self, offset: int, whence: int = 0, /) -> int:
            return self.tell()


class LeavesItsRest:
    """A source whose driver keeps what is left of it when it is closed."""

    def __init__(self, driver: RestComesFirst, source: ByteSource, before: bytes) -> None:
        self._driver, self._source, self._before = driver, source, before

    def read(self, size: int, /) -> bytes:
        if self._before:
            piece, self._before = self._before[:size], self._before[size:]
            return piece
        return self._source.read(size)

    def close(self) -> None:
        self._driver.rest = self._source.read(CHUNK)
        self._source.close()


@mutant("READ-5", bug="what a closed reader left of a body comes first in the next one that asks for a part")
class RestComesFirst(InMemoryDriver):
    rest = b""

    def _reader(self, path: str, offset: int) -> ByteSource:
        before, self.rest = self.rest if offset else b"", b""
        return LeavesItsRest(self, super()._reader(path, offset), before)


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


@mutant("READ-5", bug="readinto takes each buffer for one of bytes")
class ReadintoOfBytesAlone(OwnStream):
    class stream(Stream):  # noqa: N801  the attribute's name
        def readinto(self, buffer: Buffer, /) -> int:
            view = memoryview(buffer)
            data = self.read(view.nbytes)
            view[: len(data)] = data
            return len(data)


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


@mutant("READ-5", bug="a line that is longer than the largest buffer is broken")
class LongLinesAreBroken(OwnStream):
    class stream(Stream):  # noqa: N801  the attribute's name
        def __next__(self) -> bytes:
            line = self.readline(1 << 20)
            if not line:
                raise StopIteration
            return line


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


@mutant("READ-5", bug="the end of `with` does not close")
class WithDoesNotClose(OwnStream):
    class stream(Stream):  # noqa: N801  the attribute's name
        def __exit__(self, *_: object) -> None: ...


@mutant("READ-5", bug="what is read is a view of a buffer that the next read fills")
class ReadGivesABuffer(OwnStream):
    class stream(Stream):  # noqa: N801  the attribute's name
        def read(self, size: int | None = -1, /) -> bytes:
            return memoryview(bytearray(super().read(size)))  # type: ignore[return-value]  # the fault


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
