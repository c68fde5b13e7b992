"""What a service with multipart uploads tells of itself and of a file, whatever makes its requests."""

from __future__ import annotations

from dataclasses import dataclass

from storagedriver.errors import BackendError


@dataclass(frozen=True, slots=True)
class CommittedFile:
    """A file as it is seen.

    Attributes:
        size: In bytes.
        etag: Another one for each content.
        mark: Of the stream that wrote it; None if something else did.
    """

    size: int
    etag: str
    mark: str | None


@dataclass(frozen=True, slots=True)
class PartLimit:
    """How many parts one upload has.

    Attributes:
        service: Its name, for people.
        most: Parts of one upload.
    """

    service: str
    most: int

    def require_room(self, size: int, chunk_size: int) -> None:
        """A stream of `size` bytes fits into one upload.

        Raises:
            BackendError: It does not.
        """
        largest = self.most * chunk_size
        if size > largest:
            raise BackendError(
                f"a stream in chunks of {chunk_size} bytes ends at {largest}: "
                f"{self.service} takes {self.most} parts; a larger chunksize allows more"
            )

    def require_few_chunks(self, size: int, chunk_size: int) -> None:
        """A file whose whole chunks are `size` bytes can be appended to.

        Raises:
            BackendError: It cannot.
        """
        if size // chunk_size > self.most:
            raise BackendError(f"the file has more than {self.most} chunks of {chunk_size} bytes")
