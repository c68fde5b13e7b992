"""Drivers whose streams do not end when they should, or end in the wrong way, or leave something."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING

from mutants.model import mutant
from storagedriver import (
    BackendError,
    FileInfo,
    PathConflictError,
    PathNotFoundError,
    WriterStateError,
    paths,
)
from storagedriver.base import Upload, _UploadWriter
from storagedriver_drivers.inmemory.driver import InMemoryDriver, InMemoryUpload

if TYPE_CHECKING:
    from typing_extensions import Buffer

from mutants.write import CHUNK, ParentsAtTheOpening, StatTellsOfTheStream, Uploading, Writing

# --- WRITE-5


@mutant("WRITE-5", rows=("E4",), bug="commit after close commits")
class CommitAfterClose(Writing):
    class Writer(_UploadWriter):
        def commit(self) -> None:
            if self._state == "closed":
                self._state = "open"
            super().commit()


@mutant("WRITE-5", bug="a second commit publishes again")
class SecondCommit(Writing):
    class Writer(_UploadWriter):
        def commit(self) -> None:
            if self._state == "committed":
                self._state = "open"
            super().commit()


@mutant("WRITE-5", bug="calls that come too late are ignored in silence")
class TooLateIsIgnored(Writing):
    class Writer(_UploadWriter):
        def commit(self) -> None:
            with contextlib.suppress(WriterStateError):
                super().commit()


@mutant("WRITE-5", bug="a commit that is refused is made all the same")
class RefusedAndMade(Writing):
    class Writer(_UploadWriter):
        def commit(self) -> None:
            if self._state == "closed":
                self._upload.commit()
            super().commit()


@mutant("WRITE-5", bug="a write that comes too late is another kind of error")
class AnotherKindOfError(Writing):
    class Writer(_UploadWriter):
        def write(self, data: Buffer, /) -> int:
            if self._state != "open":
                raise BackendError("the stream is gone").located(self._driver.name, self._path)
            return super().write(data)


@mutant("WRITE-5", bug="cancel after commit removes the file")
class CancelAfterCommit(Writing):
    class Writer(_UploadWriter):
        def cancel(self) -> None:
            if self._state == "committed":
                with contextlib.suppress(PathNotFoundError):
                    self._driver.delete(self._path)
            super().cancel()


@mutant("WRITE-5", bug="cancel removes the file that was there before")
class CancelDeletesTheFile(Uploading):
    class Stream(InMemoryUpload):
        def discard(self) -> None:
            super().discard()
            with contextlib.suppress(PathNotFoundError):
                self._store.get_file(self._key)
                self._store.delete(self._key)


@mutant("WRITE-5", rows=("B22",), bug="cancel after close is refused")
class CancelAfterCloseIsRefused(Writing):
    class Writer(_UploadWriter):
        def cancel(self) -> None:
            if self._state == "closed":
                self._require_open("cancel")
            super().cancel()


@mutant("WRITE-5", bug="cancel after close does nothing")
class CancelAfterCloseDoesNothing(Writing):
    class Writer(_UploadWriter):
        def cancel(self) -> None:
            if self._state != "closed":
                super().cancel()


@mutant("WRITE-5", bug="cancel removes the streams of names that begin alike")
class CancelTakesTheNeighbours(Uploading):
    class Stream(InMemoryUpload):
        def discard(self) -> None:
            super().discard()
            for key in [key for key in self._store._staged if key.startswith(self._key)]:
                self._store.end_stage(key)


@mutant("WRITE-5", bug="cancel leaves the stage")
class CancelOnlyCloses(Writing):
    class Writer(_UploadWriter):
        def cancel(self) -> None:
            if self._state == "open":
                self.close()
            super()._require_open("cancel") if self._state == "committed" else None


@mutant("WRITE-5", bug="cancel twice is refused")
class SecondCancelIsRefused(Writing):
    class Writer(_UploadWriter):
        def cancel(self) -> None:
            if self._state == "cancelled":
                self._require_open("cancel")
            super().cancel()


# --- WRITE-6


@mutant("WRITE-6", bug="close publishes")
class ClosePublishes(Uploading):
    class Stream(InMemoryUpload):
        def suspend(self) -> None:
            self._store.put(self._key, bytes(self._content))


@mutant("WRITE-6", bug="close publishes what was written, if anything was")
class ClosePublishesLongStreams(Uploading):
    class Stream(InMemoryUpload):
        def suspend(self) -> None:
            super().suspend()
            if len(self._content) > CHUNK:
                self.commit()


@mutant("WRITE-6", bug="leaving the with-block commits")
class LeavingCommits(Writing):
    class Writer(_UploadWriter):
        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            if kind is None and self._state == "open":
                self.commit()
            super().__exit__(kind, error, trace)


@mutant("WRITE-6", bug="leaving the with-block by an exception commits")
class ExceptionCommits(Writing):
    class Writer(_UploadWriter):
        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            if kind is not None and self._state == "open":
                self.commit()


@mutant("WRITE-6", bug="an exception only closes: what was written can be continued")
class ExceptionOnlyCloses(Writing):
    class Writer(_UploadWriter):
        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            self.close()


@mutant("WRITE-6", bug="an exception is swallowed")
class ExceptionIsSwallowed(Writing):
    class Writer(_UploadWriter):
        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> bool:
            super().__exit__(kind, error, trace)
            return isinstance(error, Exception)


@mutant("WRITE-6", bug="only an Exception cancels; what breaks off harder commits")
class InterruptCommits(Writing):
    class Writer(_UploadWriter):
        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            if error is not None and not isinstance(error, Exception) and self._state == "open":
                self.commit()
            super().__exit__(kind, error, trace)


@mutant("WRITE-6", bug="the error of the clean-up takes the place of the caller's")
class ExceptionIsReplaced(Writing):
    class Writer(_UploadWriter):
        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            if kind is not None:
                self.cancel()
            self.close()


@mutant("WRITE-6", bug="leaving the with-block leaves the writer open")
class LeavingLeavesItOpen(Writing):
    class Writer(_UploadWriter):
        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            if kind is not None:
                super().__exit__(kind, error, trace)


@mutant("WRITE-6", rows=("B97",), bug="the collector flushes what nobody closed")
class CollectorCommits(Uploading):
    class Stream(InMemoryUpload):
        _ended = False

        def commit(self) -> None:
            self._ended = True
            super().commit()

        def suspend(self) -> None:
            self._ended = True
            super().suspend()

        def discard(self) -> None:
            self._ended = True
            super().discard()

        def __del__(self) -> None:
            if not self._ended:
                self._store.put(self._key, bytes(self._content))


@mutant("WRITE-6", bug="closing the driver commits what is open")
class DriversCloseCommits(StatTellsOfTheStream):
    def _stat(self, path: str) -> FileInfo:
        return InMemoryDriver._stat(self, path)

    def close(self) -> None:
        for upload in self._writing.values():
            with contextlib.suppress(PathConflictError):
                upload.commit()


@mutant("WRITE-6", rows=("B97",), bug="a writer whose commit failed tries again when it is closed")
class CloseTriesAgain(Uploading):
    class Stream(InMemoryUpload):
        failed = False

        def commit(self) -> None:
            self.failed = True
            super().commit()

        def suspend(self) -> None:
            if self.failed:
                super().commit()
            else:
                super().suspend()


# --- WRITE-11


class LeavingParts(Uploading):
    """What it leaves is on the backend, but nothing that the interface shows."""

    @staticmethod
    def leave(upload: InMemoryUpload) -> None:
        upload._store.stage(f"{upload._key}~part", bytearray())


@mutant("WRITE-11", bug="cancel forgets the parts that were sent")
class PartsStay(LeavingParts):
    class Stream(InMemoryUpload):
        def discard(self) -> None:
            super().discard()
            if len(self._content) >= CHUNK:
                LeavingParts.leave(self)


@mutant("WRITE-11", bug="cancel after close leaves the file in which the stage was")
class ClosedStageStays(LeavingParts):
    class Stream(InMemoryUpload):
        closed = False

        def suspend(self) -> None:
            self.closed = True
            super().suspend()

        def discard(self) -> None:
            super().discard()
            if self.closed:
                LeavingParts.leave(self)


@mutant("WRITE-11", bug="cancel after a failed commit does nothing")
class FailedCommitStays(LeavingParts):
    class Stream(InMemoryUpload):
        def commit(self) -> None:
            try:
                super().commit()
            except PathConflictError:
                LeavingParts.leave(self)
                raise


@mutant("WRITE-11", bug="a new stream forgets the stage that it ends")
class EndedStageStays(LeavingParts):
    def _writer(self, path: str, *, append: bool) -> Upload:
        staged = self._store.staged(self._key(path))
        upload = super()._writer(path, append=append)
        if staged is not None and not append:
            assert isinstance(upload, InMemoryUpload)
            self.leave(upload)
        return upload


@mutant("WRITE-11", bug="cancel of a continued stream removes the last part of it alone")
class EarlierRoundsStay(LeavingParts):
    class Stream(InMemoryUpload):
        rounds = 0

        def discard(self) -> None:
            super().discard()
            if self.rounds:
                LeavingParts.leave(self)

    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        assert isinstance(upload, EarlierRoundsStay.Stream)
        upload.rounds = int(upload._stage is not None)


@mutant("WRITE-11", rows=("B104",), bug="an append that is refused has made its temporary file already")
class RefusedAppendStays(Uploading):
    def _writer(self, path: str, *, append: bool) -> Upload:
        try:
            return super()._writer(path, append=append)
        except PathNotFoundError:
            self._store.stage(f"{self._key(path)}~part", bytearray())
            raise


@mutant("WRITE-11", bug="cancel leaves the folder that was made for the file")
class FolderStays(ParentsAtTheOpening):
    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        with contextlib.suppress(PathConflictError):
            self._store.put(f"{paths.parent(upload._key)}/~keep", b"")

    def _scan(self, path: str) -> Iterable[FileInfo]:
        return [info for info in super()._scan(path) if paths.name(info.path) != "~keep"]


@mutant("WRITE-11", bug="a commit leaves its parts")
class PartsStayAfterTheCommit(LeavingParts):
    class Stream(InMemoryUpload):
        def commit(self) -> None:
            super().commit()
            if len(self._content) >= CHUNK:
                LeavingParts.leave(self)
