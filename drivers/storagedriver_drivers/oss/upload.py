"""Streams into one object, in bounded memory, that nobody sees before commit and another process can continue."""

from __future__ import annotations

import secrets
from typing import Final

from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver.multipart_stage import Stage
from storagedriver.replacement import begun_anew
from storagedriver_drivers.oss import multipart, staging
from storagedriver_drivers.oss.errors import status
from storagedriver_drivers.oss.multipart import MARK, MOST_PARTS, Multipart
from storagedriver_drivers.oss.objects import Bucket
from storagedriver_drivers.oss.reading import ObjectReader

_PRECONDITION_FAILED = 412


class OSSUpload:
    """One stream: whole chunks go up as parts, what does not fill a chunk yet is held in memory."""

    def __init__(self, bucket: Bucket, key: str, state_key: str, *, chunk_size: int) -> None:
        """An empty stream; no request is made."""
        self._bucket: Final = bucket
        self._key: Final = key
        self._state_key: Final = state_key
        self._chunk_size = chunk_size
        self._mark = secrets.token_hex(16)
        self._multipart: Multipart | None = None
        self._begun_in_doubt = False
        self._parts: list[str] = []
        self._buffer = bytearray()
        # The ETag of the state object this stream came from or left; None if it has none.
        self._state: str | None = None

    @property
    def size(self) -> int:
        return len(self._parts) * self._chunk_size + len(self._buffer)

    def write(self, data: memoryview, /) -> None:
        """Take all of `data`. After a failure nothing of it is taken, so that the same call may be repeated."""
        largest = MOST_PARTS * self._chunk_size
        if self.size + len(data) > largest:
            raise BackendError(
                f"a stream in chunks of {self._chunk_size} bytes ends at {largest}: "
                f"OSS takes {MOST_PARTS} parts; a larger chunksize allows more"
            )
        position = self._chunk_size - len(self._buffer)
        if len(data) < position:
            self._buffer += data
            return
        uploaded = len(self._parts)
        try:
            self._upload_part(self._buffer + data[:position])
            while len(data) - position >= self._chunk_size:
                self._upload_part(bytes(data[position : position + self._chunk_size]))
                position += self._chunk_size
        except BaseException:
            # The parts stay on the server until the next ones of the same numbers replace them.
            del self._parts[uploaded:]
            raise
        self._buffer = bytearray(data[position:])

    def commit(self) -> None:
        if self._multipart is None:
            self._bucket.put(self._key, self._buffer, {MARK: self._mark})
        else:
            tail = [self._multipart.part(len(self._parts) + 1, self._buffer)] if self._buffer else []
            self._multipart.complete([*self._parts, *tail])
        self._end_state()
        self._sweep()

    def suspend(self) -> None:
        """Leave the stage to be continued. One that another stream left in the meantime gives way: the newest counts."""
        other = staging.peek(self._bucket, self._state_key)
        self._state = staging.save(self._bucket, self._state_key, self._stage(), self._buffer)
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
        self._chunk_size = stage.chunk_size
        self._parts = list(stage.parts)
        self._buffer = bytearray(tail)
        self._state = stage.etag
        if stage.upload_id is not None:
            self._multipart = Multipart(self._bucket, self._key, stage.upload_id, stage.mark)

    def copy_committed(self, size: int, etag: str, *, concurrency: int) -> None:
        """Begin with the committed content: whole chunks are copied on the server, the rest is read."""
        whole = size - size % self._chunk_size
        if whole:
            if whole // self._chunk_size > MOST_PARTS:
                raise BackendError(f"the file has more than {MOST_PARTS} chunks of {self._chunk_size} bytes")
            try:
                upload = self._begun()
                self._parts = upload.copied_parts(self._key, etag, whole, self._chunk_size, concurrency)
            except BaseException:
                self.discard()
                raise
        if size > whole:
            try:
                self._buffer = bytearray(ObjectReader(self._bucket, self._key, whole, if_match=etag).read_all())
                if len(self._buffer) != size - whole:
                    raise BackendError("the file was replaced while it was read")
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

    def _upload_part(self, content: bytes | bytearray) -> None:
        self._parts.append(self._begun().part(len(self._parts) + 1, content))

    def _sweep(self) -> None:
        if self._begun_in_doubt:
            multipart.sweep(self._bucket, self._key, keep=self._upload_id)
            self._begun_in_doubt = False

    # --- stage

    def _stage(self) -> Stage:
        return Stage(
            mark=self._mark,
            upload_id=self._upload_id,
            chunk_size=self._chunk_size,
            parts=tuple(self._parts),
            tail_size=len(self._buffer),
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
