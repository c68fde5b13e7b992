"""Streams into one object, in bounded memory, that nobody sees before commit and another process can continue."""

from __future__ import annotations

import secrets
from typing import Final

from storagedriver.asynchronous.cancellation import settled
from storagedriver.asynchronous.replacement import begun_anew
from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver.multipart_stage import Stage
from storagedriver_drivers.s3.errors import status
from storagedriver_drivers.s3.parts import MARK, require_few_chunks, require_room
from storagedriver_drivers.s3_async import multipart, staging
from storagedriver_drivers.s3_async.multipart import Multipart
from storagedriver_drivers.s3_async.objects import Bucket
from storagedriver_drivers.s3_async.reading import ObjectReader

_PRECONDITION_FAILED = 412


class S3Upload:
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

    async def write(self, data: memoryview, /) -> None:
        """Take all of `data`. After a failure nothing of it is taken, so that the same call may be repeated."""
        require_room(self.size + len(data), self._chunk_size)
        position = self._chunk_size - len(self._buffer)
        if len(data) < position:
            self._buffer += data
            return
        uploaded = len(self._parts)
        try:
            await self._upload_part(self._buffer + data[:position])
            while len(data) - position >= self._chunk_size:
                await self._upload_part(bytes(data[position : position + self._chunk_size]))
                position += self._chunk_size
        except BaseException:
            # The parts stay on the server until the next ones of the same numbers replace them.
            del self._parts[uploaded:]
            raise
        self._buffer = bytearray(data[position:])

    async def commit(self) -> None:
        if self._multipart is None:
            await self._bucket.put(self._key, self._buffer, {MARK: self._mark})
        else:
            tail = [await self._multipart.part(len(self._parts) + 1, self._buffer)] if self._buffer else []
            await self._multipart.complete([*self._parts, *tail])
        await self._end_state()
        await self._sweep()

    async def suspend(self) -> None:
        """Leave the stage to be continued. One that another stream left in the meantime gives way: the newest counts."""
        other = await staging.peek(self._bucket, self._state_key)
        self._state = await staging.save(self._bucket, self._state_key, self._stage(), self._buffer)
        if other is not None and other.upload_id is not None and other.upload_id != self._upload_id:
            await multipart.abort(self._bucket, self._key, other.upload_id)
        await self._sweep()

    async def discard(self) -> None:
        shared = await self._end_state()
        if self._multipart is not None and not shared:
            await self._multipart.abort()
        await self._sweep()

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

    async def copy_committed(self, size: int, etag: str, *, concurrency: int) -> None:
        """Begin with the committed content: whole chunks are copied on the server, the rest is read."""
        whole = size - size % self._chunk_size
        if whole:
            require_few_chunks(whole, self._chunk_size)
            try:
                upload = await self._begun()
                self._parts = await upload.copied_parts(self._key, etag, whole, self._chunk_size, concurrency)
            except BaseException:
                await settled(self.discard())
                raise
        if size > whole:
            try:
                reader = await ObjectReader.opened(self._bucket, self._key, whole, if_match=etag)
                self._buffer = bytearray(await reader.read_all())
                if len(self._buffer) != size - whole:
                    raise BackendError("the file was replaced while it was read")
            except BaseException:
                await settled(self.discard())
                raise

    # --- parts

    @property
    def _upload_id(self) -> str | None:
        return None if self._multipart is None else self._multipart.upload_id

    async def _begun(self) -> Multipart:
        if self._multipart is None:
            # Should this raise, the server may have begun an upload all the same.
            self._begun_in_doubt = True
            self._multipart = await multipart.begin(self._bucket, self._key, self._mark)
            self._begun_in_doubt = self._multipart.repeated
        return self._multipart

    async def _upload_part(self, content: bytes | bytearray) -> None:
        upload = await self._begun()
        self._parts.append(await upload.part(len(self._parts) + 1, content))

    async def _sweep(self) -> None:
        if self._begun_in_doubt:
            await multipart.sweep(self._bucket, self._key, keep=self._upload_id)
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

    async def _end_state(self) -> bool:
        """Remove the state object if it is this stream's; tells whether another stage lives on in the same upload."""
        if self._state is None:
            return False
        found = await staging.peek(self._bucket, self._state_key)
        if found is not None and found.etag != self._state:
            return found.upload_id is not None and found.upload_id == self._upload_id
        if found is not None:
            await self._bucket.remove(self._state_key)
        self._state = None
        return False


async def continued(bucket: Bucket, key: str, state_key: str, *, chunk_size: int, concurrency: int) -> S3Upload:
    """The stream that continues the newest stage of a path, else its committed content.

    Raises:
        PathNotFoundError: There is neither.
    """
    # Replaced since it was looked at: whoever did that is right, and so is a stream that continues the new file.
    return await begun_anew(
        lambda: _continued(bucket, key, state_key, chunk_size=chunk_size, concurrency=concurrency),
        lambda error: status(error) == _PRECONDITION_FAILED,
    )


async def _continued(bucket: Bucket, key: str, state_key: str, *, chunk_size: int, concurrency: int) -> S3Upload:
    upload = S3Upload(bucket, key, state_key, chunk_size=chunk_size)
    found = await staging.load(bucket, state_key)
    head = await bucket.head(key)
    if found is not None:
        stage, tail = found
        if head is None or head.metadata.get(MARK) != stage.mark:
            upload.resume(stage, tail)
            return upload
        # It was committed, by a process that ended before it could remove the state.
        await bucket.remove(state_key)
    if head is None:
        raise PathNotFoundError("neither a file nor a staged stream is there")
    await upload.copy_committed(head.size, head.etag, concurrency=concurrency)
    return upload
