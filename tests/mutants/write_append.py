"""Drivers that continue files at the wrong place, or count wrong."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from mutants.model import mutant
from storagedriver import (
    BackendError,
    FileInfo,
    PathConflictError,
    PathNotFoundError,
)
from storagedriver.base import Upload, _UploadWriter
from storagedriver_drivers.inmemory.driver import InMemoryDriver, InMemoryUpload
from storagedriver_drivers.inmemory.parameters import InMemoryParameters

if TYPE_CHECKING:
    from typing_extensions import Buffer

from mutants.write import CHUNK, Uploading, Writing

# --- WRITE-3


@mutant("WRITE-3", bug="what is appended overwrites the start")
class AppendsAtTheStart(Uploading):
    class Stream(InMemoryUpload):
        def commit(self) -> None:
            with contextlib.suppress(PathNotFoundError):
                old = self._store.get_file(self._key).content
                if old and self._content.startswith(old):
                    more = self._content[len(old) :]
                    self._content = more + old[len(more) :]
            super().commit()


@mutant("WRITE-3", bug="what was there comes twice")
class OldContentComesTwice(Uploading):
    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        if append and upload._stage is None:
            upload._content += upload._content


@mutant("WRITE-3", rows=("B15",), bug="an empty file cannot be continued")
class EmptyFileCannotBeContinued(Uploading):
    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        if append and not upload._content and upload._stage is None:
            raise BackendError("InvalidPart: there is no unfinished upload")


@mutant("WRITE-3", bug="an empty file counts as none")
class EmptyFileIsNotFound(Uploading):
    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        if append and not upload._content and upload._stage is None:
            raise PathNotFoundError


@mutant("WRITE-3", bug="append makes the file that is missing")
class AppendMakesTheFile(InMemoryDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        try:
            return super()._writer(path, append=append)
        except PathNotFoundError:
            return super()._writer(path, append=False)


@mutant("WRITE-3", bug="append to a directory is another error")
class AppendToADirectory(InMemoryDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        with contextlib.suppress(PathNotFoundError):
            if append and self._stat(path).is_dir:
                raise PathConflictError("it is a directory")
        return super()._writer(path, append=append)


@mutant("WRITE-3", bug="of old content only whole chunks are continued")
class RestOfTheOldIsLost(Uploading):
    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        if append and upload._stage is None and len(upload._content) > CHUNK:
            del upload._content[len(upload._content) // CHUNK * CHUNK :]


@mutant("WRITE-3", bug="old content that ends with a chunk loses this one")
class LastChunkOfTheOldIsLost(Uploading):
    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        if append and upload._stage is None and not len(upload._content) % CHUNK:
            del upload._content[-CHUNK:]


@mutant("WRITE-3", rows=("B92",), bug="the old content is what this driver last knew of")
class AppendsToWhatItKnew(Uploading):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._known: dict[str, bytes] = {}

    def _stat(self, path: str) -> FileInfo:
        with contextlib.suppress(PathNotFoundError):
            self._known[path] = self._store.get_file(self._key(path)).content
        return super()._stat(path)

    def _put_content(self, path: str, content: bytes) -> None:
        self._known.pop(path, None)
        super()._put_content(path, content)

    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        if append and upload._stage is None and path in self._known:
            upload._content = bytearray(self._known.pop(path))


# --- WRITE-4


@mutant("WRITE-4", bug="size counts this writer's bytes alone")
class SizeOfThisWriter(Writing):
    class Writer(_UploadWriter):
        @property
        def size(self) -> int:
            return self._size - self._upload.size + self._written

        _written = 0

        def write(self, data: Buffer, /) -> int:
            length = super().write(data)
            self._written += length
            self._size = self._upload.size
            return length


@mutant("WRITE-4", bug="size is that of the last write")
class SizeOfTheLastWrite(Writing):
    class Writer(_UploadWriter):
        def write(self, data: Buffer, /) -> int:
            self._size = 0
            return super().write(data)


@mutant("WRITE-4", bug="size counts what was sent, and not what waits for its chunk to be full")
class SizeOfWhatWasSent(Uploading):
    class Writer(_UploadWriter):
        @property
        def size(self) -> int:
            return self._size // CHUNK * CHUNK

    writer = Writing.writer


@mutant("WRITE-4", bug="size is right only after the first write")
class SizeAfterTheFirstWrite(Writing):
    class Writer(_UploadWriter):
        _begun = False

        @property
        def size(self) -> int:
            return self._size if self._begun else 0

        def write(self, data: Buffer, /) -> int:
            self._begun = True
            return super().write(data)


@mutant("WRITE-4", bug="size is that of the file at the path, and what was written")
class SizeOfTheFileToo(Writing):
    class Writer(_UploadWriter):
        @property
        def size(self) -> int:
            with contextlib.suppress(PathNotFoundError):
                return max(self._size, self._driver.stat(self._path).size)
            return self._size


class CopiedParts(Uploading):
    """An append begins with copies of the old content's parts, which name their source."""

    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        if append and upload._stage is None and len(upload._content) >= CHUNK:
            self._store.get_file(self._named(path))

    def _named(self, path: str) -> str:
        raise NotImplementedError


@mutant("WRITE-3", rows=("B67",), bug="old content of a chunk and more is looked for without the root")
class OldPartsWithoutRoot(CopiedParts):
    def _named(self, path: str) -> str:
        return path


@mutant(
    "WRITE-3",
    rows=("B67",),
    bug="old content of a chunk and more is named in an encoding that the server does not undo",
)
class OldPartsAreEncoded(CopiedParts):
    def _named(self, path: str) -> str:
        return self._key(path).replace("_", "%5F").replace("-", "%2D")
