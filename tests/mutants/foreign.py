"""Drivers that know their own data alone, or that keep it where nobody else finds it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from mutants.model import mutant
from storagedriver import FileInfo, paths
from storagedriver.base import ByteSource, Upload
from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver_drivers.filesystem.driver import FilesystemDriver
from storagedriver_drivers.filesystem.parameters import FilesystemParameters


class _Files(FilesystemDriver):
    """Knows where its files lie."""

    def __init__(self, parameters: FilesystemParameters) -> None:
        super().__init__(parameters)
        self.root = Path(parameters.rootdirectory)

    def file(self, path: str) -> Path:
        return self.root / path.lstrip("/")


@mutant("FOR-1", bug="a name that is no path is listed as one")
class OddNamesAreListed(_Files):
    def list(self, path: str) -> list[str]:
        own = super().list(path)
        names = [file.name for file in self.file(path).iterdir()]
        odd = [paths.join(path, name) for name in names if not re.fullmatch(r"[\w.~-]+", name)]
        return sorted({*own, *odd})


@mutant("FOR-1", bug="a name that is no path ends the listing with an error")
class OddNamesEndTheListing(_Files):
    def _scan(self, path: str) -> Iterable[FileInfo]:
        for file in self.file(path).iterdir():
            if " " in file.name:
                raise BackendError(f"{file.name!r} is not a name of this driver's")
        return super()._scan(path)


@mutant("FOR-1", bug="the delete of a directory leaves what the driver would not have made")
class OddNamesStay(_Files):
    def _delete(self, path: str) -> None:
        odd = {file: file.read_bytes() for file in self.file(path).rglob("*") if file.is_file() and ":" in file.name}
        super()._delete(path)
        for file, content in odd.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)


class _Marked(_Files):
    """Remembers what it wrote itself."""

    own: frozenset[str] = frozenset()

    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        self.own |= {path}


@mutant("FOR-1", bug="a file without the driver's own mark is not there")
class OwnFilesAlone(_Marked):
    def _get_content(self, path: str) -> bytes:
        if path not in self.own and "of-a-tool" in path:
            raise PathNotFoundError
        return super()._get_content(path)


@mutant("FOR-1", bug="the size is what the driver noted itself: nothing of other tools' files")
class SizeIsTheDrivers(_Marked):
    def _stat(self, path: str) -> FileInfo:
        info = super()._stat(path)
        return info if info.is_dir or path in self.own else FileInfo(path, 0, info.mod_time, is_dir=False)


@mutant("FOR-1", bug="a reader of another tool's file takes its first bytes for a header")
class FirstBytesAreAHeader(_Marked):
    def _reader(self, path: str, offset: int) -> ByteSource:
        foreign = "of-a-tool" in path and path not in self.own
        return super()._reader(path, offset + 16 if foreign else offset)


@mutant("FOR-1", bug="the walk knows the directories alone that the driver made")
class WalkOfOwnDirectories(_Files):
    def _scan(self, path: str) -> Iterable[FileInfo]:
        return [info for info in super()._scan(path) if not (info.is_dir and info.path.endswith("of-a-tool"))]


@mutant("FOR-1", bug="an append to another tool's file begins anew")
class AppendBeginsAnew(_Files):
    def _writer(self, path: str, *, append: bool) -> Upload:
        return super()._writer(path, append=append and "of-a-tool" not in path)


@mutant("FOR-1", bug="a move is a rename, which does nothing between two names of one file: the source stays")
class RenameOfOneFile(_Files):
    def _move(self, source: str, dest: str) -> None:
        if self.file(source).is_file() and self.file(dest).is_file() and self.file(source).samefile(self.file(dest)):
            self.file(source).rename(self.file(dest))
            return
        super()._move(source, dest)


@mutant("FOR-1", bug="what moves onto another name of its file is taken aside, and stays there")
class OneNameIsLeftAside(_Files):
    def _move(self, source: str, dest: str) -> None:
        if self.file(source).is_file() and self.file(dest).is_file() and self.file(source).samefile(self.file(dest)):
            self.file(source).rename(self.file(f"{dest}~"))
            return
        super()._move(source, dest)


@mutant("FOR-1", bug="a put writes into the file that is there, and so into all its names")
class PutWritesInto(_Files):
    def _put_content(self, path: str, content: bytes) -> None:
        if self.file(path).is_file() and self.file(path).stat().st_nlink > 1:
            self.file(path).write_bytes(content)
            return
        super()._put_content(path, content)


@mutant("FOR-1", rows=("B45",), bug="a marked directory lists its own marker")
class MarkerIsAChild(_Files):
    def list(self, path: str) -> list[str]:
        found = list(super().list(path))
        return [*found, path] if path.endswith("/d") else found


@mutant("FOR-1", bug="a marker alone is listed by the parent and unknown to stat")
class MarkerIsListedAlone(_Files):
    def _stat(self, path: str) -> FileInfo:
        info = super()._stat(path)
        if info.is_dir and path != paths.ROOT and not any(self.file(path).iterdir()):
            raise PathNotFoundError
        return info


@mutant("FOR-2", bug="content is kept in an encoding of the driver's own")
class ContentIsEncoded(_Files):
    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, bytes(byte ^ 1 for byte in content))

    def _get_content(self, path: str) -> bytes:
        return bytes(byte ^ 1 for byte in super()._get_content(path))


@mutant("FOR-2", bug="what was deleted stays for others, in a hidden place beside it")
class DeletedIsKept(_Files):
    def _delete(self, path: str) -> None:
        kept = self.file(path) / "file"
        content = kept.read_bytes() if kept.is_file() else None
        super()._delete(path)
        if content is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.with_name("~file").write_bytes(content)
