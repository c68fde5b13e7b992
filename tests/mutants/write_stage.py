"""Drivers that continue the wrong stream, too little of it, or one that has ended."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import replace
from typing import ClassVar
from unittest import mock

from mutants.model import mutant
from mutants.write import CHUNK, Uploading, Writing
from storagedriver import BackendError, PathNotFoundError, paths
from storagedriver.base import Upload, _UploadWriter
from storagedriver.multipart_stage import Stage
from storagedriver.multipart_upload import MultipartUpload, continued
from storagedriver_drivers.filesystem.driver import FilesystemDriver
from storagedriver_drivers.filesystem.parameters import FilesystemParameters
from storagedriver_drivers.inmemory.driver import InMemoryDriver, InMemoryUpload
from storagedriver_drivers.inmemory.parameters import InMemoryParameters
from storagedriver_drivers.s3.driver import S3Driver


class Staged(InMemoryDriver):
    """Finds and keeps stages under a name of its own."""

    def _name(self, key: str) -> str:
        return key

    def _writer(self, path: str, *, append: bool) -> Upload:
        key, name = self._key(path), self._name(self._key(path))
        content, staged = b"", self._store.staged(name)
        if append:
            content = self._store.get_file(key).content if staged is None else bytes(staged)
        else:
            self._store.end_stage(name)
        return _StagedUnder(self._store, key, bytearray(content), continued=staged if append else None, name=name)


class _StagedUnder(InMemoryUpload):
    def __init__(self, *arguments: object, continued: bytearray | None, name: str) -> None:
        super().__init__(*arguments, continued=continued)  # type: ignore[arg-type]
        self._name = name

    def suspend(self) -> None:
        self._stage = self._content
        self._store.stage(self._name, self._content)

    def _end_stage(self) -> None:
        if self._stage is not None:
            self._store.end_stage(self._name, self._stage)


@mutant("WRITE-10", bug="a stage is kept by the name of the file alone, without its directory")
class ByTheNameOfTheFile(Staged):
    def _name(self, key: str) -> str:
        return f"/{paths.components(key)[0]}/{paths.name(key)}"


@mutant("WRITE-10", bug="a stage is kept by the last three names of the path")
class ByTheLastThreeNames(Staged):
    def _name(self, key: str) -> str:
        return f"/{'/'.join(paths.components(key)[-3:])}"


@mutant("WRITE-10", bug="the chunks of a stage are put together in the order of their names: 10 before 2")
class ChunksOfAStageByName(Uploading):
    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        if append and upload._stage is not None:
            chunks = [upload._content[at : at + CHUNK] for at in range(0, len(upload._content), CHUNK)]
            upload._content[:] = b"".join(chunks[int(number)] for number in sorted(map(str, range(len(chunks)))))


@mutant("WRITE-10", bug="a put of what is there is no change but for the stage, which it ends")
class PutOfTheSameEndsTheStage(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        with contextlib.suppress(PathNotFoundError):
            if self._get_content(path) == content:
                self._store.end_stage(self._key(path))
        super()._put_content(path, content)


@mutant("WRITE-10", bug="a move onto itself ends the stage of the path")
class MoveOntoItselfEndsTheStage(InMemoryDriver):
    def move(self, source: str, dest: str) -> None:
        super().move(source, dest)
        if source == dest:
            self._store.end_stage(self._key(source))


@mutant("WRITE-10", bug="a stream whose commit failed keeps no stage when it is closed")
class NoStageAfterAFailedCommit(Uploading):
    class Stream(InMemoryUpload):
        _is_tried = False

        def commit(self) -> None:
            self._is_tried = True
            super().commit()

        def suspend(self) -> None:
            if not self._is_tried:
                super().suspend()


@mutant("WRITE-10", bug="slashes and dashes are one in the names of stages")
class ByAFlatName(Staged):
    def _name(self, key: str) -> str:
        top, *rest = paths.components(key)
        return f"/{top}/{'-'.join(rest)}"


@mutant("WRITE-10", bug="slashes are two low lines in the names of stages")
class ByANameWithLowLines(Staged):
    def _name(self, key: str) -> str:
        top, *rest = paths.components(key)
        return f"/{top}/{'__'.join(rest)}"


@mutant("WRITE-10", bug="the names of stages are cut to what the field of a table holds")
class ByTheBeginningOfThePath(Staged):
    def _name(self, key: str) -> str:
        return key[:255]


@mutant("WRITE-10", bug="the names of stages do not tell capitals")
class ByALowerCaseName(Staged):
    def _name(self, key: str) -> str:
        return key.lower()


@mutant("WRITE-10", bug="the first stage whose name begins alike is taken")
class ByThePrefix(Staged):
    def _name(self, key: str) -> str:
        return next((name for name in sorted(self._store._staged) if name.startswith(key)), key)


@mutant("WRITE-10", rows=("B19",), bug="one page of unfinished streams is looked at")
class OnePageOfStages(Staged):
    def _writer(self, path: str, *, append: bool) -> Upload:
        page = sorted(self._store._staged)[:1000]
        if append and self._key(path) in self._store._staged and self._key(path) not in page:
            raise PathNotFoundError
        return super()._writer(path, append=append)


@mutant("WRITE-10", rows=("B19",), bug="a small page of unfinished streams below the directory is looked at")
class SmallPageOfStages(Staged):
    def _writer(self, path: str, *, append: bool) -> Upload:
        key = self._key(path)
        page = sorted(name for name in self._store._staged if paths.is_below(name, paths.parent(key)))[:10]
        if append and key in self._store._staged and key not in page:
            raise PathNotFoundError
        return super()._writer(path, append=append)


@mutant("WRITE-10", bug="a commit ends whatever is staged for the path by then")
class CommitEndsAnothersStage(Uploading):
    class Stream(InMemoryUpload):
        def commit(self) -> None:
            super().commit()
            self._store.end_stage(self._key)


@mutant("WRITE-10", bug="the oldest stage is continued")
class OldestStageCounts(Uploading):
    class Stream(InMemoryUpload):
        def suspend(self) -> None:
            if self._store.staged(self._key) is None or self._stage is not None:
                super().suspend()

    def _writer(self, path: str, *, append: bool) -> Upload:
        if append:
            return super()._writer(path, append=True)
        return self.Stream(self._store, self._key(path), bytearray(), continued=None)


@mutant("WRITE-10", bug="what does not fill a chunk is lost by close")
class RestIsLostByClose(Uploading):
    class Stream(InMemoryUpload):
        def suspend(self) -> None:
            del self._content[len(self._content) // CHUNK * CHUNK :]
            super().suspend()


@mutant("WRITE-10", bug="what fills chunks exactly loses the last one by close")
class LastChunkIsLostByClose(Uploading):
    class Stream(InMemoryUpload):
        def suspend(self) -> None:
            if self._content and not len(self._content) % CHUNK:
                del self._content[-CHUNK:]
            super().suspend()


@mutant("WRITE-10", rows=("B34",), bug="the resume point is that of a listing which lacks the newest part")
class ResumesBeforeTheNewestPart(Uploading):
    class Stream(InMemoryUpload):
        rounds: ClassVar[dict[str, list[int]]] = {}

        def suspend(self) -> None:
            super().suspend()
            self.rounds.setdefault(self._key, []).append(len(self._content))

    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        ends = self.Stream.rounds.get(upload._key, [])
        if append and upload._stage is not None and len(ends) > 1:
            del upload._content[ends[-2] :]


@mutant("WRITE-10", bug="rounds are put together in the order of their names: 10 before 2")
class RoundsInTheOrderOfTheirNames(Uploading):
    class Stream(InMemoryUpload):
        ends: ClassVar[dict[str, list[int]]] = {}

        def suspend(self) -> None:
            super().suspend()
            self.ends.setdefault(self._key, []).append(len(self._content))

        def commit(self) -> None:
            ends = [0, *self.ends.pop(self._key, []), len(self._content)]
            rounds = [self._content[start:end] for start, end in itertools.pairwise(ends)]
            order = sorted(range(1, len(rounds) + 1), key=str)
            self._content = bytearray(b"".join(rounds[number - 1] for number in order))
            super().commit()


@mutant("WRITE-10", bug="a stream is continued once; what comes after that is lost")
class ContinuedOnce(Uploading):
    class Stream(InMemoryUpload):
        def suspend(self) -> None:
            if self._stage is None:
                super().suspend()


@mutant("WRITE-10", bug="a stage without bytes is none")
class EmptyStageIsForgotten(Uploading):
    class Stream(InMemoryUpload):
        def suspend(self) -> None:
            if self._content:
                super().suspend()


@mutant("WRITE-10", bug="where a committed file is, it is continued, and not the stage")
class CommittedComesFirst(Uploading):
    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        if append and upload._stage is not None:
            with contextlib.suppress(PathNotFoundError):
                upload._content = bytearray(self._store.get_file(upload._key).content)


@mutant("WRITE-10", bug="an append that was closed begins with the old content once more")
class OldContentAgain(Uploading):
    class Stream(InMemoryUpload):
        base = b""

        def suspend(self) -> None:
            del self._content[: len(self.base)]
            super().suspend()

    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        if append and upload._stage is None:
            assert isinstance(upload, OldContentAgain.Stream)
            upload.base = bytes(upload._content)


@mutant("WRITE-10", bug="stages are the driver's own, and no other driver's")
class StagesOfThisDriver(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._mine: set[str] = set()

    def _writer(self, path: str, *, append: bool) -> Upload:
        if append and self._store.staged(self._key(path)) is not None and path not in self._mine:
            self._store.get_file(self._key(path))
            raise BackendError("the stream belongs to another driver")
        self._mine.add(path)
        return super()._writer(path, append=append)


@mutant("WRITE-10", bug="stages are kept in this process")
class StagesOfThisProcess(FilesystemDriver):
    known: ClassVar[set[str]] = set()

    def __init__(self, parameters: FilesystemParameters) -> None:
        super().__init__(parameters)

    def _writer(self, path: str, *, append: bool) -> Upload:
        if append and path not in self.known:
            super()._writer(path, append=False).discard()
            self._get_content(path)
        self.known.add(path)
        return super()._writer(path, append=append)


@mutant("WRITE-10", bug="the commit leaves the stage")
class StageOutlivesTheCommit(Uploading):
    class Stream(InMemoryUpload):
        def commit(self) -> None:
            self._store.put(self._key, bytes(self._content))


@mutant("WRITE-10", bug="a new writer leaves the stage")
class StageOutlivesANewWriter(Uploading):
    def _writer(self, path: str, *, append: bool) -> Upload:
        if append:
            return super()._writer(path, append=True)
        return self.Stream(self._store, self._key(path), bytearray(), continued=None)


@mutant("WRITE-10", bug="a new writer continues the stage")
class NewWriterContinues(Uploading):
    def _writer(self, path: str, *, append: bool) -> Upload:
        staged = self._store.staged(self._key(path)) is not None
        return super()._writer(path, append=append or staged)


@mutant("WRITE-10", bug="cancel of the stream that continues leaves the stage")
class StageOutlivesTheCancel(Uploading):
    class Stream(InMemoryUpload):
        closed = False

        def suspend(self) -> None:
            super().suspend()
            self.closed = True

        def discard(self) -> None:
            if self.closed:
                super().discard()


@mutant("WRITE-10", bug="cancel after close of the stream that continues leaves the stage")
class StageOutlivesTheLateCancel(Uploading):
    class Stream(InMemoryUpload):
        def suspend(self) -> None:
            continued = self._stage is not None
            super().suspend()
            if continued:
                self._stage = None


@mutant("WRITE-10", bug="delete leaves the stage of the path")
class StageOutlivesTheDelete(InMemoryDriver):
    def _delete(self, path: str) -> None:
        staged = self._store.staged(self._key(path))
        super()._delete(path)
        if staged is not None:
            self._store.stage(self._key(path), staged)


@mutant("WRITE-10", bug="delete of a directory leaves the stages below it")
class StageOutlivesTheDirectory(InMemoryDriver):
    def _delete(self, path: str) -> None:
        staged = {key: stage for key, stage in self._store._staged.items() if paths.is_below(key, self._key(path))}
        super()._delete(path)
        if len(paths.components(path)) > 1:
            self._store._staged.update(staged)


@mutant("WRITE-10", bug="an older stream's cancel removes the newest stage")
class OlderCancelRemovesTheNewest(Uploading):
    class Stream(InMemoryUpload):
        def discard(self) -> None:
            self._store.end_stage(self._key)


@mutant("WRITE-10", bug="the size of a continued stream is 0 until it is written to")
class SizeOfAContinuedStream(Writing):
    class Writer(_UploadWriter):
        @property
        def size(self) -> int:
            stage = getattr(self._upload, "_stage", None)
            return 0 if stage is not None and self._size == len(stage) else self._size


@mutant("WRITE-10", bug="every other operation sweeps the stages away")
class ListingSweepsStages(InMemoryDriver):
    def _scan(self, path: str) -> list[object]:  # type: ignore[override]
        found = list(super()._scan(path))
        for key in [key for key in self._store._staged if paths.is_below(key, self._key(path))]:
            self._store.end_stage(key)
        return list(found)


@mutant("WRITE-10", bug="the capability is not declared, and close keeps the stage all the same")
class StageThatIsNotDeclared(InMemoryDriver):
    capabilities = replace(InMemoryDriver.capabilities, resumable_writes=False)


@mutant("WRITE-10", bug="a stage as long as the file is taken for one that was committed, and dropped")
class StageOfTheFilesSizeIsDropped(InMemoryDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        key = self._key(path)
        staged = self._store.staged(key)
        with contextlib.suppress(PathNotFoundError):
            if append and staged is not None and len(staged) == len(self._store.get_file(key).content):
                self._store.end_stage(key)
        return super()._writer(path, append=append)


@mutant("WRITE-10", bug="the first put of a driver tidies up what others staged")
class FirstPutTidiesUp(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._tidy = False

    def _put_content(self, path: str, content: bytes) -> None:
        if not self._tidy:
            self._tidy = True
            for key in list(self._store._staged):
                self._store.end_stage(key)
        super()._put_content(path, content)


class _LongerStays(InMemoryUpload):
    def suspend(self) -> None:
        other = self._store.staged(self._key)
        if self._stage is None or other is None or len(other) <= len(self._content):
            super().suspend()


@mutant("WRITE-10", bug="a stage gives way to a longer one alone: that somebody got further is taken for newer")
class LongerStageStays(Uploading):
    Stream = _LongerStays


@mutant("WRITE-10", bug="the move of a file ends what is staged at its path")
class MoveEndsTheStage(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        super()._move(source, dest)
        self._store.end_stage(self._key(source))


@mutant("WRITE-10", bug="the move of a directory takes along what is staged below it")
class StagesMoveAlong(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        super()._move(source, dest)
        below = f"{self._key(source)}/"
        for key in [each for each in self._store._staged if each.startswith(below)]:
            self._store._staged[f"{self._key(dest)}/{key.removeprefix(below)}"] = self._store._staged.pop(key)


class _CutsByItsOwnParameter(MultipartUpload):
    def resume(self, stage: Stage, tail: bytes) -> None:
        own = self._chunks.chunk_size
        super().resume(stage, tail)
        self._chunks.chunk_size = own


@mutant("CONF-3", bug="what another chunk size has cut is continued, and saved, by the driver's own")
class StageIsCutByTheOwnSize(S3Driver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        if not append:
            return super()._writer(path, append=append)
        target, size = self._target(path), self._parameters.chunksize
        with mock.patch("storagedriver.multipart_upload.MultipartUpload", _CutsByItsOwnParameter):
            return continued(target, chunk_size=size)


@mutant("WRITE-10", bug="a stage has at most 100 pieces: one that is closed once more cannot be kept")
class HundredPiecesAreKept(Uploading):
    class Stream(InMemoryUpload):
        def suspend(self) -> None:
            pieces: dict[str, int] = self._store.__dict__.setdefault("pieces", {})
            pieces[self._key] = pieces.get(self._key, 0) + 1
            if pieces[self._key] > 100:
                raise BackendError("a stage has at most 100 pieces")
            super().suspend()
