"""Drivers that claim what they don't keep, or do what they don't claim."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import BinaryIO, cast

from mutants.model import mutant
from mutants.write import Uploading
from storagedriver import BackendError, FileWriter, InvalidPathError, Limits, UnsupportedMethodError, Upload, paths
from storagedriver_drivers.inmemory.driver import InMemoryDriver, InMemoryUpload

GOOD = InMemoryDriver.capabilities


@mutant("CAP-1", bug="append is declared, and refused for files that were put")
class DeclaredAppendIsRefused(InMemoryDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        if append and self._store.staged(self._key(path)) is None:
            raise UnsupportedMethodError("append")
        return super()._writer(path, append=append)


@mutant("CAP-1", bug="append is not declared, and the flag is ignored")
class UndeclaredAppendReplaces(InMemoryDriver):
    capabilities = replace(GOOD, append=False, resumable_writes=False)

    def writer(self, path: str, append: bool = False) -> FileWriter:
        return super().writer(path)


@mutant("CAP-1", bug="directories are moved without the capability")
class UndeclaredDirectoryMove(InMemoryDriver):
    capabilities = replace(GOOD, move_directory=False)


@mutant("CAP-1", bug="the move of a directory is refused after its first file went")
class RefusedAfterTheFirstFile(InMemoryDriver):
    capabilities = replace(GOOD, move_directory=False)

    def _move(self, source: str, dest: str) -> None:
        if not self._stat(source).is_dir:
            super()._move(source, dest)
            return
        for child in sorted(self._list(source)):
            if self._stat(child).is_dir:
                raise UnsupportedMethodError("move of a directory")
            super()._move(child, dest + child.removeprefix(source))
        raise UnsupportedMethodError("move of a directory")


@mutant("CAP-1", bug="a URL is given without the capability")
class UndeclaredRedirect(InMemoryDriver):
    def redirect_url(self, path: str, *, method: str = "GET", expires: float | None = None) -> str | None:
        return f"memory:{path}"


@mutant("CAP-1", bug="redirect_url raises where None is due")
class RedirectRaises(InMemoryDriver):
    def redirect_url(self, path: str, *, method: str = "GET", expires: float | None = None) -> str | None:
        raise UnsupportedMethodError("redirect_url").located(self.name, path)


@mutant("CAP-1", bug="a closed stream is continued without the capability")
class UndeclaredStageStays(InMemoryDriver):
    capabilities = replace(GOOD, resumable_writes=False)


@mutant("CAP-1", bug="eager_open is declared, and an absent file shows at the first read alone")
class LateOpen(InMemoryDriver):
    def reader(self, path: str, offset: int = 0) -> BinaryIO:
        class Late(io.RawIOBase):
            def readable(self) -> bool:
                return True

            def readall(reader) -> bytes:  # noqa: N805  the driver is self here
                return InMemoryDriver.reader(self, path, offset).read()

        self._valid(path)
        return cast("BinaryIO", Late())


@mutant("CAP-2", bug="names are cut to what an older backend took")
class LongNamesAreCut(InMemoryDriver):
    def _key(self, path: str) -> str:
        return super()._key("/" + "/".join(name[:143] for name in paths.components(path)))


@mutant("CAP-2", bug="the longest name is refused: off by one")
class LongestNameIsRefused(InMemoryDriver):
    capabilities = replace(GOOD, limits=Limits())

    def _valid(self, path: str, *, allow_root: bool = False) -> str:
        if any(len(name) == self.capabilities.limits.longest_component for name in paths.components(path)):
            path += "x"
        return super()._valid(path, allow_root=allow_root)


@mutant("CAP-2", bug="names beyond the limit are taken")
class LimitsAreNotHeld(InMemoryDriver):
    def _valid(self, path: str, *, allow_root: bool = False) -> str:
        with self.translated(None):
            return paths.validate(path, allow_root=allow_root)


@mutant("CAP-2", bug="a stream that ends with a chunk loses it")
class FullLastChunkIsLost(InMemoryDriver):
    capabilities = replace(GOOD, limits=Limits(chunk_size=1024))

    def _writer(self, path: str, *, append: bool) -> Upload:
        class Chunked(InMemoryUpload):
            def commit(self) -> None:
                if len(self._content) % 1024 == 0:
                    del self._content[-1024:]
                super().commit()

        return Chunked(self._store, self._key(path), bytearray(), continued=None)


LARGEST = 10_000_000


@mutant("CAP-2", bug="the size of the largest file is that of what one stream writes")
class LargestFileGrows(Uploading):
    capabilities = replace(GOOD, limits=Limits(largest_file=LARGEST))

    class Stream(InMemoryUpload):
        _new = 0

        def write(self, data: memoryview, /) -> None:
            self._new += len(data)
            if self._new > LARGEST:
                raise BackendError("the file is too large")
            super().write(data)

    def _put_content(self, path: str, content: bytes) -> None:
        if len(content) > LARGEST:
            raise BackendError("the file is too large")
        super()._put_content(path, content)


@mutant("CAP-2", bug="the root counts in the length that a path may have")
class RootCountsInTheLimit(InMemoryDriver):
    def _key(self, path: str) -> str:
        key = super()._key(path)
        if len(key) > self.capabilities.limits.longest_path:
            raise InvalidPathError("it is too long", path=path)
        return key
