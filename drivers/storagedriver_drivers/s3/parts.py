"""How content is cut into the parts of multipart uploads."""

from __future__ import annotations

from collections.abc import Iterator

from storagedriver.errors import BackendError
from storagedriver_drivers.s3.parameters import S3Parameters

MOST_PARTS = 10_000
"""Parts of one upload; S3 refuses more."""

MARK = "storagedriver-upload"
"""Name of the metadata by which a written object is known as the result of one certain stream."""

GONE = "NoSuchUpload"
"""The server's code for an upload that is not there."""


def ranges(size: int, part_size: int) -> Iterator[tuple[int, int, int]]:
    """Number, from 1 on, start and end of each part of `size` bytes."""
    for number, start in enumerate(range(0, size, part_size), 1):
        yield number, start, min(start + part_size, size)


def size_of_copied_parts(size: int, parameters: S3Parameters) -> int:
    """Bytes of the parts in which an object of `size` bytes is copied: few enough parts, whatever the size."""
    return max(parameters.multipartcopychunksize, -(-size // MOST_PARTS))


def require_room(size: int, chunk_size: int) -> None:
    """A stream of `size` bytes fits into one upload.

    Raises:
        BackendError: It does not.
    """
    largest = MOST_PARTS * chunk_size
    if size > largest:
        raise BackendError(
            f"a stream in chunks of {chunk_size} bytes ends at {largest}: "
            f"S3 takes {MOST_PARTS} parts; a larger chunksize allows more"
        )


def require_few_chunks(size: int, chunk_size: int) -> None:
    """A file whose whole chunks are `size` bytes can be appended to.

    Raises:
        BackendError: It cannot.
    """
    if size // chunk_size > MOST_PARTS:
        raise BackendError(f"the file has more than {MOST_PARTS} chunks of {chunk_size} bytes")
