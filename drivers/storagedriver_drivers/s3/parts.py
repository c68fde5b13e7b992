"""How content is cut into the parts of multipart uploads."""

from __future__ import annotations

from collections.abc import Iterator

from storagedriver.multipart_service import PartLimit
from storagedriver_drivers.s3.parameters import S3Parameters

LIMIT = PartLimit("S3", 10_000)
"""S3 refuses uploads of more parts."""

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
    return max(parameters.multipartcopychunksize, -(-size // LIMIT.most))
