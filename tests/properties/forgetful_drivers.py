"""Drivers that break a promise only after a certain history: none of their methods is wrong on a fresh path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from storagedriver import BaseDriver, FileInfo, PathNotFoundError, StorageDriverError, paths
from storagedriver.base import ByteSource, Upload
from storagedriver.walk import Walk
from storagedriver_drivers.inmemory.driver import InMemoryDriver, InMemoryUpload
from storagedriver_drivers.inmemory.parameters import InMemoryParameters

Driver = TypeVar("Driver", bound=type[BaseDriver])


@dataclass(frozen=True, slots=True)
class ForgetfulDriver:
    """A driver that only histories convict.

    Attributes:
        requirements: Those by one of which it has to be convicted.
        bug: What is wrong with it.
        driver: The driver.
        seed: One by which it is: the first to be tried.
    """

    requirements: frozenset[str]
    bug: str
    driver: type[InMemoryDriver]
    seed: int = 1


FORGETFUL: list[ForgetfulDriver] = []


def forgetful(*requirements: str, bug: str, seed: int = 1) -> Callable[[type[InMemoryDriver]], type[InMemoryDriver]]:
    """Say what is wrong with a driver class, which requirements may convict it, and by which seed they do."""

    def register(driver: type[InMemoryDriver]) -> type[InMemoryDriver]:
        FORGETFUL.append(ForgetfulDriver(frozenset(requirements), bug, driver, seed))
        return driver

    return register


class _Committing:
    """An upload that tells of its commit."""

    def __init__(self, inner: Upload, committed: Callable[[], None]) -> None:
        self._inner = inner
        self._committed = committed

    @property
    def size(self) -> int:
        return self._inner.size

    def write(self, data: memoryview, /) -> None:
        self._inner.write(data)

    def commit(self) -> None:
        self._inner.commit()
        self._committed()

    def suspend(self) -> None:
        self._inner.suspend()

    def discard(self) -> None:
        self._inner.discard()


@forgetful(
    "WRITE-3", "WRITE-4", bug="an append goes on where the last one ended, though a move has replaced the file since"
)
class AppendForgetsMoves(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._ends: dict[str, bytes] = {}

    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        self._ends.pop(path, None)

    def _delete(self, path: str) -> None:
        super()._delete(path)
        self._ends = {each: end for each, end in self._ends.items() if each != path and not paths.is_below(each, path)}

    def _writer(self, path: str, *, append: bool) -> Upload:
        upload: Upload = super()._writer(path, append=append)
        end = self._ends.pop(path, None)
        if append and end is not None and self._store.staged(self._key(path)) is None:
            upload = InMemoryUpload(self._store, self._key(path), bytearray(end), continued=None)
        return _Committing(upload, lambda: self._keep(path, append))

    def _keep(self, path: str, append: bool) -> None:
        if append:
            self._ends[path] = self._get_content(path)


@forgetful("DEL-2", bug="the third delete of one path takes a sibling along whose name begins alike")
class ThirdDeleteTakesSiblings(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._deletes: Counter[str] = Counter()

    def _delete(self, path: str) -> None:
        super()._delete(path)
        name = path.rpartition("/")[2]
        self._deletes[path] += 1
        if self._deletes[path] == 3:
            try:
                siblings = [each for each in self._list(paths.parent(path)) if paths.name(each).startswith(name)]
            except PathNotFoundError:
                return
            for sibling in siblings[:1]:
                super()._delete(sibling)


@forgetful("PATH-6", "WRITE-1", bug="a commit to a path that was deleted brings back what was deleted with it")
class CommitBringsBackSiblings(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._open: set[str] = set()
        self._deleted: dict[str, dict[str, bytes]] = {}

    def _writer(self, path: str, *, append: bool) -> Upload:
        self._open.add(path)
        return _Committing(super()._writer(path, append=append), lambda: self._bring_back(path))

    def _bring_back(self, path: str) -> None:
        self._open.discard(path)
        for sibling, content in self._deleted.pop(path, {}).items():
            super()._put_content(sibling, content)

    def _delete(self, path: str) -> None:
        below = [info.path for info in Walk(self._scan, path) if not info.is_dir] if self._stat(path).is_dir else []
        contents = {each: self._get_content(each) for each in below}
        super()._delete(path)
        for written in self._open:
            if paths.is_below(written, path):
                self._deleted[written] = {each: content for each, content in contents.items() if each != written}


@forgetful("MOVE-1", "CONT-1", bug="content that was read stays cached when a move replaces it by as many bytes")
class EqualSizeStaysCached(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._cache: dict[str, bytes] = {}

    def _get_content(self, path: str) -> bytes:
        content = super()._get_content(path)
        cached = self._cache.get(path)
        if cached is None or len(cached) != len(content):
            cached = self._cache[path] = content
        return cached

    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        self._cache.pop(path, None)

    def _writer(self, path: str, *, append: bool) -> Upload:
        return _Committing(super()._writer(path, append=append), self._cache.clear)

    def _delete(self, path: str) -> None:
        super()._delete(path)
        self._cache.clear()


@forgetful("MOVE-5", "LIST-2", "LIST-5", "WALK-3", bug="what was listed of a directory outlives the move of its parent")
class ListOutlivesMoves(InMemoryDriver):
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
        return _Committing(super()._writer(path, append=append), self._lists.clear)

    def _delete(self, path: str) -> None:
        super()._delete(path)
        self._lists.clear()

    def _move(self, source: str, dest: str) -> None:
        super()._move(source, dest)
        for path in (source, dest, paths.parent(source), paths.parent(dest)):
            self._lists.pop(path, None)


@forgetful("READ-1", bug="an offset is checked against the size that stat told before an append", seed=4)
class OffsetOfAnOldSize(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._sizes: dict[str, int] = {}

    def _stat(self, path: str) -> FileInfo:
        info = super()._stat(path)
        if not info.is_dir:
            self._sizes[path] = info.size
        return info

    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        self._sizes.pop(path, None)

    def _move(self, source: str, dest: str) -> None:
        super()._move(source, dest)
        self._sizes.clear()

    def _delete(self, path: str) -> None:
        super()._delete(path)
        self._sizes.clear()

    def _reader(self, path: str, offset: int) -> ByteSource:
        size = self._sizes.get(path)
        return super()._reader(path, offset if size is None or offset <= size else 1 << 40)


@forgetful(
    # PATH-6 where the writer is cancelled since the next one is opened, of another path.
    "WRITE-5",
    "PATH-6",
    bug="cancel puts back what was there when the writer was opened, over what was moved there since",
)
class CancelPutsBack(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._moved: set[str] = set()

    def _move(self, source: str, dest: str) -> None:
        super()._move(source, dest)
        self._moved.add(dest)

    def _writer(self, path: str, *, append: bool) -> Upload:
        self._moved.discard(path)
        try:
            before: bytes | None = self._get_content(path)
        except PathNotFoundError:
            before = None
        upload = super()._writer(path, append=append)
        put_back = self._put_content

        class PuttingBack(_Committing):
            def discard(inner) -> None:  # noqa: N805  the driver is `self` here
                super().discard()
                if path in self._moved and before is not None:
                    put_back(path, before)

        return PuttingBack(upload, lambda: None)


@forgetful(
    "WRITE-3",
    "WRITE-4",
    bug="what is staged for a path is moved with its file, and continued where nobody staged it",
    seed=2,
)
class StageMovesAlong(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        super()._move(source, dest)
        staged = self._store.staged(self._key(source))
        if staged is not None:
            self._store.end_stage(self._key(source))
            self._store.stage(self._key(dest), staged)


@forgetful(
    "WALK-1", "LIST-5", bug="a directory that was pruned from one walk is left out of the next one that passes it"
)
class PrunedOnceMore(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._pruned: set[str] = set()

    def walk(self, path: str, *, start_after: str | None = None) -> Walk:
        inner = super().walk(path, start_after=start_after)
        driver, skipped = self, self._pruned

        class Remembering(Walk):
            def __init__(self) -> None:
                self.last = ""

            def __next__(self) -> FileInfo:
                info = next(inner)
                while (
                    start_after is None
                    and path != paths.ROOT
                    and any(paths.is_below(info.path, each) for each in skipped)
                ):
                    skipped.clear()
                    info = next(inner)
                self.last = info.path
                return info

            def prune(self) -> None:
                driver._pruned = skipped
                skipped.add(self.last)
                inner.prune()

            def close(self) -> None:
                inner.close()

        return Remembering()


@forgetful(
    "STAT-3",
    "WRITE-2",
    "MOVE-1",
    "DEL-1",
    "PATH-6",
    "LIST-2",
    "LIST-5",
    bug="a directory that a commit made stays when its last file is moved away",
)
class CommittedDirectoryStays(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._made: set[str] = set()
        self._left: set[str] = set()

    def _writer(self, path: str, *, append: bool) -> Upload:
        return _Committing(super()._writer(path, append=append), lambda: self._made.add(paths.parent(path)))

    def _move(self, source: str, dest: str) -> None:
        super()._move(source, dest)
        parent = paths.parent(source)
        if parent in self._made and parent != paths.ROOT:
            try:
                super()._stat(parent)
            except PathNotFoundError:
                self._left.add(parent)

    def _stat(self, path: str) -> FileInfo:
        try:
            return super()._stat(path)
        except PathNotFoundError:
            if path not in self._left:
                raise
            return FileInfo(path, 0, None, is_dir=True)


@forgetful("DEL-5", "WRITE-3", bug="a delete ends a stage, but not one that was continued")
class ContinuedStageOutlivesDelete(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._continued: set[str] = set()

    def _writer(self, path: str, *, append: bool) -> Upload:
        if append and self._store.staged(self._key(path)) is not None:
            self._continued.add(path)
        else:
            self._continued.discard(path)
        return super()._writer(path, append=append)

    def _delete(self, path: str) -> None:
        staged = self._store.staged(self._key(path)) if path in self._continued else None
        super()._delete(path)
        if staged is not None:
            self._store.stage(self._key(path), staged)


@forgetful("CONT-1", "CONT-2", "CONT-4", bug="after a put that was refused, the next one to that path does nothing")
class RefusalIsRemembered(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._refused: set[str] = set()

    def _put_content(self, path: str, content: bytes) -> None:
        if path in self._refused:
            self._refused.discard(path)
            self._stat(paths.parent(path))
            return
        try:
            super()._put_content(path, content)
        except StorageDriverError:
            self._refused.add(path)
            raise
