"""The object of a path, and the one that keeps the state of its streams, as targets of what is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from storagedriver.multipart_service import CommittedFile, PartLimit
from storagedriver_drivers.s3.errors import is_absent, status
from storagedriver_drivers.s3.parts import LIMIT, MARK
from storagedriver_drivers.s3_async import multipart
from storagedriver_drivers.s3_async.multipart import Multipart
from storagedriver_drivers.s3_async.objects import Bucket
from storagedriver_drivers.s3_async.reading import ObjectReader

_PRECONDITION_FAILED = 412


@dataclass(frozen=True, slots=True)
class ObjectTarget:
    """What `storagedriver.asynchronous.multipart_upload` writes to.

    Attributes:
        key: The object's key.
        state_key: That of the state.
        copies_at_once: Parts that are copied at once.
    """

    name: ClassVar[str] = "s3-part"
    limit: ClassVar[PartLimit] = LIMIT

    bucket: Bucket
    key: str
    state_key: str
    copies_at_once: int

    async def head(self) -> CommittedFile | None:
        """The object; None if it is not there."""
        head = await self.bucket.head(self.key)
        return None if head is None else CommittedFile(head.size, head.etag, head.metadata.get(MARK))

    async def put(self, content: bytes | bytearray, mark: str) -> None:
        """Write the object whole."""
        await self.bucket.put(self.key, content, {MARK: mark})

    async def read(self, start: int, etag: str) -> bytes:
        """What comes from `start` on in the very object that was seen."""
        reader = await ObjectReader.opened(self.bucket, self.key, start, if_match=etag)
        return await reader.read_all()

    def is_replaced(self, error: Exception) -> bool:
        """Whether the object is not the one that was seen."""
        return status(error) == _PRECONDITION_FAILED

    async def begin(self, mark: str) -> Multipart:
        """Begin an upload of the object."""
        return await multipart.begin(self.bucket, self.key, mark)

    def begun(self, upload_id: str, mark: str) -> Multipart:
        """An upload of the object that was begun before."""
        return Multipart(self.bucket, self.key, upload_id, mark)

    async def sweep(self, keep: str | None) -> None:
        """Remove uploads of the object without parts, but for `keep`."""
        await multipart.sweep(self.bucket, self.key, keep=keep)

    async def open_state(self) -> ObjectReader | None:
        """The state; None if there is none."""
        return await opened(self.bucket, self.state_key)

    async def save_state(self, content: bytes) -> str:
        """Write the state; returns its ETag."""
        return await self.bucket.put(self.state_key, content)

    async def remove_state(self) -> None:
        """Delete the state."""
        await self.bucket.remove(self.state_key)


async def opened(bucket: Bucket, key: str) -> ObjectReader | None:
    """A reader of an object; None if it is not there."""
    try:
        return await ObjectReader.opened(bucket, key)
    except Exception as error:
        if is_absent(error):
            return None
        raise
