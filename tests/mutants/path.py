"""Drivers that take paths they should refuse, or mix up those they should keep apart."""

from __future__ import annotations

import contextlib
import posixpath
import re
from collections.abc import Iterable, Sequence

from mutants.model import mutant
from storagedriver import BackendError, FileInfo, FileWriter, InvalidPathError, PathNotFoundError, paths
from storagedriver.base import Upload
from storagedriver_drivers.inmemory.driver import InMemoryDriver, InMemoryUpload
from storagedriver_drivers.inmemory.parameters import InMemoryParameters
from storagedriver_drivers.inmemory.store import Directory


class OwnGrammar(InMemoryDriver):
    """Checks paths by itself; without a fault, as the kit does."""

    def _accepts(self, path: str) -> bool:
        try:
            paths.validate(path, allow_root=True)
        except InvalidPathError:
            return False
        return True

    def _cleaned(self, path: str) -> str:
        return path

    def _valid(self, path: str, *, allow_root: bool = False) -> str:
        if path == paths.ROOT and not allow_root:
            return super()._valid(path)
        if not self._accepts(path):
            raise InvalidPathError("outside the grammar", path=path).located(self.name, path)
        return path

    def _key(self, path: str) -> str:
        return super()._key(self._cleaned(path))


@mutant("PATH-1", rows=("E1",), bug="a newline at the end passes the expression that should end there")
class NewlineAtTheEndPasses(OwnGrammar):
    def _accepts(self, path: str) -> bool:
        parts = path.split("/")
        return re.match(r"^/$|^(/[A-Za-z0-9._-]+)+$", path) is not None and not {".", ".."} & set(parts)


@mutant("PATH-1", bug="letters and digits of every script pass")
class EveryScriptPasses(OwnGrammar):
    def _accepts(self, path: str) -> bool:
        parts = path.split("/")
        return re.fullmatch(r"/|(/[\w.-]+)+", path) is not None and not {".", ".."} & set(parts)


@mutant("PATH-1", bug="a trailing slash is taken off in silence")
class TrailingSlashPasses(OwnGrammar):
    def _accepts(self, path: str) -> bool:
        return super()._accepts(self._cleaned(path))

    def _cleaned(self, path: str) -> str:
        return path.rstrip("/") or paths.ROOT


@mutant("PATH-1", bug="empty components are left out in silence")
class EmptyComponentsPass(OwnGrammar):
    def _accepts(self, path: str) -> bool:
        return super()._accepts(self._cleaned(path))

    def _cleaned(self, path: str) -> str:
        return re.sub("/+", "/", path)


@mutant("PATH-1", bug="a relative path is taken to begin at the root")
class RelativePathPasses(OwnGrammar):
    def _accepts(self, path: str) -> bool:
        return super()._accepts(self._cleaned(path))

    def _cleaned(self, path: str) -> str:
        return path if path.startswith("/") else f"/{path}"


@mutant(
    "PATH-2",
    rows=(
        "E2",
        "B119",
    ),
    bug="paths are normalised, so that .. climbs out of the root",
)
class DotsAreResolved(OwnGrammar):
    def _accepts(self, path: str) -> bool:
        return re.fullmatch(r"/|(/[A-Za-z0-9._-]+)+", path) is not None

    def _key(self, path: str) -> str:
        return posixpath.normpath(self._root + path)


@mutant("PATH-2", bug="the expression of the grammar takes dots for ordinary names")
class DotsAreNames(OwnGrammar):
    def _accepts(self, path: str) -> bool:
        return re.fullmatch(r"/|(/[A-Za-z0-9._-]+)+", path) is not None


@mutant("PATH-2", bug=".. is looked for as a component in the middle, and not as the last one")
class DotsAtTheEndPass(OwnGrammar):
    def _accepts(self, path: str) -> bool:
        return re.fullmatch(r"/|(/[A-Za-z0-9._-]+)+", path) is not None and "/../" not in path and "/./" not in path


@mutant("PATH-3", bug="`/` can be deleted")
class RootCanBeDeleted(InMemoryDriver):
    def delete(self, path: str) -> None:
        if path != paths.ROOT:
            super().delete(path)
            return
        for child in self.list(path):
            super().delete(child)


@mutant("PATH-3", bug="`/` is refused by stat as by the methods of files")
class RootHasNoStat(InMemoryDriver):
    def stat(self, path: str) -> FileInfo:
        return super().stat(self._valid(path))


@mutant("PATH-3", bug="get_content of `/` says that nothing is there")
class RootIsAbsent(InMemoryDriver):
    def get_content(self, path: str) -> bytes:
        if path == paths.ROOT:
            raise PathNotFoundError("it is a directory").located(self.name, path)
        return super().get_content(path)


@mutant("PATH-4", bug="stat asks the backend first, and says 'not found' of an invalid path")
class LooksBeforeItChecks(InMemoryDriver):
    def stat(self, path: str) -> FileInfo:
        if isinstance(path, str) and path.startswith("/") and path != paths.ROOT:
            with self.translated(path):
                self._stat(path)
        return super().stat(path)


@mutant("PATH-4", bug="dest of a move is not checked")
class DestIsNotChecked(InMemoryDriver):
    def move(self, source: str, dest: str) -> None:
        self._valid(source)
        with self.translated(source):
            self._move(source, dest)


@mutant("PATH-4", bug="a writer checks its path when it commits")
class WriterChecksAtCommit(InMemoryDriver):
    def writer(self, path: str, append: bool = False) -> FileWriter:
        try:
            return super().writer(path, append)
        except InvalidPathError as invalid:
            return _RefusedLater(super().writer("/pending"), invalid)


class _RefusedLater(FileWriter):
    def __init__(self, inner: FileWriter, error: InvalidPathError) -> None:
        self._inner = inner
        self._error = error

    @property
    def size(self) -> int:
        return self._inner.size

    def write(self, data: object, /) -> int:
        return self._inner.write(data)  # type: ignore[arg-type]  # passed on

    def commit(self) -> None:
        self._inner.cancel()
        raise self._error

    def cancel(self) -> None:
        self._inner.cancel()

    def close(self) -> None:
        self._inner.cancel()


@mutant("PATH-4", bug="the parent directory is made before the path is checked")
class ParentIsMadeFirst(InMemoryDriver):
    def put_content(self, path: str, content: object) -> None:
        if isinstance(path, str) and path.startswith("/") and paths.parent(path).strip("/"):
            self._store.put(self._root + paths.parent(path) + "/.marker", b"")
        super().put_content(path, content)  # type: ignore[arg-type]  # passed on
        self._store.delete(self._root + paths.parent(path) + "/.marker")


class RenamesKeys(InMemoryDriver):
    """Keeps files under other names than their own; without a fault, their own."""

    def _stored(self, path: str) -> str:
        return path

    def _key(self, path: str) -> str:
        return super()._key(path) if path == paths.ROOT else super()._key(self._stored(path))


@mutant("PATH-5", bug="names are cut at 200 bytes")
class NamesAreCut(RenamesKeys):
    def _stored(self, path: str) -> str:
        return "/".join(name[:200] for name in path.split("/"))


@mutant("PATH-5", bug="names with a leading dot are taken for internals and left out of list and walk")
class LeadingDotsAreHidden(InMemoryDriver):
    def _scan(self, path: str) -> Iterable[FileInfo]:
        return [info for info in super()._scan(path) if not paths.name(info.path).startswith(".")]


@mutant("PATH-5", bug="a temporary name beside the file is longer than a name may be")
class TemporaryNameIsTooLong(InMemoryDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        if len(paths.name(path)) + len(".tmp") > self.capabilities.limits.longest_component:
            raise OSError(36, "File name too long")
        return super()._writer(path, append=append)


@mutant("PATH-5", rows=("B87",), bug="case is folded")
class CaseIsFolded(RenamesKeys):
    def _stored(self, path: str) -> str:
        return path.lower()


@mutant("PATH-5", bug="a path of 900 bytes is one too long")
class LongestPathIsRefused(InMemoryDriver):
    def _valid(self, path: str, *, allow_root: bool = False) -> str:
        if isinstance(path, str) and len(path) >= self.capabilities.limits.longest_path:
            raise InvalidPathError("too long", path=path).located(self.name, path)
        return super()._valid(path, allow_root=allow_root)


@mutant("PATH-5", bug="an empty file of a name as markers of directories have is hidden")
class EmptyMarkerIsHidden(InMemoryDriver):
    def _scan(self, path: str) -> Iterable[FileInfo]:
        return [info for info in super()._scan(path) if info.size or info.is_dir or paths.name(info.path) != ".keep"]


@mutant("PATH-6", bug="below the first directory slashes are kept as dashes, and both are told apart by nothing")
class SlashesBecomeDashes(RenamesKeys):
    def _stored(self, path: str) -> str:
        first, *rest = paths.components(path)
        return f"/{first}/{'-'.join(rest)}" if rest else f"/{first}"

    def _scan(self, path: str) -> Iterable[FileInfo]:
        return [FileInfo(each.path, each.size, each.mod_time, each.is_dir) for each in super()._scan(path)]


@mutant("PATH-6", bug="names that are numbers are read as such: 3.10 is 3.1")
class NumbersAreNumbers(InMemoryDriver):
    def _key(self, path: str) -> str:
        names = [str(float(name)) if re.fullmatch(r"\d+\.\d+", name) else name for name in paths.components(path)]
        return super()._key("/" + "/".join(names))


@mutant("PATH-6", bug="long names are known by their two ends")
class LongNamesAreKnownByTheirEnds(InMemoryDriver):
    def _key(self, path: str) -> str:
        known: dict[tuple[int, str, str], str] = self._store.__dict__.setdefault("known_names", {})
        names = [
            name if len(name) <= 200 else known.setdefault((len(name), name[:100], name[-100:]), name)
            for name in paths.components(path)
        ]
        return super()._key("/" + "/".join(names))


@mutant("PATH-6", rows=("B29",), bug="put and stream go through a file with the suffix .tmp, which a user may have")
class TemporaryFileOfAFixedName(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        if len(paths.name(path)) > 200 or self._is_directory(path):
            super()._put_content(path, content)
            return
        self._store.put(self._key(path + ".tmp"), content)
        self._store.move(self._key(path + ".tmp"), self._key(path))

    def _is_directory(self, path: str) -> bool:
        try:
            return isinstance(self._store.get(self._key(path)), Directory)
        except PathNotFoundError:
            return False


@mutant("PATH-6", rows=("E6",), bug="what a stream has staged lies beside the file, and is listed")
class StagesAreListed(InMemoryDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        return _StagedBeside(self._store, self._key(path), super()._writer(path, append=append))


class _StagedBeside(InMemoryUpload):
    def __init__(self, store: object, key: str, inner: Upload) -> None:
        self._inner = inner
        self._files = store
        self._beside = f"{key}.part"

    @property
    def size(self) -> int:
        return self._inner.size

    def write(self, data: memoryview, /) -> None:
        self._inner.write(data)
        self._files.put(self._beside, b"part")  # type: ignore[attr-defined]  # a Store

    def commit(self) -> None:
        self._inner.commit()
        self._remove()

    def suspend(self) -> None:
        self._inner.suspend()

    def discard(self) -> None:
        self._inner.discard()
        self._remove()

    def _remove(self) -> None:
        try:
            self._files.delete(self._beside)  # type: ignore[attr-defined]  # a Store
        except PathNotFoundError:
            return


@mutant(
    "PATH-6", bug="stages lie in a directory of a valid name, left out of list and walk but open to everything else"
)
class StagesCanBeReached(InMemoryDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        return _StagedAside(self._store, self._aside(path), super()._writer(path, append=append))

    def _delete(self, path: str) -> None:
        for name in [name for name in self._store.inspect() if name.startswith(self._aside(path))]:
            self._store.delete(name)
        super()._delete(path)

    def _scan(self, path: str) -> Sequence[FileInfo]:
        return [info for info in super()._scan(path) if paths.name(info.path) != "_staged"]

    def _aside(self, path: str) -> str:
        return f"{self._root}/_staged{path}"


class _StagedAside(_StagedBeside):
    def __init__(self, store: object, aside: str, inner: Upload) -> None:
        super().__init__(store, aside, inner)
        self._beside = f"{aside}/part"


@mutant("PATH-5", bug="files that are named as its records are left out of listings, a user's too")
class RecordsAreHidden(InMemoryDriver):
    def _scan(self, path: str) -> Sequence[FileInfo]:
        return [info for info in super()._scan(path) if not info.path.endswith((".metadata", ".lock"))]


@mutant("PATH-5", bug="what a driver would keep its own attributes in is no name for a file")
class AttributesAreHidden(InMemoryDriver):
    def _scan(self, path: str) -> Iterable[FileInfo]:
        return [info for info in super()._scan(path) if info.is_dir or not info.path.endswith(".attrs")]


@mutant("PATH-6", bug="a delete takes along what has the name of the file's attributes, though it is a user's")
class AttributesGoAlong(InMemoryDriver):
    def _delete(self, path: str) -> None:
        super()._delete(path)
        with contextlib.suppress(PathNotFoundError):
            super()._delete(f"{path}.attrs")


@mutant("PATH-6", bug="the index is over the first 767 bytes of a path, and takes each of them once")
class IndexOfTheBeginning(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._index: dict[str, str] = {}

    def _put_content(self, path: str, content: bytes) -> None:
        if self._index.setdefault(path[:767], path) != path and len(path) >= 767:
            raise BackendError("duplicate key")
        super()._put_content(path, content)


@mutant("PATH-6", bug="a slash is kept as a dash and a dash as two, which are one where they meet")
class DashIsDoubled(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        self._make_way(path)
        super()._put_content(path, content)

    def _writer(self, path: str, *, append: bool) -> Upload:
        self._make_way(path)
        return super()._writer(path, append=append)

    def _make_way(self, path: str) -> None:
        for info in list(self.walk(paths.ROOT)):
            if not info.is_dir and info.path != path and _doubled(info.path) == _doubled(path):
                self._delete(info.path)


def _doubled(path: str) -> str:
    return path.replace("-", "--").replace("/", "-")
