"""Drivers whose readers disturb each other, or end where their file changes."""

from __future__ import annotations

import io
import weakref
from typing import BinaryIO, cast

from mutants.err import KeyedDriver
from mutants.model import mutant
from mutants.read import FromBytes
from mutants.read_stream import Pooled
from storagedriver import BackendError, PathNotFoundError
from storagedriver.base import ByteSource
from storagedriver_drivers.inmemory.driver import InMemoryDriver
from storagedriver_drivers.inmemory.parameters import InMemoryParameters

CHUNK = 64 * 1024


@mutant("READ-6", rows=("B93",), bug="open readers use up what all other calls need too")
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


SLOTS = 4


class SlotSource:
    """Reads the content of a slot, whichever that is by then."""

    def __init__(self, slots: list[bytes], slot: int, offset: int) -> None:
        self._slots, self._slot, self._position = slots, slot, offset

    def read(self, size: int, /) -> bytes:
        piece = self._slots[self._slot][self._position : self._position + size]
        self._position += len(piece)
        return piece

    def close(self) -> None:
        """Nothing is held."""


@mutant("READ-7", bug="what was replaced a few times is overwritten, though a reader is at it")
class SlotIsUsedAgain(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._slots: dict[str, list[bytes]] = {}

    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        slots = self._slots.setdefault(path, [])
        slots.append(content)
        if len(slots) > SLOTS:
            slots[0] = content

    def _reader(self, path: str, offset: int) -> ByteSource:
        content, slots = self._get_content(path), self._slots.get(path, [])
        if content not in slots:
            return super()._reader(path, offset)
        return SlotSource(slots, slots.index(content), offset)


class GoesOnSource:
    """Reads each piece from what is at its path by then, if a move brought it there."""

    def __init__(self, driver: GoesOnInWhatWasMoved, path: str, offset: int) -> None:
        self._driver, self._path, self._position = driver, path, offset
        self._content = driver._get_content(path)

    def read(self, size: int, /) -> bytes:
        moved = self._driver.moved.get(self._path, self._content)
        content = moved if len(moved) == len(self._content) else self._content
        piece = content[self._position : self._position + min(size, CHUNK)]
        self._position += len(piece)
        return piece

    def close(self) -> None:
        """Nothing is held."""


@mutant("READ-7", bug="a reader goes on in what a move put at its path, if that is as long")
class GoesOnInWhatWasMoved(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self.moved: dict[str, bytes] = {}

    def _reader(self, path: str, offset: int) -> ByteSource:
        self.moved.pop(path, None)
        return GoesOnSource(self, path, offset)

    def _move(self, source: str, dest: str) -> None:
        super()._move(source, dest)
        if not self._stat(dest).is_dir:
            self.moved[dest] = self._get_content(dest)


@mutant("READ-6", rows=("B93",), bug="more than a hundred readers cannot be open at once")
class HundredReaders(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._open: weakref.WeakSet[LimitedSource] = weakref.WeakSet()

    def _reader(self, path: str, offset: int) -> ByteSource:
        if sum(not source.is_closed for source in self._open) >= 100:
            raise BackendError("no connection is free")
        source = LimitedSource(super()._reader(path, offset))
        self._open.add(source)
        return source


class LimitedSource:
    """A source that tells whether it is closed."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self.is_closed = False

    def read(self, size: int, /) -> bytes:
        return self._source.read(size)

    def close(self) -> None:
        self.is_closed = True
        self._source.close()


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


@mutant("READ-6", bug="a second reader closes the first")
class SecondClosesTheFirst(InMemoryDriver):
    _last: BinaryIO | None = None

    def reader(self, path: str, offset: int = 0) -> BinaryIO:
        if self._last is not None:
            self._last.close()
        self._last = super().reader(path, offset)
        return self._last


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


@mutant("READ-7", rows=("B89",), bug="a transfer that breaks off after many parts is taken for the end")
class BreaksOffAfterTwoChunks(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        return content[offset:][: 2 * CHUNK]


@mutant("READ-7", rows=("B04",), bug="what the backend refuses is empty")
class RefusedIsEmpty(KeyedDriver):
    def _get_content(self, path: str) -> bytes:
        try:
            return super()._get_content(path)
        except PermissionError:
            return b""


@mutant("READ-7", rows=("B04",), bug="what the backend refuses is an empty stream")
class RefusedIsAnEmptyStream(KeyedDriver):
    def _reader(self, path: str, offset: int) -> ByteSource:
        try:
            return super()._reader(path, offset)
        except PermissionError:
            return io.BytesIO()


class _Parked:
    """A source that begins anew where it once began, if it was parked meanwhile."""

    def __init__(self, content: bytes, offset: int) -> None:
        self._content = content
        self._begin = min(offset, len(content))
        self._position = self._begin

    def park(self) -> None:
        self._position = self._begin

    def read(self, size: int, /) -> bytes:
        data = self._content[self._position : self._position + size]
        self._position += len(data)
        return data

    def close(self) -> None:
        """There is nothing to close."""


@mutant("READ-6", bug="of more than 40 open readers the oldest is put aside, and begins anew when it is read on")
class OldestReaderBeginsAnew(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._open: list[weakref.ref[_Parked]] = []

    def _reader(self, path: str, offset: int) -> ByteSource:
        source = _Parked(self._get_content(path), offset)
        self._open = [*(each for each in self._open if each() is not None), weakref.ref(source)]
        for oldest in self._open[:-40]:
            parked = oldest()
            if parked is not None:
                parked.park()
        return source
