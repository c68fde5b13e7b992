"""Drivers that put something else than they were given, or get something else than was put."""

from __future__ import annotations

import contextlib
import errno
import gzip
import hashlib
import os
import time

from mutants.model import mutant
from storagedriver import BackendError, PathNotFoundError, Upload, paths
from storagedriver_drivers.filesystem.driver import FilesystemDriver
from storagedriver_drivers.filesystem.upload import FilesystemUpload
from storagedriver_drivers.inmemory.driver import InMemoryDriver
from storagedriver_drivers.inmemory.parameters import InMemoryParameters

CHUNK = 64 * 1024


class Changed(InMemoryDriver):
    """Changes content on its way in."""

    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, self._changed(content))

    def _changed(self, content: bytes) -> bytes:
        return content


@mutant("CONT-1", bug="a file is opened as text, and its line ends are translated")
class LineEndsAreTranslated(Changed):
    def _changed(self, content: bytes) -> bytes:
        return content.replace(b"\r\n", b"\n")


@mutant("CONT-1", bug="content is decoded, and what is not UTF-8 replaced")
class DecodedWithReplacement(Changed):
    def _changed(self, content: bytes) -> bytes:
        return content.decode(errors="replace").encode()


@mutant("CONT-1", bug="content is decoded as UTF-8 with a mark, which is lost")
class MarkIsLost(Changed):
    def _changed(self, content: bytes) -> bytes:
        return content.removeprefix(b"\xef\xbb\xbf")


@mutant("CONT-1", bug="white space at the ends is stripped, as that of a setting")
class WhiteSpaceIsStripped(Changed):
    def _changed(self, content: bytes) -> bytes:
        return content.strip() or content


@mutant("CONT-1", bug="zero bytes at the end are taken for padding")
class NulsAreStripped(Changed):
    def _changed(self, content: bytes) -> bytes:
        return content.rstrip(b"\0") or content[:1]


@mutant("CONT-1", bug="content is filled up to whole blocks")
class FilledUpToBlocks(Changed):
    def _changed(self, content: bytes) -> bytes:
        return content + bytes(-len(content) % 16)


@mutant("CONT-1", bug="the last byte of the last part is lost where it is a whole one")
class LastByteOfAWholeChunkIsLost(Changed):
    def _changed(self, content: bytes) -> bytes:
        return content[:-1] if content and len(content) % CHUNK == 0 else content


@mutant("CONT-1", bug="what lies behind the second chunk is lost")
class OnlyTwoChunks(Changed):
    def _changed(self, content: bytes) -> bytes:
        return content[: 2 * CHUNK]


@mutant("CONT-1", bug="content of the size of the buffer is not flushed")
class FullBufferIsNotFlushed(Changed):
    def _changed(self, content: bytes) -> bytes:
        return b"" if len(content) == 4096 else content


@mutant("CONT-1", bug="content beyond the largest message is lost")
class CutToTheLargestMessage(Changed):
    def _changed(self, content: bytes) -> bytes:
        return content[: 4 << 20]


@mutant("CONT-1", bug="large content beyond what the cache takes is lost")
class CutToTheCache(Changed):
    def _changed(self, content: bytes) -> bytes:
        return content[: 16 << 20]


class KnownByItsEnds(InMemoryDriver):
    """Tells content apart by its size and its ends, which is quick."""

    def _is_like(self, one: bytes, other: bytes) -> bool:
        return len(one) == len(other) > 8192 and one[:4096] == other[:4096] and one[-4096:] == other[-4096:]


@mutant("CONT-1", bug="a put of what has size and ends of the old content is left out")
class AlikeIsNotPut(KnownByItsEnds):
    def _put_content(self, path: str, content: bytes) -> None:
        with contextlib.suppress(PathNotFoundError):
            if self._is_like(self._get_content(path), content):
                return
        super()._put_content(path, content)


@mutant("CONT-1", bug="blocks are kept once, and known by size and ends")
class AlikeIsKeptOnce(KnownByItsEnds):
    def _put_content(self, path: str, content: bytes) -> None:
        blocks: list[bytes] = self._store.__dict__.setdefault("blocks", [])
        known = next((block for block in blocks if self._is_like(block, content)), None)
        if known is None:
            blocks.append(content)
        super()._put_content(path, content if known is None else known)


@mutant("CONT-1", bug="empty content is taken for a delete")
class EmptyIsADelete(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        if content:
            super()._put_content(path, content)
            return
        with contextlib.suppress(PathNotFoundError):
            self._delete(path)


@mutant("CONT-1", rows=("B87",), bug="names that differ in case are one file")
class CaseIsFolded(InMemoryDriver):
    def _key(self, path: str) -> str:
        return super()._key(path).lower()


@mutant("CONT-1", bug="an empty answer is taken for an absence")
class EmptyIsAbsent(InMemoryDriver):
    def _get_content(self, path: str) -> bytes:
        content = super()._get_content(path)
        if not content:
            raise PathNotFoundError
        return content


@mutant("CONT-1", bug="what is compressed is unpacked by the client")
class UnpackedOnItsWayOut(InMemoryDriver):
    def _get_content(self, path: str) -> bytes:
        content = super()._get_content(path)
        try:
            return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
        except (OSError, EOFError):
            return content


@mutant("CONT-1", rows=("B105",), bug="what get gives is the store's own")
class GivesItsOwn(InMemoryDriver):
    def _get_content(self, path: str) -> bytes:
        return bytearray(super()._get_content(path))  # type: ignore[return-value]  # the fault


class Pooled(InMemoryDriver):
    """Keeps equal contents once."""

    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._pool: dict[str, bytes] = {}

    def _put_content(self, path: str, content: bytes) -> None:
        digest = hashlib.sha256(content).hexdigest()
        self._pool[digest] = content
        super()._put_content(path, digest.encode())

    def _get_content(self, path: str) -> bytes:
        digest = super()._get_content(path).decode(errors="replace")
        if digest not in self._pool:
            raise BackendError("the pool has no such content")
        return self._pool[digest]


@mutant("CONT-1", bug="equal contents are kept once, and the delete of one takes those of the others")
class EqualContentsGoTogether(Pooled):
    def _delete(self, path: str) -> None:
        with contextlib.suppress(PathNotFoundError):
            self._pool.pop(self._store.get_file(self._key(path)).content.decode(), None)
        super()._delete(path)


class Cached(InMemoryDriver):
    """Keeps what it got, until it writes there itself."""

    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._cache: dict[str, bytes | None] = {}

    def _get_content(self, path: str) -> bytes:
        if path not in self._cache:
            self._cache[path] = super()._get_content(path)
        found = self._cache[path]
        if found is None:
            raise PathNotFoundError
        return found

    def _put_content(self, path: str, content: bytes) -> None:
        self._cache.pop(path, None)
        super()._put_content(path, content)


@mutant("CONT-1", rows=("B92",), bug="absence is remembered, though another driver has put the file")
@mutant("CONT-5", rows=("B92",), bug="absence is remembered")
class AbsenceIsRemembered(Cached):
    def _get_content(self, path: str) -> bytes:
        try:
            return super()._get_content(path)
        except PathNotFoundError:
            self._cache[path] = None
            raise


@mutant("CONT-2", rows=("B92",), bug="content comes from a cache that other writers do not invalidate")
@mutant("CONT-5", rows=("B92",), bug="a deleted file comes from a cache")
class ContentIsCached(Cached):
    pass


@mutant("CONT-2", bug="the tail of longer old content stays")
class TailStays(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        old = b""
        with contextlib.suppress(PathNotFoundError):
            old = self._store.get_file(self._key(path)).content
        super()._put_content(path, content + old[len(content) :])


@mutant("CONT-2", bug="of old content that had more chunks the last ones stay")
class LastChunksStay(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        old = b""
        with contextlib.suppress(PathNotFoundError):
            old = self._store.get_file(self._key(path)).content
        chunks = -(-len(content) // CHUNK)
        super()._put_content(path, content + old[max(chunks, 1) * CHUNK :])


@mutant("CONT-2", bug="content of the same size is taken for the same")
class SameSizeIsSkipped(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        with contextlib.suppress(PathNotFoundError):
            if len(self._store.get_file(self._key(path)).content) == len(content):
                return
        super()._put_content(path, content)


@mutant("CONT-2", bug="what is pushed out of the cache of writes is what was there before")
class EvictedByTheOldContent(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        written: dict[str, bytes] = self._store.__dict__.setdefault("written", {})
        with contextlib.suppress(PathNotFoundError):
            written[path] = self._get_content(path)
        super()._put_content(path, content)
        if len(written) > 300:
            first = next(iter(written))
            with contextlib.suppress(PathNotFoundError):
                self._get_content(first)
                super()._put_content(first, written[first])
            del written[first]


@mutant("CONT-2", bug="a file that is there is not replaced")
class FirstPutStays(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        with contextlib.suppress(PathNotFoundError):
            self._store.get_file(self._key(path))
            return
        super()._put_content(path, content)


@mutant("CONT-2", bug="nothing replaces nothing: an empty put keeps the old content")
class EmptyReplacesNothing(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        with contextlib.suppress(PathNotFoundError):
            if not content and self._store.get_file(self._key(path)).content:
                return
        super()._put_content(path, content)


@mutant("CONT-4", bug="parents must be there")
class ParentsMustBeThere(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        if paths.parent(paths.parent(path)) != paths.ROOT:
            self._stat(paths.parent(path))
        super()._put_content(path, content)


@mutant("CONT-4", bug="one parent is made, not its parents")
class OneParentIsMade(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        above = paths.parent(paths.parent(path))
        if above not in {paths.ROOT, "/".join(above.split("/")[:2])}:
            self._stat(above)
        super()._put_content(path, content)


@mutant("CONT-4", bug="a directory that another thread has just made is an error")
class MadeMeanwhileIsAnError(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        parent = paths.parent(path)
        if not self._there(parent):
            # As long as the system takes to make it.
            time.sleep(0.002)
            if self._there(parent):
                raise FileExistsError(parent)
        super()._put_content(path, content)

    def _there(self, path: str) -> bool:
        try:
            return self._stat(path).is_dir
        except PathNotFoundError:
            return False


@mutant("CONT-4", bug="a directory that was emptied cannot be written to again")
class EmptiedStaysGone(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._gone: set[str] = set()

    def _delete(self, path: str) -> None:
        super()._delete(path)
        self._gone.add(paths.parent(path))

    def _put_content(self, path: str, content: bytes) -> None:
        if paths.parent(path) in self._gone:
            raise FileNotFoundError(path)
        super()._put_content(path, content)


@mutant("CONT-4", bug="a directory that was seen empty is removed, with what was put there since")
class PrunedTooLate(InMemoryDriver):
    def _delete(self, path: str) -> None:
        parent = paths.parent(path)
        last = len(list(self._list(parent))) == 1
        time.sleep(0.002)
        super()._delete(path)
        if last:
            with contextlib.suppress(PathNotFoundError):
                self._store.delete(self._key(parent))


class Missing(InMemoryDriver):
    """Has an answer of its own for get_content of what is no file."""

    def _get_content(self, path: str) -> bytes:
        try:
            return super()._get_content(path)
        except PathNotFoundError:
            return self._missing(path)

    def _missing(self, path: str) -> bytes:
        raise PathNotFoundError


@mutant("CONT-5", bug="what is absent is empty")
class AbsentIsEmpty(Missing):
    def _missing(self, path: str) -> bytes:
        return b""


@mutant("CONT-5", bug="a directory is empty content")
class DirectoryIsEmpty(Missing):
    def _missing(self, path: str) -> bytes:
        self._stat(path)
        return b""


@mutant("CONT-5", bug="get_content of a directory is an error of the backend")
class DirectoryIsAnError(Missing):
    def _missing(self, path: str) -> bytes:
        self._stat(path)
        raise IsADirectoryError(path)


@mutant("CONT-5", rows=("B64",), bug="a path below a file crashes")
class BelowAFileCrashes(Missing):
    def _missing(self, path: str) -> bytes:
        with contextlib.suppress(PathNotFoundError):
            if not self._stat(paths.parent(path)).is_dir:
                raise AttributeError("'File' object has no attribute 'children'")
        raise PathNotFoundError


@mutant("CONT-5", bug="below a file the file is found")
class BelowAFileIsTheFile(Missing):
    def _missing(self, path: str) -> bytes:
        return super()._get_content(paths.parent(path))


@mutant("CONT-5", rows=("B70",), bug="that a thing is missing is not recognised")
class MissingIsNotRecognised(Missing):
    def _missing(self, path: str) -> bytes:
        raise BackendError("404")


# --- two file systems


def across_mounts() -> OSError:
    """What the kernel answers to a rename from one file system to another."""
    return OSError(errno.EXDEV, os.strerror(errno.EXDEV))


@mutant("CONT-1", rows=("B106",), bug="a put's temporary file lies on another file system, from which it is renamed")
class PutAcrossMounts(FilesystemDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        raise across_mounts()


class _RenamedAtCommit(FilesystemUpload):
    def commit(self) -> None:
        raise across_mounts()


@mutant(
    "WRITE-2", rows=("B106",), bug="a stream's temporary file lies on another file system, from which it is renamed"
)
class CommitAcrossMounts(FilesystemDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        upload = super()._writer(path, append=append)
        assert isinstance(upload, FilesystemUpload)
        upload.__class__ = _RenamedAtCommit
        return upload


@mutant("MOVE-1", rows=("B106",), bug="a move renames, though a mount lies between the directories")
class MoveAcrossMounts(FilesystemDriver):
    def _move(self, source: str, dest: str) -> None:
        self._stat(source)
        if paths.parent(source) != paths.parent(dest):
            raise across_mounts()
        super()._move(source, dest)


@mutant("CONT-1", bug="what is named as compressed, and is, comes unpacked, as a browser gets it")
class UnpacksByName(InMemoryDriver):
    def _get_content(self, path: str) -> bytes:
        content = super()._get_content(path)
        return gzip.decompress(content) if path.endswith(".gz") and content.startswith(b"\x1f\x8b\x08\x00") else content


@mutant("CONT-1", bug="line ends of what is named as text are those of this machine")
class TextByName(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content.replace(b"\r\n", b"\n") if path.endswith(".txt") else content)


@mutant("CONT-2", bug="files are rows of chunks, of which the delete of a directory leaves those behind the first")
class ChunksOutliveTheirDirectory(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._left: dict[str, bytes] = {}

    def _delete(self, path: str) -> None:
        below = {info.path for info in self.walk(path)} if self._stat(path).is_dir else set()
        files = {
            each: super(ChunksOutliveTheirDirectory, self)._get_content(each)
            for each in below
            if not self._stat(each).is_dir
        }
        super()._delete(path)
        self._left |= {each: content[CHUNK:] for each, content in files.items()}

    def _put_content(self, path: str, content: bytes) -> None:
        super()._put_content(path, content)
        if len(content) > CHUNK:
            self._left.pop(path, None)

    def _get_content(self, path: str) -> bytes:
        return super()._get_content(path) + self._left.get(path, b"")


@mutant("CONT-1", bug="what is got is the driver's own buffer, which the caller may change")
class GivesItsOwnBuffer(InMemoryDriver):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._buffers: dict[bytes, bytearray] = {}

    def _get_content(self, path: str) -> bytes:
        content = super()._get_content(path)
        return self._buffers.setdefault(content, bytearray(content))  # type: ignore[return-value]  # that is its fault
