"""Streams into one object, in bounded memory, that nobody sees before commit and another process can continue."""

from __future__ import annotations

import functools
import secrets
from typing import Final

from storagedriver.chunking import Chunks, ChunkSender
from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver.multipart_stage import Stage
from storagedriver.replacement import begun_anew
from storagedriver_drivers.oss import multipart, staging
from storagedriver_drivers.oss.errors import status
from storagedriver_drivers.oss.multipart import MARK, Multipart, require_few_chunks, require_room
from storagedriver_drivers.oss.objects import Bucket
from storagedriver_drivers.oss.reading import ObjectReader

_PRECONDITION_FAILED = 412


class OSSUpload:
    """One stream: chunks go up as parts, a few at once; what is not sent yet is held in memory."""

    def __init__(self, bucket: Bucket, key: str, state_key: str, *, chunk_size: int) -> None:
        """An empty stream; no request is made."""
        self._bucket: Final = bucket
        self._key: Final = key
        self._state_key: Final = state_key
        self._chunks: Chunks[str] = Chunks(chunk_size, self._part, name="oss-part")
        self._mark = secrets.token_hex(16)
        self._multipart: Multipart | None = None
        self._begun_in_doubt = False
        # The ETag of the state object this stream came from or left; None if it has none.
        self._state: str | None = None

    @property
    def size(self) -> int:
        return self._chunks.size

    def write(self, data: memoryview, /) -> None:
        """Take all of `data`. After a failure nothing of it is taken, so that the same call may be repeated."""
        require_room(self.size + len(data), self._chunks.chunk_size)
        self._chunks.write(data)

    def commit(self) -> None:
        content = self._chunks.one
        if content is None:
            parts = self._chunks.finished()
            upload = self._begun()
            upload.complete(parts)
        else:
            self._bucket.put(self._key, content, {MARK: self._mark})
        shared = self._end_state()
        if content is not None and self._multipart is not None and not shared:
            # Begun for a write that failed.
            self._multipart.abort()
        self._sweep()

    def suspend(self) -> None:
        """Leave the stage to be continued. One that another stream left in the meantime gives way: the newest counts."""
        self._chunks.flush()
        other = staging.peek(self._bucket, self._state_key)
        self._state = staging.save(self._bucket, self._state_key, self._stage(), self._chunks.rest)
        if other is not None and other.upload_id is not None and other.upload_id != self._upload_id:
            multipart.abort(self._bucket, self._key, other.upload_id)
        self._sweep()

    def discard(self) -> None:
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
            self._multipart = Multipart(self._bucket, self._key, stage.upload_id, stage.mark)

    def copy_committed(self, size: int, etag: str, *, concurrency: int) -> None:
        """Begin with the committed content: whole chunks are copied on the server, the rest is read."""
        chunk_size = self._chunks.chunk_size
        whole = size - size % chunk_size
        try:
            copied: list[str] = []
            if whole:
                require_few_chunks(whole, chunk_size)
                upload = self._begun()
                copied = upload.copied_parts(self._key, etag, whole, chunk_size, concurrency)
            rest = b""
            if size > whole:
                reader = ObjectReader(self._bucket, self._key, whole, if_match=etag)
                rest = reader.read_all()
                if len(rest) != size - whole:
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
            # Should this raise, the server may have begun an upload all the same.
            self._begun_in_doubt = True
            self._multipart = multipart.begin(self._bucket, self._key, self._mark)
            self._begun_in_doubt = self._multipart.repeated
        return self._multipart

    def _part(self, number: int) -> ChunkSender[str]:
        upload = self._begun()
        return functools.partial(upload.part, number)

    def _sweep(self) -> None:
        if self._begun_in_doubt:
            multipart.sweep(self._bucket, self._key, keep=self._upload_id)
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
        found = staging.peek(self._bucket, self._state_key)
        if found is not None and found.etag != self._state:
            return found.upload_id is not None and found.upload_id == self._upload_id
        if found is not None:
            self._bucket.remove(self._state_key)
        self._state = None
        return False


def continued(bucket: Bucket, key: str, state_key: str, *, chunk_size: int, concurrency: int) -> OSSUpload:
    """The stream that continues the newest stage of a path, else its committed content.

    Raises:
        PathNotFoundError: There is neither.
    """
    # Replaced since it was looked at: whoever did that is right, and so is a stream that continues the new file.
    return begun_anew(
        lambda: _continued(bucket, key, state_key, chunk_size=chunk_size, concurrency=concurrency),
        lambda error: status(error) == _PRECONDITION_FAILED,
    )


def _continued(bucket: Bucket, key: str, state_key: str, *, chunk_size: int, concurrency: int) -> OSSUpload:
    upload = OSSUpload(bucket, key, state_key, chunk_size=chunk_size)
    found = staging.load(bucket, state_key)
    head = bucket.head(key)
    if found is not None:
        stage, tail = found
        if head is None or head.metadata.get(MARK) != stage.mark:
            upload.resume(stage, tail)
            return upload
        # It was committed, by a process that ended before it could remove the state.
        bucket.remove(state_key)
    if head is None:
        raise PathNotFoundError("neither a file nor a staged stream is there")
    upload.copy_committed(head.size, head.etag, concurrency=concurrency)
    return upload
