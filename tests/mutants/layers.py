"""Drivers with a layer in between that saves space, encrypts or archives, and takes one thing for another."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import replace

from mutants.cont import Changed
from mutants.model import mutant
from mutants.walk import FlatWalk
from mutants.write import Uploading
from storagedriver import FileInfo, PathNotFoundError, Walk
from storagedriver_drivers.inmemory.driver import InMemoryDriver, InMemoryUpload
from storagedriver_drivers.inmemory.parameters import InMemoryParameters

LARGE = 1 << 17
"""Bytes of content that is worth to be looked at in part alone."""

SAMPLE = 1 << 14
"""Bytes of each part that is looked at."""

PIECE = 1 << 18
"""Bytes of a piece that is worth to be left out."""

BLOCK = 255 << 10
"""Bytes of a block that more is put behind."""


@mutant("CONT-1", bug="a put of the size and the CRC-32 of what is there is taken for the same, and skipped")
class ChecksumTellsContents(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        if self._checksum(path) != (len(content), zlib.crc32(content)):
            super()._put_content(path, content)

    def _checksum(self, path: str) -> tuple[int, int] | None:
        try:
            old = self._get_content(path)
        except PathNotFoundError:
            return None
        return len(old), zlib.crc32(old)


@mutant("CONT-1", bug="large contents of one size are told apart by samples of their beginning, middle and end")
class SamplesTellContents(Changed):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._blobs: dict[tuple[int, bytes, bytes, bytes], bytes] = {}

    def _changed(self, content: bytes) -> bytes:
        size, half = len(content), len(content) // 2
        if size < LARGE:
            return content
        samples = (size, content[:SAMPLE], content[half : half + SAMPLE], content[-SAMPLE:])
        return self._blobs.setdefault(samples, content)


@mutant("CONT-1", bug="content that ends as if it were filled up to a block is cut there")
class PaddingIsCut(Changed):
    def _changed(self, content: bytes) -> bytes:
        filled = content[-1] if content else 0
        is_padded = 0 < filled <= 16 and len(content) % 16 == 0 and content.endswith(bytes([filled]) * filled)
        return content[:-filled] if is_padded else content


@mutant("WRITE-2", bug="a large piece that is as the one before is taken for the same, sent twice")
class SecondPieceIsDropped(Uploading):
    class Stream(InMemoryUpload):
        _before = b""

        def write(self, data: memoryview, /) -> None:
            before, self._before = self._before, bytes(data)
            if len(data) < PIECE or before != self._before:
                super().write(data)


@mutant("WRITE-2", bug="zero bytes are left out as a hole, which makes nothing longer at the end of a stream")
class HoleAtTheEndIsLost(Uploading):
    class Stream(InMemoryUpload):
        def commit(self) -> None:
            if any(self._content[-(PIECE // 4) :]) or not any(self._content):
                super().commit()
                return
            self._content[:] = self._content.rstrip(b"\0")
            super().commit()


@mutant("WRITE-3", bug="files of one content are one blob, to which an append to one of them is made")
class AppendToASharedBlob(Uploading):
    class Stream(InMemoryUpload):
        def commit(self) -> None:
            shared: list[str] = []
            for path in [name for name in self._store.inspect() if name.startswith("/")]:
                old = self._store.get_file(path).content
                if len(old) > 1 and path != self._key and self._content.startswith(old) and self._is_old(old):
                    shared.append(path)
            super().commit()
            for path in shared:
                self._store.put(path, bytes(self._content))

        def _is_old(self, content: bytes) -> bool:
            try:
                return self._store.get_file(self._key).content == content
            except PathNotFoundError:
                return False


@mutant("WRITE-3", bug="where old content fills its last block, an append overwrites the last byte")
class AppendBehindAFullBlock(Uploading):
    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        if append and upload._stage is None and upload.size and upload.size % BLOCK == 0:
            upload._content[-1:] = b"\0"


@mutant("LIST-1", bug="blocks of zero bytes end the listing, as they end an archive")
class ZeroBlocksEndTheListing(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        for info in super()._scan(path):
            yield info.path
            if info.size >= 1024 and not any(self._get_content(info.path)):
                return


@mutant("STAT-1", bug="walk tells the size that content is stored in")
class WalkTellsStoredSizes(InMemoryDriver):
    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        return FlatWalk([self._stored(info) for info in super().walk(path, start_after=start_after)])

    def _stored(self, info: FileInfo) -> FileInfo:
        return info if info.is_dir else replace(info, size=len(zlib.compress(self._get_content(info.path))))
