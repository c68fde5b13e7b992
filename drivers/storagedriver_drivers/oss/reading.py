"""Reading an object as a stream that is never shorter than the object (READ-7)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from storagedriver.errors import BackendError
from storagedriver.resuming import ResumingReader
from storagedriver_drivers.oss.errors import BODY_FAILURES, is_absent, status
from storagedriver_drivers.oss.objects import Bucket

_BLOCK = 1 << 17


class _Pieces:
    """The body of an answer, of which any number of bytes can be read."""

    def __init__(self, body: Any) -> None:
        self._body = body
        self._pieces: Iterator[bytes] = body.iter_bytes(block_size=_BLOCK)
        self._rest = memoryview(b"")

    def read(self, size: int, /) -> bytes:
        if not self._rest:
            self._rest = memoryview(next(self._pieces, b""))
        taken, self._rest = self._rest[:size], self._rest[size:]
        return bytes(taken)

    def close(self) -> None:
        self._rest = memoryview(b"")
        self._body.close()


class ObjectReader(ResumingReader):
    """The bytes of an object from an offset, or between two. A body that breaks off is resumed, a bounded number of times.

    Attributes:
        etag: Of the object that is read; a resumed read goes on in this very one.
    """

    def __init__(
        self, bucket: Bucket, key: str, offset: int = 0, *, end: int | None = None, if_match: str | None = None
    ) -> None:
        """Open the object. Raises the SDK's errors."""
        super().__init__(offset, retries=bucket.retries)
        self.etag = if_match or ""
        self._bucket = bucket
        self._key = key
        self._end = end
        try:
            self._open()
        except Exception as error:
            # The object ends at or before the offset (READ-2).
            if status(error) != 416:
                raise

    def _open(self) -> None:
        answer = self._bucket.open(self._key, start=self._position, end=self._end, if_match=self.etag or None)
        self._body = _Pieces(answer.body)
        self.etag = answer.etag or ""
        self._remaining = answer.content_length
        try:
            self._begins_at(partial=answer.status_code == 206, content_range=answer.content_range or "")
        except BackendError:
            self.close()
            raise

    def _reopen(self) -> None:
        try:
            self._open()
        except Exception as error:
            if is_absent(error) or status(error) in {412, 416}:
                raise BackendError(
                    f"the file was replaced or deleted while it was read, at {self._position}"
                ) from error
            raise

    def _breaks_off(self, failure: Exception) -> bool:
        return isinstance(failure, BODY_FAILURES)
