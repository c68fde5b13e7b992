"""Streams into one object of a service with multipart uploads, as S3 and those like it have them.

They take bounded memory, nobody sees them before commit, and another process can continue them (WRITE-10): the whole chunks
of a stream lie in a multipart upload, which the service keeps; the rest and the list of parts lie in one state object, as
`storagedriver.multipart_stage` writes it. A driver brings a `MultipartTarget`, which makes the requests.
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import Sequence
from typing import Final, Protocol

from storagedriver.chunking import Chunks, ChunkSender
from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver.multipart_service import CommittedFile, PartLimit
from storagedriver.multipart_stage import Stage, encoded, parsed
from storagedriver.replacement import begun_anew
from storagedriver.staged_state import damaged, read_header


class Multipart(Protocol):
    """One multipart upload. Errors are those of the driver's library."""

    @property
    def upload_id(self) -> str:
        """The service's name for it."""
        ...

    @property
    def repeated(self) -> bool:
        """Whether the request that began it was repeated: an earlier try may have left an upload nobody knows."""
        ...

    def part(self, number: int, content: bytes | bytearray, /) -> str:
        """Upload part `number`, from 1 on; returns its ETag. A part of the same number is replaced. Called in threads."""
        ...

    def copied_parts(self, source: str, etag: str, size: int, part_size: int, concurrency: int, /) -> list[str]:
        """Make parts of the first `size` bytes of the object `source`, if its ETag still is `etag`; returns their ETags."""
        ...

    def complete(self, etags: Sequence[str], /, *, again: bool = False) -> None:
        """Make the object of the parts.

        Args:
            etags: Of the parts, in order.
            again: A call before it failed, and may have made the object all the same: if the upload is gone by now, and the
                object bears its mark, it is that one. Otherwise it is what another stream made that continued the same
                stage (WRITE-8).
        """
        ...

    def abort(self) -> None:
        """Remove the upload and its parts; one that is gone is no error."""
        ...


class StateReader(Protocol):
    """A reader of a state object."""

    etag: str

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, b"" at the end alone."""
        ...

    def read_all(self) -> bytes:
        """What is left."""
        ...

    def close(self) -> None:
        """Give the connection back. May be called again."""
        ...


class MultipartTarget(Protocol):
    """The object that a stream becomes, and the one that keeps the stream's state. Errors are those of the driver's library."""

    @property
    def key(self) -> str:
        """The object's name."""
        ...

    @property
    def name(self) -> str:
        """What the names of threads begin with."""
        ...

    @property
    def limit(self) -> PartLimit:
        """The service's bounds."""
        ...

    @property
    def copies_at_once(self) -> int:
        """Parts that are copied at once."""
        ...

    def head(self) -> CommittedFile | None:
        """The object; None if it is not there."""
        ...

    def put(self, content: bytes | bytearray, mark: str, /) -> None:
        """Write the object whole; it bears the mark."""
        ...

    def read(self, start: int, etag: str, /) -> bytes:
        """The object's bytes from `start` on, if its ETag still is `etag`."""
        ...

    def is_replaced(self, error: Exception, /) -> bool:
        """Whether an error says that the object is of another ETag by now."""
        ...

    def begin(self, mark: str, /) -> Multipart:
        """Begin an upload; the object that it becomes will bear the mark."""
        ...

    def begun(self, upload_id: str, mark: str, /) -> Multipart:
        """An upload that was begun before, by whichever process. No request is made."""
        ...

    def sweep(self, keep: str | None, /) -> None:
        """Remove what a begin() left whose answer was lost: uploads of the object that have no part, but for `keep`."""
        ...

    def open_state(self) -> StateReader | None:
        """The state object; None if there is none."""
        ...

    def save_state(self, content: bytes, /) -> str:
        """Write the state object, over one that may be there; returns its ETag."""
        ...

    def remove_state(self) -> None:
        """Delete the state object; one that is gone is no error."""
        ...


class MultipartUpload:
    """One stream: chunks go up as parts, a few at once; what is not sent yet is held in memory."""

    def __init__(self, target: MultipartTarget, *, chunk_size: int) -> None:
        """An empty stream; no request is made."""
        self._target: Final = target
        self._chunks: Chunks[str] = Chunks(chunk_size, self._part, name=target.name)
        self._mark = secrets.token_hex(16)
        self._multipart: Multipart | None = None
        self._begun_in_doubt = False
        self._maybe_completed = False
        # The ETag of the state object this stream came from or left; None if it has none.
        self._state: str | None = None

    @property
    def size(self) -> int:
        """Bytes of the stream."""
        return self._chunks.size

    def write(self, data: memoryview, /) -> None:
        """Take all of `data`. After a failure nothing of it is taken, so that the same call may be repeated."""
        self._target.limit.require_room(self.size + len(data), self._chunks.chunk_size)
        self._chunks.write(data)

    def commit(self) -> None:
        """Make the stream the object, whole. After a failure it may be called again."""
        content = self._chunks.one
        if content is None:
            parts = self._chunks.finished()
            upload = self._begun()
            again, self._maybe_completed = self._maybe_completed, True
            upload.complete(parts, again=again)
        else:
            self._target.put(content, self._mark)
        shared = self._end_state()
        if content is not None and self._multipart is not None and not shared:
            # Begun for a write that failed.
            self._multipart.abort()
        self._sweep()

    def suspend(self) -> None:
        """Leave the stage to be continued. One that another stream left in the meantime gives way: the newest counts."""
        self._chunks.flush()
        other = peeked(self._target.open_state())
        self._state = self._target.save_state(encoded(self._stage(), self._chunks.rest))
        if other is not None and other.upload_id is not None and other.upload_id != self._upload_id:
            self._target.begun(other.upload_id, other.mark).abort()
        self._sweep()

    def discard(self) -> None:
        """Remove all that was staged."""
        shared = self._end_state()
        if self._multipart is not None and not shared:
            self._multipart.abort()
        self._sweep()

    # --- where a stream begins

    def resume(self, stage: Stage, tail: bytes) -> None:
        """Go on where `stage` ends. It stays until commit, discard or suspend, so that a crash loses nothing of it."""
        self._mark = stage.mark
        # Parts of one upload are of one size, whatever this driver's own parameter says.
        self._chunks.chunk_size = stage.chunk_size
        self._chunks.resume(stage.parts, len(stage.parts) * stage.chunk_size, tail)
        self._state = stage.etag
        if stage.upload_id is not None:
            self._multipart = self._target.begun(stage.upload_id, stage.mark)

    def copy_committed(self, file: CommittedFile) -> None:
        """Begin with the committed content: whole chunks are copied on the server, the rest is read."""
        chunk_size = self._chunks.chunk_size
        whole = file.size - file.size % chunk_size
        try:
            copied: list[str] = []
            if whole:
                self._target.limit.require_few_chunks(whole, chunk_size)
                upload = self._begun()
                copied = upload.copied_parts(
                    self._target.key, file.etag, whole, chunk_size, self._target.copies_at_once
                )
            rest = b""
            if file.size > whole:
                rest = self._target.read(whole, file.etag)
                if len(rest) != file.size - whole:
                    raise BackendError("the file was replaced while it was read")
            self._chunks.resume(copied, whole, rest)
        except BaseException:
            self.discard()
            raise

    # --- parts

    @property
    def _upload_id(self) -> str | None:
        return None if self._multipart is None else self._multipart.upload_id

    def _begun(self) -> Multipart:
        if self._multipart is None:
            # Should this raise, the server may have begun an upload all the same; and so it may have before.
            in_doubt, self._begun_in_doubt = self._begun_in_doubt, True
            self._multipart = self._target.begin(self._mark)
            self._begun_in_doubt = in_doubt or self._multipart.repeated
        return self._multipart

    def _part(self, number: int) -> ChunkSender[str]:
        upload = self._begun()
        return functools.partial(upload.part, number)

    def _sweep(self) -> None:
        if self._begun_in_doubt:
            self._target.sweep(self._upload_id)
            self._begun_in_doubt = False

    # --- stage

    def _stage(self) -> Stage:
        return Stage(
            mark=self._mark,
            upload_id=self._upload_id,
            chunk_size=self._chunks.chunk_size,
            parts=tuple(self._chunks.parts),
            tail_size=len(self._chunks.rest),
        )

    def _end_state(self) -> bool:
        """Remove the state object if it is this stream's; tells whether another stage lives on in the same upload."""
        if self._state is None:
            return False
        found = peeked(self._target.open_state())
        if found is not None and found.etag != self._state:
            return found.upload_id is not None and found.upload_id == self._upload_id
        if found is not None:
            self._target.remove_state()
        self._state = None
        return False


def continued(target: MultipartTarget, *, chunk_size: int) -> MultipartUpload:
    """The stream that continues the newest stage of a path, else its committed content.

    Raises:
        PathNotFoundError: There is neither.
    """
    # Replaced since it was looked at: whoever did that is right, and so is a stream that continues the new file.
    return begun_anew(functools.partial(_continued, target, chunk_size), target.is_replaced)


def _continued(target: MultipartTarget, chunk_size: int) -> MultipartUpload:
    upload = MultipartUpload(target, chunk_size=chunk_size)
    found = _loaded(target)
    file = target.head()
    if found is not None:
        stage, tail = found
        if file is None or file.mark != stage.mark:
            upload.resume(stage, tail)
            return upload
        # It was committed, by a process that ended before it could remove the state.
        target.remove_state()
    if file is None:
        raise PathNotFoundError("neither a file nor a staged stream is there")
    upload.copy_committed(file)
    return upload


def end_stage(target: MultipartTarget) -> None:
    """Forget the stage of a path, if there is one, with all it keeps on the server."""
    stage = peeked(target.open_state())
    if stage is None:
        return
    target.remove_state()
    if stage.upload_id is not None:
        target.begun(stage.upload_id, stage.mark).abort()


def peeked(state: StateReader | None) -> Stage | None:
    """The stage that a state object tells of, without its tail; None if there is none. Closes the reader."""
    if state is None:
        return None
    try:
        header, _ = read_header(state)
        return parsed(header, state.etag)
    finally:
        state.close()


def _loaded(target: MultipartTarget) -> tuple[Stage, bytes] | None:
    """The newest stage with its tail; None if there is none."""
    state = target.open_state()
    if state is None:
        return None
    try:
        header, start = read_header(state)
        stage = parsed(header, state.etag)
        tail = start + state.read_all()
    finally:
        state.close()
    if len(tail) != stage.tail_size:
        raise damaged("its size is not the one it names")
    return stage, tail
