"""Drivers on local files that are as careful as can be, but for one thing that goes wrong when the system fails."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from unittest import mock

from mutants.leak import Wrapping
from mutants.model import mutant
from storagedriver import BackendError, FileInfo, PathConflictError, PathNotFoundError
from storagedriver.base import ByteSource, Upload
from storagedriver_drivers.filesystem import deletion
from storagedriver_drivers.filesystem.driver import FilesystemDriver
from storagedriver_drivers.filesystem.parameters import FilesystemParameters
from storagedriver_drivers.filesystem.removal import Removed
from storagedriver_drivers.filesystem.upload import FilesystemUpload


class CarefulPut(FilesystemDriver):
    """A good driver whose put is its own: a temporary file beside the target, flushed, renamed, its directory flushed."""

    def __init__(self, parameters: FilesystemParameters) -> None:
        super().__init__(parameters)
        self._root = parameters.rootdirectory

    def _put_content(self, path: str, content: bytes) -> None:
        target = self._root / path.lstrip("/")
        self.make(target.parent)
        if target.is_dir():
            raise PathConflictError
        temporary = target.parent / f"~{secrets.token_hex(16)}"
        try:
            self.fill(temporary, content)
            self.rename(temporary, target)
        except BaseException:
            self.clear(temporary)
            raise
        self.flush_directory(target.parent)

    def make(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self.make(folder.parent)
        try:
            folder.mkdir()
        except (FileExistsError, NotADirectoryError) as error:
            if not folder.is_dir():
                raise PathConflictError from error
        self.flush_parent(folder.parent)

    def fill(self, file: Path, content: bytes) -> None:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            self.write(descriptor, content)
            self.flush(descriptor)
        finally:
            os.close(descriptor)

    def write(self, descriptor: int, content: bytes) -> None:
        while content:
            content = content[os.write(descriptor, content) :]

    def flush(self, descriptor: int) -> None:
        os.fsync(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        source.rename(target)

    def clear(self, temporary: Path) -> None:
        with contextlib.suppress(OSError):
            temporary.unlink()

    def flush_directory(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def flush_parent(self, folder: Path) -> None:
        self.flush_directory(folder)


class _Around(Wrapping):
    """A stream around one of the good driver's."""

    _inner: FilesystemUpload


# --- FAULT-3


@mutant("FAULT-3", bug="what was written so far stays beside the file when the disk is full")
class TemporaryFileStays(CarefulPut):
    def clear(self, temporary: Path) -> None:
        """It is forgotten."""


@mutant("FAULT-3", rows=("B28",), bug="a put writes in place, and a full disk leaves it short")
class FullDiskLeavesItShort(CarefulPut):
    def _put_content(self, path: str, content: bytes) -> None:
        target = self._root / path.lstrip("/")
        self.make(target.parent)
        target.write_bytes(content)


@mutant("FAULT-3", bug="how much was really written is not looked at")
class ShortWriteIsTaken(CarefulPut):
    def write(self, descriptor: int, content: bytes) -> None:
        os.write(descriptor, content)


@mutant("FAULT-3", bug="the error of a write is swallowed, and the file is short")
class ErrorsOfWritesAreSwallowed(CarefulPut):
    def write(self, descriptor: int, content: bytes) -> None:
        with contextlib.suppress(OSError):
            super().write(descriptor, content)


@mutant("FAULT-3", bug="the old file is removed before the new one gets its name")
class OldFileGoesFirst(CarefulPut):
    def rename(self, source: Path, target: Path) -> None:
        target.unlink(missing_ok=True)
        super().rename(source, target)


@mutant("FAULT-3", bug="a shortage of descriptors, and every other error, is an absence")
class ErrorsAreAbsences(FilesystemDriver):
    def _get_content(self, path: str) -> bytes:
        try:
            return super()._get_content(path)
        except OSError as error:
            raise PathNotFoundError from error


@mutant("FAULT-3", bug="what may not be looked at is an absence")
class ForbiddenIsAbsent(FilesystemDriver):
    def _stat(self, path: str) -> FileInfo:
        try:
            return super()._stat(path)
        except PermissionError as error:
            raise PathNotFoundError from error


@mutant("FAULT-3", bug="a directory that cannot be read is taken for an empty one")
class UnreadableIsEmpty(FilesystemDriver):
    def _scan(self, path: str) -> Iterable[FileInfo]:
        try:
            return list(super()._scan(path))
        except OSError:
            return []

    def _list(self, path: str) -> Iterable[str]:
        return [info.path for info in self._scan(path)]


class _PutsFromTheRoot(CarefulPut):
    """Its temporary file is in the root, whatever file system the target is on."""

    def _put_content(self, path: str, content: bytes) -> None:
        target = self._root / path.lstrip("/")
        self.make(target.parent)
        temporary = self._root / f"~{secrets.token_hex(16)}"
        self.fill(temporary, content)
        try:
            temporary.rename(target)
        except OSError:
            self.copy(temporary, target)

    def copy(self, temporary: Path, target: Path) -> None:
        """What is done where it cannot be renamed."""
        raise NotImplementedError


@mutant(
    "FAULT-3",
    rows=("B106",),
    bug="where it cannot rename, a put copies as well as it can, and leaves the file that it copied",
)
class CopiesAcrossAndForgets(_PutsFromTheRoot):
    def copy(self, temporary: Path, target: Path) -> None:
        shutil.copyfile(temporary, target)


@mutant(
    "FAULT-3",
    bug="where it cannot rename, a put copies to a temporary file, which stays when there is no room for it",
)
class CopyAcrossLeavesItsFile(_PutsFromTheRoot):
    def copy(self, temporary: Path, target: Path) -> None:
        try:
            beside = target.parent / temporary.name
            shutil.copyfile(temporary, beside)
            beside.rename(target)
        finally:
            self.clear(temporary)


@mutant(
    "FAULT-3",
    rows=("B104",),
    bug="an opening that fails half-way leaves its temporary file",
)
class OpeningLeavesItsFile(CarefulPut):
    def _writer(self, path: str, *, append: bool) -> Upload:
        self.make(self._root)
        probe = self._root / f"~{secrets.token_hex(16)}"
        probe.write_bytes(b"")
        # What fails between here and there leaves it.
        os.utime(probe)
        writer = super()._writer(path, append=append)
        probe.unlink()
        return writer


class _ReleasedTooEarly:
    """A stream that lets go of its descriptor when a commit fails, and uses it once more to clean up."""

    def __init__(self, upload: Upload) -> None:
        self._upload = upload
        self._released = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._upload, name)

    def commit(self) -> None:
        try:
            self._upload.commit()
        except BaseException:
            self._released = True
            self._upload.discard()
            raise

    def discard(self) -> None:
        if self._released:
            fcntl.flock(-1, fcntl.LOCK_UN)
        self._upload.discard()


@mutant(
    "FAULT-3",
    bug="the cancel of a stream whose commit failed trips over what the commit has closed",
)
class CancelTripsAfterFailedCommit(FilesystemDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        return _ReleasedTooEarly(super()._writer(path, append=append))


class _ClosesAnyhow(_Around):
    def suspend(self) -> None:
        with contextlib.suppress(OSError):
            super().suspend()


@mutant("FAULT-3", bug="the errors of a close are swallowed, and what was to be continued is lost")
class ErrorsOfCloseAreSwallowed(FilesystemDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        return _ClosesAnyhow(super()._writer(path, append=append))


class _WritesInBlocks(_Around):
    def write(self, data: memoryview, /) -> None:
        for start in range(0, len(data), 1 << 16):
            super().write(data[start : start + (1 << 16)])


@mutant("FAULT-3", bug="of a write that fails the blocks before stay, and are there twice where the stream goes on")
class BlocksOfAFailedWriteStay(FilesystemDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        return _WritesInBlocks(super()._writer(path, append=append))


# --- LEAK-1


@mutant(
    "LEAK-1",
    rows=("B31",),
    bug="the error of a flush ends a put before its descriptor is closed",
)
class FlushErrorLeavesItOpen(CarefulPut):
    def fill(self, file: Path, content: bytes) -> None:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        self.write(descriptor, content)
        self.flush(descriptor)
        os.close(descriptor)


@mutant(
    "LEAK-1",
    rows=("B104",),
    bug="a reader that cannot be positioned is left open",
)
class ReaderLeftOpen(CarefulPut):
    def _reader(self, path: str, offset: int) -> ByteSource:
        descriptor = os.open(self._root / path.lstrip("/"), os.O_RDONLY)
        os.fstat(descriptor)
        os.close(descriptor)
        return super()._reader(path, offset)


# --- DUR-1


@mutant(
    "DUR-1",
    rows=("B28",),
    bug="a put writes in place: killed in its middle, it leaves nothing or a part",
)
class KilledPutIsShort(CarefulPut):
    def _put_content(self, path: str, content: bytes) -> None:
        target = self._root / path.lstrip("/")
        self.make(target.parent)
        target.write_bytes(content)


@mutant("DUR-1", bug="a process that is killed leaves its lock, at which all that come later fail")
class LockOutlivesItsProcess(CarefulPut):
    def _put_content(self, path: str, content: bytes) -> None:
        lock = self._root / "~lock"
        self.make(self._root)
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
        except FileExistsError as error:
            raise BackendError("another process is writing") from error
        try:
            super()._put_content(path, content)
        finally:
            lock.unlink()


@mutant("DUR-1", bug="an append goes straight into the file")
class AppendsInPlace(CarefulPut):
    def _writer(self, path: str, *, append: bool) -> Upload:
        file = self._root / path.lstrip("/")
        return _InPlace(file) if append and file.is_file() else super()._writer(path, append=append)


class _InPlace:
    """An upload that is there as soon as it is written."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def size(self) -> int:
        return self._file.stat().st_size

    def write(self, data: memoryview, /) -> None:
        with self._file.open("ab") as stream:
            stream.write(data)

    def commit(self) -> None:
        """It is there."""

    def suspend(self) -> None:
        """It is there."""

    def discard(self) -> None:
        """It is there."""


@mutant(
    "DUR-1",
    bug="a move is a copy and a delete: killed in the copy, dest is short",
)
class MovesByCopying(CarefulPut):
    def _move(self, source: str, dest: str) -> None:
        content = self._get_content(source)
        target = self._root / dest.lstrip("/")
        self.make(target.parent)
        target.write_bytes(content)
        self._delete(source)


class _CutsTheRecord(_Around):
    def suspend(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.close(os.open("~stage", os.O_WRONLY | os.O_TRUNC, dir_fd=self._inner._data.directory))
        super().suspend()


@mutant("DUR-1", bug="the record of what is staged is cut before it is written anew")
class RecordIsCutFirst(FilesystemDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        return _CutsTheRecord(super()._writer(path, append=append))


# --- DUR-2


@mutant("DUR-2", bug="a put flushes nothing")
class NothingIsFlushed(CarefulPut):
    def flush(self, descriptor: int) -> None:
        """The system will do it."""

    def flush_directory(self, folder: Path) -> None:
        """As with the file."""


@mutant("DUR-2", bug="a put flushes its file, but not the directory")
class DirectoryIsNotFlushed(CarefulPut):
    def flush_directory(self, folder: Path) -> None:
        """The file is flushed, after all."""

    def flush_parent(self, folder: Path) -> None:
        super().flush_directory(folder)


@mutant("DUR-2", bug="new directories are not flushed into those above")
class NewParentsAreNotFlushed(CarefulPut):
    def flush_parent(self, folder: Path) -> None:
        """The directory of the file is flushed, after all."""


@mutant("DUR-2", bug="after one flush of a directory has failed, none is flushed any more")
class FlushesAreGivenUp(CarefulPut):
    def __init__(self, parameters: FilesystemParameters) -> None:
        super().__init__(parameters)
        self._flushes = True

    def flush_directory(self, folder: Path) -> None:
        try:
            if self._flushes:
                super().flush_directory(folder)
        except OSError:
            self._flushes = False
            raise


@mutant("DUR-2", bug="a directory that was flushed once is known, and not flushed again")
class KnownDirectoriesAreNotFlushed(CarefulPut):
    def __init__(self, parameters: FilesystemParameters) -> None:
        super().__init__(parameters)
        self._flushed: set[Path] = set()

    def flush_directory(self, folder: Path) -> None:
        if folder not in self._flushed:
            super().flush_directory(folder)
        self._flushed.add(folder)


@mutant("DUR-2", bug="the error of a flush is swallowed")
class FlushErrorIsSwallowed(CarefulPut):
    def flush(self, descriptor: int) -> None:
        with contextlib.suppress(OSError):
            super().flush(descriptor)


@mutant("DUR-2", bug="a flush that failed is repeated, and says that all is well")
class FlushIsRepeated(CarefulPut):
    def flush(self, descriptor: int) -> None:
        try:
            super().flush(descriptor)
        except OSError:
            super().flush(descriptor)


class _CommitsAgain(_Around):
    def commit(self) -> None:
        try:
            super().commit()
        except OSError:
            self._inner._data._failed = False
            raise


class _ClosesAgain(_Around):
    def suspend(self) -> None:
        with contextlib.suppress(OSError):
            os.fsync(self._inner._data.fd)
        super().suspend()


@mutant("DUR-2", bug="a commit that is asked for again after a failed flush flushes, and writes nothing again")
class CommitsAgainAfterAFailedFlush(FilesystemDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        return _CommitsAgain(super()._writer(path, append=append))


@mutant("DUR-2", bug="a close repeats a flush that failed, and the stream that continues it is believed")
class ClosesAgainAfterAFailedFlush(FilesystemDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        return _ClosesAgain(super()._writer(path, append=append))


@mutant("DUR-2", bug="the file is flushed when it has its name already")
class NamedBeforeItIsFlushed(CarefulPut):
    def flush(self, descriptor: int) -> None:
        """Later."""

    def rename(self, source: Path, target: Path) -> None:
        super().rename(source, target)
        # Files are flushed as directories are.
        self.flush_directory(target)


@mutant(
    "DUR-2",
    bug="a move flushes the directory that it takes from alone",
)
class MoveFlushesTheSourceAlone(CarefulPut):
    def _move(self, source: str, dest: str) -> None:
        origin, target = self._root / source.lstrip("/"), self._root / dest.lstrip("/")
        self.make(target.parent)
        origin.rename(target)
        self.flush_directory(origin.parent)


@mutant(
    "DUR-2",
    bug="a delete is not flushed: the file comes back",
)
class DeletedFileComesBack(CarefulPut):
    def _delete(self, path: str) -> None:
        target = self._root / path.lstrip("/")
        if target.is_file():
            target.unlink()
        else:
            super()._delete(path)


@mutant("FAULT-3", bug="what the system said is not told with the error of the driver")
class ForgetsWhatTheSystemSaid(FilesystemDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        try:
            super()._put_content(path, content)
        except OSError as error:
            raise BackendError("the file cannot be written") from (None if error.errno == errno.ENOSPC else error)


class _RemovesQuietly(Removed):
    def rmdir(self, directory: int, name: str) -> None:
        with contextlib.suppress(OSError):
            super().rmdir(directory, name)


@mutant("FAULT-3", bug="a directory that a delete could not remove stays, and the delete says nothing")
class EmptyDirectoriesStay(FilesystemDriver):
    def _delete(self, path: str) -> None:
        with mock.patch.object(deletion, "Removed", _RemovesQuietly):
            super()._delete(path)
