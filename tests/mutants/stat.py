"""Drivers that tell another size or kind than that of what is there."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime

from mutants.model import mutant
from storagedriver import BackendError, FileInfo, PathNotFoundError, paths
from storagedriver.base import Upload
from storagedriver_drivers.inmemory.driver import InMemoryDriver, InMemoryUpload
from storagedriver_drivers.inmemory.parameters import InMemoryParameters

BLOCK = 512
CHUNK = 64 * 1024


class Told(InMemoryDriver):
    """Tells something of its own of files."""

    def _stat(self, path: str) -> FileInfo:
        info = super()._stat(path)
        return info if info.is_dir else self._told(info)

    def _told(self, info: FileInfo) -> FileInfo:
        return info


class Cached(InMemoryDriver):
    """Remembers what it was told, until it writes there itself."""

    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._cache: dict[str, FileInfo | None] = {}

    def _stat(self, path: str) -> FileInfo:
        if path not in self._cache:
            self._cache[path] = super()._stat(path)
        found = self._cache[path]
        if found is None:
            raise PathNotFoundError
        return found

    def put_content(self, path: str, content: object) -> None:
        super().put_content(path, content)  # type: ignore[arg-type]
        self._forget(path)

    def delete(self, path: str) -> None:
        super().delete(path)
        self._forget(path)

    def move(self, source: str, dest: str) -> None:
        super().move(source, dest)
        self._forget(source)
        self._forget(dest)

    def _writer(self, path: str, *, append: bool) -> Upload:
        upload = super()._writer(path, append=append)
        assert isinstance(upload, InMemoryUpload)
        forget = self._forget

        class Forgetting(InMemoryUpload):
            def commit(self) -> None:
                super().commit()
                forget(path)

        upload.__class__ = Forgetting
        return upload

    def _forget(self, path: str) -> None:
        for each in list(self._cache):
            if each == path or paths.is_below(each, path) or paths.is_below(path, each):
                self._cache.pop(each, None)


@mutant("STAT-1", rows=("B92",), bug="size and time come from a cache that other writers do not invalidate")
@mutant("STAT-3", rows=("B92",), bug="what another driver deleted comes from a cache")
class InfoIsCached(Cached):
    pass


@mutant("STAT-2", rows=("B92",), bug="absence is remembered, also when another driver has made the directory")
@mutant("STAT-3", rows=("B92",), bug="absence is remembered")
class AbsenceIsRemembered(Cached):
    def _stat(self, path: str) -> FileInfo:
        try:
            info = super()._stat(path)
        except PathNotFoundError:
            self._cache[path] = None
            raise
        self._cache.pop(path, None)
        return info


@mutant("STAT-1", bug="the size is that of the first part")
class SizeOfTheFirstPart(Told):
    def _told(self, info: FileInfo) -> FileInfo:
        return replace(info, size=min(info.size, CHUNK))


@mutant("STAT-1", bug="the size is that of the blocks on the disk")
class SizeOfBlocks(Told):
    def _told(self, info: FileInfo) -> FileInfo:
        return replace(info, size=-(-info.size // BLOCK) * BLOCK)


@mutant("STAT-1", bug="a large size is rounded, as it is for people to read")
class SizeForPeople(Told):
    def _told(self, info: FileInfo) -> FileInfo:
        return replace(info, size=info.size // 1024 * 1024 if info.size > 1024 else info.size)


@mutant("STAT-1", bug="an empty file is taken for a directory")
class EmptyIsADirectory(Told):
    def _told(self, info: FileInfo) -> FileInfo:
        return info if info.size else replace(info, is_dir=True)


@mutant("STAT-1", bug="an empty file is taken for a marker, and not found")
class EmptyIsAMarker(Told):
    def _told(self, info: FileInfo) -> FileInfo:
        if not info.size:
            raise PathNotFoundError
        return info


@mutant("STAT-1", bug="a name without an extension is taken for a directory")
class NameTellsTheKind(Told):
    def _told(self, info: FileInfo) -> FileInfo:
        return replace(info, is_dir=info.path.endswith(("dir", "d")))


@mutant("STAT-1", bug="the path is that of the backend")
class PathOfTheBackend(Told):
    def _told(self, info: FileInfo) -> FileInfo:
        return replace(info, path=info.path.lstrip("/"))


@mutant("STAT-1", bug="after an append the size is that of what was appended")
class SizeOfTheAppended(Told):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._bases: dict[str, int] = {}

    def _writer(self, path: str, *, append: bool) -> Upload:
        upload = super()._writer(path, append=append)
        self._bases[path] = upload.size
        return upload

    def _told(self, info: FileInfo) -> FileInfo:
        return replace(info, size=info.size - self._bases.pop(info.path, 0))


class Inferring(InMemoryDriver):
    """Infers directories in a way of its own."""

    def _stat(self, path: str) -> FileInfo:
        info = super()._stat(path)
        if info.is_dir and path != paths.ROOT and not self._infers(path):
            raise PathNotFoundError
        return info

    def _infers(self, path: str) -> bool:
        return True


@mutant("STAT-2", rows=("B39",), bug="a directory of directories is not found")
class OnlyFilesCount(Inferring):
    def _infers(self, path: str) -> bool:
        return any(not InMemoryDriver._stat(self, child).is_dir for child in self._list(path))


@mutant("STAT-2", bug="a directory of which only empty files are known is not found")
class EmptyFilesDontCount(Inferring):
    def _infers(self, path: str) -> bool:
        return any(info.is_dir or info.size for info in self._scan(path))


@mutant("STAT-2", bug="a directory of hidden files alone is not found")
class HiddenFilesDontCount(Inferring):
    def _infers(self, path: str) -> bool:
        return any(not paths.name(child).startswith(".") for child in self._list(path))


@mutant("STAT-2", bug="one key of the prefix is looked at, which may be a neighbour's")
class NeighbourHidesIt(Inferring):
    def _infers(self, path: str) -> bool:
        keys = sorted(self._key(each) for each in self._list(paths.parent(path)) if each.startswith(path))
        below = [f"{key}/" if key == self._key(path) else key for key in keys]
        return min(below) == f"{self._key(path)}/"


@mutant("STAT-2", bug="a directory far down is not found")
class FarDownIsNotFound(Inferring):
    def _infers(self, path: str) -> bool:
        return len(paths.components(path)) < 20


@mutant("STAT-2", bug="a directory is told with the size of what it holds")
class DirectoryHasASize(InMemoryDriver):
    def _stat(self, path: str) -> FileInfo:
        info = super()._stat(path)
        return replace(info, size=4096) if info.is_dir and path != paths.ROOT else info


@mutant("STAT-2", bug="a directory is told as an empty file")
class DirectoryIsAFile(InMemoryDriver):
    def _stat(self, path: str) -> FileInfo:
        info = super()._stat(path)
        if not info.is_dir or path == paths.ROOT:
            return info
        return FileInfo(path, 0, datetime.now(UTC), is_dir=False)


@mutant("STAT-2", rows=("B39",), bug="the root of a store that nothing was written to is not found")
class FreshRootIsNotFound(InMemoryDriver):
    def _stat(self, path: str) -> FileInfo:
        return (
            FileInfo(path, 0, None, self._store.get(self._key(path)) is not None)
            if path == "/"
            else super()._stat(path)
        )


class Absent(InMemoryDriver):
    """Has an answer of its own for what is absent."""

    def _stat(self, path: str) -> FileInfo:
        try:
            return super()._stat(path)
        except PathNotFoundError:
            found = self._absent(path)
            if found is None:
                raise
            return found

    def _absent(self, path: str) -> FileInfo | None:
        return None

    def _names(self, path: str) -> list[str]:
        try:
            return [paths.name(child) for child in self._list(paths.parent(path))]
        except PathNotFoundError:
            return []


@mutant("STAT-3", bug="what is absent is taken for an empty directory")
class AbsentIsADirectory(Absent):
    def _absent(self, path: str) -> FileInfo | None:
        return FileInfo(path, 0, None, is_dir=True)


@mutant("STAT-3", bug="the beginning of a name is taken for a directory")
class PrefixIsADirectory(Absent):
    def _absent(self, path: str) -> FileInfo | None:
        alike = any(name.startswith(paths.name(path)) for name in self._names(path))
        return FileInfo(path, 0, None, is_dir=True) if alike else None


@mutant("STAT-3", bug="the beginning of a directory's name is taken for one")
class PrefixOfADirectoryIsOne(Absent):
    def _absent(self, path: str) -> FileInfo | None:
        for name in self._names(path):
            if name.startswith(paths.name(path)):
                info = InMemoryDriver._stat(self, paths.join(paths.parent(path), name))
                if info.is_dir:
                    return replace(info, path=path)
        return None


@mutant("STAT-3", bug="a name of the same length that begins alike is taken for it")
class FirstOfTheListing(Absent):
    def _absent(self, path: str) -> FileInfo | None:
        for name in self._names(path):
            if name.startswith(paths.name(path)[:-1]) and len(name) == len(paths.name(path)):
                return replace(InMemoryDriver._stat(self, paths.join(paths.parent(path), name)), path=path)
        return None


@mutant("STAT-3", rows=("B87",), bug="case is ignored")
class CaseIsIgnored(Absent):
    def _absent(self, path: str) -> FileInfo | None:
        for name in self._names(path):
            if name.lower() == paths.name(path).lower():
                return replace(InMemoryDriver._stat(self, paths.join(paths.parent(path), name)), path=path)
        return None


@mutant("STAT-3", rows=("B64",), bug="a path below a file crashes")
class BelowAFileCrashes(Absent):
    def _absent(self, path: str) -> FileInfo | None:
        with contextlib.suppress(PathNotFoundError):
            if not InMemoryDriver._stat(self, paths.parent(path)).is_dir:
                raise AttributeError("'File' object has no attribute 'children'")
        return None


@mutant("STAT-3", bug="below a file the file is found")
class BelowAFileIsTheFile(Absent):
    def _absent(self, path: str) -> FileInfo | None:
        with contextlib.suppress(PathNotFoundError):
            info = InMemoryDriver._stat(self, paths.parent(path))
            return None if info.is_dir else replace(info, path=path)
        return None


@mutant("STAT-3", rows=("B70",), bug="the answer to HEAD has no body, so that a missing thing is not recognised")
class MissingIsNotRecognised(Absent):
    def _absent(self, path: str) -> FileInfo | None:
        raise BackendError("404")


@mutant("STAT-3", bug="a directory whose last file is gone stays")
class EmptiedStays(Absent):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._seen: set[str] = set()

    def _stat(self, path: str) -> FileInfo:
        info = super()._stat(path)
        if info.is_dir:
            self._seen.add(path)
        return info

    def _delete(self, path: str) -> None:
        if InMemoryDriver._stat(self, path).is_dir:
            self._seen = {each for each in self._seen if each != path and not paths.is_below(each, path)}
        super()._delete(path)

    def _absent(self, path: str) -> FileInfo | None:
        return FileInfo(path, 0, None, is_dir=True) if path in self._seen else None


@mutant("STAT-2", bug="a directory is looked for in the first page of its parent's listing")
class LooksInTheFirstPage(InMemoryDriver):
    def _stat(self, path: str) -> FileInfo:
        info = super()._stat(path)
        if info.is_dir and path != paths.ROOT and path not in sorted(self._list(paths.parent(path)))[:1000]:
            raise PathNotFoundError
        return info


@mutant(
    "STAT-3", bug="that a path is absent is kept until something is written there; what a move brings lies below it"
)
class AbsenceOutlivesMoves(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._absences: set[str] = set()

    def _stat(self, path: str) -> FileInfo:
        if path in self._absences:
            raise PathNotFoundError
        try:
            return super()._stat(path)
        except PathNotFoundError:
            self._absences.add(path)
            raise

    def _come(self, path: str) -> None:
        self._absences -= {path, *(each for each in self._absences if paths.is_below(path, each))}

    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        self._come(path)

    def _writer(self, path: str, *, append: bool) -> Upload:
        self._come(path)
        return super()._writer(path, append=append)

    def _move(self, source: str, dest: str) -> None:
        super()._move(source, dest)
        self._come(dest)
