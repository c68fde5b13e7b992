"""Drivers that walk in another order, resume at another place, or stumble over changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from mutants.model import mutant
from storagedriver import FileInfo, PathNotFoundError, Walk, paths
from storagedriver_drivers.inmemory.driver import InMemoryDriver

PART = 1 << 16
"""Bytes."""

SMALL_PAGE = 100

PAGE = 1000


def _nothing(_: str) -> Iterable[FileInfo]:
    return []


class FlatWalk(Walk):
    """A walk over a listing that was made at the start, as drivers with a flat backend do."""

    def __init__(self, infos: Sequence[FileInfo], look: Callable[[str], object] | None = None) -> None:
        super().__init__(_nothing, paths.ROOT)
        self._infos = list(infos)
        self._look = look
        self._last: FileInfo | None = None

    def __next__(self) -> FileInfo:
        if not self._infos:
            raise StopIteration
        self._last = self._infos.pop(0)
        if self._look is not None:
            self._look(self._last.path)
        return self._last

    def prune(self) -> None:
        if self._last is not None and self._last.is_dir:
            directory = f"{self._last.path}/"
            self._infos = [info for info in self._infos if not info.path.startswith(directory)]

    def close(self) -> None:
        self._infos = []


@mutant("WALK-1", rows=("B52",), bug="the order is by byte")
class OrderByByte(InMemoryDriver):
    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        infos = sorted(super().walk(path, start_after=start_after), key=lambda info: info.path)
        return FlatWalk(infos)


@mutant("WALK-1", rows=("B48",), bug="the starting directory is among what is walked")
class StartIsWalked(InMemoryDriver):
    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        rest = list(super().walk(path, start_after=start_after))
        start = [self.stat(path)] if path != paths.ROOT and start_after is None else []
        return FlatWalk([*start, *rest])


@mutant("WALK-1", rows=("B50",), bug="a directory is left out whose name begins the one before it")
class InferredDirectoryIsLeftOut(InMemoryDriver):
    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        infos = sorted(super().walk(path, start_after=start_after), key=lambda info: info.path)
        seen: list[str] = []
        for info in list(infos):
            if info.is_dir and seen and seen[-1].startswith(info.path):
                infos.remove(info)
            elif not info.is_dir and paths.parent(info.path) != path:
                seen.append(info.path)
        ordered = sorted(infos, key=lambda info: paths.components(info.path))
        before = ""
        kept = []
        for info in reversed(ordered):
            # Looked at from the end, a directory is taken for inferred already if the one after it begins with it.
            if not (info.is_dir and before.startswith(info.path) and not paths.is_below(before, info.path)):
                kept.append(info)
            if info.is_dir:
                before = info.path
        return FlatWalk(kept[::-1])


@mutant("WALK-1", bug="directories are not walked, as the backend has none")
class FilesAlone(InMemoryDriver):
    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        return FlatWalk([info for info in super().walk(path, start_after=start_after) if not info.is_dir])


@mutant("WALK-1", bug="files come before directories")
class FilesFirst(InMemoryDriver):
    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        return FlatWalk(sorted(super().walk(path, start_after=start_after), key=lambda info: info.is_dir))


@mutant("WALK-2", bug="start_after is among what comes")
class StartAfterIsIncluded(InMemoryDriver):
    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        infos = super().walk(path)
        after = () if start_after is None else paths.components(start_after)
        return FlatWalk([info for info in infos if paths.components(info.path) >= after])


@mutant("WALK-2", rows=("B52",), bug="start_after is compared by byte")
class StartAfterByByte(InMemoryDriver):
    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        return FlatWalk([info for info in super().walk(path) if info.path > (start_after or "")])


@mutant("WALK-2", bug="a start_after that is gone begins anew")
class StartAfterMustExist(InMemoryDriver):
    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        infos = list(super().walk(path))
        places = [place for place, info in enumerate(infos) if info.path == start_after]
        return FlatWalk(infos[places[0] + 1 :] if places else infos)


@mutant("WALK-2", bug="prune takes siblings along whose names begin alike")
class PruneByPrefix(InMemoryDriver):
    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        class Pruning(FlatWalk):
            def prune(self) -> None:
                if self._last is not None and self._last.is_dir:
                    directory = self._last.path
                    self._infos = [info for info in self._infos if not info.path.startswith(directory)]

        return Pruning(list(super().walk(path, start_after=start_after)))


@mutant("WALK-2", bug="a prune concerns all walks of the driver")
class PruneOfAnotherWalk(InMemoryDriver):
    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        walks: list[FlatWalk] = self.__dict__.setdefault("walks", [])

        class Pruning(FlatWalk):
            def prune(self) -> None:
                for walk in walks:
                    FlatWalk.prune(walk)

        walks.append(Pruning(list(super().walk(path, start_after=start_after))))
        return walks[-1]


@mutant("WALK-2", bug="a second prune of a directory prunes the next one beside it")
class SecondPruneTakesTheNext(InMemoryDriver):
    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        class Pruning(FlatWalk):
            pruned: FileInfo | None = None

            def prune(self) -> None:
                super().prune()
                following = self._infos[0] if self._infos else None
                if self._last is not None and following is not None and self.pruned is self._last:
                    self._infos = [info for info in self._infos[1:] if not paths.is_below(info.path, following.path)]
                self.pruned = self._last

        return Pruning(list(super().walk(path, start_after=start_after)))


@mutant("WALK-2", bug="a prune at a file prunes its directory")
class PruneAtAFile(InMemoryDriver):
    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        class Pruning(FlatWalk):
            def prune(self) -> None:
                if self._last is not None:
                    directory = self._last.path if self._last.is_dir else paths.parent(self._last.path)
                    self._infos = [info for info in self._infos if not paths.is_below(info.path, directory)]

        return Pruning(list(super().walk(path, start_after=start_after)))


@mutant("WALK-2", bug="what is left of a walk that was broken off is kept for the one that resumes it")
class RestOfAWalkIsKept(InMemoryDriver):
    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        rests: dict[str, list[FileInfo]] = self._store.__dict__.setdefault("rests", {})

        class Keeping(FlatWalk):
            def close(self) -> None:
                if self._last is not None:
                    rests[self._last.path] = list(self._infos)
                super().close()

        kept = rests.pop(start_after, None) if start_after is not None else None
        return Keeping(list(super().walk(path, start_after=start_after)) if kept is None else kept)


@mutant("WALK-2", bug="a closed walk goes on")
class CloseIsIgnored(InMemoryDriver):
    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        class Endless(FlatWalk):
            def close(self) -> None: ...

        return Endless(list(super().walk(path, start_after=start_after)))


@mutant("WALK-3", rows=("B53",), bug="what is deleted between listing and stat is an error")
class DeletedIsAnError(InMemoryDriver):
    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        return FlatWalk(list(super().walk(path, start_after=start_after)), look=self.stat)


@mutant("WALK-3", bug="pages of a walk are told by how many names came before")
class PagesByOffset(InMemoryDriver):
    def _scan(self, path: str) -> Iterable[FileInfo]:
        return sorted(super()._scan(path), key=lambda info: info.path)

    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        scan = self._scan
        if start_after is not None or len(list(scan(path))) <= SMALL_PAGE or any(info.is_dir for info in scan(path)):
            return super().walk(path, start_after=start_after)

        class Paged(FlatWalk):
            _seen = 0

            def __next__(self) -> FileInfo:
                if not self._infos:
                    self._infos = list(scan(path))[self._seen :][:SMALL_PAGE]
                    self._seen += SMALL_PAGE
                return super().__next__()

        return Paged([])


@mutant("WALK-3", bug="a directory that is deleted ends the walk in silence")
class DeletedEndsTheWalk(InMemoryDriver):
    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        def look(each: str) -> None:
            try:
                self.stat(each)
            except PathNotFoundError:
                raise StopIteration from None

        return FlatWalk(list(super().walk(path, start_after=start_after)), look=look)


@mutant("WALK-3", rows=("B88",), bug="a walk of what is absent ends quietly")
class AbsentEndsQuietly(InMemoryDriver):
    def _scan(self, path: str) -> Iterable[FileInfo]:
        try:
            return super()._scan(path)
        except PathNotFoundError:
            return []


@mutant("WALK-3", bug="a walk of the root of an empty store is an error")
class EmptyRootIsAnError(InMemoryDriver):
    def _scan(self, path: str) -> Iterable[FileInfo]:
        children = list(super()._scan(path))
        if not children:
            raise PathNotFoundError
        return children


@mutant("WALK-1", bug="paths are what is left of keys once the directory's is taken out, wherever it is")
class TakesOutAllOccurrences(InMemoryDriver):
    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        found = super().walk(path, start_after=start_after)
        if path == paths.ROOT:
            return found
        return FlatWalk([replace(info, path=path + info.path.replace(path, "")) for info in found])


@mutant("WALK-1", bug="the size that a walk tells is that of the last part")
class SizeOfTheLastPart(InMemoryDriver):
    def _scan(self, path: str) -> Iterable[FileInfo]:
        return [replace(info, size=info.size % PART or min(info.size, PART)) for info in super()._scan(path)]


@mutant("WALK-1", bug="the last name of a full page is taken for the beginning of the next one, which is not asked for")
class FullPageLosesOne(InMemoryDriver):
    def _scan(self, path: str) -> Iterable[FileInfo]:
        found = list(super()._scan(path))
        return found[:-1] if len(found) == SMALL_PAGE else found


class _Paged(FlatWalk):
    """Reads ahead by pages of files, and tells the directories on the way to them."""

    forgetful = False

    def __init__(self, files: Sequence[FileInfo], start: str) -> None:
        super().__init__([])
        self._rest = list(files)
        self._start = start
        self._told = {start}

    def __next__(self) -> FileInfo:
        if not self._infos and self._rest:
            page, self._rest = self._rest[:PAGE], self._rest[PAGE:]
            if self.forgetful:
                self._told = {self._start}
            for info in page:
                self._infos += [FileInfo(each, 0, None, is_dir=True) for each in self._on_the_way(info.path)]
                self._infos.append(info)
        return super().__next__()

    def _on_the_way(self, path: str) -> list[str]:
        way: list[str] = []
        while (path := paths.parent(path)) not in self._told:
            self._told.add(path)
            way.insert(0, path)
        return way


class _ForgetsWhatItTold(_Paged):
    forgetful = True

    def prune(self) -> None:
        super().prune()
        pruned = self._last
        if pruned is not None and pruned.is_dir:
            self._rest = [info for info in self._rest if not paths.is_below(info.path, pruned.path)]


class Paged(InMemoryDriver):
    """Walks over files by pages."""

    Pages: type[_Paged] = _Paged

    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        found = super().walk(path, start_after=start_after)
        if start_after is not None:
            return found
        return self.Pages([info for info in found if not info.is_dir], path)


@mutant("WALK-2", bug="prune drops what was read ahead, and the next page brings the directory's rest")
class PruneOfOnePage(Paged):
    """As it is."""


@mutant("WALK-1", bug="each page of files brings the directories on the way to them once more")
class DirectoriesOnEachPage(Paged):
    Pages = _ForgetsWhatItTold
