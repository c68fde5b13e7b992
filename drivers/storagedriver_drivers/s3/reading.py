"""Reading an object as a stream that is never shorter than the object (READ-7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storagedriver.errors import BackendError
from storagedriver_drivers.s3.errors import BODY_FAILURES, ClientError, FlexibleChecksumError, is_absent, status
from storagedriver_drivers.s3.objects import Bucket

if TYPE_CHECKING:
    from botocore.response import StreamingBody

_PIECE = 1 << 20
_SKIP = 1 << 16


class ObjectReader:
    """The bytes of an object from an offset, or between two. A body that breaks off is resumed, a bounded number of times.

    Attributes:
        etag: Of the object that is read; a resumed read goes on in this very one.
    """

    def __init__(
        self, bucket: Bucket, key: str, offset: int = 0, *, end: int | None = None, if_match: str | None = None
    ) -> None:
        """Open the object. Raises boto3's errors."""
        self.etag = if_match or ""
        self._bucket = bucket
        self._key = key
        self._position = offset
        self._end = end
        self._retries = bucket.retries
        self._body: StreamingBody | None = None
        self._remaining: int | None = None
        self._skip = 0
        try:
            self._open()
        except ClientError as error:
            # The object ends at or before the offset (READ-2).
            if status(error) != 416:
                raise

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; b"" at the end alone."""
        while self._body is not None:
            try:
                data = self._body.read(min(self._skip, _SKIP) if self._skip else size)
            except FlexibleChecksumError:
                raise
            except BODY_FAILURES as failure:
                self._resume(failure)
                continue
            if self._remaining is not None:
                self._remaining -= len(data)
            if not data:
                if self._remaining:
                    self._resume(None)
                    continue
                return b""
            if self._skip:
                self._skip -= len(data)
                continue
            self._position += len(data)
            return data
        return b""

    def read_all(self) -> bytes:
        """All that is left; closes."""
        try:
            return b"".join(iter(lambda: self.read(_PIECE), b""))
        finally:
            self.close()

    def close(self) -> None:
        """Give the connection back, also before the end."""
        body, self._body = self._body, None
        if body is not None:
            body.close()

    def _open(self) -> None:
        answer = self._bucket.open(self._key, start=self._position, end=self._end, if_match=self.etag or None)
        self._body = answer["Body"]
        self.etag = answer.get("ETag", "")
        self._remaining = answer.get("ContentLength")
        self._skip = 0
        if not self._position:
            return
        if answer["ResponseMetadata"]["HTTPStatusCode"] != 206:
            # The server does not know ranges and sends everything: what lies before the offset is dropped.
            self._skip = self._position
        elif not answer.get("ContentRange", "").startswith(f"bytes {self._position}-"):
            self.close()
            raise BackendError(f"bytes from {self._position} on were asked for, and other ones sent")

    def _resume(self, failure: Exception | None) -> None:
        self.close()
        if not self._retries:
            raise BackendError(f"the content broke off at byte {self._position}") from failure
        self._retries -= 1
        try:
            self._open()
        except ClientError as error:
            if is_absent(error) or status(error) in {412, 416}:
                raise BackendError(
                    f"the file was replaced or deleted while it was read, at {self._position}"
                ) from error
            raise
