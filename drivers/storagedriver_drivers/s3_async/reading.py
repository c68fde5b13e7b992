"""Reading an object as a stream that is never shorter than the object (READ-7)."""

from __future__ import annotations

from typing import Any, Self

from storagedriver.asynchronous.resuming import AsyncResumingReader
from storagedriver.errors import BackendError
from storagedriver_drivers.s3.answers import may_hide_the_empty
from storagedriver_drivers.s3.errors import ClientError, FlexibleChecksumError, is_absent, status
from storagedriver_drivers.s3_async.errors import BODY_FAILURES
from storagedriver_drivers.s3_async.objects import Bucket


class ObjectReader(AsyncResumingReader):
    """The bytes of an object from an offset, or between two. A body that breaks off is resumed, a bounded number of times.

    Attributes:
        etag: Of the object that is read; a resumed read goes on in this very one.
    """

    def __init__(self, bucket: Bucket, key: str, offset: int, end: int | None, if_match: str | None) -> None:
        """Not yet open; see opened()."""
        super().__init__(offset, retries=bucket.retries)
        self.etag = if_match or ""
        self._bucket = bucket
        self._key = key
        self._end = end

    @classmethod
    async def opened(
        cls, bucket: Bucket, key: str, offset: int = 0, *, end: int | None = None, if_match: str | None = None
    ) -> Self:
        """Open the object. Raises boto3's errors."""
        reader = cls(bucket, key, offset, end, if_match)
        try:
            await reader._open()
        except ClientError as error:
            # The object ends at or before the offset (READ-2).
            if status(error) != 416 and not await reader._is_empty(error):
                raise
            await reader.close()
        return reader

    async def _is_empty(self, error: ClientError) -> bool:
        if not (self._position and is_absent(error) and may_hide_the_empty(error.response)):
            return False
        head = await self._bucket.head(self._key)
        return head is not None and head.size == 0

    async def _open(self) -> None:
        answer: Any = await self._bucket.open(
            self._key, start=self._position, end=self._end, if_match=self.etag or None
        )
        self._body = answer["Body"]
        self.etag = answer.get("ETag", "")
        self._remaining = answer.get("ContentLength")
        try:
            self._begins_at(
                partial=answer["ResponseMetadata"]["HTTPStatusCode"] == 206,
                content_range=answer.get("ContentRange", ""),
            )
        except BackendError:
            await self.close()
            raise

    async def _reopen(self) -> None:
        try:
            await self._open()
        except ClientError as error:
            if is_absent(error) or status(error) in {412, 416}:
                raise BackendError(
                    f"the file was replaced or deleted while it was read, at {self._position}"
                ) from error
            raise

    def _breaks_off(self, failure: Exception) -> bool:
        # A checksum that does not fit would not fit again.
        return isinstance(failure, BODY_FAILURES) and not isinstance(failure, FlexibleChecksumError)
