"""Overwriting an append blob, of which other tools make their files: the service takes no block blob over one.

The new content becomes an append blob under a name of its own, which is then copied over the old one. To delete the
old one first would lose it if the next request failed.
"""

from __future__ import annotations

from collections.abc import Iterable

from storagedriver.errors import BackendError
from storagedriver_drivers.azure import waiting
from storagedriver_drivers.azure.blobs import APPEND_BLOB, BlobHead, Container, head_of
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
    """Make the append blob `dest` consist of `pieces`, with the metadata and content type of `head`.

    Raises:
        BackendError: It is a page blob, or no longer there.
    """
    kind = head_of(container.blob(dest).get_blob_properties()).kind
    if kind != APPEND_BLOB:
        raise BackendError(f"a blob of type {kind} is there, which cannot be overwritten; delete it first")
    try:
        container.blob(temporary).create_append_blob(content_settings=head.settings, metadata=dict(head.metadata))
        written = 0
        for piece in pieces:
            for start in range(0, len(piece), _PIECE):
                written = _append(container, temporary, piece[start : start + _PIECE], written)
        staged = head_of(container.blob(temporary).get_blob_properties())
        if staged.size != written:
            raise BackendError("the staged append blob is not as long as what was written to it")
        waiting.copy(container, temporary, dest, staged, parameters)
    finally:
        container.remove(temporary)


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
