"""Streams into one object of a service with multipart uploads, for asynchronous drivers; see `storagedriver.multipart_upload`.

Both are one flow of requests. A driver brings an `AsyncMultipartTarget`, which makes them.
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import Sequence
from typing import Final, Protocol

from storagedriver.asynchronous.cancellation import settled
from storagedriver.asynchronous.chunking import AsyncChunks, AsyncChunkSender
from storagedriver.asynchronous.replacement import begun_anew
from storagedriver.asynchronous.staged_state import damaged, read_header
from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver.multipart_service import CommittedFile, PartLimit
from storagedriver.multipart_stage import Stage, encoded, parsed


class AsyncMultipart(Protocol):
    """One multipart upload. Errors are those of the driver's library."""

    @property
    def upload_id(self) -> str:
        """The service's name for it."""
        ...

    @property
    def repeated(self) -> bool:
        """Whether the request that began it was repeated: an earlier try may have left an upload nobody knows."""
        ...

    async def part(self, number: int, content: bytes | bytearray, /) -> str:
        """Upload part `number`, from 1 on; returns its ETag. A part of the same number is replaced. Called in tasks."""
        ...

    async def copied_parts(self, source: str, etag: str, size: int, part_size: int, concurrency: int, /) -> list[str]:
        """Make parts of the first `size` bytes of the object `source`, if its ETag still is `etag`; returns their ETags."""
        ...

    async def complete(self, etags: Sequence[str], /, *, again: bool = False) -> None:
        """Make the object of the parts.

        Args:
            etags: Of the parts, in order.
            again: A call before it failed, and may have made the object all the same: if the upload is gone by now, and the
                object bears its mark, it is that one. Otherwise it is what another stream made that continued the same
                stage (WRITE-8).
        """
        ...

    async def abort(self) -> None:
        """Remove the upload and its parts; one that is gone is no error."""
        ...


class AsyncStateReader(Protocol):
    """A reader of a state object."""

    etag: str

    async def read(self, size: int, /) -> bytes:
        """At most `size` bytes, b"" at the end alone."""
        ...

    async def read_all(self) -> bytes:
        """What is left."""
        ...

    async def close(self) -> None:
        """Give the connection back. May be called again."""
        ...


class AsyncMultipartTarget(Protocol):
    """The object that a stream becomes, and the one that keeps the stream's state. Errors are those of the driver's library."""

    @property
    def key(self) -> str:
        """The object's name."""
        ...

    @property
    def name(self) -> str:
        """Of the tasks that send."""
        ...

    @property
    def limit(self) -> PartLimit:
        """The service's bounds."""
        ...

    @property
    def copies_at_once(self) -> int:
        """Parts that are copied at once."""
        ...

    async def head(self) -> CommittedFile | None:
        """The object; None if it is not there."""
        ...

    async def put(self, content: bytes | bytearray, mark: str, /) -> None:
        """Write the object whole; it bears the mark."""
        ...

    async def read(self, start: int, etag: str, /) -> bytes:
        """The object's bytes from `start` on, if its ETag still is `etag`."""
        ...

    def is_replaced(self, error: Exception, /) -> bool:
        """Whether an error says that the object is of another ETag by now."""
        ...

    async def begin(self, mark: str, /) -> AsyncMultipart:
        """Begin an upload; the object that it becomes will bear the mark."""
        ...

    def begun(self, upload_id: str, mark: str, /) -> AsyncMultipart:
        """An upload that was begun before, by whichever process. No request is made."""
        ...

    async def sweep(self, keep: str | None, /) -> None:
        """Remove what a begin() left whose answer was lost: uploads of the object that have no part, but for `keep`."""
        ...

    async def open_state(self) -> AsyncStateReader | None:
        """The state object; None if there is none."""
        ...

    async def save_state(self, content: bytes, /) -> str:
        """Write the state object, over one that may be there; returns its ETag."""
        ...

    async def remove_state(self) -> None:
        """Delete the state object; one that is gone is no error."""
        ...


class AsyncMultipartUpload:
    """One stream: chunks go up as parts, a few at once; what is not sent yet is held in memory."""

    def __init__(self, target: AsyncMultipartTarget, *, chunk_size: int) -> None:
        """An empty stream; no request is made."""
        self._target: Final = target
        self._chunks: AsyncChunks[str] = AsyncChunks(chunk_size, self._part, name=target.name)
        self._mark = secrets.token_hex(16)
        self._multipart: AsyncMultipart | None = None
        self._begun_in_doubt = False
        self._maybe_completed = False
        # The ETag of the state object this stream came from or left; None if it has none.
        self._state: str | None = None

    @property
    def size(self) -> int:
        """Bytes of the stream."""
        return self._chunks.size

    async def write(self, data: memoryview, /) -> None:
        """Take all of `data`. After a failure nothing of it is taken, so that the same call may be repeated."""
        self._target.limit.require_room(self.size + len(data), self._chunks.chunk_size)
        await self._chunks.write(data)

    async def commit(self) -> None:
        """Make the stream the object, whole. After a failure it may be called again."""
        content = self._chunks.one
        if content is None:
            parts = await self._chunks.finished()
            upload = await self._begun()
            again, self._maybe_completed = self._maybe_completed, True
            await upload.complete(parts, again=again)
        else:
            await self._target.put(content, self._mark)
        shared = await self._end_state()
        if content is not None and self._multipart is not None and not shared:
            # Begun for a write that failed.
            await self._multipart.abort()
        await self._sweep()

    async def suspend(self) -> None:
        """Leave the stage to be continued. One that another stream left in the meantime gives way: the newest counts."""
        await self._chunks.flush()
        other = await peeked(await self._target.open_state())
        self._state = await self._target.save_state(encoded(self._stage(), self._chunks.rest))
        if other is not None and other.upload_id is not None and other.upload_id != self._upload_id:
            await self._target.begun(other.upload_id, other.mark).abort()
        await self._sweep()

    async def discard(self) -> None:
        """Remove all that was staged."""
        shared = await self._end_state()
        if self._multipart is not None and not shared:
            await self._multipart.abort()
        await self._sweep()

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

    async def copy_committed(self, file: CommittedFile) -> None:
        """Begin with the committed content: whole chunks are copied on the server, the rest is read."""
        chunk_size = self._chunks.chunk_size
        whole = file.size - file.size % chunk_size
        try:
            copied: list[str] = []
            if whole:
                self._target.limit.require_few_chunks(whole, chunk_size)
                upload = await self._begun()
                copied = await upload.copied_parts(
                    self._target.key, file.etag, whole, chunk_size, self._target.copies_at_once
                )
            rest = b""
            if file.size > whole:
                rest = await self._target.read(whole, file.etag)
                if len(rest) != file.size - whole:
                    raise BackendError("the file was replaced while it was read")
            self._chunks.resume(copied, whole, rest)
        except BaseException:
            await settled(self.discard())
            raise

    # --- parts

    @property
    def _upload_id(self) -> str | None:
        return None if self._multipart is None else self._multipart.upload_id

    async def _begun(self) -> AsyncMultipart:
        if self._multipart is None:
            # Should this raise, the server may have begun an upload all the same; and so it may have before.
            in_doubt, self._begun_in_doubt = self._begun_in_doubt, True
            self._multipart = await self._target.begin(self._mark)
            self._begun_in_doubt = in_doubt or self._multipart.repeated
        return self._multipart

    async def _part(self, number: int) -> AsyncChunkSender[str]:
        upload = await self._begun()
        return functools.partial(upload.part, number)

    async def _sweep(self) -> None:
        if self._begun_in_doubt:
            await self._target.sweep(self._upload_id)
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

    async def _end_state(self) -> bool:
        """Remove the state object if it is this stream's; tells whether another stage lives on in the same upload."""
        if self._state is None:
            return False
        found = await peeked(await self._target.open_state())
        if found is not None and found.etag != self._state:
            return found.upload_id is not None and found.upload_id == self._upload_id
        if found is not None:
            await self._target.remove_state()
        self._state = None
        return False


async def continued(target: AsyncMultipartTarget, *, chunk_size: int) -> AsyncMultipartUpload:
    """The stream that continues the newest stage of a path, else its committed content.

    Raises:
        PathNotFoundError: There is neither.
    """
    # Replaced since it was looked at: whoever did that is right, and so is a stream that continues the new file.
    return await begun_anew(functools.partial(_continued, target, chunk_size), target.is_replaced)


async def _continued(target: AsyncMultipartTarget, chunk_size: int) -> AsyncMultipartUpload:
    upload = AsyncMultipartUpload(target, chunk_size=chunk_size)
    found = await _loaded(target)
    file = await target.head()
    if found is not None:
        stage, tail = found
        if file is None or file.mark != stage.mark:
            upload.resume(stage, tail)
            return upload
        # It was committed, by a process that ended before it could remove the state.
        await target.remove_state()
    if file is None:
        raise PathNotFoundError("neither a file nor a staged stream is there")
    await upload.copy_committed(file)
    return upload


async def end_stage(target: AsyncMultipartTarget) -> None:
    """Forget the stage of a path, if there is one, with all it keeps on the server."""
    stage = await peeked(await target.open_state())
    if stage is None:
        return
    await target.remove_state()
    if stage.upload_id is not None:
        await target.begun(stage.upload_id, stage.mark).abort()


async def peeked(state: AsyncStateReader | None) -> Stage | None:
    """The stage that a state object tells of, without its tail; None if there is none. Closes the reader."""
    if state is None:
        return None
    try:
        header, _ = await read_header(state)
        return parsed(header, state.etag)
    finally:
        await state.close()


async def _loaded(target: AsyncMultipartTarget) -> tuple[Stage, bytes] | None:
    """The newest stage with its tail; None if there is none."""
    state = await target.open_state()
    if state is None:
        return None
    try:
        header, start = await read_header(state)
        stage = parsed(header, state.etag)
        tail = start + await state.read_all()
    finally:
        await state.close()
    if len(tail) != stage.tail_size:
        raise damaged("its size is not the one it names")
    return stage, tail
