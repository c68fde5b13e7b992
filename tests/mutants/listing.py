"""Drivers that list too much, too little, or something else."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence

from mutants.model import mutant
from storagedriver import PathNotFoundError, Upload, paths
from storagedriver_drivers.inmemory.driver import InMemoryDriver
from storagedriver_drivers.inmemory.parameters import InMemoryParameters

PAGE = 1000
SMALL_PAGE = 100


@mutant("LIST-1", bug="a directory comes once for each file in it")
class DirectoryForEachFile(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        for info in self._scan(path):
            yield from [info.path] * (len(list(self._scan(info.path))) if info.is_dir else 1)


@mutant("LIST-1", bug="what lies deeper is listed too")
class ListsTheWholeTree(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        for info in self._scan(path):
            yield info.path
            if info.is_dir:
                yield from self._list(info.path)


@mutant("LIST-1", bug="directories have a trailing slash")
class TrailingSlash(InMemoryDriver):
    def list(self, path: str) -> Sequence[str]:
        self._valid(path, allow_root=True)
        with self.translated(path):
            return [f"{info.path}/" if info.is_dir else info.path for info in self._scan(path)]


@mutant("LIST-1", bug="names are relative to the directory")
class RelativeNames(InMemoryDriver):
    def list(self, path: str) -> Sequence[str]:
        return [paths.name(child) for child in super().list(path)]


@mutant("LIST-1", bug="a generator, which is empty when it is read again")
class ListsOnce(InMemoryDriver):
    def list(self, path: str) -> Sequence[str]:
        return iter(super().list(path))  # type: ignore[return-value]  # the fault


@mutant("LIST-1", rows=("E6",), bug="what is staged is listed")
class StagesAreListed(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        staged = [key for key in list(self._store._staged) if paths.parent(key) == self._key(path)]
        return {*super()._list(path), *(paths.join(path, paths.name(key)) for key in staged)}


@mutant("LIST-2", bug="an absent path lists nothing")
class AbsentListsNothing(InMemoryDriver):
    def list(self, path: str) -> Sequence[str]:
        with contextlib.suppress(PathNotFoundError):
            return super().list(path)
        return []


@mutant("LIST-2", bug="a file lists itself")
class FileListsItself(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        return [path] if not self._stat(path).is_dir else super()._list(path)


@mutant("LIST-2", rows=("B39",), bug="what counts as there has files of its own")
class DirectoryOfDirectoriesIsMissing(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        children = list(self._scan(path))
        if all(info.is_dir for info in children):
            raise PathNotFoundError
        return [info.path for info in children]


@mutant("LIST-2", rows=("B39",), bug="the root of an empty store is missing")
class EmptyRootIsMissing(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        children = list(super()._list(path))
        if not children:
            raise PathNotFoundError
        return children


@mutant("LIST-3", bug="the first page is taken for all")
class FirstPageAlone(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        return sorted(super()._list(path))[:PAGE]


@mutant("LIST-3", rows=("B109",), bug="the page token is the name without its slash")
class TokenWithoutSlash(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        entries = sorted((f"{info.path}/" if info.is_dir else info.path) for info in self._scan(path))
        token = ""
        while page := [entry for entry in entries if entry.rstrip("/") > token][:PAGE]:
            yield from (entry.rstrip("/") for entry in page)
            token = page[-1].rstrip("/")


@mutant("LIST-3", bug="the next page begins after the last name, whatever its case")
class CaseIsFoldedBetweenPages(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        left = sorted(super()._list(path))
        while left:
            yield from left[:PAGE]
            token = left[:PAGE][-1].lower()
            left = [child for child in left[PAGE:] if child.lower() > token]


@mutant("LIST-3", rows=("B37",), bug="a page begins after the last file of the one before, or else the last directory")
class PageAfterTheLastFile(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        entries = sorted(self._scan(path), key=lambda info: info.path)
        marker = ""
        while page := [info for info in entries if info.path > marker][:PAGE]:
            yield from (info.path for info in page)
            files = [info.path for info in page if not info.is_dir]
            marker = files[-1] if files else page[-1].path


@mutant("LIST-3", rows=("B37",), bug="a listing ends at the first page that has no file")
class PageWithoutFilesEnds(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        entries = sorted(self._scan(path), key=lambda info: info.path)
        for begin in range(0, len(entries), PAGE):
            page = entries[begin : begin + PAGE]
            if begin and all(info.is_dir for info in page):
                break
            yield from (info.path for info in page)


@mutant("LIST-3", bug="a page of what lies deeper ends the listing")
class DeeperNamesFillThePage(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        found: set[str] = set()
        room = PAGE
        for info in sorted(self._scan(path), key=lambda info: info.path):
            if room <= 0:
                break
            found.add(info.path)
            room -= len(list(self._scan(info.path))) if info.is_dir else 1
        return found


@mutant("LIST-4", bug="siblings match the prefix")
class PrefixWithoutSlash(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        found = set(super()._list(path))
        if path != paths.ROOT:
            siblings = super()._list(paths.parent(path))
            found.update(each for each in siblings if each.startswith(path) and each != path)
        return found


@mutant("LIST-4", rows=("B45",), bug="the marker of a directory is listed in it")
class MarkerIsListed(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        return [*super()._list(path), *([f"{path}/"] if path != paths.ROOT else [])]


@mutant("LIST-5", bug="a listing of many is kept, until this driver changes something")
class ListingOfManyIsKept(InMemoryDriver):
    MANY = 50

    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._kept: dict[str, Sequence[str]] = {}

    def _list(self, path: str) -> Iterable[str]:
        if path not in self._kept:
            found = list(super()._list(path))
            if len(found) < self.MANY:
                return found
            self._kept[path] = found
        return self._kept[path]

    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        self._kept.clear()

    def _delete(self, path: str) -> None:
        super()._delete(path)
        self._kept.clear()


@mutant("LIST-5", rows=("B92",), bug="a listing is kept until this driver itself changes something")
class CachedListing(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._listings: dict[str, list[str]] = {}

    def _list(self, path: str) -> Iterable[str]:
        if path not in self._listings:
            self._listings[path] = list(super()._list(path))
        return self._listings[path]

    def _put_content(self, path: str, content: bytes) -> None:
        self._listings.clear()
        super()._put_content(path, content)

    def _delete(self, path: str) -> None:
        self._listings.clear()
        super()._delete(path)

    def _move(self, source: str, dest: str) -> None:
        self._listings.clear()
        super()._move(source, dest)


@mutant("LIST-5", bug="a listing is kept as long as there are as many children")
class AsManyAreTheSame(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        listings: dict[str, list[str]] = self._store.__dict__.setdefault("listings", {})
        now = list(super()._list(path))
        kept = listings.get(path, [])
        if len(kept) != len(now) or len(now) < 5:
            listings[path] = kept = now
        return kept


@mutant("LIST-5", bug="the list that is given is the one that is kept")
class SharedListing(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._last: tuple[str, list[str]] | None = None

    def list(self, path: str) -> Sequence[str]:
        if self._last is None or self._last[0] != path:
            self._last = (path, sorted(super().list(path)))
        return self._last[1]

    def _put_content(self, path: str, content: bytes) -> None:
        self._last = None
        super()._put_content(path, content)


@mutant("LIST-1", bug="children are what is left of their keys once the directory's path is taken out, wherever it is")
class TakesOutAllOccurrences(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        below = [info.path for info in self.walk(path) if not info.is_dir] if path != paths.ROOT else []
        if not below:
            return super()._list(path)
        left = {each.replace(path, "").strip("/") for each in below}
        return {paths.join(path, each.partition("/")[0]) for each in left}


@mutant("LIST-2", bug="the root is taken out of keys wherever it is in them")
class TakesOutTheRootEverywhere(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        if not self._root:
            return super()._list(path)
        below = [self._key(info.path) for info in self.walk(path) if not info.is_dir]
        return paths.children(path, [each for each in (key.replace(self._root, "") for key in below) if each])


@mutant("LIST-3", bug="the last name of a full page is taken for the beginning of the next one, which is not asked for")
class FullPageLosesOne(InMemoryDriver):
    def _list(self, path: str) -> Iterable[str]:
        found = sorted(super()._list(path))
        return found[:-1] if len(found) == SMALL_PAGE else found


@mutant("LIST-5", bug="lists are kept, and a delete drops that of its parent alone, which may be left empty")
class ListsAboveTheParentAreKept(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._lists: dict[str, list[str]] = {}

    def _list(self, path: str) -> Iterable[str]:
        if path not in self._lists:
            self._lists[path] = list(super()._list(path))
        return self._lists[path]

    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        self._lists.clear()

    def _writer(self, path: str, *, append: bool) -> Upload:
        self._lists.clear()
        return super()._writer(path, append=append)

    def _move(self, source: str, dest: str) -> None:
        super()._move(source, dest)
        self._lists.clear()

    def _delete(self, path: str) -> None:
        super()._delete(path)
        for listed in [each for each in self._lists if each == paths.parent(path) or f"{each}/".startswith(f"{path}/")]:
            del self._lists[listed]
