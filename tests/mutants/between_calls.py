"""Drivers on local files that are right as long as no other process changes anything between two of their system calls."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from mutants.local_files import CarefulPut
from mutants.model import mutant
from storagedriver import FileInfo, PathNotFoundError
from storagedriver_drivers.filesystem.driver import FilesystemDriver
from storagedriver_drivers.filesystem.parameters import FilesystemParameters


class _OnFiles(FilesystemDriver):
    def __init__(self, parameters: FilesystemParameters) -> None:
        super().__init__(parameters)
        self._root = parameters.rootdirectory

    def file(self, path: str) -> Path:
        return self._root / path.lstrip("/")


@mutant("CONC-3", bug="a put finds its directory, which another one's delete removes before the file is in it")
class DirectoryGoesMeanwhile(CarefulPut):
    """As good as any on its own."""


@mutant("CONC-3", bug="a directory that was empty a moment ago is removed, with what is in it by now")
class RemovesWhatWasEmpty(_OnFiles):
    def _delete(self, path: str) -> None:
        file = self.file(path)
        if not file.is_file():
            super()._delete(path)
            return
        file.unlink()
        for folder in file.parents:
            if folder == self._root or os.listdir(folder):  # noqa: PTH208  as short as can be
                return
            shutil.rmtree(folder)


@mutant("CONC-2", bug="a get looks at the size first, and reads so much of what is there by then")
class SizeOfTheOldFile(_OnFiles):
    def _get_content(self, path: str) -> bytes:
        with contextlib.suppress(FileNotFoundError):
            size = self.file(path).stat().st_size
            return super()._get_content(path)[:size]
        raise PathNotFoundError


@mutant("CONC-2", bug="a move copies, then deletes whatever is at the source by then")
class CopiesThenDeletes(_OnFiles):
    def _move(self, source: str, dest: str) -> None:
        if not self.file(source).is_file() or source == dest or self.file(dest).is_dir():
            super()._move(source, dest)
            return
        self._put_content(dest, self._get_content(source))
        self._delete(source)


@mutant("CONC-2", bug="a file that goes between two looks of a stat is a directory")
class LooksTwice(_OnFiles):
    def _stat(self, path: str) -> FileInfo:
        info = super()._stat(path)
        if info.is_dir or self.file(path).exists():
            return info
        return FileInfo(path, 0, None, is_dir=True)
