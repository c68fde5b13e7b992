"""Reading an object as a stream that is never shorter than the object, nor another one (READ-7)."""

from __future__ import annotations

from typing import Any

from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver.resuming import ResumingReader
from storagedriver_drivers.gcs.errors import ReplacedError, breaks_off, is_not_found, status
from storagedriver_drivers.gcs.objects import Bucket, crc32c, encoded


class _Body:
    """The stored bytes of an answer: what is compressed stays so."""

    def __init__(self, response: Any) -> None:
        self._response = response

    def read(self, size: int, /) -> bytes:
        data: bytes = self._response.raw.read(size, decode_content=False)
        return data

    def close(self) -> None:
        self._response.close()


class ObjectReader(ResumingReader):
    """The bytes of one generation of an object from an offset. A body that breaks off is resumed, a bounded number of times.

    A read from the start to the end is held against the checksum that the server tells.

    Attributes:
        generation: Of the object that is read; a resumed read goes on in this very one. None if the object ends before.
    """

    def __init__(self, bucket: Bucket, key: str, offset: int = 0, *, generation: int | None = None) -> None:
        """Open the object.

        Raises:
            PathNotFoundError: There is none.
            ReplacedError: It is of another generation than the one that was named.
        """
        super().__init__(offset, retries=bucket.client.retries)
        self.generation = generation
        self._bucket = bucket
        self._key = key
        self._checksum: str | None = None
        self._running = 0
        try:
            self._open()
        except Exception as error:
            # The object ends at or before the offset (READ-2).
            if status(error) == 416:
                return
            if not is_not_found(error):
                raise
            bucket.require()
            if generation is None:
                raise PathNotFoundError from error
            raise ReplacedError("the file was replaced or deleted before it was read") from error

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; b"" at the end alone.

        Raises:
            BackendError: The content came whole, and is not what the server keeps.
        """
        data = super().read(size)
        if self._checksum is not None:
            if data:
                self._running = crc32c(data, self._running)
            elif encoded(self._running) != self._checksum:
                raise BackendError("the content was damaged on its way: its checksum is not the one the server tells")
        return data

    def _open(self) -> None:
        response = self._bucket.open(self._key, self._position, self.generation)
        headers = response.headers
        self._body = _Body(response)
        try:
            self.generation = self.generation or int(headers.get("X-Goog-Generation", "0")) or None
            length = headers.get("Content-Length")
            self._remaining = None if length is None else int(length)
            self._begins_at(partial=response.status_code == 206, content_range=headers.get("Content-Range", ""))
        except ValueError as nonsense:
            self.close()
            raise BackendError("the server's answer has headers that make no sense") from nonsense
        except BackendError:
            self.close()
            raise
        if self._position == 0:
            self._checksum = _told_crc32c(headers.get("X-Goog-Hash", ""))
            self._running = 0

    def _reopen(self) -> None:
        try:
            self._open()
        except Exception as error:
            if status(error) in {404, 412, 416}:
                raise ReplacedError(
                    f"the file was replaced or deleted while it was read, at {self._position}"
                ) from error
            raise

    def _breaks_off(self, failure: Exception) -> bool:
        return breaks_off(failure)


def _told_crc32c(header: str) -> str | None:
    # As in "crc32c=n03x6A==,md5=Ojk9c3dhfxgoKVVHYwFbHQ==", which ends where the base64 of the last one does.
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == "crc32c":
            return value
    return None
