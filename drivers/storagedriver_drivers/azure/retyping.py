"""Overwriting a blob of another type.

Other tools make their files of append blobs, and the service refuses to write a block blob over one, or to copy the one
over the other.

The new content becomes a blob of the old one's type under a name of its own, which is then copied over the old one. To
delete the old one first would lose it if the next request failed.
"""

from __future__ import annotations

from collections.abc import Iterable

from storagedriver.errors import BackendError
from storagedriver_drivers.azure import waiting
from storagedriver_drivers.azure.blobs import APPEND_BLOB, BLOCK_BLOB, BlobHead, Container, head_of
from storagedriver_drivers.azure.errors import HttpResponseError, status
from storagedriver_drivers.azure.parameters import AzureParameters

WRONG_TYPE = "InvalidBlobType"
"""The code of the refusal."""

_PIECE = 4 << 20
"""Bytes of one append; all versions of the service take so many."""


def overwrite(
    container: Container,
    dest: str,
    pieces: Iterable[bytes],
    head: BlobHead,
    parameters: AzureParameters,
    *,
    temporary: str,
) -> None:
    """Make `dest` consist of `pieces` and keep its type, with the metadata and content type of `head`.

    Raises:
        BackendError: It is a page blob, which has no room for every size.
    """
    kind = head_of(container.blob(dest).get_blob_properties()).kind
    if kind not in {APPEND_BLOB, BLOCK_BLOB}:
        raise BackendError(f"a blob of type {kind} is there, which cannot be overwritten; delete it first")
    write = _write_append_blob if kind == APPEND_BLOB else _write_block_blob
    try:
        size = write(container, temporary, pieces, head)
        staged = head_of(container.blob(temporary).get_blob_properties())
        if staged.size != size:
            raise BackendError("what was staged is not as long as what was written")
        waiting.copy(container, temporary, dest, staged, parameters)
    finally:
        container.discard(temporary)


def _write_block_blob(container: Container, name: str, pieces: Iterable[bytes], head: BlobHead) -> int:
    size = 0
    blocks: list[str] = []
    for piece in pieces:
        blocks.append(f"{len(blocks):06}")
        container.stage(name, blocks[-1], piece)
        size += len(piece)
    container.commit(name, blocks, head)
    return size


def _write_append_blob(container: Container, name: str, pieces: Iterable[bytes], head: BlobHead) -> int:
    container.blob(name).create_append_blob(content_settings=head.settings, metadata=dict(head.metadata))
    size = 0
    for piece in pieces:
        for start in range(0, len(piece), _PIECE):
            size = _append(container, name, piece[start : start + _PIECE], size)
    return size


def _append(container: Container, name: str, data: bytes, position: int) -> int:
    """Append at `position`; returns where the next begins. An append whose answer was lost is not done twice."""
    end = position + len(data)
    try:
        container.blob(name).append_block(data, length=len(data), appendpos_condition=position, validate_content=True)
    except HttpResponseError as error:
        # The blob is this caller's own, so that it was this very append if it is as long as that would make it.
        if status(error) != 412 or head_of(container.blob(name).get_blob_properties()).size != end:
            raise
    return end
