"""Reading a blob as a stream that is of one version, and never shorter than the blob (READ-7)."""

from __future__ import annotations

from collections.abc import Iterator

from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver_drivers.azure.blobs import Answer, BlobHead, Container
from storagedriver_drivers.azure.errors import AzureError, HttpResponseError, is_absent, status

_PIECE = 1 << 20


class BlobReader:
    """The bytes of a blob from an offset on. A body that breaks off is resumed, a bounded number of times.

    Attributes:
        head: Of the blob that is read; a resumed read goes on in this very one.
    """

    def __init__(self, container: Container, name: str, offset: int = 0, *, etag: str | None = None) -> None:
        """Open the blob, if its ETag is `etag`. Raises the SDK's errors.

        Raises:
            PathNotFoundError: There is no such blob, or it is a directory's marker.
            BackendError: It is one that a copy has not finished.
        """
        self._container = container
        self._name = name
        self._retries = container.retries
        self._answer: Answer | None = None
        self._body: Iterator[bytes] = iter(())
        self._rest = memoryview(b"")
        self._position = offset
        try:
            self.head = self._open(etag)
        except HttpResponseError as error:
            if status(error) != 416:
                raise
            # The blob ends at or before the offset (READ-2).
            self.head = self._ended(offset)
        try:
            if self.head.is_folder:
                raise PathNotFoundError
            require_whole(self.head)
        except BaseException:
            self.close()
            raise

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; b"" at the end alone."""
        while not self._rest and self._position < self.head.size:
            try:
                piece = next(self._body, b"")
            except (AzureError, OSError) as failure:
                self._resume(failure)
                continue
            if not piece:
                self._resume(None)
                continue
            self._position += len(piece)
            self._rest = memoryview(piece)
        data = bytes(self._rest[:size])
        self._rest = self._rest[size:]
        return data

    def read_all(self) -> bytes:
        """All that is left; closes."""
        try:
            return b"".join(iter(lambda: self.read(_PIECE), b""))
        finally:
            self.close()

    def close(self) -> None:
        """Give the connection back, also before the end."""
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.close()

    def _open(self, etag: str | None) -> BlobHead:
        self._answer = self._container.open(self._name, self._position, etag=etag)
        self._body = self._answer.body
        return self._answer.head

    def _ended(self, offset: int) -> BlobHead:
        head = self._container.head(self._name)
        if head is None:
            raise PathNotFoundError
        if offset < head.size:
            raise BackendError(f"bytes from {offset} on were refused, of a file of {head.size}")
        return head

    def _resume(self, failure: Exception | None) -> None:
        self.close()
        if not self._retries:
            raise BackendError(f"the content broke off at byte {self._position}") from failure
        self._retries -= 1
        try:
            self._open(self.head.etag)
        except HttpResponseError as error:
            if is_absent(error) or status(error) in {412, 416}:
                raise BackendError(
                    f"the file was replaced or deleted while it was read, at {self._position}"
                ) from error
            raise


def require_whole(head: BlobHead) -> None:
    """Return if the blob is not one that a copy leaves unfinished.

    Raises:
        BackendError: It is.
    """
    if not head.is_whole:
        raise BackendError(f"the copy that was to make this file is {head.copy_status}")
