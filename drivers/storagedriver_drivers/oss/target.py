"""The object of a path, and the one that keeps the state of its streams, as targets of what is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from storagedriver.multipart_service import CommittedFile, PartLimit
from storagedriver_drivers.oss import multipart
from storagedriver_drivers.oss.errors import is_absent, status
from storagedriver_drivers.oss.multipart import LIMIT, MARK, Multipart
from storagedriver_drivers.oss.objects import Bucket
from storagedriver_drivers.oss.reading import ObjectReader

_PRECONDITION_FAILED = 412


@dataclass(frozen=True, slots=True)
class ObjectTarget:
    """What `storagedriver.multipart_upload` writes to.

    Attributes:
        key: The object's key.
        state_key: That of the state.
        copies_at_once: Parts that are copied at once.
    """

    name: ClassVar[str] = "oss-part"
    limit: ClassVar[PartLimit] = LIMIT

    bucket: Bucket
    key: str
    state_key: str
    copies_at_once: int

    def head(self) -> CommittedFile | None:
        """The object; None if it is not there."""
        head = self.bucket.head(self.key)
        return None if head is None else CommittedFile(head.size, head.etag, head.metadata.get(MARK))

    def put(self, content: bytes | bytearray, mark: str) -> None:
        """Write the object whole."""
        self.bucket.put(self.key, content, {MARK: mark})

    def read(self, start: int, etag: str) -> bytes:
        """What comes from `start` on in the very object that was seen."""
        reader = ObjectReader(self.bucket, self.key, start, if_match=etag)
        return reader.read_all()

    def is_replaced(self, error: Exception) -> bool:
        """Whether the object is not the one that was seen."""
        return status(error) == _PRECONDITION_FAILED

    def begin(self, mark: str) -> Multipart:
        """Begin an upload of the object."""
        return multipart.begin(self.bucket, self.key, mark)

    def begun(self, upload_id: str, mark: str) -> Multipart:
        """An upload of the object that was begun before."""
        return Multipart(self.bucket, self.key, upload_id, mark)

    def sweep(self, keep: str | None) -> None:
        """Remove uploads of the object without parts, but for `keep`."""
        multipart.sweep(self.bucket, self.key, keep=keep)

    def open_state(self) -> ObjectReader | None:
        """The state; None if there is none."""
        return opened(self.bucket, self.state_key)

    def save_state(self, content: bytes) -> str:
        """Write the state; returns its ETag."""
        return self.bucket.put(self.state_key, content)

    def remove_state(self) -> None:
        """Delete the state."""
        self.bucket.remove(self.state_key)


def opened(bucket: Bucket, key: str) -> ObjectReader | None:
    """A reader of an object; None if it is not there."""
    try:
        return ObjectReader(bucket, key)
    except Exception as error:
        if is_absent(error):
            return None
        raise
