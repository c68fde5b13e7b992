"""Copying a blob on the server, so that no reader ever sees a part of it where the service offers that."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING

from storagedriver.dependencies import require
from storagedriver.errors import BackendError
from storagedriver_drivers.azure import retyping, waiting
from storagedriver_drivers.azure.blobs import (
    BLOCK_BLOB,
    BlobHead,
    Container,
    required_etag,
)
from storagedriver_drivers.azure.errors import AzureError, HttpResponseError, code, status
from storagedriver_drivers.azure.parameters import AzureParameters
from storagedriver_drivers.azure.reading import BlobReader

if TYPE_CHECKING:
    from azure.core import MatchConditions
else:
    MatchConditions = require("azure.core", extra="azure", driver_name="azure").MatchConditions

MOST_BLOCKS = 50_000
"""Blocks of one blob; the service commits no more."""

_BLOCK = 64 << 20
"""Bytes of each block that the server copies, unless there would be too many."""

_ATTEMPTS = 3


def copy(
    container: Container, source: str, dest: str, head: BlobHead, parameters: AzureParameters, *, temporary: str
) -> None:
    """Copy `source`, which is as `head` says, over `dest`, with its metadata and content type.

    Args:
        container: The container of both.
        source: The name of the blob that is copied.
        dest: The name of the blob that becomes a copy.
        head: Of the source; a source that has changed is not copied.
        parameters: The threshold, and how an asynchronous copy is waited for.
        temporary: A name of this caller's own, for where the destination is of another type.
    """
    try:
        if head.kind == BLOCK_BLOB and head.size <= parameters.copythresholdsize:
            _copy_at_once(container, source, dest, head)
        elif head.kind != BLOCK_BLOB or not _copy_in_blocks(container, source, dest, head):
            waiting.copy(container, source, dest, head, parameters)
    except HttpResponseError as error:
        if code(error) != retyping.WRONG_TYPE:
            raise
        with contextlib.closing(BlobReader(container, source, etag=head.etag)) as reader:
            pieces = iter(lambda: _chunk(reader, parameters.chunksize), b"")
            retyping.overwrite(container, dest, pieces, head, parameters, temporary=temporary)


def _chunk(reader: BlobReader, size: int) -> bytes:
    """Exactly `size` bytes, or what is left."""
    chunk = bytearray()
    while len(chunk) < size and (piece := reader.read(size - len(chunk))):
        chunk += piece
    return bytes(chunk)


def _copy_at_once(container: Container, source: str, dest: str, head: BlobHead) -> None:
    answer = container.blob(dest).start_copy_from_url(
        container.signer.source(container.blob(source)),
        requires_sync=True,
        source_etag=head.etag,
        source_match_condition=MatchConditions.IfNotModified,
    )
    # An error can come with a status of success, and must not cost the source.
    required_etag(answer, "Copy Blob From URL")
    if answer.get("copy_status") != "success":
        raise BackendError(f"a synchronous copy was answered with {answer.get('copy_status')!r}")


def _copy_in_blocks(container: Container, source: str, dest: str, head: BlobHead) -> bool:
    try:
        return _try_in_blocks(container, source, dest, head)
    except Exception:
        # Blocks of a file that is not there show nowhere, and nobody would delete them. The error that counts is the first.
        with contextlib.suppress(AzureError):
            container.discard_blocks(dest)
        raise


def _try_in_blocks(container: Container, source: str, dest: str, head: BlobHead) -> bool:
    """Tells False, with nothing changed, where the server has no blocks from URLs or does not take them here.

    So it does where others write to `dest` again and again: a copy of the whole blob is not disturbed by them.
    """
    size = max(_BLOCK, -(-head.size // MOST_BLOCKS))
    for _ in range(_ATTEMPTS):
        ids: list[str] = []
        run = secrets.token_hex(4)
        for start in range(0, head.size, size):
            block = f"{len(ids):06}-{run}"
            if not block_from(container, dest, block, source, head, start=start, length=min(size, head.size - start)):
                return False
            ids.append(block)
        try:
            container.commit(dest, ids, head)
        except HttpResponseError as error:
            # A put or commit to the same path came between and threw the blocks away.
            if code(error) != "InvalidBlockList":
                raise
        else:
            return True
    return False


def block_from(
    container: Container, dest: str, block: str, source: str, head: BlobHead, *, start: int, length: int
) -> bool:
    """Make a block of `dest` of `length` bytes from `start` on of another blob, on the server.

    Tells False where the server does not do that. A source that is no longer as `head` says is an error.
    """
    if not container.copies_blocks[0]:
        return False
    try:
        container.blob(dest).stage_block_from_url(
            block,
            container.signer.source(container.blob(source)),
            start,
            length,
            # The SDK has no argument for it here.
            headers={"x-ms-source-if-match": head.etag},
        )
    except HttpResponseError as error:
        if status(error) == 501:
            container.copies_blocks[0] = False
            return False
        # Blocks of another origin, whose ids are of another length, bar ours from this blob.
        if code(error) == "InvalidBlobOrBlock":
            return False
        raise
    return True
