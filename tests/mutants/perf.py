"""Drivers that are right, and cost more than they may: memory, requests, bytes."""

from __future__ import annotations

import io
from collections.abc import Iterable

from mutants.http_store import HttpStoreDriver
from mutants.model import mutant
from storagedriver.base import ByteSource
from storagedriver_drivers.filesystem.driver import FilesystemDriver


@mutant("PERF-1", bug="a reader reads the whole file before the first byte is asked for")
class ReadsAllAtOnce(FilesystemDriver):
    def _reader(self, path: str, offset: int) -> ByteSource:
        return io.BytesIO(self._get_content(path)[offset:])


@mutant("PERF-2", bug="list asks for each child")
class AsksForEachChild(HttpStoreDriver):
    def _list(self, path: str) -> Iterable[str]:
        children = list(super()._list(path))
        for child in children:
            self.ask("HEAD", f"/object{child}", also=(404,))
        return children


@mutant("PERF-2", bug="put looks for what is there, before and after")
class LooksAroundAPut(HttpStoreDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        self.ask("HEAD", f"/object{path}", also=(404,))
        super()._put_content(path, content)
        self.ask("HEAD", f"/object{path}")


@mutant("PERF-2", bug="delete looks for each file before")
class LooksAroundADelete(HttpStoreDriver):
    def _delete(self, path: str) -> None:
        for key in self.listed(f"{path}/"):
            self.ask("HEAD", f"/object{key}")
        super()._delete(path)


@mutant("PERF-3", bug="a reader with an offset transfers all, and drops what it skips")
class ReadsWhatItSkips(HttpStoreDriver):
    def _reader(self, path: str, offset: int) -> ByteSource:
        return io.BytesIO(self._get_content(path)[offset:])


@mutant("PERF-3", bug="list asks for all that lies below, and keeps the children")
class ListsAllBelow(HttpStoreDriver):
    def children(self, prefix: str) -> list[str]:
        return sorted({prefix + key.removeprefix(prefix).partition("/")[0] for key in self.listed(prefix)})
