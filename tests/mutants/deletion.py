"""Drivers that delete too much or too little."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from mutants.model import mutant
from storagedriver import BackendError, Limits, PathNotFoundError, paths
from storagedriver_drivers.inmemory.driver import InMemoryDriver
from storagedriver_drivers.inmemory.parameters import InMemoryParameters
from storagedriver_drivers.inmemory.store import Store

PAGE = 1000


class ByKey(InMemoryDriver):
    """Deletes as object stores do: file by file."""

    def _files(self, directory: str = paths.ROOT) -> Iterator[str]:
        for info in self._scan(directory):
            if info.is_dir:
                yield from self._files(info.path)
            else:
                yield info.path

    def _remove(self, files: Iterable[str]) -> None:
        for path in files:
            self._store.delete(self._key(path))

    def _below(self, path: str) -> list[str]:
        return sorted(self._files(path)) if self._stat(path).is_dir else [path]


@mutant("DEL-1", bug="one page is deleted")
class FirstPageIsDeleted(ByKey):
    def _delete(self, path: str) -> None:
        self._remove(self._below(path)[:1000])


@mutant("DEL-1", bug="what lies deeper than some dozens of levels stays")
class SixtyFourLevelsGo(ByKey):
    def _delete(self, path: str) -> None:
        below = self._below(path)
        deepest = len(paths.components(path)) + 64
        self._remove([each for each in below if len(paths.components(each)) <= deepest] or below)


@mutant("DEL-1", bug="the files of deeper directories stay")
class DeeperFilesStay(ByKey):
    def _delete(self, path: str) -> None:
        below = self._below(path)
        self._remove([each for each in below if each.count("/") <= path.count("/") + 2] or below)


@mutant("DEL-1", rows=("B55",), bug="the listing ends at the first sibling that sorts before the slash")
class EndsAtTheFirstSibling(ByKey):
    def _delete(self, path: str) -> None:
        self._stat(path)
        for key in sorted(each for each in self._files(paths.parent(path)) if each.startswith(path)):
            if key != path and not paths.is_below(key, path):
                break
            self._remove([key])


@mutant("DEL-1", rows=("B57",), bug="nothing lies below a file, and the server refuses an empty batch")
class EmptyBatchForAFile(ByKey):
    def _delete(self, path: str) -> None:
        batch = [] if not self._stat(path).is_dir else self._below(path)
        if not batch:
            raise BackendError("MalformedXML: the batch is empty")
        self._remove(batch)


@mutant("DEL-1", rows=("B57",), bug="a page holds siblings alone, and the server refuses an empty batch")
class EmptyBatchForAPageOfSiblings(ByKey):
    def _delete(self, path: str) -> None:
        self._stat(path)
        keys = sorted(each for each in self._files(paths.parent(path)) if each.startswith(path))
        for begin in range(0, len(keys), PAGE):
            page = keys[begin : begin + PAGE]
            batch = [key for key in page if key == path or paths.is_below(key, path)]
            if not batch and begin + PAGE < len(keys):
                raise BackendError("MalformedXML: the batch is empty")
            self._remove(batch)


@mutant("DEL-2", rows=("B54",), bug="delete of /a deletes /ab")
class PrefixIsDeleted(ByKey):
    def _delete(self, path: str) -> None:
        self._stat(path)
        self._remove([each for each in self._files(paths.parent(path)) if each.startswith(path)])


def staged(store: Store) -> list[str]:
    """The paths of all unfinished streams."""
    told = "staged stream of "
    return [name.removeprefix(told) for name in store.inspect() if name.startswith(told)]


class ByPattern(InMemoryDriver):
    """Deletes by a statement of SQL with LIKE, in which an underscore is any character."""

    def _matching(self, path: str, names: Iterable[str]) -> list[str]:
        pattern = re.compile(re.escape(path).replace("_", ".") + "/.*")
        return [name for name in names if pattern.fullmatch(name) and not paths.is_below(name, path)]


@mutant("DEL-2", bug="an underscore in the name of a directory is any character: files of others go")
class UnderscoreDeletesFiles(ByPattern):
    def _delete(self, path: str) -> None:
        super()._delete(path)
        key = self._key(path)
        for name in self._matching(key, [each for each in self._store.inspect() if each.startswith("/")]):
            self._store.delete(name)


@mutant("DEL-2", bug="an underscore in the name of a directory is any character: streams of others end")
class UnderscoreEndsStreams(ByPattern):
    def _delete(self, path: str) -> None:
        super()._delete(path)
        for name in self._matching(self._key(path), staged(self._store)):
            self._store.end_stage(name)


@mutant("DEL-1", bug="a path that was deleted three times is listed no more, whatever is put there")
class ThirdTombstoneStays(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._graves: Counter[str] = Counter()

    def _delete(self, path: str) -> None:
        super()._delete(path)
        self._graves[path] += 1

    def _list(self, path: str) -> Iterable[str]:
        return [child for child in super()._list(path) if self._graves[child] < 3]


@mutant("DEL-5", bug="of the unfinished streams below a directory those of one page end")
class FirstPageOfStreamsEnds(InMemoryDriver):
    def _delete(self, path: str) -> None:
        key = self._key(path)
        kept = {name: self._store.staged(name) for name in sorted(staged(self._store)) if paths.is_below(name, key)}
        super()._delete(path)
        for name in list(kept)[100:]:
            self._store.stage(name, kept[name] or bytearray())


@mutant("DEL-2", bug="large streams into paths that begin alike end with a path")
class LargeStreamsOfNeighboursEnd(InMemoryDriver):
    capabilities = replace(InMemoryDriver.capabilities, limits=Limits(chunk_size=4096))

    def _delete(self, path: str) -> None:
        super()._delete(path)
        key = self._key(path)
        for name in staged(self._store):
            if name.startswith(key) and len(self._store.staged(name) or b"") > 4096:
                self._store.end_stage(name)


@mutant("DEL-2", bug="the same name in other directories is deleted")
class SuffixIsDeleted(ByKey):
    def _delete(self, path: str) -> None:
        super()._delete(path)
        top = paths.components(path)[0]
        with contextlib.suppress(PathNotFoundError):
            self._remove([each for each in self._files(f"/{top}") if each.endswith(f"/{paths.name(path)}")])


@mutant("DEL-2", rows=("B111",), bug="the root is left out")
class DeletesOutsideItsRoot(InMemoryDriver):
    def _delete(self, path: str) -> None:
        super()._delete(path)
        if self._root:
            with contextlib.suppress(PathNotFoundError):
                self._store.delete(paths.parent(self._root) + path)


@mutant("DEL-3", bug="absent is deleted gladly")
class AbsentIsDeleted(InMemoryDriver):
    def _delete(self, path: str) -> None:
        with contextlib.suppress(PathNotFoundError):
            super()._delete(path)


@mutant("DEL-3", rows=("B56",), bug="absent is deleted gladly where a sibling begins alike")
class AbsentPrefixIsDeleted(InMemoryDriver):
    def _delete(self, path: str) -> None:
        try:
            super()._delete(path)
        except PathNotFoundError:
            with contextlib.suppress(PathNotFoundError):
                if any(each.startswith(path) for each in self._list(paths.parent(path))):
                    return
            raise


@mutant("DEL-3", rows=("B64",), bug="a path below a file crashes")
class BelowAFileCrashes(InMemoryDriver):
    def _delete(self, path: str) -> None:
        with contextlib.suppress(PathNotFoundError):
            if not self._stat(paths.parent(path)).is_dir:
                raise AttributeError("'File' object has no attribute 'children'")
        super()._delete(path)


@mutant("DEL-4", bug="what the backend refuses of a batch is not looked at")
class RefusedRestOfABatch(ByKey):
    def _delete(self, path: str) -> None:
        # The backend takes 250 names at once and answers with the rest as errors.
        self._remove(self._below(path)[:250])


@mutant("DEL-4", bug="the batch ends in silence at the first name that is gone already")
class GoneNameEndsTheBatch(ByKey):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._seen: dict[str, list[str]] = {}

    def _list(self, path: str) -> Iterable[str]:
        with contextlib.suppress(PathNotFoundError):
            self._seen[path] = self._below(path)
        return super()._list(path)

    def _delete(self, path: str) -> None:
        self._stat(path)
        with contextlib.suppress(PathNotFoundError):
            self._remove(self._seen.pop(path, []) or self._below(path))


@mutant("DEL-5", bug="stages stay")
class StagesStay(InMemoryDriver):
    def _delete(self, path: str) -> None:
        staged = dict(self._store._staged)
        try:
            super()._delete(path)
        finally:
            self._store._staged.update(staged)


@mutant("DEL-5", bug="stages of the path itself go, those below a directory stay")
class StagesBelowStay(InMemoryDriver):
    def _delete(self, path: str) -> None:
        staged = {key: stage for key, stage in self._store._staged.items() if key != self._key(path)}
        try:
            super()._delete(path)
        finally:
            self._store._staged.update(staged)


@mutant("DEL-5", bug="stages of siblings go too")
class SiblingsStagesGo(InMemoryDriver):
    def _delete(self, path: str) -> None:
        super()._delete(path)
        for key in [key for key in list(self._store._staged) if key.startswith(self._key(path))]:
            self._store.end_stage(key)
