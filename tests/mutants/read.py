"""Drivers whose readers begin elsewhere, or are of something else."""

from __future__ import annotations

import contextlib
import io
from typing import BinaryIO

from mutants.model import mutant
from storagedriver import BackendError, InvalidOffsetError, PathNotFoundError, paths
from storagedriver.base import ByteSource, Upload
from storagedriver_drivers.inmemory.driver import InMemoryDriver
from storagedriver_drivers.inmemory.parameters import InMemoryParameters

CHUNK = 64 * 1024


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


class _Kept(io.BytesIO):
    """Content that is kept when it is closed half-read."""

    def __init__(self, kept: dict[tuple[str, int], bytes], path: str, content: bytes, offset: int) -> None:
        super().__init__(content)
        self.seek(min(offset, len(content)))
        self._kept, self._path = kept, path

    def close(self) -> None:
        if not self.closed and self.tell() < len(self.getvalue()):
            self._kept[self._path, self.tell()] = self.getvalue()
        super().close()


@mutant(
    "READ-1", bug="a reader that was closed half-read is resumed by one that begins there, whatever the file is by then"
)
class HalfReadIsResumed(InMemoryDriver):
    def _reader(self, path: str, offset: int) -> ByteSource:
        kept: dict[tuple[str, int], bytes] = self._store.__dict__.setdefault("half_read", {})
        content = self._get_content(path)
        old = kept.pop((path, offset), content)
        return _Kept(kept, path, old if len(old) == len(content) else content, offset)


@mutant("READ-1", bug="the end of a large file comes from a cache that a move onto it does not clear")
class EndComesFromACache(InMemoryDriver):
    @property
    def _ends(self) -> dict[str, bytes]:
        ends: dict[str, bytes] = self._store.__dict__.setdefault("ends", {})
        return ends

    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        self._ends.pop(path, None)

    def _reader(self, path: str, offset: int) -> ByteSource:
        content = self._get_content(path)
        place = len(content) - CHUNK
        if len(content) > 1 << 20 and offset >= place:
            content = content[:place] + self._ends.setdefault(path, content[place:])
        source = io.BytesIO(content)
        source.seek(min(offset, len(content)))
        return source


class _InBlocks(io.RawIOBase):
    """Reads block by block what was kept of a file, else the file."""

    def __init__(self, kept: dict[tuple[str, int], bytes], path: str, content: bytes, offset: int) -> None:
        self._kept, self._path, self._content, self._position = kept, path, content, offset

    def read(self, size: int = -1, /) -> bytes:
        number, begin = divmod(self._position, CHUNK)
        block = self._kept.setdefault((self._path, number), self._content[number * CHUNK :][:CHUNK])
        data = block[begin:][:size]
        self._position += len(data)
        return data


@mutant("READ-1", bug="blocks are kept, and an append does not clear the last one, which was not full")
class LastBlockIsKept(InMemoryDriver):
    @property
    def _blocks(self) -> dict[tuple[str, int], bytes]:
        blocks: dict[tuple[str, int], bytes] = self._store.__dict__.setdefault("blocks", {})
        return blocks

    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        self._blocks.clear()

    def _move(self, source: str, dest: str) -> None:
        super()._move(source, dest)
        self._blocks.clear()

    def _writer(self, path: str, *, append: bool) -> Upload:
        if not append:
            self._blocks.clear()
        return super()._writer(path, append=append)

    def _reader(self, path: str, offset: int) -> ByteSource:
        content = self._get_content(path)
        if len(content) < CHUNK:
            return super()._reader(path, offset)
        return _InBlocks(self._blocks, path, content, offset)


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


@mutant("READ-1", rows=("B92",), bug="a reader gives content from a cache that other writers do not invalidate")
@mutant("READ-4", rows=("B92",), bug="a reader gives a deleted file from a cache")
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


@mutant("READ-2", rows=("B02",), bug="a range at or beyond the end is answered with the whole file")
class WholeAtTheEnd(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        return content[offset:] if offset < len(content) else content


@mutant("READ-2", rows=("B02",), bug="a range beyond the end is answered with the whole file, one at the end is not")
class WholeBeyondTheEnd(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        return content[offset:] if offset <= len(content) else content


@mutant("READ-2", rows=("B01",), bug="the check of bounds is off by one, and refuses the end")
class EndIsRefused(FromBytes):
    def _cut(self, content: bytes, offset: int) -> bytes:
        if offset >= len(content) and offset:
            raise InvalidOffsetError(f"{offset} is beyond the end")
        return content[offset:]


@mutant("READ-2", rows=("B01",), bug="beyond the end is refused, the end is not")
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


@mutant("READ-4", rows=("B64",), bug="a path below a file crashes")
class BelowAFileCrashes(Missing):
    def _missing(self, path: str, offset: int) -> ByteSource:
        with contextlib.suppress(PathNotFoundError):
            if not self._stat(paths.parent(path)).is_dir:
                raise AttributeError("'File' object has no attribute 'children'")
        raise PathNotFoundError


@mutant("READ-4", rows=("B70",), bug="that a thing is missing is not recognised")
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


@mutant(
    "READ-1", bug="a reader beyond the size that the driver last put asks for nothing, though others have written since"
)
class SizeOfItsOwnPut(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._sizes: dict[str, int] = {}

    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        self._sizes[path] = len(content)

    def _writer(self, path: str, *, append: bool) -> Upload:
        self._sizes.pop(path, None)
        return super()._writer(path, append=append)

    def _move(self, source: str, dest: str) -> None:
        super()._move(source, dest)
        self._sizes.clear()

    def _reader(self, path: str, offset: int) -> ByteSource:
        source = super()._reader(path, offset)
        return io.BytesIO() if offset >= self._sizes.get(path, offset + 1) else source
