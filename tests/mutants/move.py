"""Drivers that move by copy and delete, and get one of the two wrong."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Iterable, Sequence
from dataclasses import replace

from mutants.model import mutant
from storagedriver import (
    BackendError,
    FileInfo,
    Limits,
    PathConflictError,
    PathNotFoundError,
    StorageDriverError,
    Upload,
    paths,
)
from storagedriver_drivers.inmemory.driver import InMemoryDriver
from storagedriver_drivers.inmemory.parameters import InMemoryParameters

COPIED_AT_ONCE = PART = 4096
PAGE = 1000


@mutant("MOVE-1", bug="source stays")
class MoveIsACopy(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        if self._stat(source).is_dir:
            super()._move(source, dest)
        else:
            self._put_content(dest, self._get_content(source))


@mutant("MOVE-1", bug="the tail of dest's longer old content stays")
class DestKeepsItsTail(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        old = b""
        with contextlib.suppress(PathNotFoundError):
            old = self._get_content(dest)
        super()._move(source, dest)
        with contextlib.suppress(PathNotFoundError):
            content = self._get_content(dest)
            self._put_content(dest, content + old[len(content) :])


@mutant("MOVE-1", rows=("B117",), bug="the moved file keeps its old name inside")
class KeepsItsOldName(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._named: dict[str, str] = {}

    def _move(self, source: str, dest: str) -> None:
        super()._move(source, dest)
        self._named[dest] = self._named.pop(source, source)

    def _stat(self, path: str) -> FileInfo:
        return replace(super()._stat(path), path=self._named.get(path, path))


@mutant("MOVE-1", bug="parents of dest are not made")
class NoParentsOfDest(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        if paths.parent(dest) != paths.ROOT:
            self._stat(paths.parent(dest))
        super()._move(source, dest)


@mutant("MOVE-2", bug="dest is cleared before source is looked for")
class DestIsClearedFirst(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        with contextlib.suppress(StorageDriverError):
            self._store.get_file(self._key(dest))
            self._delete(dest)
        super()._move(source, dest)


@mutant("MOVE-2", bug="an absent source is a success")
class AbsentSourceMoves(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        with contextlib.suppress(PathNotFoundError):
            super()._move(source, dest)


@mutant("MOVE-2", rows=("B65",), bug="a source below a file crashes")
class SourceBelowAFileCrashes(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        if not self._is_directory(paths.parent(source)):
            raise AttributeError("'File' object has no attribute 'children'")
        super()._move(source, dest)

    def _is_directory(self, path: str) -> bool:
        try:
            return self._stat(path).is_dir
        except PathNotFoundError:
            return self._is_directory(paths.parent(path))


@mutant("MOVE-3", bug="copied onto itself, then deleted")
class CopyOntoItselfThenDelete(InMemoryDriver):
    def move(self, source: str, dest: str) -> None:
        if source != dest:
            super().move(source, dest)
            return
        self.put_content(dest, self.get_content(source))
        self.delete(source)


@mutant("MOVE-3", bug="a move onto itself does not look whether there is anything")
class NothingOntoItself(InMemoryDriver):
    def move(self, source: str, dest: str) -> None:
        if source != dest:
            super().move(source, dest)


@mutant("MOVE-4", bug="above the copy limit the last, shorter part is not copied")
class LastPartIsNotCopied(InMemoryDriver):
    capabilities = replace(InMemoryDriver.capabilities, limits=Limits(copy_size=COPIED_AT_ONCE))

    def _move(self, source: str, dest: str) -> None:
        super()._move(source, dest)
        with contextlib.suppress(PathNotFoundError):
            content = self._get_content(dest)
            if len(content) > COPIED_AT_ONCE:
                self._put_content(dest, content[: len(content) // COPIED_AT_ONCE * COPIED_AT_ONCE])


class CopiesInParts(InMemoryDriver):
    """Copies what is larger than the limit part by part, each of which names its source."""

    capabilities = replace(InMemoryDriver.capabilities, limits=Limits(copy_size=COPIED_AT_ONCE))

    def _move(self, source: str, dest: str) -> None:
        found = self._stat(source)
        if not found.is_dir and found.size > COPIED_AT_ONCE:
            self._store.get_file(self._named(source))
        super()._move(source, dest)

    def _named(self, source: str) -> str:
        raise NotImplementedError


@mutant("MOVE-4", rows=("B67",), bug="the copy of a part names its source in an encoding that the server does not undo")
class PartSourceIsEncoded(CopiesInParts):
    def _named(self, source: str) -> str:
        return self._key(source).replace("_", "%5F").replace("-", "%2D")


@mutant("MOVE-4", rows=("B67",), bug="the copy of a part names its source without the root")
class PartSourceWithoutRoot(CopiesInParts):
    def _named(self, source: str) -> str:
        return source


@mutant("MOVE-1", rows=("B69",), bug="what was appended to is of another kind, and a move refuses it")
class AppendedIsAnotherKind(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._appended: set[str] = set()

    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        self._appended.discard(path)

    def _writer(self, path: str, *, append: bool) -> Upload:
        upload = super()._writer(path, append=append)
        if append:
            self._appended.add(path)
        else:
            self._appended.discard(path)
        return upload

    def _move(self, source: str, dest: str) -> None:
        if source in self._appended:
            raise BackendError("InvalidBlobType: the blob cannot be copied")
        super()._move(source, dest)


@mutant("MOVE-5", bug="only the files directly in the directory are moved, and all is deleted")
class OneLevelMoves(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        if not self._stat(source).is_dir:
            super()._move(source, dest)
            return
        for child in self._scan(source):
            if not child.is_dir:
                super()._move(child.path, dest + child.path.removeprefix(source))
        with contextlib.suppress(PathNotFoundError):
            self._delete(source)


@mutant("MOVE-1", bug="what is compressed is unpacked by the copy")
class UnpackedByTheMove(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        super()._move(source, dest)
        with contextlib.suppress(PathNotFoundError, OSError, EOFError):
            content = self._get_content(dest)
            if content.startswith(b"\x1f\x8b"):
                self._put_content(dest, gzip.decompress(content))


@mutant("MOVE-5", bug="content is kept by path and size, and the move of a directory clears none of what lay below")
class KeptBelowAMovedDirectory(InMemoryDriver):
    @property
    def _contents(self) -> dict[str, bytes]:
        contents: dict[str, bytes] = self._store.__dict__.setdefault("contents", {})
        return contents

    def _get_content(self, path: str) -> bytes:
        content = super()._get_content(path)
        kept = self._contents.setdefault(path, content)
        return kept if len(kept) == len(content) else content

    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        self._contents.pop(path, None)

    def _delete(self, path: str) -> None:
        super()._delete(path)
        self._contents.clear()

    def _move(self, source: str, dest: str) -> None:
        super()._move(source, dest)
        for moved in (source, dest):
            self._contents.pop(moved, None)


@mutant("MOVE-5", bug="siblings whose names begin alike are moved along")
class SiblingsMoveAlong(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        siblings = [each for each in self._list(paths.parent(source)) if each.startswith(source) and each != source]
        directory = self._stat(source).is_dir
        super()._move(source, dest)
        for sibling in siblings if directory else []:
            with contextlib.suppress(StorageDriverError):
                super()._move(sibling, dest + sibling.removeprefix(source))


@mutant("MOVE-6", bug="a file replaces a directory, and all below it is gone")
class FileReplacesDirectory(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        self._stat(source)
        with contextlib.suppress(PathNotFoundError):
            if self._stat(dest).is_dir:
                self._delete(dest)
        super()._move(source, dest)


@mutant("MOVE-6", bug="a path is moved below itself")
class MovesBelowItself(InMemoryDriver):
    def move(self, source: str, dest: str) -> None:
        if not paths.is_below(dest, source):
            super().move(source, dest)
            return
        content = self.get_content(source)
        self.delete(source)
        self.put_content(dest, content)


class InParts(InMemoryDriver):
    """Moves files part by part."""

    capabilities = replace(InMemoryDriver.capabilities, limits=Limits(chunk_size=PART, copy_size=PART))

    def _move(self, source: str, dest: str) -> None:
        super()._move(source, dest)
        with contextlib.suppress(PathNotFoundError):
            content = self._get_content(dest)
            parts = [content[at : at + PART] for at in range(0, len(content), PART)]
            self._store.put(self._key(dest), b"".join(self._joined(parts)))

    def _joined(self, parts: Sequence[bytes]) -> Iterable[bytes]:
        raise NotImplementedError


@mutant("MOVE-4", bug="parts are put together in the order of their names: 10 before 2")
class PartsMoveByName(InParts):
    def _joined(self, parts: Sequence[bytes]) -> Iterable[bytes]:
        return [parts[int(number) - 1] for number in sorted(map(str, range(1, len(parts) + 1)))]


@mutant("MOVE-4", bug="what is more than ten parts is lost")
class TenPartsMove(InParts):
    def _joined(self, parts: Sequence[bytes]) -> Iterable[bytes]:
        return parts[:10]


@mutant("MOVE-1", bug="that nothing was at dest is remembered after a move to it")
class AbsenceIsRemembered(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._absent: set[str] = set()

    def _stat(self, path: str) -> FileInfo:
        if path in self._absent:
            raise PathNotFoundError
        try:
            return super()._stat(path)
        except PathNotFoundError:
            self._absent.add(path)
            raise

    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        self._absent.clear()

    def _writer(self, path: str, *, append: bool) -> Upload:
        self._absent.clear()
        return super()._writer(path, append=append)


@mutant("MOVE-6", bug="a path below one that begins with the name of source counts as below source")
class BeginsLikeSourceIsBelowIt(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        if dest.startswith(source) and "/" in dest.removeprefix(source):
            raise PathConflictError("a path cannot be moved below itself", path=dest)
        super()._move(source, dest)


@mutant("MOVE-7", rows=("B114",), bug="an error of the copy is ignored, and source deleted")
class CopyErrorIsIgnored(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        if self._stat(source).is_dir:
            super()._move(source, dest)
            return
        content = self._get_content(source)
        with contextlib.suppress(StorageDriverError):
            self._put_content(dest, content)
        self._delete(source)


@mutant("MOVE-7", bug="source is deleted before the copy, which may be refused")
class DeletesBeforeItCopies(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        if self._stat(source).is_dir:
            super()._move(source, dest)
            return
        content = self._get_content(source)
        self._delete(source)
        self._put_content(dest, content)


class MovesFilesBelow(InMemoryDriver):
    """Moves a directory file by file; without a fault, each to where it belongs."""

    def _move(self, source: str, dest: str) -> None:
        below = [info.path for info in self.walk(source) if not info.is_dir] if self._stat(source).is_dir else []
        super()._move(source, dest)
        for number, path in enumerate(below):
            right, seen = dest + path.removeprefix(source), self._goal(number, path, source, dest)
            if seen != right:
                super()._move(right, seen)

    def _goal(self, number: int, path: str, source: str, dest: str) -> str:
        return dest + path.removeprefix(source)


@mutant("MOVE-5", bug="the new names of what lies below are made by replacing source wherever it is in them")
class RenamesAllOccurrences(MovesFilesBelow):
    def _goal(self, number: int, path: str, source: str, dest: str) -> str:
        return path.replace(source, dest)


@mutant("MOVE-5", bug="one page of what lies below is moved, and the rest stays")
class MovesOnePage(MovesFilesBelow):
    def _goal(self, number: int, path: str, source: str, dest: str) -> str:
        return path if number >= PAGE else super()._goal(number, path, source, dest)


@mutant("MOVE-5", bug="what lies deeper than a few levels stays")
class MovesTenLevels(MovesFilesBelow):
    def _goal(self, number: int, path: str, source: str, dest: str) -> str:
        is_deep = len(paths.components(path)) - len(paths.components(source)) > 10
        return path if is_deep else super()._goal(number, path, source, dest)


@mutant("MOVE-3", bug="the move of a directory leaves the empty directories above it")
class EmptyParentsOfTheMoved(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        is_directory = self._stat(source).is_dir
        super()._move(source, dest)
        parent = paths.parent(source)
        if is_directory and parent != paths.ROOT:
            # As an empty directory is in a file system.
            self._store.put(f"{self._key(parent)}/empty", b"")
            self._store.get(self._key(parent)).children.pop("empty")  # type: ignore[union-attr]
